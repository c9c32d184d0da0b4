"""check_grad finds values that are a staircase."""

from __future__ import annotations

import math

import pytest

from gograd_core import check_grad, ops


def searched(width, start=lambda p: 0.0):
    """The square root by bisection, down to intervals of some width."""

    def f(p):
        low, high = start(p), start(p) + 2.0
        while high - low > width:
            middle = 0.5 * (low + high)
            low, high = (low, middle) if middle * middle > p else (middle, high)
        return low

    return f


class TestStaircases:
    @pytest.mark.parametrize("width", [1e-2, 1e-4, 1e-6, 1e-9, 1e-12])
    @pytest.mark.parametrize("start", [lambda p: 0.0, lambda p: 0.1 * p], ids=["constant start", "moving start"])
    def test_of_a_search_by_comparisons(self, width, start):
        report = check_grad(searched(width, start), (0.5,))
        staircase = report.inputs[0].staircase
        assert staircase.slope == pytest.approx(0.5 / math.sqrt(0.5), rel=0.1)
        assert width / 4.0 < abs(staircase.jump) < 2.0 * width
        assert abs(staircase.place - 0.5) <= staircase.distance == 0.5 / 8.0
        assert "search by comparisons" in str(report)

    def test_the_derivative_of_one_step_agrees_and_is_reported_still(self):
        report = check_grad(searched(1e-4), (0.5,))
        assert report.passed
        assert report.inputs[0].comparison.derivative == 0.0
        assert "p: agrees: 0.0, by finite differences 0.0" in str(report)
        assert "the values are a staircase. They jump by 6.1e-05 at 0.50" in str(report)

    @pytest.mark.parametrize(
        ("f", "x", "slope"),
        [
            (lambda x: ops.round(100.0 * x) / 100.0, 2.5031, 1.0),
            (lambda x: x - (x % 0.125), 3.01, 1.0),
            (lambda x: x + [n * n for n in range(1000)][int(100.0 * x.value)], 5.003, 1.0 + 2e4 * 5.003),
        ],
        ids=["rounding", "remainder", "table"],
    )
    def test_of_other_functions(self, f, x, slope):
        assert check_grad(f, (x,)).inputs[0].staircase.slope == pytest.approx(slope, rel=0.05)

    NO_STAIRCASES = {  # noqa: RUF012
        "a kink": (ops.relu, 0.0),
        "a short period": (lambda x: ops.sin(1e6 * x) + x, 1.0),
        "a steep slope": (lambda x: ops.atan(1e8 * (x - 1.0)), 1.0),
        "a jump on one side": (lambda x: ops.where(x > 1.05, 5.0, x), 1.0),
        "jumps on both sides that lead nowhere": (
            lambda x: ops.where(ops.abs(x - 1.0) > 0.05, 2.0 * x, 2.0 * x - 0.01),
            1.0,
        ),
        "rounding, whose slope is the derivative": (lambda x: (1e10 + ops.sin(x)) - 1e10, 0.5),
        "a pole close by": (lambda x: 1.0 / (x - 1.0), 1.0 + 1e-13),
        "the border of the domain": (ops.log, 1e-8),
        "a value taken out of the graph": (lambda x: x * x.value, 3.0),
        "a pole": (ops.tan, 1.5),
    }

    @pytest.mark.parametrize(("f", "x"), NO_STAIRCASES.values(), ids=NO_STAIRCASES)
    def test_there_is_none(self, f, x):
        assert check_grad(f, (x,)).inputs[0].staircase is None
