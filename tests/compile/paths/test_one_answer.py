"""Within one backend a point has one answer, to the last bit, whatever was called before, alone or in a batch.

Compiled code and Python round functions such as tanh otherwise, in up to a quarter of all points. So programs are
generated that compare what they compute with what Python computes of the same number.
"""

from __future__ import annotations

import attrs
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gograd_core import Neuron, math, ops, zero_grad

FUNCTIONS = {
    "tanh": ops.tanh,
    "cosh": ops.cosh,
    "exp": ops.exp,
    "lgamma": ops.lgamma,
    "power": lambda x: x**1.7,
    "square": lambda x: x**2.0,
}
NUMBERS = np.random.default_rng(0).uniform(0.1, 4.0, 400).tolist()


def by_comparison(y, border, total):
    return total + 1.0 if y >= border else total * -2.0


def by_equality(y, border, total):
    return total * 3.0 if y == border else total - 1.0


def by_integer(y, border, total):
    return total + int((y - border) * 2.0**60)


def by_index(y, border, total):
    return total * [1.0, 5.0][y > border]


def by_choice(y, border, total):
    return total + ops.where(y > border, y, 7.0)


def by_error(y, border, total):
    try:
        return total + 1.0 / (y - border)
    except ArithmeticError:
        return total * 1.5


def by_unused_error(y, border, total):
    try:
        ops.log(y - border)
    except ArithmeticError:
        return total + 2.0
    return total * 0.5


def by_root(y, border, total):
    try:
        return total + 1.0 / (2.0 + ops.sqrt(y - border))
    except ValueError:
        return total * 4.0


def by_unused_root(y, border, total):
    try:
        ops.sqrt(border - y)
    except ValueError:
        return total + 3.0
    return total * 0.25


def by_repeated_root(y, border, total):
    for k in range(3):
        try:
            total = total + ops.sqrt(y - border) * k
        except ValueError:
            total = total - 10.0**k
    return total


def by_caught_quotient(y, border, total):
    """Python divides by one, and compiled code by zero or one: floor of what is a last digit below."""
    try:
        return total + 1.0 / (1 + math.floor(y - border))
    except OverflowError:
        return total * 8.0
    except ZeroDivisionError:
        return total + 16.0


def by_raising(y, border, total):
    if y < border:
        raise KeyError("below")
    return total


def by_a_pole(y, border, total):
    return total + 1.0 / (y - border)


def by_two_roots(y, border, total):
    return total + ops.sqrt(y - border) + ops.sqrt(border - y)


DECISIONS = [
    by_comparison, by_equality, by_integer, by_index, by_choice, by_error, by_unused_error, by_raising, by_a_pole,
    by_root, by_unused_root, by_repeated_root, by_caught_quotient,
]  # fmt: skip


@attrs.frozen
class Program:
    """Decides step by step: by functions of x, and what Python says that they are somewhere."""

    steps: tuple

    def __call__(self, x, borders):
        total = x * 1.0
        for (name, decide), border in zip(self.steps, borders, strict=True):
            total = decide(FUNCTIONS[name](x), border, total)
        return total

    def borders(self, at):
        return [FUNCTIONS[name](Neuron(at))._value for name, _ in self.steps]


def programs(decisions):
    step = st.tuples(st.sampled_from(sorted(FUNCTIONS)), st.sampled_from(decisions))
    steps = st.lists(step, min_size=1, max_size=4).map(tuple)
    return st.builds(Program, steps)


def answer(f, *args):
    """The bits of what is found; or the class of the error."""
    try:
        return [np.float64(number).tobytes() for number in np.ravel(f(*args))]
    except Exception as error:
        return type(error)


@given(programs(DECISIONS), st.sampled_from(NUMBERS), st.lists(st.sampled_from(NUMBERS), min_size=1, max_size=3))
@settings(max_examples=40, suppress_health_check=list(HealthCheck))
def test_whatever_was_called_before(compiled, program, at, others):
    borders = program.borders(at)
    expected = answer(compiled(program).value_and_grad, at, borders)
    after, later = compiled(program), compiled(program)
    for x in others:
        answer(after, x, borders)
        answer(later.batch((0, None)), np.array([x, x]), borders)
    assert answer(after.value_and_grad, at, borders) == answer(later.value_and_grad, at, borders) == expected
    for f in (after, compiled(program)):
        points = np.array([at] * 9)
        found = answer(
            lambda *args, f=f: np.ravel(f.batch((0, None)).value_and_grad(*args), order="F"), points, borders
        )
        assert found == (expected if isinstance(expected, type) else expected * 9)


@pytest.mark.parametrize("decide", [by_root, by_unused_root, by_repeated_root, by_caught_quotient])
def test_errors_that_only_compiled_code_finds_are_caught_in_any_order(compiled, decide):
    """Python says sqrt(0.0), and compiled code in many cases the root of a number that is a last digit below."""
    program = Program((("lgamma", decide), ("cosh", decide)))
    late = compiled(program)
    for x in (0.3, 3.9):  # errors at both steps, and at none
        answer(late, x, [border + 2.0 for border in program.borders(x)])
        answer(late, x, [border - 2.0 for border in program.borders(x)])
    found = set()
    for x in NUMBERS[:30]:
        borders = program.borders(x)
        fresh = compiled(program)
        expected = answer(late, x, borders)
        assert answer(fresh, x, borders) == answer(fresh, x, borders) == expected
        assert answer(compiled(program).batch((0, None)), np.array([x]), borders) == expected
        found.add(round(np.frombuffer(expected[0])[0] - x))
    assert len(found) > 2  # last digits decide


def two_ways(x, threshold):
    """With many other powers, one is computed as it is without them."""
    powers = [x ** (2.5 + index / 7) for index in range(40)]
    square = x**2.0
    return sum(powers) + square if square > threshold else square


def test_a_power_is_the_same_among_many_others(compiled):
    xs = np.random.default_rng(0).uniform(0.1, 4.0, 4000)
    squares = np.power(xs, np.full_like(xs, 2.0))
    places = np.flatnonzero(squares > xs * xs)[:3]  # where it matters how a square is computed
    assert len(places)
    for x in xs[places].tolist():
        few, many = compiled(two_ways), compiled(two_ways)
        few(1.1, 100.0)
        many(1.9, 0.0)
        assert few(x, x * x) == many(x, x * x)


def test_what_compiled_code_decides_is_recorded_once(compiled):
    """Python says one thing of some numbers, and compiled code another one."""
    program = Program((("tanh", by_comparison), ("cosh", by_equality)))
    borders = {x: program.borders(x) for x in NUMBERS[:100]}
    for before in NUMBERS[:3]:
        c = compiled(program)
        for x in (before, *borders):
            c(x, borders[x])
        assert sum(len([*paths]) for paths in c.store.paths.values()) <= 4
        recorded = sum(paths.recorded for paths in c.store.paths.values())
        for x in borders:
            c(x, borders[x])
        assert sum(paths.recorded for paths in c.store.paths.values()) == recorded <= 8


@pytest.mark.parametrize("changes", [lambda calls: calls % 2, lambda calls: 1 - calls % 2])
def test_a_function_that_never_does_the_same_ends(compiled, changes):
    calls = []

    def f(x):
        calls.append(x)
        assert len(calls) < 8
        y = ops.tanh(x)
        border = ops.tanh(NUMBERS[0])
        return x if (y >= border if changes(len(calls)) else y < border) else 2.0 * x

    assert compiled(f)(NUMBERS[0]) in (NUMBERS[0], 2.0 * NUMBERS[0])


def test_what_only_compiled_code_finds_outside_of_a_domain_is_what_the_engine_says(compiled):
    """Python says sqrt(0.0), and compiled code the root of a number that is a last digit below."""
    program = Program((("lgamma", by_two_roots),))
    for x in NUMBERS[:12]:
        borders = program.borders(x)
        expected = program(Neuron(x), borders).value
        assert compiled(program)(x, borders) == pytest.approx(expected, abs=1e-6)  # the root of a last digit
        assert compiled(program).batch((0, None))(np.array([x]), borders) == pytest.approx(expected, abs=1e-6)


def test_derivatives_with_respect_to_captured_neurons_are_what_the_engine_says(compiled):
    """Python computes 0.0 ** 1.5, and compiled code the power of a number that is a last digit below."""

    def f(factor, border):
        y = math.lgamma(w) * factor
        return (y - border) ** 1.5 + (border - y) ** 1.5 + y * w

    w = Neuron(0.0)

    def slope(run):
        zero_grad([w])
        run()
        return w.grad

    for x in NUMBERS[:12]:
        w.value = x
        at = 2.0, 2.0 * math.lgamma(x)
        by_engine = slope(lambda at=at: f(*at).backward())
        assert slope(lambda at=at: compiled(f).backward(*at)) == pytest.approx(by_engine, rel=1e-6)
        found = slope(lambda at=at: compiled(f).batch((0, None)).backward(np.full(3, at[0]), at[1]))
        assert found == pytest.approx(3.0 * by_engine, rel=1e-6)
