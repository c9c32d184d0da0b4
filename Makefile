# Every target sets up .venv once; a second run starts at once.

PYTHON ?= python3
BIN := .venv/bin
DISTS := gograd_core gograd_ops_basic gograd_ops_extra gograd_ops_special gograd_nn gograd
STAMP := .venv/.installed
BENCH_STAMP := .venv/.installed-bench

.PHONY: demo test check docs bench clean
.DEFAULT_GOAL := help

help:
	@echo "make demo | test | check | docs | bench | clean"

$(STAMP): pyproject.toml $(DISTS:%=%/pyproject.toml)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "gograd needs Python 3.11 or newer: make PYTHON=python3.12")'
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet $(DISTS:%=--editable ./%) --group dev
	@touch $@

$(BENCH_STAMP): $(STAMP)
	$(BIN)/python -m pip install --quiet --group bench
	@touch $@

demo: $(STAMP)
	$(BIN)/gograd train digits

test: $(STAMP)
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/sphinx-build --quiet --fail-on-warning --builder dummy docs docs/_build/check

docs: $(STAMP)
	$(BIN)/sphinx-build --quiet --fail-on-warning --builder html docs docs/_build/html
	@echo "docs/_build/html/index.html"

bench: $(BENCH_STAMP)
	$(BIN)/python benchmarks/import_time.py
	$(BIN)/python benchmarks/mlp_moons.py
	$(BIN)/python benchmarks/scaling.py
	$(BIN)/python benchmarks/plugins.py

clean:
	rm -rf .venv gograd_digits.png docs/_build .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage
	find . -name __pycache__ -o -name '*.egg-info' -o -name build -path './gograd*' | xargs rm -rf
