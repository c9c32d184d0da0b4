"""The oracle: derivatives from differences in many digits, where closed forms are known."""

from __future__ import annotations

import math

import mpmath
import pytest

from gograd_core import InvalidOperationError, Op, ops
from gograd_core.testing import exact_partial, exact_value
from gograd_core.testing.digits import apart, close
from gograd_core.testing.exact import LADDER, Oracle
from gograd_core.testing.floats import ulps

pytestmark = pytest.mark.any_engine

TOLERANCE = mpmath.mpf("1e-24")  # two precisions must agree to 25 digits


def op_of(forward, name="f", **fields):
    return Op(name, forward=forward, partials=(lambda xp, out, x: 0.0,), **fields)


def agrees(found, expected):
    with mpmath.workdps(50):
        return expected == found == 0 or abs(found - expected) <= TOLERANCE * abs(expected)


def exactly(formula):
    """A closed form, in more digits than any argument needs."""
    with mpmath.workdps(700):
        return formula(mpmath.mp)


class TestValues:
    @pytest.mark.parametrize("x", [1e-300, 0.3, 1e22, 1e300])
    def test_have_as_many_digits_as_the_argument_needs(self, x):
        assert agrees(exact_value(ops.sin, (x,)), exactly(lambda mp: mp.sin(mp.mpf(x))))

    def test_cancelled_digits_are_found_again(self):
        naive = op_of(lambda xp, x: xp.exp(x) - 1.0)
        assert agrees(exact_value(naive, (1e-200,)), exactly(lambda mp: mp.expm1(mp.mpf(1e-200))))

    def test_a_true_zero_is_zero(self):
        assert exact_value(ops.log, (1.0,)) == 0

    def test_columns(self):
        assert exact_value(ops.dot, ((1.0, 2.0), (3.0, 4.0))) == 11

    @pytest.mark.parametrize("x", [-1.0, -1e-300])
    def test_a_value_that_is_not_real_is_an_error(self, x):
        with pytest.raises(ArithmeticError, match="no real number .* log "):
            exact_value(ops.log, (x,))


class TestDerivatives:
    @pytest.mark.parametrize("x", [1e-300, 1e-10, 0.3, 20.0, 1e10, 1e300])
    @pytest.mark.parametrize(("order", "sign", "name"), [(1, 1, "cos"), (2, -1, "sin"), (3, -1, "cos"), (4, 1, "sin")])
    def test_of_an_oscillation(self, x, order, sign, name):
        if order > 2 and x in (1e-300, 1e300):
            return  # beyond the last precision
        exact = exactly(lambda mp: sign * getattr(mp, name)(mp.mpf(x)))
        assert agrees(exact_partial(ops.sin, 0, (x,), order=order), exact)

    @pytest.mark.parametrize("x", [5e-324, 1e-300, 1.0, 1e300])
    def test_of_a_power_law(self, x):
        assert agrees(exact_partial(ops.log, 0, (x,)), exactly(lambda mp: 1 / mp.mpf(x)))

    @pytest.mark.parametrize("x", [1.0 - 2.0**-53, -1.0 + 2.0**-53])
    def test_beside_a_border_no_step_leaves_the_domain(self, x):
        assert agrees(exact_partial(ops.asin, 0, (x,)), exactly(lambda mp: 1 / mp.sqrt(1 - mp.mpf(x) ** 2)))

    def test_of_a_tail_that_is_all_but_flat(self):
        assert agrees(exact_partial(ops.tanh, 0, (300.0,)), exactly(lambda mp: mp.sech(300) ** 2))

    def test_by_another_input_than_the_first(self):
        assert agrees(exact_partial(ops.pow, 1, (2.0, 3.0)), exactly(lambda mp: 8 * mp.log(2)))

    def test_by_every_entry_of_a_column(self):
        assert all(map(agrees, exact_partial(ops.dot, 1, ((1.0, 2.0), (3.0, 4.0))), (1, 2)))

    def test_mixed(self):
        found = Oracle(ops.pow).derivative((2.0, 3.0), (1, 1))
        assert agrees(found, exactly(lambda mp: 4 + 12 * mp.log(2)))

    @pytest.mark.parametrize("order", [1, 2])
    def test_of_a_constant_is_zero(self, order):
        assert exact_partial(ops.floor, 0, (2.5,), order=order) == 0

    def test_at_a_jump_there_is_none(self):
        with pytest.raises(ArithmeticError):
            exact_partial(ops.floor, 0, (2.0,))

    @pytest.mark.parametrize(("op", "point"), [(ops.abs, (0.0,)), (ops.maximum, (1.0, 1.0)), (ops.relu, (0.0,))])
    def test_at_a_kink_it_is_doubtful(self, op, point):
        assert Oracle(op).is_doubtful(point, 0)

    @pytest.mark.parametrize("point", [(1.5, 1e-200), (1e300, 1e-300)])
    def test_on_stairs_too_small_to_see_it_is_doubtful(self, point):
        assert Oracle(ops.floor_divide).is_doubtful(point, 0)

    @pytest.mark.parametrize(("op", "point"), [(ops.abs, (5e-324,)), (ops.maximum, (1.0, 1.5)), (ops.cosh, (0.0,))])
    def test_elsewhere_it_is_not(self, op, point):
        assert not Oracle(op).is_doubtful(point, 0)


def test_each_result_is_computed_once():
    calls = []
    op = op_of(lambda xp, x: calls.append(x) or x * x)
    oracle = Oracle(op)
    first = oracle.value((3.0,)), oracle.derivative((3.0,), (1,))
    count = len(calls)
    assert (oracle.value((3.0,)), oracle.derivative((3.0,), (1,))) == first
    assert len(calls) == count


def test_rules_that_raise_leave_it_undecided_and_say_why():
    def forward(xp, x):
        raise ZeroDivisionError("somewhere")

    oracle = Oracle(op_of(forward))
    assert oracle.value((1.0,)) is None
    assert oracle.complaint == "ZeroDivisionError: somewhere"


def test_results_that_depend_on_the_precision_are_undecided():
    assert Oracle(op_of(lambda xp, x: x * mpmath.mp.dps)).value((1.0,)) is None


class TestOpaque:
    def test_the_reference_stands_in_for_forward(self):
        op = op_of(lambda xp, x: float(x) ** 2, opaque=True, reference=lambda mp, x: x * x)
        assert exact_value(op, (3.0,)) == 9
        assert agrees(exact_partial(op, 0, (3.0,)), 6)

    def test_without_one_there_is_nothing(self):
        with pytest.raises(InvalidOperationError, match="f .* is opaque"):
            exact_value(op_of(lambda xp, x: float(x), opaque=True), (3.0,))


@pytest.mark.parametrize(
    ("found", "exact", "expected"),
    [
        ("1", "1.0000000000000000001", True),
        ("1", "1.00000000000000001", False),
        ("0", "0", True),
        ("0", "1e-320", False),
        ("0", "1e-400", True),  # the same to floats
        ("1e400", "1e500", True),
        ("-1e400", "1e500", False),
        ("nan", "1", False),
        ("inf", "inf", True),
    ],
)
def test_close(found, exact, expected):
    with mpmath.workdps(30):
        assert close(mpmath.mpf(found), mpmath.mpf(exact)) is expected


@pytest.mark.parametrize(
    ("found", "exact", "texts"),
    [
        (0.1, "0.2", ("0.1", "0.2")),
        (math.inf, "2", ("inf", "2.0")),
        (1.0, "1.0000000000000002", ("1.0", "1.0000000000000002")),
        (1.0, "1.00000000000000005", ("1.0", "1.00000000000000005")),
        (1.0, "1.00000000000000000000000000005", ("1.0", "1.00000000000000000000000000005")),
        (0.0, "1e-400", ("0.0", "1.0e-400")),
    ],
)
def test_numbers_that_differ_are_printed_so_that_they_do(found, exact, texts):
    with mpmath.workdps(50):
        assert apart(found, mpmath.mpf(exact)) == texts


def test_the_ladder_doubles_until_it_must_end():
    assert list(LADDER) == sorted(LADDER)
    assert LADDER[0] >= 50


@pytest.mark.parametrize(
    ("found", "exact", "error"),
    [
        (1.0, "1", 0.0),
        (1.0 + 3 * math.ulp(1.0), "1", 3.0),
        (math.inf, "1", math.inf),
        (math.nan, "1", math.inf),
        (0.0, "1e-400", 0.0),
        (5e-324, "1e-320", 0.0),
        (1e-300, "1e-320", math.inf),
        (0.5, "-1e-400", math.inf),
        (math.inf, "1e400", 0.0),
        (math.nan, "1e400", 0.0),
        (1e300, "1e400", math.inf),
    ],
)
def test_ulps(found, exact, error):
    assert ulps(found, mpmath.mpf(exact)) == error
