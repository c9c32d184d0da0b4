"""What whole numbers and truth values do in compiled functions: as in floats, and on few paths."""

from __future__ import annotations

import math

import numpy as np
import pytest

import gograd_compile.paths
import gograd_core.math
from gograd_core import errstate, grad, jvp, ops, value_and_grad
from round_trips import reloaded

INSTANCES = {
    "a key": lambda x: {0: 1.0, 1: 2.0}.get(gograd_core.math.floor(x), 0.0) * x,
    "a set": lambda x: x * (4.0 if gograd_core.math.ceil(x) in {2, 3} else 1.0),
    "a class": lambda x: x * (4.0 if isinstance(gograd_core.math.trunc(x), int) else 1.0),
    "bits": lambda x: x * (gograd_core.math.floor(x * 100.0) & 255),
    "a shift": lambda x: x * (1 << gograd_core.math.floor(x + 8.0)),
    "both": lambda x: x * (4.5 if (x > 1) & (x < 2) else 2.0),
    "either": lambda x: x * (4.5 if (x < 1) | (x > 2) else 2.0),
    "one": lambda x: x * (4.5 if (x > 1) ^ (x > 2) else 2.0),
    "a text": lambda x: x * {"True": 4.5, "False": 3.0}[f"{x > 1}"],
    "a truth value as a key": lambda x: x * {True: 4.5, False: 3.0}[x > 1],
    "a truth value's class": lambda x: x * (4.5 if isinstance(x > 1, bool) else 3.0),
    "text with digits": lambda x: x * {"1.50": 4.5}.get(f"{gograd_core.math.floor(x) * 1.5:.2f}", 3.0),
    "old texts": lambda x: x * {"01": 4.5}.get("%02d" % gograd_core.math.floor(x), 3.0),  # noqa: UP031
    "a range": lambda x: sum((x for _ in range(gograd_core.math.ceil(x))), 0.0 * x),
    "an index": lambda x: [x, 2.0 * x, 3.0 * x, 4.0 * x][gograd_core.math.floor(x) % 4],
}


@pytest.mark.parametrize("f", INSTANCES.values(), ids=INSTANCES)
def test_what_needs_a_plain_number_gets_it(compiled, f):
    points = [0.5, 1.5, 1.0, 2.5, -1.25, 3.75]
    for first in (1.5, -1.25):
        c = compiled(f)
        c(first)
        batch = np.transpose(compiled(f).batch().value_and_grad(np.array([first, *points])))[1:]
        for x, found in zip(points, batch.tolist(), strict=True):
            expected = f(x), f(x) / x
            assert value_and_grad(f)(x) == c.value_and_grad(x) == tuple(found) == expected


def test_an_angle_is_wrapped_on_one_path(compiled, count_paths):
    """Arithmetic keeps a whole number in the graph."""

    def wrapped(d):
        return d - 360 * gograd_core.math.floor(d / 360)

    c = compiled(lambda d: wrapped(d) ** 3)
    xs = np.random.default_rng(0).uniform(-1e5, 1e5, 300)
    values, slopes = c.batch().value_and_grad(xs)
    for x, value, slope in zip(xs.tolist(), values, slopes, strict=True):
        y = x - 360 * math.floor(x / 360)
        # a product of three numbers, each off by one rounding at most, and its slope of two
        assert (value, slope) == (pytest.approx(y**3, rel=2.0**-51), pytest.approx(3.0 * y**2, rel=2.0**-51))
    assert count_paths(c) == 1


def test_what_is_known_to_be_finite_is_not_asked_about(compiled, monkeypatch):
    """Runs look at their numbers anyway."""
    c = compiled(lambda x: x * gograd_core.math.floor(x))
    c(1.5)
    monkeypatch.setattr(gograd_compile.paths.guards.Asked, "answers", None)
    assert c.value_and_grad(2.5) == (5.0, 2.0)
    assert c.batch()(np.array([2.5, -0.5])).tolist() == [5.0, 0.5]


def test_choices_by_whole_numbers_and_by_several_conditions_need_one_path(compiled, count_paths):
    def f(x):
        n = gograd_core.math.floor(x)
        return ops.where((n % 2 == 0) & (x > 0) | (n == -3), x * x, (n >= 2) * x + n // 2 + abs(n) - (-n))

    c = compiled(f)
    xs = np.linspace(-5.0, 5.0, 101)
    values, slopes = c.batch().value_and_grad(xs)
    assert [value_and_grad(f)(x) for x in xs.tolist()] == list(zip(values, slopes, strict=True))
    assert count_paths(c) == 1


def mixed(x, m):
    """A generator of numbers that look random; its products need more than 53 bits."""
    n = m.floor(x * 1e6)
    for _ in range(4):
        n = (n * 1103515245 + 12345) % 2**31
    return x * n


LARGE = {
    "products": mixed,
    "sums": lambda x, m: x * ((m.floor(x) + m.floor(x / 2) + m.floor(x / 4)) % 11),
    "a successor": lambda x, m: x * ((m.floor(x) + 1) % 7),
    "a remainder": lambda x, m: x * (m.floor(x) % 7),
    "a product of a quotient": lambda x, m: x * ((m.floor(x) // 2 * 12 + 1) % 7),
    "a size": lambda x, m: x * ((abs(m.floor(x) * 3) + 1) % 7),
    "one that is rounded again": lambda x, m: x * (m.floor(m.floor(x) * 3) % 7),
    "a key": lambda x, m: x * {int(1e300): 2.0, 2**53: 5.0}.get(m.floor(x), 3.0),
    "a comparison": lambda x, m: x * (2.0 if m.floor(x) + 1 > 2**53 else 3.0),
    "a sum of quotients": lambda x, m: x * (2.0 if m.floor(x) // 3 * 3 + m.floor(x) % 3 == m.floor(x) else 3.0),
    "equality": lambda x, m: x * (2.0 if 3 * m.floor(x) == 3 * int(x) else 3.0),
    "a text": lambda x, m: x * len(str(7 * m.floor(x))),
    "a quotient": lambda x, m: x * (1.0 if (3 * m.floor(x)) / 3 == m.floor(x) else 2.0),
}


@pytest.mark.parametrize("first", [1.5, -3.25, 2.0**53, 1e300])
@pytest.mark.parametrize("f", LARGE.values(), ids=LARGE)
def test_integers_of_any_size_are_exact(compiled, f, first):
    points = [1.5, -3.25, 7.0, 12345.678, 4194303.7, 2.0**53 - 1, 2.0**53, 2.0**53 + 2, -(2.0**60), 1e17]
    points += [] if f is mixed else [1e300, -1e300]
    c, other = compiled(lambda x: f(x, gograd_core.math)), compiled(lambda x: f(x, gograd_core.math))
    if first in points:
        c(first)
        batch = other.batch()(np.array([first, *points]))[1:]
        for x, found in zip(points, batch, strict=True):
            assert c(x) == found == f(x, math), x


ZEROS = {
    "negated": lambda x, m: m.copysign(1.0, -m.floor(x)),
    "rounded up": lambda x, m: m.atan2(m.ceil(x), -1.0),
    "a product": lambda x, m: m.copysign(1.0, m.floor(x) * -3),
    "a remainder": lambda x, m: m.copysign(1.0, m.floor(x) % -3),
    "a quotient": lambda x, m: m.copysign(1.0, m.floor(x) // -3),
    "of floats": lambda x, m: m.copysign(1.0, m.floor(x) * -0.5),
    "a float as a text": lambda x, m: {"-0.0": 2.0, "0.0": 3.0}.get(str(-(m.ceil(x) * 1.0)), 4.0),
}


@pytest.mark.parametrize("f", ZEROS.values(), ids=ZEROS)
def test_the_integer_zero_has_no_sign(compiled, f):
    for first in (1.5, -0.5):
        c = compiled(lambda x: f(x, gograd_core.math))
        c(first)
        for x in (0.25, -0.0, 0.0, -0.25, 1.0, -1.0):
            assert c(x) == f(x, math) == value_and_grad(lambda x: f(x, gograd_core.math) + 0.0 * x)(x)[0], x


HIDING = {
    "a quotient": lambda x: 1.0 / (1.0 + gograd_core.math.floor(x)),
    "a choice": lambda x: ops.where(gograd_core.math.ceil(x) > 3, 1.0, 2.0),
    "a truth value": lambda x: gograd_core.math.trunc(x) and 3.0,
    "nothing": lambda x: [gograd_core.math.floor(x), 2.0][1],
    "another branch": lambda x: 2.0 if x < 7 and gograd_core.math.floor(x) > 0 else gograd_core.math.ceil(x) * 0.5,
}


class TestNumbersThatAreNotFinite:
    """They have no integer, and the error is that of floats, also where the result hides them."""

    @pytest.mark.parametrize("ignored", [False, True])
    @pytest.mark.parametrize("number", [math.inf, -math.inf, math.nan])
    @pytest.mark.parametrize("f", HIDING.values(), ids=HIDING)
    def test_raise_what_floats_raise(self, compiled, f, number, ignored):
        with pytest.raises((OverflowError, ValueError)) as expected:
            f(number)
        for first in (1.5, 20.0):
            c = compiled(f)
            c(first)
            with errstate(domain="ignore" if ignored else "raise"):
                for call in (lambda c=c: c(number), lambda c=c: c.batch()(np.array([2.0, number, 1.0]))):
                    with pytest.raises(type(expected.value), match=str(expected.value)):
                        call()
            assert c(2.0) == f(2.0)

    def test_of_a_program_without_its_function_are_not_recorded(self, compiled, tmp_path):
        c = compiled(lambda x: 1.0 / (1.0 + gograd_core.math.floor(x)))
        c(1.5)
        loaded = reloaded(c, tmp_path)
        assert loaded(3.5) == 0.25
        for call in (loaded, lambda x: loaded.batch()(np.array([1.0, x]))):
            with pytest.raises(gograd_compile.PathNotRecorded, match=r"finite\(\) of a number was 1 .* would be 0"):
                call(math.inf)


DIVISIONS = [lambda n: 7 // n, lambda n: 7 % n, lambda n: 7 / n, lambda n: divmod(7, n)[1], lambda n: n**-1]


@pytest.mark.parametrize("divide", DIVISIONS)
def test_a_division_by_zero_is_an_error_even_where_infinities_are_none(compiled, divide):
    c = compiled(lambda x: x * divide(gograd_core.math.floor(x)))
    c(1.5)
    with errstate(domain="ignore"):
        for call in (c, lambda x: c.batch()(np.array([1.5, x]))):
            with pytest.raises(ZeroDivisionError):
                call(0.5)


@pytest.mark.parametrize("divide", DIVISIONS)
def test_a_division_by_zero_is_that_of_integers(compiled, divide):
    def f(x):
        try:
            return x * divide(gograd_core.math.floor(x))
        except ZeroDivisionError:
            return 5.0 * x

    for first in (1.5, 0.5):
        c = compiled(f)
        c(first)
        for x in (0.5, 2.5, -0.0, -3.0):
            found, expected = c.value_and_grad(x), value_and_grad(f)(x)
            assert found == expected
            assert expected[0] == f(x)


def test_an_exponent_needs_no_slope(compiled):
    """Whatever is below 0 has no logarithm."""
    f = lambda x: x ** gograd_core.math.floor(x) * (x < 5)  # noqa: E731
    c = compiled(f)
    for x in (-2.5, 3.5, -0.5):
        n = math.floor(x)
        assert c.value_and_grad(x) == (x**n, pytest.approx(n * x ** (n - 1), rel=1e-15))  # two roundings
        assert c.hessian(x) == pytest.approx(n * (n - 1) * x ** (n - 2), rel=1e-14)  # some more


def test_results_follow(compiled):
    c = compiled(lambda x: {"n": gograd_core.math.floor(x), "large": x > 2, "sum": [gograd_core.math.ceil(x) + 1]})
    assert c(1.5) == {"n": 1.0, "large": 0.0, "sum": [3.0]}
    assert c(2.5) == {"n": 2.0, "large": 1.0, "sum": [4.0]}


def test_what_a_transform_inside_is_given_follows(compiled, count_paths):
    def f(x):
        n = gograd_core.math.floor(x)
        slope = grad(lambda y: y * y * x)(n) + grad(lambda y: y * (x > y))(x - 1.0)
        value, _ = value_and_grad(gograd_core.math.ceil)(x)
        return slope + x * value + jvp(lambda y: y * y, (x,), (n,))[1]

    c = compiled(f)
    for x in (1.5, 2.5, -3.5):
        n = math.floor(x)
        assert value_and_grad(f)(x) == c.value_and_grad(x) == (4.0 * n * x + 1.0 + x * (n + 1), 5.0 * n + 1.0)
    assert count_paths(c) == 1


def test_arrays_follow(compiled, count_paths):
    def f(v):
        n = np.array([gograd_core.math.floor(x) for x in v])
        least = ops.maximum(np.array([-1e9, -1e9]), n[0])[1] - n[0]
        return least + ops.sum(v * n + n * np.array([1.0, 2.0])) + ops.where(v[0] > 1, np.array([1.0, 2.0]), 0.0)[1]

    c = compiled(f)
    for v in ([1.5, -2.5], [0.25, 7.0]):
        value, slope = c.value_and_grad(np.array(v))
        n = np.floor(v)
        assert value == np.sum(v * n + n * [1.0, 2.0]) + (2.0 if v[0] > 1 else 0.0)
        assert slope.tolist() == n.tolist()
    assert count_paths(c) == 1
