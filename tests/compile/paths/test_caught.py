"""Errors that a function catches: what compiled code does there is what the function does, or it is refused."""

from __future__ import annotations

import itertools
import operator
import re

import attrs
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import gograd_compile
from gograd_compile import PathNotRecorded, RecordingError
from gograd_core import DomainError, Neuron, Op, errstate, grad, math, no_grad, ops, value_and_grad

ERRORS = {
    error.__name__: error
    for error in (ArithmeticError, ZeroDivisionError, OverflowError, ValueError, DomainError, Exception)
}
UNARY = {
    "reciprocal": lambda x: 1.0 / x,
    "huge quotient": lambda x: 1e308 / x,  # by 0, floats refuse it; by 0.5, they give an infinity
    "sqrt": ops.sqrt,
    "huge": lambda x: x * 1e308,
    "square": lambda x: x * x,
    "abs": abs,
    "dot": lambda x: ops.dot([x, 2.0], [x, 1e200]),
    "shift": lambda x: x - 1.0,
}
BINARY = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
    "maximum": ops.maximum,
    "where": lambda x, y: ops.where(x > y, x, y * 2.0),
}
NUMBERS = (-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 4.0)


def expressions():
    leaf = st.one_of(st.sampled_from(["x", "y"]), st.sampled_from([-1.0, 0.0, 2.0]))

    def extended(part):
        return st.one_of(
            st.tuples(st.sampled_from(sorted(UNARY)), part),
            st.tuples(st.sampled_from(sorted(BINARY)), part, part),
            st.tuples(st.just("try"), st.sampled_from(sorted(ERRORS)), part, part),
            st.tuples(st.just("try"), st.sampled_from(sorted(ERRORS)), part, part),
            st.tuples(st.just("if"), part, part, part),
            st.tuples(st.just("tried"), part, part, part),
            st.tuples(st.just("allowed"), part),
        )

    return st.recursive(leaf, extended, max_leaves=10)


@attrs.frozen
class Program:
    """An expression in Python: a function of a point."""

    expression: object

    def __call__(self, point):
        return self.run(self.expression, {"x": point[0], "y": point[1]}) + 0.0 * point[0]

    def run(self, expression, names):
        if not isinstance(expression, tuple):
            return names.get(expression, expression)
        what, *parts = expression
        if what in UNARY:
            return UNARY[what](self.run(parts[0], names))
        if what in BINARY:
            return BINARY[what](self.run(parts[0], names), self.run(parts[1], names))
        if what == "try":
            try:
                return self.run(parts[1], names)
            except ERRORS[parts[0]]:
                return self.run(parts[2], names)
        if what == "if":
            return self.run(parts[1] if self.run(parts[0], names) > 0.25 else parts[2], names)
        if what == "allowed":
            with errstate(domain="ignore"):
                return self.run(parts[0], names)
        try:
            self.run(parts[0], names)
        except ArithmeticError:
            return self.run(parts[1], names)
        return self.run(parts[2], names)


def eager(program, point):
    """The value, and the gradient or the error of the derivatives; or the error."""
    try:
        value = program([Neuron(number) for number in point])
    except Exception as error:
        return type(error), None
    try:
        return getattr(value, "_value", value), value_and_grad(program)(list(point))[1]
    except DomainError as error:
        return getattr(value, "_value", value), type(error)


POINTS = np.array([(x, y) for x in NUMBERS for y in (0.0, -1.0, 2.0)])


def outcome_of(f, *args):
    """What it gives, or the class of the error."""
    try:
        return f(*args)
    except Exception as error:
        return type(error)


@given(expressions(), st.permutations(range(len(POINTS))), st.sampled_from(["raise", "python"]))
@settings(max_examples=100, suppress_health_check=list(HealthCheck))
def test_compiled_programs_go_the_same_way(compiled, bits, expression, order, domain):
    """Every operation is exact, so values agree to the last bit; gradients are sums in another order."""
    errstate(domain=domain).run(compare_with_eager, compiled, bits, Program(expression), order)


def compare_with_eager(compiled, bits, program, order):
    points = POINTS[order]
    c, expected = compiled(program), [eager(program, point) for point in points.tolist()]
    for point, (value, gradient) in zip(points[:8].tolist(), expected, strict=False):
        found, derived = outcome_of(c, point), outcome_of(c.value_and_grad, point)
        if isinstance(value, type):
            assert found is derived is value
            continue
        assert bits(found) == bits(value)
        if not isinstance(gradient, type):
            assert bits(derived[0]) == bits(value)
            np.testing.assert_allclose(derived[1], gradient, rtol=1e-9, atol=1e-9)
    right = np.array([not isinstance(value, type) for value, _ in expected])
    batch = (compiled(program) if order[0] % 2 else c).batch()
    values = [value for value, _ in expected]
    if right.any():
        assert bits(batch(points[right])) == bits([value for value in values if not isinstance(value, type)])
    if not right.all():
        assert outcome_of(batch, points) is next(value for value in values if isinstance(value, type))


def solve(xp, x):
    if not 0.0 <= x < 1e300:
        raise RuntimeError("no convergence")
    return x * 2.0


SOLVE = Op("solve", forward=solve, partials=(lambda xp, out, x: 2.0,), opaque=True)


def reciprocal(x):
    try:
        y = 1.0 / x
    except ArithmeticError:
        y = x + 100.0
    return 1.0 / (1.0 + y * y)


def unused(x):
    try:
        ops.log(x)
    except ValueError:
        return -x
    return x * 2.0


def unused_beside_a_constant(x):
    try:
        ops.log(x)
    except ValueError:
        return 5.0
    return 1.0


def unused_before_a_decision(x):
    try:
        ops.log(x + 10.0)
    except ValueError:
        return -x
    return x * 2.0 if x > 1.0 else x * 3.0


def several(x):
    total = 0.0
    for pole in (0.0, 1.0, 2.0):
        try:
            total = total + 1.0 / (x - pole)
        except DomainError:
            total = total - 10.0
    return total


def overflow(x):
    """Where x is infinite, so is the product, and no error is raised."""
    try:
        return x * 1e308
    except DomainError:
        return x


def column(x):
    try:
        return ops.dot([x, 2.0], [x, 1e200])
    except DomainError:
        return x


def without_derivative(x):
    with no_grad():
        try:
            y = ops.sqrt(x)
        except ValueError:
            y = x * x
    return x * y


def by_class(x):
    """The same operation fails in three ways, of which the program tells two apart."""
    try:
        return x**-2.5
    except ZeroDivisionError:
        return x + 5.0
    except OverflowError:
        return x * 7.0
    except DomainError:  # floats would give a complex number
        return 2.0 - x


def by_class_of_math(x):
    """Other than ``**``, `math.pow` says of both that they are outside of the domain."""
    try:
        return math.pow(x, -2.5)
    except ValueError:
        return x + 5.0
    except OverflowError:
        return x * 7.0


def by_class_of_math_alone(x):
    """Where ``**`` overflows on both sides, `math.pow` says of one that it is outside of the domain."""
    try:
        return math.pow(x, 20.5)
    except OverflowError:
        return x * 0.5
    except ValueError:
        return x * 0.25


def with_the_inputs_of_the_error(x):
    try:
        return ops.sqrt(x - 1.0)
    except ValueError as error:
        return 3.0 * error.inputs[0]


def by_class_of_math_otherwise(x):
    try:
        y = math.gamma(x)
    except OverflowError:
        y = 2.0 * x
    except ValueError:
        y = x - 1.0
    return y * y


def whole(x):
    """Without the error, the integer would be another one."""
    try:
        y = 3.0 / x
    except ArithmeticError:
        y = x + 0.0
    return x + (math.ceil(ops.clip(y, -1.0, 0.5)) & 3)


def halved(x):
    """Without the error, the loop would run on and on."""
    try:
        y = 1.0 / x
    except ArithmeticError:
        y = 2.0 * x
    while y > 1.0:
        y = y * 0.5 - x * x
    return 3.0 * y + 1.0


def not_reached(x):
    """The solver knows no infinity."""
    try:
        y = 1.0 / x
    except ArithmeticError:
        y = 3.0 + x
    return SOLVE(y)


def two_of_one_try(x):
    """At -2 the first operation raises, at 0 the second one, and at 0.5 none."""
    distance = ops.sqrt(x * x)
    try:
        y = ops.asin(distance) + x / distance
    except (ValueError, ZeroDivisionError):
        y = x
    return ops.relu(y - distance)


CAUGHT = [
    (reciprocal, (2.0, 0.0, 3.0)),
    (unused, (2.0, -3.0, 0.0)),
    (unused_beside_a_constant, (2.0, -3.0, 0.0)),
    (unused_before_a_decision, (2.0, 0.5, -11.0)),
    (several, (0.5, 0.0, 1.0, 2.0, 1.5)),
    (overflow, (1.0, 2.0, np.inf, 0.5)),
    (column, (1.0, 1e200, 2.0)),
    (without_derivative, (4.0, -2.0, 9.0)),
    (by_class, (4.0, 0.0, 1e-300, -1.0, -4.0)),
    (by_class_of_math, (4.0, 0.0, 1e-300, -1.0, 0.25)),
    (by_class_of_math_otherwise, (4.0, 300.0, -1.0, 3.0)),
    (by_class_of_math_alone, (2.0, 1e200, -1e200, -2.0)),
    (with_the_inputs_of_the_error, (2.0, -1.0, -9.0, 5.0)),
    (whole, (-2.0, 0.0, 2.0)),
    (halved, (2.0, 0.0, -2.0, 0.5)),
    (two_of_one_try, (-2.0, 0.5, 0.25, 3.0)),
    (not_reached, (1.0, 0.0, 2.0)),
]


@pytest.mark.parametrize("check", [False, True], ids=["", "checked"])
@pytest.mark.parametrize(("f", "points"), CAUGHT, ids=[f.__name__ for f, _ in CAUGHT])
class TestAPathOfItsOwn:
    def test_is_taken_whatever_was_recorded_first(self, compiled, f, points, check, bits):
        expected = [value_and_grad(f)(x) for x in points]
        for first in points:
            c = compiled(f, check=check)
            c(first)
            for x, (value, slope) in zip(points, expected, strict=True):
                assert c(x) == value
                assert c.value_and_grad(x) == (value, pytest.approx(slope, rel=1e-14, nan_ok=True))  # a few products

    def test_is_taken_in_batches(self, compiled, f, points, check):
        xs = np.array([*points, *points[::-1]])
        expected = [value_and_grad(f)(x) for x in xs.tolist()]
        for before in ((), points[:1], points[1:]):
            c = compiled(f, check=check)
            for x in before:
                c(x)
            values, slopes = c.batch().value_and_grad(xs)
            assert values.tolist() == [value for value, _ in expected]
            np.testing.assert_allclose(slopes, [slope for _, slope in expected], rtol=1e-14)


def unused_outside(x):
    ops.log(x)
    return x * x


def unused_on_an_arm(x):
    y = 1.0 / (x - 1.0)
    return y * y if x > 2.0 else x * x


def unused_where_another_is_caught(x):
    y = ops.sqrt(x)
    try:
        z = 1.0 / (x - 2.0)
    except ArithmeticError:
        return x * x
    return y + z if x > 3.0 else z * z


NOT_USED = [
    (unused_outside, (2.0, 0.5), (0.0, -1.0)),
    (unused_on_an_arm, (3.0, 0.5), (1.0,)),
    (unused_where_another_is_caught, (2.0, 4.0, 1.0), (-1.0, -2.0)),
]


@pytest.mark.parametrize("check", [False, True], ids=["", "checked"])
@pytest.mark.parametrize(("f", "points", "poles"), NOT_USED, ids=[f.__name__ for f, *_ in NOT_USED])
class TestErrorsOfResultsNotUsed:
    """They are raised as by the engine, whatever was recorded before."""

    def test_at_one_point(self, compiled, f, points, poles, check):
        for first in points:
            c = compiled(f, check=check)
            c(first)
            for x in points:
                assert c.value_and_grad(x) == (f(x), pytest.approx(grad(f)(x), rel=1e-14))  # a few products
            for pole in poles:
                for ask in c, c.grad, c.hessian, lambda x: c.hvp(x, 1.0):  # noqa: B023
                    with pytest.raises(DomainError) as error:
                        ask(pole)
                    with pytest.raises(DomainError, match=re.escape(error.value.fact.split(",")[0])):
                        f(Neuron(pole))

    def test_in_batches(self, compiled, f, points, poles, check):
        batch = compiled(f, check=check).batch()
        assert batch(np.array(points)).tolist() == [f(x) for x in points]
        for pole in poles:
            for ask in batch, batch.grad, batch.hessian:
                with pytest.raises(DomainError):
                    ask(np.array([*points, pole]))

    def test_in_files(self, compiled, f, points, poles, check, tmp_path, backend):
        c = compiled(f, check=check)
        for x in points:
            c(x)
        c.save(tmp_path / "f.gograd")
        loaded = gograd_compile.load(tmp_path / "f.gograd", backend=backend)
        assert [loaded(x) for x in points] == [f(x) for x in points]
        for pole in poles:
            with pytest.raises(DomainError):
                loaded(pole)

    def test_infinite_arguments_are_let_pass(self, compiled, f, points, poles, check):
        for first in (points[0], np.inf):
            c = compiled(f, check=check)
            c(first)
            assert c(np.inf) == f(np.inf)


def caught_if_it_is_raised(x):
    try:
        ops.log(x)
    except ValueError:
        return x * 2.0
    return x * 1.0


def ignored_by_the_function(x):
    with errstate(domain="ignore"):
        try:
            y = ops.log(x)
        except ValueError:
            y = x
    return ops.where(x > 0.0, y, x)


@pytest.mark.parametrize("f", [caught_if_it_is_raised, ignored_by_the_function, unused_outside])
@pytest.mark.parametrize("first", [2.0, -1.0])
def test_what_was_recorded_where_the_caller_ignores_errors_serves_where_they_are_raised(compiled, f, first):
    c = compiled(f)
    with errstate(domain="ignore"):
        assert [c(x) for x in (first, 2.0, -1.0)] == [f(x) for x in (first, 2.0, -1.0)]
    assert c(2.0) == f(2.0)
    if f is unused_outside:
        with pytest.raises(DomainError):
            c(-1.0)
    else:
        assert c(-1.0) == f(-1.0)
        assert c.batch()(np.array([2.0, -1.0])).tolist() == [f(2.0), f(-1.0)]


def test_errors_of_a_compiled_function_inside_of_another(compiled):
    inner = compiled(ops.log)
    c = compiled(lambda x: inner(x) * 2.0)
    for ask in (c, c.grad, c.hessian, lambda x: c.batch()(np.array([1.0, x]))):
        with pytest.raises(DomainError, match="log"):
            ask(-1.0)


def test_sums_over_points_have_those_whose_values_are_infinite(compiled):
    f = compiled(lambda w, x: w * ops.where(x < 1e100, x * x, 2.0))
    with errstate(domain="ignore"):
        assert f.batch((None, 0)).grad(0.5, np.array([1.0, 1e200, 3.0])) == 12.0


@pytest.mark.parametrize("order", list(itertools.permutations([0.0, 0.5, -2.0])), ids=str)
def test_errors_of_one_block_in_a_batch(compiled, order):
    expected = [two_of_one_try(x) for x in (*order, 0.25)]
    assert compiled(two_of_one_try).batch()(np.array([*order, 0.25])).tolist() == expected


def test_second_derivatives(compiled):
    for first in (2.0, 0.0):
        c = compiled(reciprocal)
        c.hessian(first)
        expected = [grad(grad(reciprocal))(x) for x in (0.0, 2.0, 0.0, 3.0)]
        assert [c.hessian(x) for x in (0.0, 2.0, 0.0, 3.0)] == pytest.approx(expected, rel=1e-13)  # some ten roundings
        xs = np.array([0.0, 2.0, 0.0, 3.0])
        np.testing.assert_allclose(c.batch().hessian(xs), expected, rtol=1e-13)
        np.testing.assert_allclose(c.batch().hvp(xs, np.ones(4)), expected, rtol=1e-13)
        np.testing.assert_allclose(c.batch().jacobian(xs), [grad(reciprocal)(x) for x in xs.tolist()], rtol=1e-13)


def test_sums_over_points_do_not_depend_on_what_was_recorded(compiled):
    f = compiled(lambda w, x: w * reciprocal(x))
    points = np.random.default_rng(0).integers(-3, 4, 3001) * 0.37
    expected = f.batch((None, 0)).grad(1.7, points).hex()
    for before in (0.0, 0.37):
        f(1.0, before)
        assert f.batch((None, 0)).grad(1.7, points).hex() == expected


@pytest.mark.parametrize(("f", "points"), CAUGHT[:-1], ids=[f.__name__ for f, _ in CAUGHT[:-1]])
def test_such_paths_are_saved(compiled, f, points, tmp_path, backend):
    c = compiled(f)
    values = [c(x) for x in points]
    c.save(tmp_path / "f.gograd")
    loaded = gograd_compile.load(tmp_path / "f.gograd", backend=backend)
    assert [loaded(x) for x in (*points, *points)] == [*values, *values]
    assert loaded.batch()(np.array(points)).tolist() == values


def test_second_derivatives_of_such_paths_are_saved(compiled, tmp_path, backend):
    def f(x):
        """Its gradient has an infinity that does not count, on the path that catches nothing."""
        try:
            y = 1.0 / x
        except ArithmeticError:
            y = x
        return ops.where(x > 4.0, ops.sqrt(ops.relu(y - y)), 2.0) * x * x

    c = compiled(f)
    points = (2.0, 0.0, -1.0)
    values = [c.hessian(x) for x in points]
    assert values == [4.0, 4.0, 4.0]
    c.save(tmp_path / "f.gograd")
    loaded = gograd_compile.load(tmp_path / "f.gograd", backend=backend)
    assert [loaded.hessian(x) for x in (*points, *points)] == [*values, *values]


def test_a_path_is_shown_with_what_it_catches(compiled):
    c = compiled(reciprocal)
    c(0.0)
    line = f"test_caught.py:{reciprocal.__code__.co_firstlineno + 2} in reciprocal"
    assert c.explain()["recordings"][0]["paths"][0]["guards"] == [{"asked": "domain", "outcome": 6, "line": line}]
    assert f"guard: a domain error is ZeroDivisionDomainError, at {line}" in str(c.explain())


def test_infinite_arguments_of_a_loaded_program_are_no_error(compiled, tmp_path, backend):
    c = compiled(lambda x, y: reciprocal(x) * y)
    c(0.0, 1.0)
    c.save(tmp_path / "f.gograd")
    loaded = gograd_compile.load(tmp_path / "f.gograd", backend=backend)
    assert loaded(0.0, np.inf) == np.inf


def test_paths_that_lead_to_the_same_error_share_the_one_behind_it(compiled):
    """An infinity has the sign of the zero, so that one of the two paths is left first, and then the other."""

    def signed(x):
        try:
            y = 1.0 / x
        except ArithmeticError:
            y = 3.0
        return y * 2.0 if y > 0.0 else y * 5.0

    c = compiled(signed)
    assert [c(1.0), c(-1.0)] == [2.0, -5.0]
    xs = np.array([1.0, 0.0, -1.0, -0.0, 0.0, -0.0])
    assert c.batch()(xs).tolist() == [2.0, 6.0, -5.0, 6.0, 6.0, 6.0]


def test_a_loaded_program_knows_no_other_path(compiled, tmp_path, backend):
    c = compiled(reciprocal)
    c(0.0)
    c.save(tmp_path / "f.gograd")
    loaded = gograd_compile.load(tmp_path / "f.gograd", backend=backend)
    with pytest.raises(
        PathNotRecorded,
        match=r"in reciprocal: the domain error of an operation was ZeroDivisionDomainError .* would be none now",
    ):
        loaded(1.0)


def test_nan_of_nan_is_no_error(compiled):
    def constant(x):
        try:
            return 1.0 / x
        except ArithmeticError:
            return 5.0

    for before in (0.0, 2.0):
        c = compiled(constant)
        c(before)
        assert np.isnan(c(np.nan))
        assert np.isnan(c.batch()(np.array([before, np.nan]))[1])


def test_errors_that_are_not_raised_are_not_caught(compiled):
    """Under errstate(domain="ignore") the function goes on with what IEEE 754 says, around the call or inside."""

    def inside(x):
        with errstate(domain="ignore"):
            return reciprocal(x)

    for before in (2.0, 0.0):
        c = compiled(reciprocal)
        c(before)
        with errstate(domain="ignore"):
            assert [c(0.0), c(2.0)] == [0.0, 0.8]
            assert c.batch()(np.array([0.0, 2.0])).tolist() == [0.0, 0.8]
        assert c(0.0) == 1.0 / 10001.0
        c = compiled(inside)
        c(before)
        assert [c(0.0), c(2.0)] == [0.0, 0.8]
        assert c.batch()(np.array([0.0, 2.0])).tolist() == [0.0, 0.8]


def test_errors_that_are_not_raised_need_no_path(compiled, count_paths):
    def f(x):
        with errstate(domain="ignore"):
            try:
                ops.log(x)
            except ArithmeticError:
                return 5.0 * x
        return 2.0 * x

    c = compiled(f)
    assert [c(2.0), c(-3.0), c(0.0)] == [4.0, -6.0, 0.0]
    assert count_paths(c) == 1


def test_a_batch_asks_the_function_once_about_each_point_that_is_not_ignored(compiled):
    calls = []

    def f(x):
        calls.append(x)
        with errstate(domain="ignore"):
            y = 1.0 / x
        try:
            z = 1.0 / (x - 1.0)
        except ArithmeticError:
            z = 5.0
        return y + z

    c = compiled(f)
    assert c(2.0) == 1.5
    calls.clear()
    assert c.batch()(np.array([2.0, 0.0, 1.0])).tolist() == [1.5, np.inf, 6.0]
    assert [x.value for x in calls] == [2.0, 1.0]  # at 2 for the lines of source, which say that 1 / x is ignored


def caught(fails, *errors):
    def function_that_catches(x):
        try:
            y = fails(x)
        except errors:
            y = 1.0
        return x * y

    return function_that_catches


WEIGHT = Neuron(3.0)
WEIGHTED = gograd_compile.compile(lambda x: WEIGHT * x, backend="numpy")
ANYWHERE = {
    "a compiled function that captures": (
        caught(lambda x: WEIGHTED.batch()(np.ones(2))[0], RecordingError),
        1.0,
        "catches an error",
    ),
    "the value of a neuron": (caught(lambda x: x.value, Exception), 3.0, "uses .value"),
    "its gradient": (caught(lambda x: x.grad, BaseException), 3.0, "uses .grad"),
    "a text": (caught(lambda x: float(f"{x:.2f}"), TypeError), 3.0, "uses .value"),
    "a function of math": (caught(lambda x: math.log(x, base=2.0), TypeError), 3.0, "catches an error"),
    "a derivative in a no_grad block": (caught(no_grad()(grad(ops.exp)), TypeError), 1.0, "catches an error"),
}
SOMEWHERE = {
    "a derivative": (caught(grad(ops.sqrt), DomainError), 0.0),
    "an opaque operation": (caught(SOLVE, RuntimeError), -1.0),
    "an integer": (caught(int, OverflowError), np.inf),
    "an index": (caught(lambda x: [1.0, 2.0][x], TypeError), 0.5),
}


class TestOtherErrorsAreRefused:
    @pytest.mark.parametrize("check", [False, True])
    @pytest.mark.parametrize(("f", "x", "message"), ANYWHERE.values(), ids=ANYWHERE)
    def test_wherever_they_are_caught(self, compiled, f, x, message, check):
        for call in (compiled(f, check=check), lambda x: compiled(f, check=check).batch()(np.array([x, x]))):
            with pytest.raises(RecordingError, match=rf"test_caught.py:\d+ in .*function_that_catches {message}"):
                call(x)

    @pytest.mark.parametrize("check", [False, True])
    @pytest.mark.parametrize(("f", "x"), SOMEWHERE.values(), ids=SOMEWHERE)
    def test_whatever_was_recorded_before(self, compiled, f, x, check):
        for before in ((), (1.0,)):
            c = compiled(f, check=check)
            for point in before:
                c(point)
            for call in (c, lambda x, c=c: c.batch()(np.array([1.0, x]))):
                with pytest.raises(
                    RecordingError, match=r"test_caught.py:\d+ in .*function_that_catches catches an error"
                ):
                    call(x)


def test_errors_that_nobody_catches_are_raised(compiled):
    def f(x):
        return SOLVE(x) if x < 5.0 else x

    for before in ((), (1.0,), (6.0,)):
        c = compiled(f)
        for x in before:
            c(x)
        with pytest.raises(RuntimeError, match="no convergence"):
            c(-1.0)


def test_errors_of_constants_decide_nothing(compiled):
    assert compiled(caught(lambda x: SOLVE(-1.0), RuntimeError))(3.0) == 3.0


def discards(x):
    ops.log(x)
    return x * x


@pytest.mark.parametrize("f", [discards, grad(discards)], ids=["itself", "in a sweep"])
def test_an_error_that_nobody_waits_for_is_raised_by_a_saved_program(compiled, f, tmp_path, backend):
    """What gograd waits for by itself, on the way to the operation, does not make it a path of its own."""
    c = compiled(lambda x: f(x) + x)
    c(2.0)
    c.save(tmp_path / "f.gograd")
    with pytest.raises(DomainError, match=r"^log\(-1\.0\) is nan"):
        gograd_compile.load(tmp_path / "f.gograd", backend=backend)(-1.0)
