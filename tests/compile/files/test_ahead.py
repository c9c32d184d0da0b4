"""Native code that is compiled before it is needed, in another process."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import time

import numpy as np
import pytest

from gograd_compile import compile, compile_ahead, is_ready, kernels
from gograd_compile.files import ahead
from gograd_core import Neuron, Op, ops, register

NUMBER = itertools.count()
ANOTHER = """
import numpy as np
from gograd_compile import compile, is_ready
from gograd_core import Neuron, ops

leaf = Neuron(0.5)
program = compile(lambda x: [ops.tanh(leaf * x), x], backend="native")
print(is_ready(lambda: program.batch().backward(np.ones(3), seeds=np.ones((3, 2)))))
"""
"""A program that finds out whether it can be recorded, and run at many points, with what is in the cache."""


@pytest.fixture
def new_operation():
    """An operation whose kernel is nowhere yet."""
    factor = 1.5 + next(NUMBER) + os.getpid() + time.time_ns() * 2.0**-60
    name = f"stretch{next(NUMBER)}"
    op = Op(name, forward=lambda xp, x: factor * xp.sin(x), partials=(lambda xp, out, x: factor * xp.cos(x),))
    register(op)
    return ops[name]


def test_nothing_is_compiled_to_find_out(new_operation):
    before = kernels.report()["compiled"]
    assert not is_ready(lambda: compile(new_operation).value_and_grad(0.5))
    assert kernels.report()["compiled"] == before
    compile(new_operation).value_and_grad(0.5)
    assert kernels.report()["compiled"] > before
    assert is_ready(lambda: compile(new_operation).value_and_grad(0.5))


def test_what_it_runs_may_fail():
    with pytest.raises(ZeroDivisionError):
        is_ready(lambda: 1 / 0)


@pytest.mark.slow
def test_another_process_compiles_what_a_batch_needs(tmp_path, monkeypatch):
    monkeypatch.setenv("GOGRAD_CACHE_DIR", str(tmp_path))
    leaf = Neuron(0.5)
    program = compile(lambda x: [ops.tanh(leaf * x), x], backend="numpy")
    points, seeds = np.ones(3), np.ones((3, 2))
    program.batch().backward(points, seeds=seeds)
    compile_ahead(program, points, seeds=seeds)
    (process,) = ahead._running.values()
    compile_ahead(program, points, seeds=seeds)
    assert list(ahead._running.values()) == [process]
    assert process.wait(timeout=300) == 0
    assert subprocess.run([sys.executable, "-c", ANOTHER], capture_output=True, check=True).stdout.split() == [b"True"]
