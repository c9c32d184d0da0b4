"""Programs that branch on numbers, compiled: at every input the engine's value, whichever path that takes."""

from __future__ import annotations

import numpy as np
import pytest

from gograd_core import Neuron, ops, value_and_grad

POINTS = 10_000


def piecewise(x):
    a, b = x
    if a > b:
        return a * a - b
    if a * b > 0.25 and not b < 0.1:
        return a / (b + 2.0)
    return a + 3.0 * b


def halving(x):
    """A loop whose length depends on the input."""
    a, total = x[0] * 20.0, 0.0 * x[1]
    while abs(a) > 0.5:
        a = a / 2.0
        total = total + a * x[1]
    return total


def middle(x):
    """Sorted, by Python's own sort."""
    a, b = x
    ordered = sorted([a, b, a * b, a - b])
    return ordered[1] * 2.0 + ordered[2] * ordered[0]


def newton(x):
    """The root of t**3 + t = a, until it changes no more than a tolerance."""
    a, b = x
    t = a
    for _ in range(50):
        change = (t * t * t + t - a) / (3.0 * t * t + 1.0)
        t = t - change
        if abs(change) < 1e-10:
            break
    return t * b


def whole_numbers(x):
    a, b = x
    table = [1.0, -2.0, 3.5, 0.25, 7.0]
    return table[int((a + 1.0) * 2.0)] * b + round(b * 3.0) * a + table[round(a)] * (a // 1.0)


def indexed(x):
    a, b = x
    return [a, b, a * b][ops.floor((b + 1.0) * 1.4)] * 2.0


def extremes(x):
    a, b = x
    return max(a, b, 0.25) - min(a * b, b) * (1.0 if a != b else 2.0)


PROGRAMS = [piecewise, halving, middle, newton, whole_numbers, indexed, extremes]
programs = pytest.mark.parametrize("program", PROGRAMS, ids=lambda f: f.__name__)


def inputs(program, count=POINTS):
    xs = np.random.default_rng(len(program.__name__)).uniform(-1.0, 1.0, (count, 2))
    xs[: count // 20] = np.round(xs[: count // 20] * 4.0) / 4.0  # ties, and borders
    xs[:3] = [[0.0, 0.0], [-0.0, 0.0], [-1.0, 0.999]]
    return xs


def eager(program, x):
    result = program([Neuron(x[0]), Neuron(x[1])])
    return result.value if type(result) is Neuron else float(result)


@programs
def test_many_points_at_once(program, compiled, backend, count_paths, bits):
    xs = inputs(program, POINTS if backend == "native" else POINTS // 10)
    c = compiled(program)
    assert bits(c.batch()(xs)) == bits([eager(program, x) for x in xs.tolist()])
    print(f"{program.__name__}: {count_paths(c)} paths")
    assert 1 < count_paths(c) <= 256


@programs
def test_one_point_after_the_other(program, compiled, bits):
    c = compiled(program)
    for x in inputs(program, 200).tolist():
        assert bits(c(x)) == bits(eager(program, x)), x


@programs
def test_gradients(program, compiled):
    """All of one magnitude, and few terms: 1e-13 is some hundreds of roundings."""
    xs = inputs(program, 200)
    c = compiled(program)
    values, gradients = c.batch().value_and_grad(xs)
    for x, value, found in zip(xs.tolist(), values, gradients, strict=True):
        right, expected = value_and_grad(program)(x)
        assert value == right
        assert found == pytest.approx(expected, rel=1e-13, abs=1e-13)
        np.testing.assert_allclose(c.grad(x), found, rtol=1e-12, atol=1e-13)  # perhaps without a recording


@pytest.mark.parametrize("most", [1, 2])
@programs
def test_a_few_paths_are_kept_and_others_recorded_again(program, most, compiled, count_paths, bits):
    c = compiled(program, max_paths=most)
    xs = inputs(program, 60)
    expected = [eager(program, x) for x in xs.tolist()]
    assert bits([c(x) for x in xs]) == bits(expected)
    assert bits(c.batch()(xs)) == bits(expected)
    assert count_paths(c) <= most


def test_the_path_used_longest_ago_is_dropped(compiled):
    calls = []

    def f(x):
        calls.append(x)
        return [10.0, 20.0, 30.0][int(x)] * x

    c = compiled(f, max_paths=2)
    for x, recorded in ((0.5, 1), (1.5, 2), (0.25, 2), (2.5, 3), (0.75, 3), (1.25, 4), (0.5, 4), (2.5, 5)):
        assert c(x) == [10.0, 20.0, 30.0][int(x)] * x
        assert len(calls) == recorded, x


def test_points_that_all_leave_the_path_known(compiled):
    c = compiled(lambda x: x * 2.0 if x > 0.0 else x * 3.0)
    assert c(1.0) == 2.0
    assert c.batch()(np.array([-1.0, -2.0])).tolist() == [-3.0, -6.0]
    assert c.batch().grad(np.array([1.0, 2.0, 3.0])).tolist() == [2.0, 2.0, 2.0]


def test_choices_without_branches_need_one_path(compiled, count_paths):
    def f(x):
        return ops.where(x > 0.5, x * x, -x) + ops.maximum(x, 0.25) * abs(x) + ops.step(x) + (x > 0.75) * x

    c = compiled(f)
    xs = np.linspace(-1.0, 1.0, 101)
    values, slopes = c.batch().value_and_grad(xs)
    for x, value, slope in zip(xs.tolist(), values, slopes, strict=True):
        assert (value, slope) == value_and_grad(f)(x)
    assert count_paths(c) == 1


def test_shared_parameters_over_points_of_several_paths(compiled):
    """Sums over the points are formed path by path."""

    def f(p, x):
        return p[0] * x * x if x > 0.0 else p[1] * x + p[0]

    xs = np.linspace(-1.0, 1.0, 33)
    values, gradients = compiled(f).batch((None, 0)).value_and_grad([2.0, 3.0], xs)
    expected = np.sum([value_and_grad(f)([2.0, 3.0], x)[1] for x in xs.tolist()], axis=0)
    assert values.tolist() == [value_and_grad(f)([2.0, 3.0], x)[0] for x in xs.tolist()]
    assert gradients == pytest.approx(expected, rel=1e-13)  # 33 terms of one magnitude


def borderline(above):
    """Points where NumPy's exp is another one than Python's, as far as there are any."""
    xs = np.random.default_rng(0).uniform(-5.0, 5.0, 4000)
    ours, theirs = np.exp(xs), np.array([ops.exp(x) for x in xs.tolist()])
    return xs[(ours > theirs) if above else (ours < theirs)][:3].tolist()


@pytest.mark.parametrize("above", [True, False], ids=["NumPy's exp is larger", "smaller"])
def test_a_comparison_that_an_ulp_decides_ends(above, compiled):
    """Compiled functions may be 4 ulps off, and decide otherwise than the recording; they must not record for ever."""
    for x in borderline(above):
        border, calls = ops.exp(x), []

        def f(x, border=border, calls=calls):
            calls.append(x)
            assert len(calls) < 5, "recorded again and again"
            y = ops.exp(x)
            return 2.0 * x if (y <= border if above else y >= border) else 3.0 * x

        assert compiled(f)(x) in (2.0 * x, 3.0 * x)
        calls.clear()
        assert compiled(f).batch()(np.full(3, x)).tolist() in ([2.0 * x] * 3, [3.0 * x] * 3)


def test_errors_of_the_user_pass_through(compiled):
    def f(x):
        if x < 0.0:
            raise KeyError("no")
        return x * 2.0

    c = compiled(f)
    assert c(1.0) == 2.0
    with pytest.raises(KeyError):
        c(-1.0)
    assert c(3.0) == 6.0
    with pytest.raises(KeyError):
        c.batch()(np.array([1.0, -1.0]))


@pytest.mark.parametrize("x", [float("nan"), float("inf"), -float("inf")])
def test_numbers_that_are_not_finite_decide_as_they_do_in_the_engine(x, compiled, outcome):
    def f(x):
        return [1.0, 2.0, 3.0][int(x)] * x if x < 10.0 else 2.0 * x

    def g(x):
        return int(x) * 1.0 * x

    for each in (f, g):
        c = compiled(each)
        c(1.5)
        found, expected = outcome(c, x), outcome(lambda n, each=each: each(Neuron(n)).value, x)
        assert str(found) == str(expected)
