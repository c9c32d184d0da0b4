"""What solvers refuse: each error says what was solved, with which numbers, and what to do."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gograd_core import DomainError, Neuron, errstate, grad, ops, stop_gradient
from gograd_ops_solve import SolveError, fixed_point, minimize_scalar, root


def square(x, p):
    return x * x - p


def never(f, guess):
    return math.nan


NO_SOLUTION = {
    "no change of sign": (
        lambda: root(square, (2.0, 3.0), 1.0),
        r"no root of square\(x, 1.0\) was found between 2.0 and 3.0: square is 3.0 at 2.0 and 8.0 at 3.0, "
        "which is no change of sign. Give a pair of numbers at which it has different signs",
    ),
    "no value at an end": (
        lambda: root(ops.log, (-1.0, 3.0)),
        "no root of log.x. was found between -1.0 and 3.0: log is nan at -1.0",
    ),
    "no value in between": (lambda: root(lambda x: 1.0 / x, (-1.0, 2.0)), "no value somewhere between"),
    "a pole": (lambda: root(lambda x: 1.0 / (x - 0.3), (-1.0, 2.0)), "changes its sign at 0.[23].*a jump or at a pole"),
    "a jump": (lambda: root(lambda x: 1.0 if x > 0.3 else -1.0, (-1.0, 2.0)), "by a jump or at a pole"),
    "no root at all": (
        lambda: root(square, 1.0, -1.0),
        r"no root of square\(x, -1.0\) was found from 1.0: square has the same sign at all points tried, from -\d",
    ),
    "a guess without a value": (lambda: root(ops.log, -1.0), "log has no value at the guess -1.0"),
    "Newton's method without a root": (lambda: root(square, 0.7, -1.0, method="newton"), "Newton's method did not"),
    "a method that finds nothing": (lambda: root(square, 1.0, 2.0, method=never), "the solver returned nan"),
    "an iteration that diverges": (
        lambda: fixed_point(lambda x, p: p * x + 1.0, 1.0, 2.0, method="iteration"),
        r"no fixed point of lambda\(x, 2.0\) was found from 1.0: the iteration does not converge: it is at",
    ),
    "an iteration without a fixed point": (lambda: fixed_point(lambda x: x + 1.0, 1.0), "does not converge"),
    "a minimum at the end": (
        lambda: minimize_scalar(ops.exp, (0.0, 1.0)),
        "no minimum of exp.x. was found between 0.0 and 1.0: .* the derivative of exp is not 0",
    ),
    "a minimum at a kink": (lambda: minimize_scalar(abs, (-1.0, 1.5)), "the second derivative of abs is 0.0"),
    "a minimum without end": (lambda: minimize_scalar(lambda x: x * 1.0, 1.0), "no minimum of lambda"),
}  # fmt: skip


class TestNoSolution:
    @pytest.mark.parametrize("name", NO_SOLUTION)
    def test_the_error_says_why(self, name):
        solve, message = NO_SOLUTION[name]
        with pytest.raises(SolveError, match=message):
            solve()

    def test_it_is_the_same_for_neurons_and_inside_of_transforms(self):
        with pytest.raises(SolveError, match="no change of sign"):
            root(square, (2.0, 3.0), Neuron(1.0))
        with pytest.raises(SolveError, match="no change of sign"):
            grad(grad(lambda p: root(square, (2.0, 3.0), p)))(1.0)

    def test_it_is_an_error_of_a_domain(self):
        with pytest.raises(DomainError) as caught:
            root(square, (2.0, 3.0), Neuron(1.0))
        assert (caught.value.operation.name, caught.value.inputs) == ("root_of_square", (2.0, 3.0, 1.0))
        with errstate(domain="ignore"):
            assert math.isnan(root(square, (2.0, 3.0), 1.0))

    def test_arrays_have_nan_in_its_place(self):
        found = root(square, (0.0, 3.0), np.array([4.0, -1.0, 1.0]))
        assert found[[0, 2]].tolist() == [2.0, 1.0]
        assert math.isnan(found[1])

    @pytest.mark.parametrize("inputs", [(math.nan, 1.0), (1.0, math.nan)])
    def test_nan_leads_to_nan(self, inputs):
        assert math.isnan(root(square, *inputs))


class TestNoDerivative:
    @pytest.mark.parametrize("order", [grad, lambda f: grad(grad(f))])
    def test_where_the_root_is_double(self, order):
        f = lambda p: root(square, (0.0, 1.0), p)  # noqa: E731
        assert f(0.0) == 0.0
        with pytest.raises(DomainError, match="root_of_square"):
            order(f)(0.0)

    def test_under_errstate_it_is_that_of_ieee_754(self):
        with errstate(domain="ignore"):
            assert grad(lambda p: root(square, (0.0, 1.0), p))(0.0) == math.inf

    def test_an_infinite_slope_by_one_parameter_does_not_matter_to_another(self):
        f = lambda p, q: root(lambda x, p, q: x - p - ops.sqrt(q), 0.5, p, q)  # noqa: E731
        assert grad(f, wrt=0)(2.0, 0.0) == 1.0
        with pytest.raises(DomainError, match="sqrt"):
            grad(f, wrt=1)(2.0, 0.0)


class TestCaptured:
    """A derivative that would be lost is refused, whether or not anybody asks for it."""

    @pytest.mark.parametrize(
        "solve",
        [
            lambda a: root(lambda x: x * x - a, (0.0, 9.0)),
            lambda a: root(lambda x, p: x * p - 2.0 * a, 1.0, Neuron(1.0)),
            lambda a: root(lambda x: x - stop_gradient(a), 1.0),
            lambda a: root(grad(lambda x: (x - a) ** 2), 1.0),
            lambda a: fixed_point(lambda x: 0.5 * (x + a / x), 1.0),
            lambda a: minimize_scalar(lambda x: (x - a) ** 2, 1.0),
        ],
        ids=["root", "beside a parameter", "stopped", "inside of a transform", "fixed point", "minimum"],
    )
    def test_neurons_are_refused(self, solve):
        with pytest.raises(TypeError, match="which is not among its parameters: its derivative would be lost"):
            solve(Neuron(4.0, "a"))
        with pytest.raises(TypeError, match="Pass it as a parameter"):
            grad(solve)(4.0)

    def test_the_message_has_the_label(self):
        a = Neuron(4.0, "level")

        def above_level(x):
            return x * x - a

        with pytest.raises(TypeError, match="above_level uses .*label='level'"):
            root(above_level, (0.0, 9.0))

    def test_values_and_neurons_that_the_function_makes_are_constants(self):
        a = Neuron(4.0)
        assert root(lambda x: x * x - a.value, (0.0, 9.0)) == 2.0
        assert (
            root(lambda x: (x * x - Neuron(4.0)).value if type(x) is float else x * x - Neuron(4.0), (0.0, 9.0)) == 2.0
        )


class TestArguments:
    @pytest.mark.parametrize(
        ("solve", "error", "message"),
        [
            (lambda: root(3.0, 1.0), TypeError, r"root\(\) expects a function of numbers, got 3.0"),
            (lambda: root(square, (1.0, 2.0, 3.0), 1.0), TypeError, "a guess is a number, or a pair of numbers"),
            (lambda: root(square, "1", 1.0), TypeError, "root_of_square .* expects real numbers or neurons"),
            (lambda: root(square, 1.0, [1.0]), TypeError, "root_of_square .* expects real numbers or neurons"),
            (lambda: root(square, 1.0), TypeError, "missing 1 required positional argument"),
            (lambda: root(square, 1.0, 2.0, method="brent"), ValueError, "knows the methods bisect, brentq"),
            (lambda: root(square, (0.0, 9.0), 2.0, method="newton"), ValueError, "starts from one number"),
            (lambda: fixed_point(square, 1.0, 2.0, method="newton"), ValueError, "knows the methods steffensen, iter"),
            (lambda: root(lambda x: None, 1.0), TypeError, "lambda must return one number: .* got None"),
            (lambda: root(lambda x: [x], 1.0), TypeError, "lambda must return one number: .* got .1.0."),
            (lambda: root(lambda x: x > 0.0, 1.0), TypeError, "lambda must return one number, it returned the truth"),
        ],
    )
    def test_wrong_ones_are_refused(self, solve, error, message):
        with pytest.raises(error, match=message):
            solve()

    def test_whole_numbers_are_numbers(self):
        assert root(lambda x: int(x) - 3 if x == 3.0 else x - 3, 3) == 3.0


def test_what_is_complex_is_no_value():
    assert root(lambda x, p: x**0.5 - p, 1.0, 3.0) == 9.0
    with pytest.raises(SolveError, match="has no value at the guess"):
        root(lambda x, p: 1j, 1.0, 3.0)
