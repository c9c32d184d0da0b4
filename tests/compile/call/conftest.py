"""What the tests of prepared calls share."""

from __future__ import annotations

import ctypes
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import gograd_compile
from gograd_compile import compiled

COMPILER = shutil.which("gcc") or shutil.which("clang")
HEADER = Path(gograd_compile.__file__).parent / "call" / "even_sums.h"
SOURCE = """#include "{header}"
int can_run(void) {{ return {condition}; }}
void run(double *v, const Step *step, const Move *moves, double *copied) {{ {run}(v, step, moves, copied); }}
"""
WIDTHS = {
    "none": ("run_plainly", "1", ("-U__has_builtin",)),
    "narrow": ("run_plainly", "1", ()),
    "best": ("BEST", "1", ()),
}
if platform.machine() in ("x86_64", "AMD64"):
    WIDTHS["avx2"] = "run_with_avx2", '__builtin_cpu_supports("avx2")', ()
    WIDTHS["avx512"] = "run_with_avx512", '__builtin_cpu_supports("avx512f")', ()


@pytest.fixture(scope="session", params=WIDTHS)
def run_even_sums(request, tmp_path_factory):
    """Compiles `even_sums.h` for vectors of one kind, and returns `run(v, step, moves, room)`."""
    if COMPILER is None or sys.platform == "win32":
        pytest.skip("needs a C compiler of Unix")
    name, condition, options = WIDTHS[request.param]
    source = tmp_path_factory.mktemp("sums") / "sums.c"
    source.write_text(SOURCE.format(header=HEADER, condition=condition, run=name))
    target = source.with_suffix(".so")
    flags = ["-O3", "-ffp-contract=off", "-shared", "-fPIC", *options]
    subprocess.run([COMPILER, *flags, "-o", str(target), str(source)], check=True, capture_output=True)
    library = ctypes.CDLL(str(target))
    if not library.can_run():
        pytest.skip("this processor has no such vectors")

    def run(v, step, moves, room=0):
        arrays = (
            v,
            np.asarray(step, dtype=np.int64),
            np.ascontiguousarray(moves, dtype=np.int32),
            np.empty(max(room, 1)),
        )
        library.run(*(ctypes.c_void_p(array.ctypes.data) for array in arrays))

    return run


@pytest.fixture
def compile_native():
    return lambda f, **settings: gograd_compile.compile(f, backend="native", **settings)


@pytest.fixture
def general_calls(monkeypatch):
    """How many calls took the general way: each takes its arguments apart there."""
    calls = []
    flatten = compiled.flatten
    monkeypatch.setattr(compiled, "flatten", lambda *args: calls.append(args) or flatten(*args))
    return calls
