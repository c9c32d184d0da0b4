"""Runs of sums with vectors of every width, and without any: each sum is added in order, to the last bit."""

import ctypes
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import gograd_compile

COMPILER = shutil.which("gcc") or shutil.which("clang")
HEADER = Path(gograd_compile.__file__).parent / "call" / "even_sums.h"
EXPORTED = "void {name}(double *v, const Step *step, const Move *moves) {{ {run}(v, step, moves); }}\n"
WIDTHS = {"none": ("run_plainly", ("-U__has_builtin",)), "narrow": ("run_plainly", ()), "best": ("BEST", ())}
NUMBERS, OUT = 300, 300  # sums are written behind the numbers that they read
COUNTS = (4, 5, 7, 8, 9, 12, 15, 16, 17, 23, 27, 32, 40)
# How the slots of both factors move. Terms of a row are followed by others, or not.
TERMS = {
    "a column": [(0, 290, 1, 0)],
    "columns": [(0, 290, 1, 0), (50, 291, 1, 0), (100, 290, 1, 0)],
    "columns backwards": [(60, 290, -1, 0), (120, 291, -1, 0)],
    "columns both ways": [(60, 290, -1, 0), (10, 292, 1, 0), (80, 290, -1, 0)],
    "two of a row": [(0, 290, 3, 0), (1, 291, 3, 0)],
    "three of a row": [(0, 290, 5, 0), (1, 291, 5, 0), (2, 292, 5, 0)],
    "rows with a gap": [(0, 290, 5, 0), (2, 291, 5, 0), (3, 292, 5, 0), (4, 280, 5, 0)],
    "rows backwards": [(200, 290, -4, 0), (201, 291, -4, 0)],
    "a constant and a row": [(299, 298, 0, 0), (0, 290, 2, 0), (1, 291, 2, 0), (100, 280, 1, 0)],
    "both move": [(0, 100, 1, 2), (200, 60, -3, -1), (0, 290, 1, 0)],
}

pytestmark = [
    pytest.mark.any_engine,
    pytest.mark.skipif(COMPILER is None or sys.platform == "win32", reason="needs a C compiler of Unix"),
]


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """Compiles the header once for each kind of vectors."""
    folder = tmp_path_factory.mktemp("sums")
    compiled = {}
    for name, (run, options) in WIDTHS.items():
        source, target = folder / f"{name}.c", folder / f"{name}.so"
        source.write_text(f'#include "{HEADER}"\n' + EXPORTED.format(name="run", run=run))
        flags = ["-O3", "-ffp-contract=off", "-shared", "-fPIC", *options]
        subprocess.run([COMPILER, *flags, "-o", str(target), str(source)], check=True, capture_output=True)
        compiled[name] = ctypes.CDLL(str(target)).run
    return compiled


def in_order(v, terms, place):
    total = None
    for first, second, dx, dy in terms:
        product = v[first + place * dx] * v[second + place * dy]
        total = product if total is None else total + product
    return total


@pytest.mark.parametrize("terms", TERMS.values(), ids=TERMS)
@pytest.mark.parametrize("width", WIDTHS)
def test_every_sum_is_added_in_order(library, width, terms):
    moves = np.array(terms, dtype=np.int32)
    rng = np.random.default_rng(len(terms))
    for count in COUNTS:
        v = rng.standard_normal(OUT + count + 1) * 10.0 ** rng.integers(-8, 8, OUT + count + 1)
        expected = v.copy()
        expected[OUT : OUT + count] = [in_order(v, terms, place) for place in range(count)]
        step = np.array([-len(terms), OUT, count, 0])
        library[width](*(array.ctypes.data_as(ctypes.c_void_p) for array in (v, step, moves)))
        assert v.tobytes() == expected.tobytes()


def test_a_sum_of_negative_zeros_is_negative(library):
    for run in library.values():
        v = np.array([0.0] * 8 + [-1.0] + [7.0] * 8)
        step, moves = np.array([-1, 9, 8, 0]), np.array([(0, 8, 1, 0)], dtype=np.int32)
        run(*(array.ctypes.data_as(ctypes.c_void_p) for array in (v, step, moves)))
        assert v[9:].tobytes() == np.full(8, -0.0).tobytes()
