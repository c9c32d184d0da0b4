"""Calls in C of functions with steps that only Python can run: they are as those of many points at once."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest

import gograd_compile
import gograd_core
from gograd_compile.call import prepared
from gograd_core import Op, ops, value_and_grad
from gograd_core import math as gmath
from gograd_core.extend import Kernels, total

pytest.importorskip("numba")
pytestmark = pytest.mark.skipif(prepared is None, reason="calls in C were not built")


def bent_forward(xp, x):
    return x * x if x > 0.0 else -x  # a choice that cannot be written out


def bent_partial(xp, out, x):
    return 2.0 * x if x > 0.0 else -1.0


def of_math_partial(xp, out, x):
    return math.cos(x)


BENT = Op("bent", forward=bent_forward, partials=(bent_partial,))
OF_MATH = Op("of_math", forward=lambda xp, x: math.sin(x), partials=(of_math_partial,))
OPAQUE = Op("called_back", forward=lambda xp, x: x * 2.0, partials=(lambda xp, out, x: 2.0,), opaque=True)

ON_FLOATS = Op(
    "on_floats",
    implementations={"scalar": total(math.sinh, overflow=lambda x: math.copysign(math.inf, x))},
    partials=(lambda xp, out, x: xp.cosh(x),),
)
SMALLEST = Op(
    "smallest",
    implementations={"scalar": lambda x: sorted(x.entries)[0]},
    partials=(lambda xp, out, x: x * 2.0 if out > 0.0 else 3.0,),
    variadic=True,
)
SCALED = Op(  # its value is native, and its slope with respect to x is not
    "scaled",
    forward=lambda xp, x, y: xp.exp(x) * y,
    partials=(lambda xp, out, x, y: out if y > 0.0 else -abs(out), lambda xp, out, x, y: xp.exp(x)),
)

PROGRAMS = {
    "digits": lambda x: round(x, 3) * x,
    "a function of SciPy": lambda x: ops.digamma(x) * x,
    "several of one kind": lambda x: sum(ops.digamma(x + i * i) for i in range(4)) * x,
    "one after the other": lambda x: ops.digamma(ops.digamma(x + 2.0) + 3.0) + round(x, 1),
    "columns": lambda x: gmath.hypot(x, x * x, 1.5) * gmath.dist([x, 1.0], [2.0, x * x]),
    "a rule with a choice": lambda x: BENT(x) * BENT(x - 2.0),
    "a rule with math": lambda x: OF_MATH(x) + x,
    "an opaque rule": lambda x: OPAQUE(x) * x,
    "a function of floats": lambda x: ON_FLOATS(x) * ON_FLOATS(x * 0.5),
    "a rule of columns": lambda x: SMALLEST([x, x * x, 1.5]) * x,
    "a native value with a slope in Python": lambda x: SCALED(x, 2.0) * SCALED(0.5, x),
    "an opaque rule behind guards": lambda x: OPAQUE(x) * (OPAQUE(x * x) if x > -1.0 else 2.0),
    "a guard after it": lambda x: round(x, 1) * (x if round(x, 2) > -9.0 else 2.0),
}
FIRST_DERIVATIVES = [
    PROGRAMS[name]
    for name in (
        "an opaque rule", "an opaque rule behind guards", "a rule with math", "a rule with a choice",
        "a rule of columns", "a native value with a slope in Python",
    )
]  # fmt: skip
POINTS = (0.3, 1.23456, 2.5, 1e-3, 4.0)


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS.keys())
class TestPoints:
    def test_calls_in_c_have_the_bits_of_a_batch(self, general_calls, bits, program):
        f = gograd_compile.compile(program, backend="native")
        f.value_and_grad(1.0), f(1.0)
        count = len(general_calls)
        found = np.array([(f(x), *f.value_and_grad(x)) for x in POINTS])
        assert len(general_calls) == count  # every call was answered in C
        values, gradients = f.batch().value_and_grad(np.array(POINTS))
        assert bits(found.T) == bits(np.array([values, values, gradients]))

    def test_they_agree_with_the_engine(self, program):
        f, eager = gograd_compile.compile(program, backend="native"), value_and_grad(program)
        for x in POINTS:  # values of SciPy on arrays and on floats, and the order of sums: some ulps
            np.testing.assert_allclose(f.value_and_grad(x), eager(x), rtol=1e-13, atol=0.0)

    def test_second_derivatives_too(self, program):
        if program in FIRST_DERIVATIVES:
            pytest.skip("rules on floats have no second derivative")
        f, eager = gograd_compile.compile(program, backend="native"), gograd_core.hvp(program)
        for x in POINTS:
            np.testing.assert_allclose([f.hvp(x, 1.0), f.hessian(x)], [eager(x, 1.0)] * 2, rtol=1e-11, atol=1e-13)


def test_the_numbers_of_an_earlier_call_are_not_used(bits):
    f = gograd_compile.compile(PROGRAMS["one after the other"], backend="native")
    g = gograd_compile.compile(PROGRAMS["one after the other"], backend="native")
    for x in (0.5, 2.5, 0.5, 7.0):
        g.store.calls.clear()
        assert bits(np.array(f.value_and_grad(x))) == bits(np.array(g.value_and_grad(x)))


RESULTS = {
    "an int": (lambda x: 7, 7.0),
    "a number of NumPy": (np.sinh, math.sinh(0.5)),
    "a short number of NumPy": (lambda x: np.float32(0.25), 0.25),
    "an array of no dimension": (lambda x: math.sinh(x) if x > 9.0 else np.array(0.25).item(), 0.25),
    "a root of a negative number, by IEEE 754": (lambda x: (-x) ** 0.5, math.nan),
    "a pole, by IEEE 754": (lambda x: x / (x - 0.5), math.inf),
}


@pytest.mark.parametrize(("function", "expected"), RESULTS.values(), ids=RESULTS.keys())
def test_what_a_rule_may_return(compile_native, bits, function, expected):
    op = Op("returns", forward=lambda xp, x: function(x), partials=(lambda xp, out, x: function(x),), opaque=True)
    f = compile_native(lambda x: op(x) * 1.0)
    with gograd_core.errstate(domain="ignore"):
        found = [(f(x), *f.value_and_grad(x)) for x in (2.0, 0.5)][-1]
        batch = f.batch().value_and_grad(np.array([2.0, 0.5]))
    assert bits(np.array(found)) == bits(np.full(3, expected))
    assert bits(np.array([batch[0][1], batch[1][1]])) == bits(np.full(2, expected))


@pytest.mark.parametrize("columns", [False, True])
def test_rules_get_floats_as_in_eager_mode(compile_native, columns):
    given = []

    def note(xp, *inputs):
        given.extend(type(x) for each in inputs for x in (each.entries if columns and each is inputs[-1] else [each]))
        return inputs[0] if not columns else 1.0

    op = Op("notes", forward=note, partials=(note,), opaque=True, variadic=columns)
    f = compile_native((lambda x: op([x, x * x]) * x) if columns else (lambda x: op(x) * x))
    f.value_and_grad(0.5)
    given.clear()
    f.value_and_grad(0.25)
    f.batch().value_and_grad(np.array([0.25, 0.75]))
    assert given
    assert set(given) == {float}


def test_errors_note_the_rule_and_its_inputs(compile_native):
    def broken(xp, out, x):
        raise KeyError("no such key") if x > 1.0 else ValueError("not here")

    f = compile_native(lambda x: Op("broken", forward=lambda xp, x: x, partials=(broken,), opaque=True)(x) * x)
    with pytest.raises(ValueError, match="not here") as caught:
        f.grad(0.5)
    assert "while running a rule of broken" in " ".join(caught.value.__notes__)
    with pytest.raises(KeyError, match="no such key"):
        f.grad(1.5)


def refuses_forward(xp, x):
    if x > 2.0:
        raise KeyError("more than 2")
    return x * 2.0


REFUSES = Op("refuses", forward=refuses_forward, partials=(lambda xp, out, x: 2.0,), opaque=True)


def test_an_error_of_a_rule_is_that_of_eager_mode(compile_native):
    f = compile_native(lambda x: REFUSES(x) * x)
    assert f(1.0) == 2.0
    for _ in range(2):
        with pytest.raises(KeyError, match="more than 2"):
            f(3.0)
        assert f(1.5) == 4.5


def test_a_pole_raises_the_same_error_as_before(compile_native, outcome):
    f = compile_native(PROGRAMS["a function of SciPy"])
    f.value_and_grad(1.0)
    found = outcome(f.value_and_grad, 0.0)
    f.store.calls.clear()
    assert repr(outcome(f.value_and_grad, 0.0)) == repr(found)
    assert "digamma" in repr(found)


def test_what_a_rule_makes_numpy_warn_of_is_no_warning(compile_native):
    noisy = Op("noisy", forward=lambda xp, x: x + np.exp(x * -1e6), partials=(lambda xp, out, x: 1.0,))  # underflows
    f = compile_native(lambda x: noisy(x) * 1.0)
    f(1.0)
    with np.errstate(all="warn"), warnings.catch_warnings():
        warnings.simplefilter("error")
        assert [f(1.0), f(2.0)] == [1.0, 2.0]
        with pytest.raises(RuntimeWarning):  # the caller's choice is in force again
            np.float64(1e308) * 10.0


def test_opaque_rules_run_only_where_guards_before_them_hold(compile_native):
    f = compile_native(lambda x: REFUSES(x) if x < 2.0 else x)
    assert [f(1.0), f(3.0), f(1.0), f(3.0)] == [2.0, 3.0, 2.0, 3.0]
    assert [f(1.0), f.grad(1.0), f(3.0), f.grad(3.0)] == [2.0, 2.0, 3.0, 1.0]


POLES = {
    "digamma": (lambda x: ops.digamma(x) * x, (0.0, -3.0)),
    "polygamma": (lambda x: ops.polygamma(2.0, x) * x, (0.0, -1.0)),
    "beta": (lambda x: ops.beta(x, 2.5) * x, (0.0, -1.0)),
    "gamma": (lambda x: ops.gamma(x) * x, (0.0, -2.0, 200.0)),
    "digits": (lambda x: 1.0 / round(x, 2), (0.001, 1e-300)),
    "length": (lambda x: gmath.hypot(x, x, x), (1.7e308,)),
    "a function of floats": (lambda x: ON_FLOATS(x) * x, (800.0,)),
}


@pytest.mark.parametrize(("f", "points"), POLES.values(), ids=POLES.keys())
def test_errors_at_poles_are_those_of_eager_mode(compile_native, f, points):
    compiled, eager = compile_native(f), value_and_grad(f)
    compiled.value_and_grad(0.5), compiled(0.5)
    for x in points:
        expected = error_of(eager, x)
        for call, args in (
            (compiled.value_and_grad, (x,)),
            (compiled, (x,)),
            (compiled.batch(), (np.array([0.5, x]),)),
        ):
            assert error_of(call, *args) == expected


def error_of(f, *args):
    """The class of a `DomainError`, and what raised it."""
    with pytest.raises(gograd_core.DomainError) as caught:
        f(*args)
    return type(caught.value), caught.value.operation, caught.value.inputs


@pytest.mark.skipif(gograd_core.engine().name != "native", reason="only the native engine runs kernels")
@pytest.mark.parametrize("later", [False, True])
def test_kernels_of_the_engine_do_not_replace_a_rule_that_is_called(compile_native, later):
    """Points of recorded paths, and those of paths that are not worth a recording, get the value of the rule."""
    import numba

    of_identity = Kernels(numba.cfunc("float64(float64)")(lambda x: x), (None,))  # wrong, so that one can tell
    op = Op("by_hand", forward=lambda xp, x: math.sin(x), partials=(None,), kernels=None if later else of_identity)
    f = compile_native(lambda x: op(x) * (1.0 + int(x)))
    for x in range(60):
        if x == 50 and later:
            op.attach(of_identity)
        assert f(x + 0.5) == math.sin(x + 0.5) * (1.0 + x)
    assert op(0.5) == 0.5
    assert min(f.explain()[counted] for counted in ("recorded", "evaluated")) > 9
