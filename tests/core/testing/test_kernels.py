"""The check "kernels": native code against the Python rules, at every point and special value."""

from __future__ import annotations

import ctypes
import re

import pytest

from gograd_core import Accuracy, Op, engine, ops
from gograd_core.kernels.c import kernel_source
from gograd_core.op.kernels import Kernels
from gograd_core.testing.conformance import examine
from gograd_core.testing.reports import CHECKS

NUMBER = ctypes.c_double
COLUMN = ctypes.POINTER(NUMBER)

pytestmark = [
    pytest.mark.any_engine,
    pytest.mark.skipif(engine().name != "native", reason="the Python engine calls no kernels"),
]


def square(**fields):
    return Op(
        "square",
        forward=lambda xp, x: x * x,
        partials=(lambda xp, out, x: 2.0 * x,),
        samples=((0.5,), (-3.0,)),
        **fields,
    )


def total(**fields):
    return Op(
        "total",
        forward=lambda xp, x: xp.sum(x),
        partials=(lambda xp, out, x: 1.0,),
        samples=(((1.0, 2.0),),),
        variadic=True,
        **fields,
    )


def functions(forward, partial, digest=""):
    """Kernels of one number, from functions of Python."""
    kinds = ctypes.CFUNCTYPE(NUMBER, NUMBER), ctypes.CFUNCTYPE(NUMBER, NUMBER, NUMBER)
    return Kernels(kinds[0](forward), (kinds[1](partial),), digest)


def functions_of_columns(forward, partial):
    kinds = (
        ctypes.CFUNCTYPE(NUMBER, ctypes.c_ssize_t, COLUMN),
        ctypes.CFUNCTYPE(None, NUMBER, ctypes.c_ssize_t, COLUMN, COLUMN),
    )
    return Kernels(kinds[0](forward), (kinds[1](partial),))


def ones(out, n, x, d):
    for i in range(n):
        d[i] = 1.0


def two_of_the_entries(out, n, x, d):
    for i in range(min(n, 2)):
        d[i] = 1.0


def kernels(op):
    (check,) = examine(op, names=["kernels"])
    return check


def test_it_is_the_last_check():
    assert CHECKS[-1] == "kernels"


@pytest.mark.parametrize("op", [ops.tanh, ops.pow, ops.dot, ops.sum, ops.where], ids=lambda op: op.name)
def test_what_is_shipped_passes(op):
    if op.kernels is None:
        pytest.skip("the extension of this package is not built")
    check = kernels(op)
    assert (check.verdict, check.message) == ("passed", "")
    assert check.points > 50


@pytest.mark.parametrize(
    "op",
    [
        square(kernels=functions(lambda x: x * x, lambda out, x: 2.0 * x)),
        square(kernels=functions(lambda x: x * x, lambda out, x: 2.0 * x * (1.0 + 2.0**-52))),  # a last digit
        square(
            kernels=functions(lambda x: x * x * (1.0 + 2.0**-48), lambda out, x: x + x),
            accuracy=Accuracy(40, why="it is a test"),
        ),
        total(kernels=functions_of_columns(lambda n, x: sum(x[:n]), ones)),
    ],
    ids=["right", "a last digit", "within the accuracy", "columns"],
)
def test_what_agrees_passes(op):
    assert kernels(op).verdict == "passed"


@pytest.mark.parametrize(
    ("op", "message"),
    [
        (square(kernels=functions(lambda x: x * x * x, lambda out, x: 2.0 * x)), "the kernel of forward gives"),
        (square(kernels=functions(lambda x: x * x, lambda out, x: x)), "the kernel of partial x gives"),
        (
            square(kernels=functions(lambda x: x * x, lambda out, x: abs(2.0 * x) if x == 0.0 else 2.0 * x)),
            r"the kernel of partial x gives \[0.0\], the rule \[-0.0\], at \(-0.0,\)",
        ),
        (
            square(kernels=functions(lambda x: 0.0 if x != x else x * x, lambda out, x: 2.0 * x)),
            r"the kernel of forward gives \[0.0\], the rule \[nan\]",
        ),
        (
            square(kernels=functions(lambda x: min(x * x, 1.7e308), lambda out, x: 2.0 * x)),
            r"gives \[1.7e\+308\], the rule \[inf\]",
        ),
        (
            square(kernels=functions(lambda x: x * x * (1.0 + 2.0**-48), lambda out, x: 2.0 * x)),
            "the kernel of forward gives",
        ),
        (total(kernels=functions_of_columns(lambda n, x: sum(x[:n]), two_of_the_entries)), "the kernel of partial x"),
    ],
    ids=["value", "slope", "sign of zero", "nan", "infinity", "many digits", "entries of a column"],
)
def test_what_differs_is_reported(op, message):
    check = kernels(op)
    assert check.verdict == "failed"
    assert re.search(message, check.message), check.message


def test_a_digest_of_these_rules_is_current():
    digest = kernel_source(square()).digest
    right = functions(lambda x: x * x, lambda out, x: 2.0 * x, digest)
    assert kernels(square(kernels=right)).verdict == "passed"


@pytest.mark.parametrize("fields", [{}, {"opaque": True}], ids=["other rules", "rules without native code"])
def test_kernels_of_other_rules_are_stale(fields):
    stale = functions(lambda x: x * x, lambda out, x: 2.0 * x, "0123456789abcdef")
    check = kernels(square(kernels=stale, **fields))
    assert (check.verdict, check.message) == (
        "failed",
        "generated from other rules: run gograd kernels MODULE, and build it again",
    )


def test_without_kernels_there_is_nothing_to_check():
    assert kernels(square()).verdict == "skipped"
