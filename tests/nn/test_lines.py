"""What layers compute has the user's line: that of the call of the net."""

from __future__ import annotations

import pytest

from gograd_compile import compile
from gograd_core import DomainError, Neuron, trace
from gograd_nn import MLP


def test_a_net_is_not_the_users_code():
    net = MLP([2, 3, 1])
    with trace():
        out = net([Neuron(1.0), Neuron(2.0)])
    out = out[0] if isinstance(out, list) else out
    assert out.line.function == "test_a_net_is_not_the_users_code"
    assert out.line.expression == "net([Neuron(1.0), Neuron(2.0)])"
    assert {each.line for each in out.constituents if type(each) is Neuron and each.operation} == {out.line}


def test_nor_in_a_compiled_function():
    net = MLP([2, 3, 1])
    for parameter in net.parameters():
        parameter.value = 1e10

    def loss(x, y):
        return net([x, y])

    compiled = compile(loss)
    compiled(1.0, 1.0)
    with pytest.raises(DomainError, match=r"recorded at test_lines.py:\d+ in loss"):
        compiled(1e300, 1.0)
