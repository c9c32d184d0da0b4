# Every target sets up .venv once, and compiles what changed; a second run starts at once.

PYTHON ?= python3
BIN := .venv/bin
DISTS := gograd_core gograd_ops_basic gograd_ops_extra gograd_ops_special gograd_ops_solve gograd_compile gograd_nn gograd_draw gograd
INSTALLED := $(patsubst gograd_draw,gograd_draw[png],$(patsubst gograd_compile,gograd_compile[native],$(DISTS)))
VENV := .venv/.created
EXTENSIONS := $(addprefix .venv/.compiled-,gograd_core gograd_ops_basic gograd_ops_extra gograd_compile)
STAMP := .venv/.installed
# Where tests depend on the engine. Those marked `any_engine` do not, and run once; `make test-slow` repeats those
# marked `repeated_later`.
OVER_BOTH := tests/core tests/compile tests/rules tests/solve tests/nn tests/native
BENCH_STAMP := .venv/.installed-bench
PEERS_STAMP := .venv-peers/.installed

# Machine code that compiled functions keep: here, and not in the user's own cache.
export GOGRAD_CACHE_DIR ?= $(CURDIR)/build/kernels

.PHONY: demo test test-slow check docs bench kernels asan clean
.DEFAULT_GOAL := help

help:
	@echo "make demo | test | test-slow | check | docs | bench | asan | clean"

$(VENV): pyproject.toml $(DISTS:%=%/pyproject.toml)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "gograd needs Python 3.11 or newer: make PYTHON=python3.12")'
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	GOGRAD_NO_EXTENSION=1 $(BIN)/python -m pip install --quiet $(INSTALLED:%=--editable "./%") --group dev
	@touch $@

# The old library goes first: if none can be made in its place, the Python engine is to run.
.SECONDEXPANSION:
$(EXTENSIONS): .venv/.compiled-%: $(VENV) $$(wildcard $$*/setup.py $$*/src/*/engines/native/*.p[xy][ix] $$*/src/*/_kernels.c \
		$$*/src/*/loops/*.py $$*/src/*/loops/*.pxd $$*/src/*/call/*.p[xy][ix] $$*/src/*/call/*.h)
	rm -rf $*/build $$(find $*/src -name '*.so' -o -name '*.pyd')
	cd $* && ../$(BIN)/python setup.py --quiet build_ext --inplace
	@touch $@

$(STAMP): $(EXTENSIONS)
	@touch $@

$(BENCH_STAMP): $(STAMP)
	$(BIN)/python -m pip install --quiet --group bench
	@touch $@

$(PEERS_STAMP): pyproject.toml benchmarks/install_peers.py
	$(PYTHON) benchmarks/install_peers.py .venv-peers
	@touch $@

demo: $(STAMP)
	$(BIN)/gograd train digits

test: $(STAMP)
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile
	GOGRAD_PURE_PYTHON=1 $(BIN)/python -m pytest --numprocesses auto --dist loadfile \
		-m "not slow and not any_engine and not repeated_later" $(OVER_BOTH)

# What no push should wait for.
test-slow: $(STAMP)
	$(BIN)/python -m pytest --numprocesses auto --dist load -m slow
	GOGRAD_PURE_PYTHON=1 $(BIN)/python -m pytest --numprocesses auto --dist loadfile \
		-m "repeated_later and not any_engine" $(OVER_BOTH)

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python tools/import_circles.py
	$(BIN)/python tools/file_lengths.py
	$(BIN)/sphinx-build --quiet --fail-on-warning --builder dummy docs docs/_build/check

kernels: $(STAMP)
	$(BIN)/gograd kernels gograd_ops_basic
	$(BIN)/gograd kernels gograd_ops_extra

docs: $(STAMP)
	$(BIN)/sphinx-build --quiet --fail-on-warning --builder html docs docs/_build/html
	@echo "docs/_build/html/index.html"

bench: $(BENCH_STAMP) $(PEERS_STAMP)
	$(BIN)/python benchmarks/import_time.py
	$(BIN)/python benchmarks/first_answer.py
	$(BIN)/python benchmarks/plugins.py
	$(BIN)/python benchmarks/eager.py
	$(BIN)/python benchmarks/beside_floats.py
	$(BIN)/python benchmarks/by_hand.py
	$(BIN)/python benchmarks/programs.py
	$(BIN)/python benchmarks/dot.py
	$(BIN)/python benchmarks/third_party.py
	$(BIN)/python benchmarks/scaling.py
	$(BIN)/python benchmarks/steps.py
	$(BIN)/python benchmarks/compiled.py
	$(BIN)/python benchmarks/compiled_calls.py
	$(BIN)/python benchmarks/compiled_scaling.py
	$(BIN)/python benchmarks/tables.py
	$(BIN)/python benchmarks/many_paths.py
	$(BIN)/python benchmarks/monte_carlo.py
	$(BIN)/python benchmarks/implicit.py
	$(BIN)/python benchmarks/digits.py
	$(BIN)/python benchmarks/microgpt.py

# The compiled parts with AddressSanitizer, in copies: those in src/ stay as they are. It asks for the
# library of C++ to be there before SciPy, which throws exceptions, brings it.
ASAN := $(CURDIR)/build/asan
asan: $(STAMP)
	rm -rf $(ASAN)
	mkdir -p $(ASAN)
	cp -r $(patsubst .venv/.compiled-%,%,$(EXTENSIONS)) $(ASAN)
	rm -rf $(ASAN)/*/build $$(find $(ASAN) -name '*.so')
	for folder in $(ASAN)/*; do \
		(cd $$folder && CFLAGS="-g -fsanitize=address -fno-omit-frame-pointer" \
			$(CURDIR)/$(BIN)/python setup.py --quiet build_ext --inplace && find src -name '*.so' | grep .) || exit 1; \
	done
	LD_PRELOAD="$$(gcc -print-file-name=libasan.so) $$(gcc -print-file-name=libstdc++.so.6)" PYTHONMALLOC=malloc \
		ASAN_OPTIONS=detect_leaks=0:log_path=$(ASAN)/report \
		PYTHONPATH=$$(echo $(ASAN)/*/src | tr ' ' :) \
		$(BIN)/python -m pytest -p no:cacheprovider tests/core tests/native tests/compile/test_loops.py \
			--ignore=tests/core/programs --ignore=tests/core/testing -k "not few_bytes and not given_back" \
		|| { cat $(ASAN)/report.* 2>/dev/null; exit 1; }

clean:
	rm -rf .venv build gograd_digits.png gograd_moons.png gograd_moons.gif docs/_build .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage
	find . -name __pycache__ -o -name '*.egg-info' -o -name build -path './gograd*' | xargs rm -rf
	rm -f $$(find gograd*/src -name '*.so' -o -name '*.pyd' -o -name _native.c)
