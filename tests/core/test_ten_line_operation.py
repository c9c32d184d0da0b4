"""An operation in a file of its own is everywhere, with no other file touched."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILE = ROOT / "examples" / "lorentzian.py"


def run(*arguments):
    done = subprocess.run(
        [sys.executable, *arguments],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(FILE.parent), "COLUMNS": "200"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_it_has_about_ten_statements_of_python():
    statements = [node for node in ast.walk(ast.parse(FILE.read_text())) if isinstance(node, (ast.stmt, ast.keyword))]
    assert len(statements) <= 14


def test_in_eager_mode():
    program = (
        "import lorentzian; from gograd_core import Neuron; x = Neuron(-1.0); x.lorentzian().backward(); print(x.grad)"
    )
    assert float(run("-c", program)) == pytest.approx(0.5, rel=1e-15)


def test_in_the_command():
    rows = run("-c", "import lorentzian; from gograd.cli import app; app(['ops'])").splitlines()
    assert any(re.search(r"lorentzian.*registered by hand", row) for row in rows)


def test_in_the_conformance_kit():
    printed = run("-c", "import lorentzian; from gograd.cli import app; app(['check', 'lorentzian'])")
    assert re.search(r"lorentzian( +✓){6}", printed)
