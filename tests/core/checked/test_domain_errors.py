"""Outside of its domain an operation raises what the same operation raises on floats, as a `DomainError`, too."""

from __future__ import annotations

import math as python_math
import pickle
from operator import add, floordiv, mod, mul, pow, sub, truediv

import pytest

from gograd_core import DomainError, Neuron, Op, errstate, gradient, math, ops

THREE = (ZeroDivisionError, OverflowError, ValueError)
SPECIAL = [-1e308, -171.5, -3.0, -1.0, -0.5, -0.0, 0.0, 5e-324, 0.5, 1.0, 2.0, 171.0, 800.0, 1e308]
OF_ONE = [
    "acos", "acosh", "asin", "asinh", "atan", "atanh", "cbrt", "cos", "cosh", "degrees", "erf", "erfc", "exp", "exp2",
    "expm1", "fabs", "gamma", "lgamma", "log", "log10", "log1p", "log2", "radians", "sin", "sinh", "sqrt", "tan",
    "tanh",
]  # fmt: skip
OF_TWO = ["atan2", "copysign", "fmod", "hypot", "log", "pow", "remainder"]
CALLS = {
    **{name: (lambda m, x, y, name=name: getattr(m, name)(x)) for name in OF_ONE},
    **{f"{name} of two": (lambda m, x, y, name=name: getattr(m, name)(x, y)) for name in OF_TWO},
    **{f"operator {f.__name__}": (lambda m, x, y, f=f: f(x, y)) for f in (add, floordiv, mod, mul, pow, sub, truediv)},
    "reflected pow": lambda m, x, y: 10.0**x,
    "fsum": lambda m, x, y: m.fsum([x, y]),
    "prod": lambda m, x, y: m.prod([x, y]),
    "dist": lambda m, x, y: m.dist([x, 1.0], [y, 2.0]),
    "ldexp": lambda m, x, y: m.ldexp(x, 2000),
}


def outcome(f, *args):
    try:
        return f(*args)
    except Exception as error:
        return error


@pytest.mark.parametrize("name", CALLS)
def test_the_class_of_the_error_is_that_of_floats(name):
    f, tried = CALLS[name], set()
    for x in SPECIAL:
        for y in SPECIAL:
            on_floats, found = outcome(f, python_math, x, y), outcome(f, math, Neuron(x), y)
            with errstate(domain="python"):
                as_floats = outcome(f, math, Neuron(x), y)
            tried.add(type(on_floats))
            if isinstance(on_floats, THREE):
                assert isinstance(found, DomainError)
                assert [isinstance(found, each) for each in THREE] == [isinstance(on_floats, each) for each in THREE]
                assert type(as_floats) is type(found)
            elif isinstance(on_floats, complex):
                assert type(found) is type(as_floats) is DomainError
            elif python_math.isfinite(on_floats):
                assert type(found) is type(as_floats) is Neuron
            else:
                assert type(found) is DomainError
                assert repr(as_floats.value) == repr(on_floats)
    assert float in tried


def test_all_three_classes_and_the_other_cases_occur():
    outcomes = {type(outcome(CALLS[name], python_math, x, y)) for name in CALLS for x in SPECIAL for y in SPECIAL}
    assert outcomes == {float, complex, *THREE}


@pytest.mark.parametrize(
    ("f", "error"),
    [
        (lambda x: 1.0 / x, ZeroDivisionError),
        (lambda x: 2.0 ** (x + 5000.0), OverflowError),
        (math.log, ValueError),
        (lambda x: (x - 8.0) ** 0.5, DomainError),
        (lambda x: (x + 1e200) * 1e200, DomainError),
        (ops.logit, DomainError),
    ],
)
def test_the_error_says_the_same_whatever_its_class(f, error):
    with pytest.raises(error, match=r"is (nan|-?inf), not a finite number, in .* \(gograd-ops-") as caught:
        f(Neuron(0.0))
    again = pickle.loads(pickle.dumps(caught.value))
    assert type(again) is type(caught.value)
    assert (str(again), again.operation, again.inputs) == (
        str(caught.value), caught.value.operation, caught.value.inputs,
    )  # fmt: skip


def test_an_operation_that_python_does_not_have_is_judged_by_its_rule():
    def inverse(xp, x):
        return 1.0 / x

    def step(xp, x):
        return xp.where(x == 0.0, xp.inf, x)

    partials = (lambda xp, out, x: 1.0,)
    with pytest.raises(ZeroDivisionError):
        Op("inverse", forward=inverse, partials=partials)(Neuron(0.0))
    with errstate(domain="python"), pytest.raises(DomainError) as caught:
        Op("step", forward=step, partials=partials)(Neuron(0.0))
    assert type(caught.value) is DomainError


@pytest.mark.parametrize("name", ["factorial", "comb", "perm", "isqrt", "gcd", "lcm"])
def test_functions_of_integers_are_not_asked(name):
    """They would compute for years, since Python's integers have no end."""

    def overflow(xp, x, y):
        return xp.exp(x + y)

    with pytest.raises(DomainError, match=name) as caught:
        Op(name, forward=overflow, partials=(None, None))(Neuron(4e15), 2e15)
    assert type(caught.value) is DomainError


@pytest.mark.parametrize("domain", ["raise", "python"])
def test_derivatives_raise_the_plain_error(domain):
    x = Neuron(0.0)
    root = ops.sqrt(x)
    with errstate(domain=domain):
        for differentiate in (root.backward, lambda: gradient(root, x)):
            with pytest.raises(DomainError, match="with respect to input 0") as caught:
                differentiate()
            assert type(caught.value) is DomainError


def test_what_floats_let_pass_is_ieee_under_python():
    x = Neuron(1e200)
    with errstate(domain="python"):
        y = x * x
        assert (y.value, (y - y).value) == (python_math.inf, pytest.approx(python_math.nan, nan_ok=True))


def test_errstate_knows_three_policies():
    with pytest.raises(ValueError, match="takes 'raise', 'ignore' or 'python', not 'numpy'"):
        errstate(domain="numpy")
