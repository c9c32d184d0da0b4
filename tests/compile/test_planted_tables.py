"""Programs with tables of sums, however these are computed: the engine's bits, the same for any batch and threads."""

from __future__ import annotations

import numpy as np
import pytest

from comparing import assert_near, assert_sum_of, bits
from gograd_core import Neuron, errstate, hessian, hvp, value_and_grad
from planted_tables import every_program, planted

pytestmark = pytest.mark.repeated_later

NEAR = 1e-12
"""How far derivatives may be from those of the engine, relative to the largest one.

Adjoints are added in another order. That changes them by less than the number of their terms times 2**-53, relative to
the sum of the magnitudes of these terms. With a few thousand terms, and sums that cancel no more than three of their
sixteen digits, it is less than 1e-12. Over all seeds, it is 2e-15.
"""
MANY = {"native": 3000, "numpy": 500}
"""Enough points for several threads, each of which adds up totals of its own; NumPy takes larger blocks of them."""


def values_of(numbers):
    return [float(number.value) if isinstance(number, Neuron) else float(number) for number in numbers]


def bits_of(values, derivatives):
    return bits([*values, *derivatives[0], *derivatives[1].ravel()])


def arranged(xs):
    """Rows of numbers in several arrangements, of several lengths, and with numbers that are not finite."""
    changed = xs.copy()
    changed[3, 5], changed[39, 0] = np.inf, np.nan
    others = [xs[:7], changed, xs[::-1], np.asfortranarray(xs), np.repeat(xs, 2, axis=1)[:, ::2], xs[:1], changed[3:4]]
    return [xs, xs + 0.25, xs, *others, np.repeat(xs, 3, axis=0)[::3], np.round(xs).astype(int), xs.astype("f4"), xs]


@every_program
def test_one_point_is_as_in_the_engine(seed, compiled):
    """Values to the last bit, if the program only adds, subtracts, multiplies and chooses; else within 4 ulps a step.

    That holds for all of `+ - *`, `abs`, `relu`, `where`, `sum` and `dot`, and only for them: functions such as `exp`
    are rounded differently in vectors.
    """
    f = planted(seed)
    p, x = f.point(), f.points(1)[0]
    found = compiled(f)(p, x)
    expected = values_of(f([*map(Neuron, p.tolist())], [*map(Neuron, x.tolist())]))
    if f.is_exact:
        assert bits(found) == bits(expected), str(f)
    else:
        assert_near(found, expected, NEAR)
    value, derivatives = compiled(f.loss).value_and_grad(p, x, wrt=(0, 1))
    _, engines = value_and_grad(f.loss, (0, 1))(p, x)
    assert bits(value) == bits(found[0])
    assert_near(np.concatenate(derivatives), np.concatenate([*map(values_of, engines)]), NEAR)


@every_program
def test_a_point_has_the_same_bits_alone_and_in_any_batch(seed, compiled):
    f = planted(seed)
    p, xs = f.point(), f.points(300)
    c, several = compiled(f.loss), compiled(f)
    alone = [c.value_and_grad(p, x, wrt=(0, 1)) for x in xs]
    outputs = np.array([several(p, x) for x in xs])
    run, run_of_several = c.batch((None, 0)), several.batch((None, 0))
    for count in (1, 7, 300, 7, 300):
        values, (by_p, by_x) = run.value_and_grad(p, xs[:count], wrt=(0, 1), per_point=True)
        rows = np.column_stack([values, by_p, by_x])
        assert bits(rows) == bits([[value, *own, *of_x] for value, (own, of_x) in alone[:count]]), (count, str(f))
        assert bits(np.transpose(run_of_several(p, xs[:count]))) == bits(outputs[:count]), (count, str(f))
        _, (total, of_x) = run.value_and_grad(p, xs[:count], wrt=(0, 1))
        assert of_x.tobytes() == by_x.tobytes()
        assert_sum_of(total, by_p)


@every_program
def test_runs_that_are_repeated_with_other_numbers(seed, compiled):
    """They may be prepared, but nothing of earlier runs is left, and results are not written to by later ones."""
    f = planted(seed)
    p, many = f.point(), f.points(40)
    c = compiled(f.loss)
    run, results = c.batch((None, 0)), []
    with errstate(domain="ignore"):
        for way, xs in enumerate(arranged(many)):
            arguments = p * (1.0 - 0.1 * way), xs
            found, other = (each.value_and_grad(*arguments, wrt=(0, 1)) for each in (run, c.batch((None, 0))))
            results.append((bits_of(*found), found))
            assert results[-1][0] == bits_of(*other), (way, str(f))
            assert found[0].tobytes() == run(*arguments).tobytes() == c.batch((None, 0))(*arguments).tobytes()
    assert all(before == bits_of(*found) for before, found in results)


@every_program
def test_totals_have_the_same_bits_with_any_number_of_threads_and_in_every_run(seed, compiled, backend):
    f = planted(seed)
    p, xs = f.point(), f.points(MANY[backend])
    c, again = compiled(f.loss), compiled(f.loss)
    runs = [(c, 1), (c, 2), (c, 3), (c, 1), (again, 2)]
    batches = [g.batch((None, 0), threads=threads) for g, threads in runs]
    found = [run.value_and_grad(p, xs) for run in (*batches, *batches)]
    assert len({(values.tobytes(), total.tobytes()) for values, total in found}) == 1, str(f)
    assert_sum_of(found[0][1], c.batch((None, 0)).grad(p, xs, per_point=True))


@every_program
def test_seeds_and_captured_neurons(seed, compiled):
    """Derivatives that are added to captured neurons: a batch, and the engine's at each point."""
    f = planted(seed)
    leaves, xs = [*map(Neuron, f.point().tolist())], f.points(7)
    seeds = np.random.default_rng(seed).choice([0.0, 1.0, -0.5, 2.0], (7, 3))
    c = compiled(lambda x: f(leaves, x))
    found, values = [], []
    for threads in (1, 2, 3, 1):
        for leaf in leaves:
            leaf.grad = 0.0
        values.append(np.transpose(c.batch(threads=threads).backward(xs, seeds=seeds)).tobytes())
        found.append(np.array([leaf.grad for leaf in leaves]))
    assert len({each.tobytes() for each in found}) == len(set(values)) == 1, str(f)
    for leaf in leaves:
        leaf.grad = 0.0
    for x, row in zip(xs.tolist(), seeds.tolist(), strict=True):
        results = f(leaves, x)
        output = sum(factor * result for factor, result in zip(row, results, strict=True) if factor)
        if isinstance(output, Neuron):  # numbers that no parameter influences are no neurons
            output.backward()
    assert_near(found[0], [leaf.grad for leaf in leaves], NEAR)


def test_a_program_whose_second_derivatives_are_small_enough_to_look_at(compiled, bits):
    """Forward over reverse, at one point and at several, and along a direction."""

    def f(p, x):
        m, state = [p[:3], p[3:6], p[6:9]], x
        for _ in range(3):
            state = [row[0] * state[0] + row[1] * state[1] + row[2] * state[2] + 0.5 * state[0] for row in m]
        return sum(y * y for y in state) + 0.25 * sum(w * w for w in p)

    p, xs, direction = np.linspace(-0.5, 1.0, 9), np.random.default_rng(0).normal(size=(20, 3)), np.linspace(1, 2, 9)
    c = compiled(f)
    many, along = c.batch((None, 0)).hessian(p, xs), c.batch((None, 0)).hvp(p, xs, direction)
    for place, x in enumerate(xs):
        alone = c.hessian(p, x)
        assert bits(alone) == bits(many[place])
        assert bits(c.hvp(p, x, direction)) == bits(along[place])
        assert_near(alone, [values_of(row) for row in hessian(lambda q, x=x: f([*q], [*x]))(p)], NEAR)
        assert_near(along[place], values_of(hvp(lambda q, x=x: f([*q], [*x]))(p, direction)), NEAR)


@every_program
def test_second_derivatives_along_a_direction(seed, compiled):
    f = planted(seed)
    p, xs = f.point(), f.points(9)
    direction = np.linspace(-1.0, 1.0, len(p))
    c = compiled(f.loss)
    many = c.batch((None, 0)).hvp(p, xs, direction)
    assert bits(many) == bits([c.hvp(p, x, direction) for x in xs])
    assert_near(many[3], values_of(hvp(lambda q: f.loss(q, xs[3]))(p, direction)), NEAR)
