"""Mistakes, each with the check that finds it and what it says."""

from __future__ import annotations

import math
import random

import mpmath
import numpy as np
import pytest

from gograd_core import Accuracy, Edge, Op, ops
from gograd_core.testing import ConformanceError, check_op

pytestmark = pytest.mark.any_engine

COUNT = iter(range(10**9))


def unary(forward, partial, samples=((0.5,), (2.0,)), **fields):
    return Op("f", forward=forward, partials=(partial,), samples=samples, **fields)


def binary(forward, partials, samples=((2.0, 3.0), (0.5, 4.0)), **fields):
    return Op("f", forward=forward, partials=partials, samples=samples, **fields)


def zero(xp, out, *inputs):
    return 0.0


def one(xp, out, x):
    return 1.0


def in_place(xp, x):
    x *= 2.0
    return x


def first_is_forgotten(xp, x):
    x.entries[0] = 0.0
    return xp.sum(x)


def branching(xp, x):
    return x if x > 0.0 else 0.0 * x


SHAPE = {
    "a string": (unary(lambda xp, x: "1.0", zero), "forward returns '1.0', expected a real number"),
    "nothing": (unary(lambda xp, x: None, zero), "forward returns None, expected a real number"),
    "a complex number": (unary(lambda xp, x: 1j * x, zero), "forward returns 0.5j, expected a real number"),
    "a bool that has a derivative": (unary(lambda xp, x: x > 1.0, zero), "forward returns a bool"),
    "an array": (unary(lambda xp, x: np.array([x]), zero), "forward returns array"),
    "nothing, of a partial": (unary(lambda xp, x: x, lambda xp, out, x: None), "partial x returns None"),
    "a tuple of partials": (
        binary(lambda xp, x, y: x * y, (lambda xp, out, x, y: (y, x), lambda xp, out, x, y: x)),
        "partial x returns",
    ),
    "a column for a number": (
        Op("f", forward=lambda xp, x: x, partials=(one,), variadic=True, samples=(((1.0, 2.0),),)),
        r"shape +failed.* forward returns a column of 2 numbers, expected one: reduce it, as xp.sum\(…\) does, at",
    ),
    "another answer every time": (unary(lambda xp, x: random.random(), zero), "for the same inputs"),
    "another slope every time": (unary(lambda xp, x: x, lambda xp, out, x: float(next(COUNT))), "partial x returns"),
    "a column that is changed": (
        Op("f", forward=first_is_forgotten, partials=(one,), variadic=True, samples=(((1.0, 2.0),),)),
        "forward changes its inputs",
    ),
    "a sample outside of the domain": (
        unary(lambda xp, x: xp.log(x), lambda xp, out, x: 1.0 / x, samples=((2.0,), (-1.0,)), domain="x > 0"),
        r"the sample \(-1.0,\) is outside the domain 'x > 0'",
    ),
    "a sample that is no point": (
        unary(lambda xp, x: xp.exp(x), lambda xp, out, x: out, samples=((math.nan,),)),
        r"the sample \(nan,\) is not a point of real numbers",
    ),
    "no point at all": (unary(lambda xp, x: x, one, samples=(), domain="x > 1e305"), "there are no points to try"),
    "an operation that is not there": (
        unary(lambda xp, x: x, lambda xp, out, x: xp.polylogarithm(x)),
        "UnknownOperationError: no installed operation is 'polylogarithm'",
    ),
}

FORMULA = {
    "a wrong sign": (unary(lambda xp, x: xp.cos(x), lambda xp, out, x: xp.sin(x)), "partial x is not the derivative"),
    "a wrong factor": (unary(lambda xp, x: x * x, lambda xp, out, x: x), "partial x is not the derivative"),
    "no slope": (unary(lambda xp, x: x * x, zero), "partial x is not the derivative"),
    "a slope for another input": (
        binary(lambda xp, x, y: x / y, (lambda xp, out, x, y: -out / y, lambda xp, out, x, y: 1.0 / y)),
        "partial x is not the derivative of forward",
    ),
    "wrong at tiny numbers alone": (
        unary(lambda xp, x: xp.sin(x), lambda xp, out, x: xp.where(xp.abs(x) < 1e-30, 0.0, xp.cos(x))),
        "it gives 0.0, expected 1.0",
    ),
    "wrong in one entry of a column": (
        Op(
            "f",
            forward=lambda xp, x: xp.sum(x * x),
            partials=(lambda xp, out, x: xp.where(x > 5.0, x, 2.0 * x),),
            variadic=True,
            samples=(((1.0, 2.0),),),
        ),
        "partial x is not the derivative",
    ),
    "another function, with its own derivative": (
        unary(lambda xp, x: xp.sinh(x), lambda xp, out, x: xp.cosh(x), reference=lambda mp, x: mp.tanh(x)),
        "forward is not the reference",
    ),
    "a constant from a float": (
        unary(lambda xp, x: x / 10.0, lambda xp, out, x: 0.1),
        r"a difference of \S+e-17: does a constant come from a float",
    ),
    "math in place of xp": (
        unary(lambda xp, x: math.sin(x), lambda xp, out, x: math.cos(x), reference=lambda mp, x: mp.sin(x)),
        "forward is not the reference",
    ),
    "a comparison the other way round": (
        Op(
            "f",
            forward=lambda xp, x, y: x > y,
            partials=(None, None),
            samples=((1.0, 2.0),),
            reference=lambda mp, x, y: x < y,
        ),
        "it gives True, expected False|it gives False, expected True",
    ),
    "a domain that is too large": (
        unary(lambda xp, x: xp.log(x), lambda xp, out, x: 1.0 / x, domain="x > -1"),
        "is in the domain, but forward gives no real number there",
    ),
    "a rule that fails in many digits": (
        unary(
            lambda xp, x: x * x, lambda xp, out, x: 2.0 * float.fromhex(float(x).hex()) if type(x) is float else x / 0
        ),
        "partial x cannot be compared in many digits: ZeroDivisionError",
    ),
    "opaque, and a wrong sign": (
        unary(lambda xp, x: math.cos(x), lambda xp, out, x: math.sin(x), opaque=True),
        "partial x is not the derivative of forward: at .* by finite differences",
    ),
}

ACCURACY = {
    "the slope of tanh": (
        unary(lambda xp, x: xp.tanh(x), lambda xp, out, x: 1.0 - out * out, samples=((0.3,), (20.0,))),
        "partial x is right, but loses all 16 digits near x = ",
    ),
    "the slope of tanh, not so far out": (
        unary(lambda xp, x: xp.tanh(x), lambda xp, out, x: 1.0 - out * out, samples=((0.3,),), domain="0 < x < 9.5"),
        r"partial x is right, but loses [78] of 16 digits near x = 9\.",
    ),
    "exp - 1": (
        unary(lambda xp, x: xp.exp(x) - 1.0, lambda xp, out, x: xp.exp(x), domain="x > 1e-9"),
        r"forward is right, but loses [89] of 16 digits near x = \S+e-0[89]",
    ),
    "log of 1 + x": (
        unary(lambda xp, x: xp.log(1.0 + x), lambda xp, out, x: 1.0 / (1.0 + x), domain="x > 0"),
        "forward is right, but loses all 16 digits near x = ",
    ),
    "squares that overflow": (
        binary(
            lambda xp, x, y: xp.sqrt(x * x + y * y),
            (lambda xp, out, x, y: x / out, lambda xp, out, x, y: y / out),
            reference=lambda mp, x, y: mp.hypot(x, y),
        ),
        r"forward is right, but loses all 16 digits .* \(it gives (inf|0),",
    ),
    "an exponential that overflows": (
        unary(lambda xp, x: xp.log1p(xp.exp(x)), lambda xp, out, x: xp.sigmoid(x)),
        r"forward is right, but loses all 16 digits .* \(it gives inf",
    ),
    "a polynomial in place of the function": (
        unary(
            None,
            lambda xp, out, x: xp.cos(x),
            implementations={"scalar": lambda x: x - x**3 / 6.0, "mpmath": mpmath.sin},
            domain="abs(x) < 0.1",
            samples=((0.05,),),
        ),
        "forward loses [0-9]+ of 16 digits near",
    ),
    "opaque, and a wrong sign": (
        unary(
            lambda xp, x: math.cos(x), lambda xp, out, x: math.sin(x), opaque=True, reference=lambda mp, x: mp.cos(x)
        ),
        "partial x loses all 16 digits near",
    ),
}

SQUARE = {"forward": lambda xp, x: x * x, "partial": lambda xp, out, x: 2.0 * x}

EDGES = {
    "a wrong value": (
        unary(**SQUARE, edges=(Edge((3.0,), 8.0, (6.0,), "wrong"),)),
        r"at the pinned \(3.0,\) the value is 9.0, expected 8.0",
    ),
    "a value that is less accurate than allowed": (
        unary(**SQUARE, edges=(Edge((3.0,), 9.0 + 6 * math.ulp(9.0), (6.0,), "wrong"),)),
        r"the value is 9.0, expected 9.0000000000000",
    ),
    "an error of another operation": (
        unary(
            lambda xp, x: ops.log(x),
            lambda xp, out, x: 1.0 / x,
            opaque=True,
            edges=(Edge((0.0,), -math.inf, (math.inf,), "a pole"),),
        ),
        "does not name the operation and its inputs",
    ),
    "the other zero": (
        unary(**SQUARE, edges=(Edge((0.0,), -0.0, (0.0,), "wrong"),)),
        "the value is 0.0, expected -0.0",
    ),
    "a wrong slope": (
        unary(**SQUARE, edges=(Edge((3.0,), 9.0, (5.0,), "wrong"),)),
        "partial x gives 6.0, expected 5.0",
    ),
    "a slope where none is": (
        Op("f", forward=lambda xp, x: x, partials=(None,), edges=(Edge((3.0,), 3.0, (1.0,), "wrong"),)),
        "the derivative with respect to input 0 is pinned as 1.0, but partial 0 is None",
    ),
    "a NaN that is lost": (
        unary(lambda xp, x: xp.where(x > 0.0, x, 0.0), lambda xp, out, x: xp.where(x > 0.0, 1.0, 0.0)),
        r"at \(nan,\) a NaN becomes 0.0",
    ),
    "an exception for an infinity": (
        unary(
            None,
            lambda xp, out, x: 1.0,
            implementations={"scalar": lambda x: math.fmod(x, 3.0), "mpmath": lambda x: mpmath.fmod(x, 3)},
            domain="x > 0",
        ),
        r"at \(inf,\) forward raises ValueError",
    ),
    "an exception of a partial": (
        unary(lambda xp, x: x, lambda xp, out, x: float(int(x) == int(x)), samples=((1.0,),)),
        r"at \((nan|inf),\) partial x raises (ValueError|OverflowError)",
    ),
}

NAMESPACES = {
    "an array that is changed": (unary(in_place, lambda xp, out, x: 2.0), "NumPy: .*read-only"),
    "a branch": (unary(branching, lambda xp, out, x: xp.where(x > 0.0, 1.0, 0.0)), "truth value of an array"),
    "another function for arrays": (
        unary(
            lambda xp, x: xp.sin(x),
            lambda xp, out, x: xp.cos(x),
            implementations={"numpy": lambda x: np.sin(x) * 1.001},
        ),
        "NumPy: forward gives .* on floats",
    ),
    "the other zero for arrays": (
        unary(
            lambda xp, x: xp.abs(x),
            lambda xp, out, x: xp.sign(x),
            implementations={"numpy": lambda x: np.where(x == 0.0, -0.0, np.abs(x))},
        ),
        r"NumPy: forward gives -0.0 at \((-0|0).0,\), on floats 0.0",
    ),
    "one number for an array": (
        unary(lambda xp, x: xp.sin(x), lambda xp, out, x: xp.cos(x), implementations={"numpy": lambda x: np.sin(x[0])}),
        "NumPy: forward gives",
    ),
}

ACCURACY["a quotient of zeros"] = (
    binary(lambda xp, x, y: x * y * y, (lambda xp, out, x, y: y * y, lambda xp, out, x, y: 2.0 * out / y)),
    r"partial y loses all 16 digits near x = .*, y = 0.0 \(it gives nan, exact is 0.0\)",
)

ACCURACY["more than rounded inputs excuse"] = (
    unary(
        lambda xp, x: xp.exp(x),
        lambda xp, out, x: out,
        implementations={"scalar": lambda x: math.exp(x * (1.0 + 50.0 * 2.0**-53))},
        domain="-100 < x < 100",
        accuracy=Accuracy(4.0, input_ulps=1.0, why="it computes with a rounded input"),
    ),
    r"forward loses \d of 16 digits near x = -?\d\d",
)

ORDERS = {
    "noise where a second derivative is 0": (
        unary(lambda xp, x: x, lambda xp, out, x: xp.exp(300 * x) * xp.exp(-300 * x), ((0.5,),), domain="-2 < x < 2"),
        r"expected 0.0: the rules are right, but lose all 16 digits",
    ),
    "a slope that is frozen at a point": (
        unary(lambda xp, x: xp.sin(x), lambda xp, out, x: xp.where(x == 0.5, xp.cos(0.5), xp.cos(x))),
        r"the second derivative with respect to entries \[0, 0\] at \(0.5,\) is 0.0, expected -0.479",
    ),
    "a constant where a function is": (
        binary(
            lambda xp, x, y: x * y,
            (lambda xp, out, x, y: getattr(y, "value", y), lambda xp, out, x, y: x),
        ),
        "the mixed derivative",
    ),
}

CASES = [
    pytest.param(op, check, message, id=f"{check}: {mistake}")
    for check, mistakes in {
        "shape": SHAPE,
        "formula": FORMULA,
        "accuracy": ACCURACY,
        "edges": EDGES,
        "namespaces": NAMESPACES,
        "orders": ORDERS,
    }.items()
    for mistake, (op, message) in mistakes.items()
]


@pytest.mark.parametrize(("op", "name", "message"), CASES)
def test_is_found(op, name, message):
    report = check_op(op)
    found = next(check for check in report.checks if check.verdict == "failed")
    assert found.name == name
    with pytest.raises(ConformanceError, match=message):
        report.raise_if_failed()
