"""Every operation of gograd's own distributions, in files and pickles, with what its derivatives call."""

from __future__ import annotations

import copy

import numpy as np
import pytest

import gograd_compile
from gograd_core import current, ops, stop_gradient
from gograd_core.plugins import engine_ops
from round_trips import again, reloaded

OPERATIONS = current.registry.operations()


def test_all_distributions_are_there():
    assert {op.provider.distribution for op in OPERATIONS} == {
        "gograd-core",
        "gograd-ops-basic",
        "gograd-ops-extra",
        "gograd-ops-special",
    }


@pytest.mark.parametrize("op", OPERATIONS, ids=lambda op: op.name)
def test_programs_of_every_operation_come_back_with_all_derivatives(op, tmp_path, bits):
    point = op.samples[0]
    given = (np.array(point),) if op.variadic else tuple(map(float, point))
    f = gograd_compile.compile(lambda *x: op(*x[0]) if op.variadic else op(*x), backend="numpy")
    wrt = tuple(range(len(given)))
    expected = f(*given)
    hessian = f.hessian(*given, wrt=wrt) if any(op.partials) else None
    for program in (reloaded(f, tmp_path), again(f), copy.deepcopy(again(f))):
        assert bits(program(*given)) == bits(expected)
        if hessian is not None:
            assert _bits(program.hessian(*given, wrt=wrt), bits) == _bits(hessian, bits)


def _bits(nested, bits):
    return [_bits(entry, bits) for entry in nested] if isinstance(nested, tuple) else bits(nested)


@pytest.mark.parametrize("op", OPERATIONS, ids=lambda op: op.name)
def test_every_operation_is_the_same_one_after_a_pickle(op):
    assert again(op) is op


def test_what_the_engine_itself_uses_are_the_operations_of_that_name():
    assert ops.stop_gradient is stop_gradient
    assert ops.identity is engine_ops.identity
    assert again(stop_gradient) is stop_gradient
