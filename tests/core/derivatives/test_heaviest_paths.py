"""The heaviest paths are those that a search through all paths finds, and their products add up to the derivative."""

from __future__ import annotations

import math
import random
import re

import pytest

from gograd_core import Neuron, StaleGraphError, explain_gradient, ops, sweep_steps, trace


def all_paths(output, leaf):
    """List the steps of every path from `leaf` to `output`."""
    into = {}
    for step in sweep_steps(output):
        into.setdefault(step.neuron, []).append(step)

    def walk(neuron, above):
        if neuron is leaf:
            yield above
        for step in into.get(neuron, ()):
            yield from walk(step.constituent, (step, *above))

    return list(walk(output, ()))


def random_graph(seed):
    chance = random.Random(seed)
    leaves = [Neuron(chance.uniform(-2.0, 2.0)) for _ in range(3)]
    pool = list(leaves)
    for _ in range(9):
        x, y = chance.choice(pool), chance.choice(pool[-4:])
        pool.append(chance.choice([x * y, x + y, ops.tanh(x) - y, ops.dot([x, y, 0.5], [y, y, x]), -x * 3.0 + y]))
    return leaves, ops.sum(pool[-3:])


def product(steps):
    return math.prod(step.local for step in steps)


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("count", [1, 3, 1000])
def test_agrees_with_a_search_through_all_paths(seed, count):
    leaves, output = random_graph(seed)
    output.backward()
    for leaf in leaves:
        expected = sorted((abs(product(steps)) for steps in all_paths(output, leaf)), reverse=True)
        found = explain_gradient(output, leaf, count)
        assert [abs(path.product) for path in found.paths] == pytest.approx(expected[:count])
        assert found.count == len(expected)
        assert found.derivative == leaf.grad
        if count >= len(expected):
            assert math.fsum(path.product for path in found.paths) == pytest.approx(leaf.grad, rel=1e-9, abs=1e-9)
        for path in found.paths:
            assert path.steps[0].constituent is leaf
            assert path.steps[-1].neuron is output
            pairs = zip(path.steps, path.steps[1:], strict=False)
            assert all(one.neuron is other.constituent for one, other in pairs)


def test_more_paths_than_anybody_could_list():
    x = Neuron(1.0, "x")
    y = x
    for _ in range(2000):
        y = y * 0.75 + y * 0.25
    found = explain_gradient(y, x, 3)
    assert found.count == 10**15  # counting ends there
    assert found.derivative == 1.0
    assert [path.product for path in found.paths] == pytest.approx([0.75**2000, *[0.75**1999 * 0.25] * 2])
    assert len(found.paths[0].steps) == 4000
    assert "the sum over more than 10^15 paths" in str(found)
    assert "\n  … 3,990 more\n" in str(found)


def test_products_that_vanish_are_still_ordered():
    x = Neuron(1.0)
    small, smaller = x * 1e-200 * 1e-200, x * 1e-200 * 1e-250
    found = explain_gradient(smaller + small, x)
    assert [path.steps[1].local for path in found.paths] == [1e-200, 1e-250]


def test_of_a_neuron_inside():
    x = Neuron(2.0)
    inner = x * 3.0
    found = explain_gradient(inner * inner + x, inner)
    assert [path.product for path in found.paths] == [6.0, 6.0]
    assert (found.derivative, found.count) == (12.0, 2)


def test_of_what_the_output_does_not_depend_on():
    x = Neuron(2.0)
    assert explain_gradient(x * 2.0, Neuron(1.0)).paths == ()
    itself = explain_gradient(x, x)
    assert (itself.derivative, itself.count, itself.paths[0].product) == (1.0, 1, 1.0)
    assert "1. 1.0, 1 of the whole" in str(itself)


def test_why_there_is_no_path():
    x, other = Neuron(2.0, "x"), Neuron(3.0, "other")
    y = x * 2.0
    stopped = ops.stop_gradient(x) + 0.0 * x + other
    for output, leaf, reason in (
        (y, other, r"mul\(x=2.0, 2.0\) = 4.0 \[mul .*\] does not depend on 'other' = 3.0 \[leaf\]"),
        (x, y, r"'x' = 2.0 \[leaf\] is an input of mul\(.*\]. Swap the arguments: explain_gradient\(output, leaf\)"),
        (
            ops.stop_gradient(x) * other,
            x,
            r"mul\(2.0, other=3.0\) .* depends on 'x' = .* an operation that passes nothing on",
        ),
        ((x * other) * 0.0 * other, x, r"mul\(.*\) .* depends on 'x' = .* an operation that passes nothing on"),
    ):
        found = explain_gradient(output, leaf)
        assert (found.derivative, found.count, found.paths) == (0.0, 0, ())
        assert re.fullmatch(f"the derivative is 0.0: {reason}", str(found))
    assert explain_gradient(stopped, x).count == 1


def test_two_paths_between_the_same_neurons_say_which_input_they_lead_through():
    e = Neuron(3.0, "e")
    for output, places in ((e * e, ("x", "y")), (ops.dot([1.0, e], [2.0, e]), ("x[1]", "y[1]")), (e * 2.0, ("",))):
        for path, place in zip(explain_gradient(output, e).paths, places, strict=True):
            assert str(path).splitlines()[1].startswith(f"  × {path.product!r}{place and f' as {place}'} into ")


def test_long_lines_are_wrapped():
    leaves = [Neuron(0.1 + index / 3.0, f"layer0.unit{index}.weight") for index in range(9)]
    text = str(explain_gradient(ops.dot(leaves, leaves), leaves[0]))
    assert max(map(len, text.splitlines())) <= 120
    assert [line[:7] for line in text.splitlines()[2:5]] == ["  'laye", "  × 0.1", "      l"]
    assert " ".join(text.split()).count("layer0.unit8.weight=2.76666666666666") == 2


def test_what_is_printed():
    x, w = Neuron(2.0, "x"), Neuron(3.0, "w")
    with trace():
        y = w * x + x
    line = y.line
    lines = str(explain_gradient(y, x, 1)).splitlines()
    assert lines[:3] == [
        "the derivative is 4.0, the sum over 2 paths",
        "1. 3.0, 0.75 of the whole",
        "  'x' = 2.0 [leaf]",
    ]
    assert lines[3].startswith(f"  × 3.0 into mul(w=3.0, x=2.0) at {line} = 6.0 [mul (")
    assert [each for each in lines[4:] if each.startswith(f"  × 1.0 into add(6.0, x=2.0) at {line} = 8.0 [add (")]


def test_what_is_refused():
    x = Neuron(2.0)
    y = x * x
    for args, error in (
        ((1.0, x), TypeError),
        ((y, 2.0), TypeError),
        ((y, x, 1.5), TypeError),
        ((y, x, 0), ValueError),
    ):
        with pytest.raises(error):
            explain_gradient(*args)
    x.value = 1.0
    with pytest.raises(StaleGraphError):
        explain_gradient(y, x)
