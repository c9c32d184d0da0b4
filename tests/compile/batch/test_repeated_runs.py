"""Runs like one before, which C answers. What is unusual takes the general way, and leaves nothing behind."""

from __future__ import annotations

import numpy as np
import pytest

from gograd_core import errstate, ops

POINTS = np.linspace(0.5, 2.0, 5)


@pytest.mark.parametrize("axes", [0, (None, 0)])
def test_a_number_in_an_array_has_no_points(axes, compiled):
    """Its shape at one point would be that of an array with a number for each point."""
    run = compiled(lambda p, x: p * x).batch(axes)
    args = (POINTS if axes == 0 else 3.0, POINTS)
    for _ in range(2):
        run(*args)
        with pytest.raises(ValueError, match="there is no axis 0"):
            run(args[0], np.array(1.0))


@pytest.mark.parametrize("count", [1, 5, 300])
def test_points_without_numbers(count, compiled):
    run = compiled(lambda p, x: p * p).batch((None, 0))
    for _ in range(3):
        values, (by_p, by_x) = run.value_and_grad(3.0, np.empty((count, 0)), wrt=(0, 1))
        assert values.tolist() == run(3.0, np.empty((count, 0))).tolist() == [9.0] * count
        assert by_p == 6.0 * count
        assert by_x.shape == (count, 0)


def test_an_interrupt_while_points_are_judged_is_raised(compiled, monkeypatch):
    """Otherwise points that are not finite would count as finite."""

    def interrupted(*_):
        raise KeyboardInterrupt

    run = compiled(lambda p, x: ops.tanh(p * x)).batch((None, 0))
    expected = run.value_and_grad(2.0, POINTS)[1]
    with errstate(domain="ignore"), monkeypatch.context() as patch:
        patch.setattr(np, "diff", interrupted)
        with pytest.raises(KeyboardInterrupt):
            run.value_and_grad(2.0, np.array([1.0, np.nan]))
    assert run.value_and_grad(2.0, POINTS)[1] == expected


def test_what_was_prepared_is_not_prepared_again(compiled):
    """A run that gives no answer stays, for other points: to prepare it for every such call would take longer."""
    run = compiled(lambda p, x: p * ops.log(x)).batch((None, 0))
    run.value_and_grad(2.0, POINTS)
    prepared = [*run._again._runs.values()]
    with errstate(domain="ignore"):
        assert np.isnan(run.value_and_grad(2.0, -POINTS)[1])
    assert [*run._again._runs.values()] == prepared
