"""Generated programs that catch errors: compiled, they go the same way as in the engine."""

from __future__ import annotations

import operator

import attrs
import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gograd_core import DomainError, Neuron, errstate, ops, value_and_grad

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
    program, points = Program(expression), POINTS[order]
    with errstate(domain=domain):
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
        batch = (compiled(program) if order[0] % 2 else c).batch()
        values = [value for value, _ in expected if not isinstance(value, type)]
        errors = [value for value, _ in expected if isinstance(value, type)]
        right = np.array([not isinstance(value, type) for value, _ in expected])
        if errors:  # first, since batches called before may decide which point's error is raised
            assert outcome_of(batch, points) is errors[0]
        if values:
            assert bits(batch(points[right])) == bits(values)
