"""Second and third derivatives: infinite slopes that meet 0, how accurate they are, and where they are tried."""

from __future__ import annotations

import math

import attrs
import pytest

from gograd_core import Accuracy, Edge, Op, errstate, grad, ops
from gograd_core.testing import check_op
from gograd_core.testing.conformance import examine
from gograd_core.testing.exact import Oracle
from gograd_core.testing.points import points_of

pytestmark = pytest.mark.any_engine


def unary(name, forward, partial, **fields):
    return Op(name, forward=forward, partials=(partial,), **{"samples": ((1.5,), (-2.0,)), **fields})


def log3(partial, **fields):
    return unary("log3", lambda xp, z: xp.log(3.0 + z * z), partial, domain="abs(z) < 1e150", **fields)


def orders(op):
    (check,) = examine(op, names=["orders"])
    return check


LOST = {
    "at 0": (log3(lambda xp, out, z: 2.0 / (3.0 / z + z)), (0.0,), "div(3.0, 0.0)"),
    "at 1": (
        unary("f", lambda xp, x: xp.log(3.0 + (x - 1.0) ** 2), lambda xp, out, x: 2.0 / (3.0 / (x - 1.0) + (x - 1.0))),
        (1.0,),
        "div(3.0, 0.0)",
    ),
    "at an edge": (
        unary(
            "f",
            lambda xp, x: xp.log(3.0 + (x - 7.0) ** 2),
            lambda xp, out, x: 2.0 / (3.0 / (x - 7.0) + (x - 7.0)),
            edges=(Edge((7.0,), math.log(3.0), (0.0,), "the minimum"),),
        ),
        (7.0,),
        "div(3.0, 0.0)",
    ),
    "of a root": (
        unary("f", lambda xp, x: xp.log(3.0 + x * x), lambda xp, out, x: 2.0 * xp.cbrt(x) ** 3 / (3.0 + x * x)),
        (0.0,),
        "cbrt(0.0)",
    ),
}


class TestZeroTimesInfinity:
    """An adjoint of 0.0 passes nothing on, not even to an infinite slope: the limit of the product is lost."""

    @pytest.mark.parametrize(("op", "point", "use"), LOST.values(), ids=LOST)
    def test_is_found_and_the_operation_is_named(self, op, point, use):
        with errstate(domain="ignore"):
            assert grad(grad(op))(*point) == 0.0
        message = orders(op).message
        assert f"derivative with respect to entries [0, 0] at {point} is 0.0, expected 0.6666666666666666: " in message
        assert f"of {use} is " in message
        assert "it is multiplied by the adjoint 0.0, which passes nothing on" in message
        assert 'see "Zero times infinity" in docs/writing-operations.md' in message

    def test_is_the_only_check_that_fails(self):
        report = check_op(LOST["at 0"][0])
        assert [check.name for check in report.checks if check.verdict == "failed"] == ["orders"]

    def test_in_the_third_derivative(self):
        op = unary("cube", lambda xp, x: x * x * x, lambda xp, out, x: 3.0 * x * xp.cbrt(x) ** 3)
        message = orders(op).message
        assert "the third derivative with respect to entries [0, 0, 0] at (0.0,) is" in message
        assert "of cbrt(0.0) is inf" in message

    def test_in_a_mixed_derivative(self):
        op = Op(
            "product",
            forward=lambda xp, x, y: x * y,
            partials=(lambda xp, out, x, y: 1.0 / (1.0 / (y + 0.0 * x)), lambda xp, out, x, y: x),
            samples=((2.0, 3.0), (-0.5, 4.0)),
        )
        assert "with respect to entries [0, 1] at (0.0, 0.0) is 0.0, expected 1.0: div" in orders(op).message

    def test_no_accuracy_excuses_it(self):
        any_number = Accuracy(second=Accuracy(math.inf, why="it is a test"))
        op = log3(lambda xp, out, z: 2.0 / (3.0 / z + z), accuracy=any_number)
        assert "of div(3.0, 0.0) is -inf" in orders(op).message

    def test_a_partial_without_a_pole_is_right(self):
        assert orders(log3(lambda xp, out, z: 2.0 * z / (3.0 + z * z))).verdict == "passed"

    @pytest.mark.parametrize(
        ("op", "point"),
        [(ops.erf, (1e200,)), (ops.erf, (-1e200,)), (ops.pow, (0.0, 2.0)), (ops.erfc, (1e200,)), (ops.atan, (1e200,))],
        ids=lambda value: getattr(value, "name", str(value)),
    )
    def test_nothing_is_said_where_0_is_right(self, op, point):
        points = points_of(op)
        points.higher = [point]
        (check,) = examine(op, points, ["orders"])
        assert (check.verdict, check.points) == ("passed", 1)


class TestAccuracy:
    def test_is_measured_in_ulps(self):
        check = orders(ops.tanh)
        assert [detail.rule for detail in check.details] == ["second derivatives", "third derivatives"]
        assert all(0.0 < detail.ulps <= 16.0 and detail.points >= 60 for detail in check.details)
        assert all(detail.raw_ulps >= detail.ulps for detail in check.details)
        assert check.details[0].points == 2 * check.details[1].points  # both modes

    @staticmethod
    def shares(**fields):
        """The logarithm of a sum of exponentials, p - p * p of a share p next to 1."""
        return unary(
            "shares",
            lambda xp, x: xp.logaddexp(x, 0.0),
            lambda xp, out, x: xp.exp(x - out),
            samples=((25.0,), (0.5,)),
            domain="abs(x) < 30",
            **fields,
        )

    def test_digits_that_are_lost_are_told_from_a_wrong_formula(self):
        message = orders(self.shares()).message
        assert "the rules are right, but lose" in message
        assert "if it cannot do better, say so: Accuracy(second=Accuracy(" in message

    def test_what_an_operation_admits_is_allowed(self):
        admitted = Accuracy(input_ulps=1.0, why="x - out is rounded", second=Accuracy(math.inf, why="it cancels"))
        assert orders(self.shares(accuracy=admitted)).verdict == "passed"

    def test_the_third_may_be_another_than_the_second(self):
        admitted = Accuracy(second=Accuracy(math.inf, why="it cancels"), third=Accuracy(4.0))
        assert "Accuracy(third=Accuracy(" in orders(self.shares(accuracy=admitted)).message

    def test_a_wrong_formula_is_found_whatever_is_allowed(self):
        op = unary(
            "sine",
            lambda xp, x: xp.sin(x),
            lambda xp, out, x: xp.where(x == 1.5, xp.cos(1.5), xp.cos(x)),
            accuracy=Accuracy(second=Accuracy(math.inf, why="it is a test")),
        )
        message = orders(op).message
        assert message.startswith(
            "in 50 digits the derivative of the rules with respect to entries [0, 0] at (1.5,) is 0.0, expected -0.99"
        )

    def test_what_cancels_is_stated(self):
        cancels = Accuracy(second=Accuracy(math.inf, why="it is p - p * p of a share p next to 1, which cancels"))
        simple = attrs.evolve(
            ops.logsumexp, partials=(lambda xp, out, x: xp.exp(x - out),), accuracy=cancels, kernels=None
        )
        points = points_of(simple)
        points.higher = points.moderate = [(5.0, -20.0)]
        (stated,) = examine(simple, points, ["orders"])
        assert stated.verdict == "passed"
        (unstated,) = examine(attrs.evolve(simple, accuracy=Accuracy()), points, ["orders"])
        assert "at (5.0, -20.0) is 1.3887" in unstated.message
        assert "the rules are right, but lose 11 of 16 digits" in unstated.message

    def test_of_each_order(self):
        second, third = Accuracy(64.0, why="a sum"), Accuracy(128.0, why="a longer sum")
        accuracy = Accuracy(8.0, why="a product", second=second, third=third)
        assert [accuracy.of(order) for order in range(4)] == [accuracy, accuracy, second, third]
        assert attrs.evolve(accuracy, third=None).of(3) is second
        assert (Accuracy().of(2).ulps, Accuracy().of(3).input_ulps) == (16.0, 4.0)

    def test_what_is_0_may_be_noise(self):
        ratio = Op(
            "ratio",
            forward=lambda xp, x, w: x * w / w,
            partials=(lambda xp, out, x, w: 1.0, lambda xp, out, x, w: (x - out) / w),
            samples=((-5.5, 0.4), (0.3, 7.0)),
            domain="abs(w) > 1e-9",
        )
        assert orders(ratio).verdict == "passed"

    def test_but_no_more(self):
        line = unary("straight", lambda xp, x: 3.0 * x, lambda xp, out, x: 3.0 + 1e-13 * xp.sin(x))
        assert "expected 0.0" in orders(line).message


class TestPoints:
    def test_are_those_tried_at_edges_and_at_0_and_1(self):
        op = unary("f", lambda xp, x: x, lambda xp, out, x: 1.0, edges=(Edge((7.0,), 7.0, (1.0,), "any"),))
        higher = points_of(op).higher
        assert {(7.0,), (0.0,), (1.0,), (-1.0,), (7.0 * (1.0 + 1e-3),)} <= set(higher)
        assert len(higher) > 40
        assert len(set(higher)) == len(higher)

    def test_have_powers_that_are_floats(self):
        assert all(x == 0.0 or 1e-30 <= abs(x) <= 1e30 for (x,) in points_of(ops.atan).higher)

    def test_have_a_finite_value(self):
        assert (1.0,) not in points_of(ops.atanh).higher


@pytest.mark.parametrize(
    ("op", "point", "entries"),
    [(ops.elu, (0.0,), (0, 0)), (ops.softsign, (0.0,), (0, 0))],
    ids=str,
)
def test_where_a_derivative_jumps_the_next_is_doubtful(op, point, entries):
    assert Oracle(op).is_doubtful(point, *entries)


def test_elsewhere_it_is_not():
    assert not Oracle(ops.tanh).is_doubtful((0.5,), 0, 0, 0)
    assert not Oracle(ops.cosh).is_doubtful((0.0,), 0, 0)


class TestInDigits:
    """Rules differentiated in mpmath's arithmetic: what neurons, that hold floats, cannot do."""

    @pytest.mark.parametrize(
        ("op", "point", "entries"),
        [
            (ops.tanh, (0.3,), (0, 0)),
            (ops.tanh, (0.3,), (0, 0, 0)),
            (ops.pow, (2.0, 3.5), (0, 1)),
            (ops.logsumexp, (5.0, -20.0), (0, 0)),
            (ops.logsumexp, (1.0, 2.0, 0.5), (0, 2)),
            (ops.cbrt, (-1.5,), (0, 0)),
            (ops.gelu, (0.7,), (0, 0, 0)),
            (ops.where, (1.0, 2.0, 3.0), (1, 1)),
        ],
        ids=str,
    )
    def test_agree_with_differences(self, op, point, entries):
        oracle = Oracle(op)
        orders = tuple(entries.count(i) for i in range(len(point)))
        exact, found = oracle.derivative(point, orders), oracle.rules(point, entries)
        assert abs(found - exact) <= 1e-24 * abs(exact)
