"""The first answer of a process: the cache has all code, so neither Numba nor anything that not every program needs."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

pytest.importorskip("numba")

import numpy as np

import gograd_compile
from gograd_compile.call import prepared
from gograd_compile.paths import store
from gograd_core import DomainError, errstate, ops

pytestmark = [
    pytest.mark.any_engine,
    pytest.mark.skipif(prepared is None, reason="without a C compiler NumPy runs everything"),
]

FUNCTION = """
import sys
from gograd_compile import compile
from gograd_core import ops

@compile
def f(p):
    x, y, z = p
    size = ops.logsumexp([x, y, z]) if x < y else ops.prod([x, y, z])
    return ops.tanh(x * y) ** 2 + ops.exp(-z) * ops.sin(x) / (1.0 + y * y) + ops.erf(z) + size

"""
ANSWERS = """
point, other = [0.3, 1.5, -0.7], [1.5, 0.3, -0.7]
answers = [f(point), f(other), *f.grad(point), *f.grad(other), *f.hvp(point, [1.0, 0.0, -1.0]), *f.jacobian(point)]
answers += sum(f.hessian(point), [])
print([each.hex() for each in answers])
unneeded = {"concurrent.futures", "fractions", "gograd_compile.batch", "logging", "numba", "numpy.ma"}
print(sorted(unneeded & {*sys.modules}))
"""
ONE_BY_ONE = """
import numpy as np
points = np.sort(np.random.default_rng(1).normal(size=(50, 3)) * 3.0)
values, slopes = zip(*map(f.value_and_grad, points))
together = f.batch().value_and_grad(points)
assert "numba" not in sys.modules
assert np.array(values).tobytes() == together[0].tobytes()
assert np.array(slopes).tobytes() == together[1].tobytes()
"""


def run(program, folder, **environment):
    command = [sys.executable, "-c", program]
    environment = {**os.environ, "GOGRAD_CACHE_DIR": str(folder), **environment}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def lines(done):
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_needs_no_numba_and_has_the_same_bits(tmp_path):
    folder = tmp_path / "cache"
    cold, *loaded = lines(run(FUNCTION + ANSWERS, folder))
    assert loaded == ["[]"]
    assert lines(run(FUNCTION + ANSWERS, folder)) == [cold, "[]"]


def test_has_the_bits_of_batches(tmp_path):
    lines(run(FUNCTION + "f([0.3, 1.5, -0.7])", tmp_path / "cache"))
    assert lines(run(FUNCTION + ONE_BY_ONE, tmp_path / "cache")) == []


@pytest.mark.parametrize("point", [(0.3, 0.5), (0.0, 0.5), (2.0, -0.5), (0.0, 0.0), (1e200, 1e200)], ids=str)
def test_seeds_give_the_same_bits_one_by_one_and_together(point, outcome, bits, monkeypatch):
    def both(x, y):
        return [ops.sqrt(x * y) * y, ops.where(x > 1.0, x * y, ops.log(y)), x**3.0 / y]

    def one(x, y):
        return ops.sqrt(x) * y**3.0 + ops.where(y < 0.0, x * y, x / y)

    found = []
    for most in (2**13, 0):
        monkeypatch.setattr(store, "ONE_BY_ONE", most)
        jacobian, hessian = gograd_compile.compile(both).jacobian, gograd_compile.compile(one).hessian
        found += [outcome(jacobian, *point, wrt=(0, 1)), outcome(hessian, *point, wrt=(0, 1))]
        with errstate(domain="ignore"):
            found += [jacobian(*point, wrt=(0, 1)), hessian(*point, wrt=(0, 1))]
    compared = [each if DomainError in np.ravel(each).tolist() else bits(each) for each in found]
    assert compared[:4] == compared[4:]


def test_an_llvmlite_that_is_too_old_is_one_that_cannot_be_used(tmp_path):
    old = "import llvmlite.binding as llvm; llvm.llvm_version_info = (15, 0, 7)\n"
    done = run(f"{old}import gograd_compile; print(gograd_compile.compile(abs).backend.name)", tmp_path / "cache")
    assert lines(done) == ["numpy"]
    assert "cannot be used (native kernels need llvmlite 0.45 or later, and" in done.stderr
