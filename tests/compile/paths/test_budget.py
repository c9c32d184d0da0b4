"""A budget of recording: what a function may spend on new paths, and when it evaluates points without a recording."""

from __future__ import annotations

import numpy as np
import pytest

from gograd_compile.paths.budget import FREE
from gograd_core import math, ops

pytestmark = pytest.mark.repeated_later


def stairs(x):
    return x * int(x)


def recorded(c):
    return c.explain()["recorded"]


def evaluated(c):
    return c.explain()["evaluated"]


def steps(x):
    """A function with a path for each whole number. They are short, and differ in their lengths."""
    y, steps = x, int(x)
    for _ in range(steps + 3):
        y = math.sin(y * x) + steps
    return y


class TestTheBudget:
    def test_at_first_every_path_is_recorded(self, compiled):
        c = compiled(stairs)
        for x in range(FREE):
            c(x + 0.5)
        assert (recorded(c), evaluated(c)) == (FREE, 0)

    def test_then_hardly_any_is(self, compiled):
        c = compiled(stairs)
        for x in range(500):
            assert c(x + 0.5) == (x + 0.5) * x
            operations = sum(
                path["operations"]["recorded"] for each in c.explain()["recordings"] for path in each["paths"]
            )
            assert operations <= max(FREE * 2, x / 5)
        assert (recorded(c), evaluated(c)) == (FREE, 500 - FREE)

    def test_also_in_batches(self, compiled):
        c, x = compiled(stairs), np.arange(1000.0) + 0.5
        assert c.batch()(x).tolist() == (x * np.floor(x)).tolist()
        assert (recorded(c), evaluated(c)) == (FREE, 1000 - FREE)

    def test_what_is_known_is_replayed_in_the_same_batch(self, compiled):
        c = compiled(lambda x: x * 2.0 if x < 700.0 else x * int(x))
        x = np.arange(1000.0) + 0.5
        c(0.5)
        found = c.batch().value_and_grad(x)
        assert found[0].tolist() == np.where(x < 700.0, x * 2.0, x * np.floor(x)).tolist()
        assert found[1].tolist() == np.where(x < 700.0, 2.0, np.floor(x)).tolist()
        assert evaluated(c) < 300

    def test_a_path_that_returns_is_recorded_in_the_end(self, compiled):
        c = compiled(stairs)
        for x in range(FREE):
            c(x + 0.5)
        for _ in range(4):
            c.batch()(np.full(100_000, 999.5))
        assert recorded(c) == FREE + 1

    def test_paths_that_return_are_recorded_where_each_point_has_its_own(self, compiled):
        def steps(x):
            while x > 1.0:
                for _ in range(20):
                    x = x * 0.999
            return x

        c, points = compiled(steps), np.geomspace(2.0, 50.0, 40)
        for _ in range(150):
            c.batch()(points)
        assert recorded(c) > FREE

    @pytest.mark.parametrize("calls", [30, 200, 1000])
    def test_single_calls_do_not_keep_batches_from_their_paths(self, compiled, calls):
        """A search costs more for one point than for each of many."""
        c, chance = compiled(steps), np.random.default_rng(0)
        for x in chance.uniform(0.0, 6.0, calls).tolist():
            c(x)
        before = c.explain()["evaluated"]
        c.batch()(chance.uniform(0.0, 6.0, 1000))
        assert c.explain()["evaluated"] - before < 400  # those of paths without a recording

    def test_replays_pay_for_recordings(self, compiled):
        def f(x):
            for _ in range(300):
                x = x * 1.01 if x < 1.0 else x - 0.5
            return x

        c = compiled(f)
        points = np.random.default_rng(2).choice(np.linspace(0.0, 1.0, 40), 3_000)
        c.batch()(points)
        before = recorded(c)
        for _ in range(20):
            c.batch()(points)
        assert recorded(c) > before

    def test_two_runs_do_the_same(self, compiled):
        points = np.random.default_rng(3).uniform(0.0, 60.0, 400)

        def counts():
            c = compiled(stairs)
            for x in points[:200].tolist():
                c(x)
            c.batch()(points)
            return [(each["recorded"], each["evaluated"], len(each["paths"])) for each in c.explain()["recordings"]]

        assert counts() == counts()

    def test_programs_with_few_paths_are_replayed(self, compiled):
        def f(x):
            for _ in range(2_000):
                x = ops.tanh(x)
            return x if x > 0.0 else -x

        c = compiled(f)
        for x in range(100):
            assert c((-1.0) ** x) > 0.0
        assert (recorded(c), evaluated(c)) == (2, 0)

    def test_whoever_checks_records_everything(self, compiled):
        c = compiled(stairs, check=True)
        for x in range(2 * FREE):
            c(x + 0.5)
        assert (recorded(c), evaluated(c)) == (2 * FREE, 0)
