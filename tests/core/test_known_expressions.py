"""The two expressions by which scalar engines are judged (from micrograd's tests).

The derivatives are what PyTorch gives in double precision.
"""

from __future__ import annotations

import pytest

from gograd_core import Neuron, grad, ops


def test_sanity_check():
    x = Neuron(-4.0)
    z = 2 * x + 2 + x
    q = ops.relu(z) + z * x
    h = ops.relu(z * z)
    y = h + q + q * x
    y.backward()
    assert (y.value, x.grad) == (-20.0, 46.0)


def more_operations(a, b):
    c = a + b
    d = a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + ops.relu(b + a)
    d += 3 * d + ops.relu(b - a)
    e = c - d
    f = e**2
    return f / 2.0 + 10.0 / f


def test_more_operations():
    a, b = Neuron(-4.0), Neuron(2.0)
    g = more_operations(a, b)
    g.backward()
    # 1 ulp apart is allowed: the order in which adjoints are added is not promised.
    assert g.value == pytest.approx(24.70408163265306, rel=2**-52, abs=0)
    assert a.grad == pytest.approx(138.83381924198252, rel=2**-52, abs=0)
    assert b.grad == pytest.approx(645.5772594752186, rel=2**-52, abs=0)
    assert grad(more_operations, wrt=(0, 1))(-4.0, 2.0) == (a.grad, b.grad)
