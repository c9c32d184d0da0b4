"""A million neurons, deep and wide: made, swept in every way, and freed, without recursion. Values are exact."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from gograd_core import Neuron, StaleGraphError, engine, gradient, ops

pytestmark = pytest.mark.skipif(engine().name == "python", reason="it takes the Python engine half a minute")
SIZE = 1_000_000


def chain(x):
    z = x
    for _ in range(SIZE):
        z = z + 1.0
    return z


def wide(x):
    return ops.sum([x * 1.0 for _ in range(SIZE)])


def leaves(x):
    return ops.dot([x, *[Neuron(1.0) for _ in range(SIZE - 1)]], [1.0] * SIZE)


def lattice(x):
    """Every neuron is used twice: the number of paths doubles with each, and x stays small."""
    z = x
    for _ in range(SIZE):
        z = (z + z) * 0.5
    return z


@pytest.mark.parametrize(("make", "slope"), [(chain, 1.0), (wide, float(SIZE)), (leaves, 1.0), (lattice, 1.0)])
def test_backward_and_gradient(make, slope):
    x = Neuron(1.0)
    z = make(x)
    z.backward()
    assert x.grad == slope
    assert gradient(z, x) == slope
    x.value = 2.0
    with pytest.raises(StaleGraphError):
        z.backward()


def test_freed_in_any_order():
    """Half of the chain is held from within, which is freed later."""
    x = Neuron(1.0)
    z = chain(x)
    middle = z
    for _ in range(SIZE // 2):
        (middle, _) = middle.constituents
    del z
    middle.backward()
    assert (middle.value, x.grad) == (SIZE / 2 + 1.0, 1.0)


GIVEN_BACK = """
import os
from pathlib import Path
from gograd_core import Neuron

def in_use():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

before = in_use()
z = Neuron(1.0)
for _ in range(2_000_000):
    z = z + 1.0
taken = in_use() - before
del z
print(taken > 150e6, in_use() - before < 100e6)
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="only Linux says how much memory is in use")
def test_memory_is_given_back():
    """Of what a graph took, up to 64 MB are kept for the next one."""
    done = subprocess.run([sys.executable, "-c", GIVEN_BACK], capture_output=True, text=True, check=False)
    assert done.stdout == "True True\n", done.stderr
