"""Lets the n-th allocation of memory fail, for every n, in the action that is named; prints how often that was told.

Either the action is done, or it raises MemoryError and has left everything as it was; the next one is right.
"""

from __future__ import annotations

import contextlib
import sys
from _testcapi import remove_mem_hooks, set_nomemory

from gograd_core import Neuron, Op, gradient, ops
from gograd_core.checked import accumulation
from gograd_core.derivatives import forward, reverse_on_neurons
from gograd_core.derivatives.reverse_on_neurons import graph_adjoints
from gograd_core.engines import flatten


class NoBlock(contextlib.nullcontext):
    """CPython 3.11 itself crashes if a ContextVar cannot be set for lack of memory."""

    def run(self, f, *args):
        return f(*args)


accumulation.errstate = lambda **_: NoBlock()
reverse_on_neurons.unjudged = forward.unjudged = NoBlock

ENOUGH = 150  # allocations more than are needed: some failures are survived
kept = []  # so that no neuron is made of one that was freed, which needs no memory


def op(forward, *partials, **fields):
    return Op("mine", forward=forward, partials=partials, **fields)


by_rule = op(lambda xp, a: a * 3.0, lambda xp, out, a: 3.0)
of_seven = op(lambda xp, *a: sum(a), *[lambda xp, out, *a: 2.0] * 7)
of_columns = op(lambda xp, a: xp.sum(a * a), lambda xp, out, a: a + a, variadic=True)


def leaves():
    x, y = Neuron(2.0, "x"), Neuron(3.0, "y")
    x.grad, y.grad = 10.0, 20.0
    return x, y


def graph(x, y):
    """0.5 x + 3 x + y + 2 x + x² + y² + x y, and 25 times 0.0 * x, so that lists of neurons grow."""
    parts = [ops.clip(x * 0.5, -100.0, 100.0), by_rule(x), of_seven(x, y, x, 0.0, 0.0, 0.0, 0.0), of_columns([x, y])]
    total = ops.sum(parts) + ops.dot([x], [y])
    for _ in range(25):
        total = total + ops.sum([x, 1.0]) * 0.0
    return total


SLOPES = (0.5 + 3.0 + 4.0 + 4.0 + 3.0, 2.0 + 6.0 + 2.0)  # a partial of `of_seven` is 2.0


def making(make, value):
    """An action: the neuron that `make` gives, of that value."""

    def prepare():
        x, y = leaves()
        alone = []  # neurons lie in slabs; this needs memory for its first entry, whatever was kept before
        kept.append(alone)

        def act():
            made = make(x, y)
            alone.append(made)
            assert made.value == value

        def check():
            made = make(x, y)
            made.backward()
            kept.append(made)
            assert (x.grad, y.grad) != (10.0, 20.0)
            assert made.value == value

        return (x, y), act, check

    return prepare


def sweeping(sweep):
    """An action on a graph. Nothing of it may have changed if it raises."""

    def prepare():
        x, y = leaves()
        z = graph(x, y)
        kept.append(z)

        def check():
            z.backward()
            assert (x.grad, y.grad) == (10.0 + SLOPES[0], 20.0 + SLOPES[1])

        return (x, y), lambda: sweep(x, y, z), check

    return prepare


def backward(x, y, z):
    z.backward()
    assert (x.grad, y.grad) == (10.0 + SLOPES[0], 20.0 + SLOPES[1])
    x.grad, y.grad = 10.0, 20.0


def slopes(x, y, z):
    assert tuple(gradient(z, (x, y))) == SLOPES


def slopes_with_a_graph(x, y, z):
    found = graph_adjoints([z], [1.0], [x, y])
    kept.append(found)
    assert tuple(getattr(slope, "value", slope) for slope in found) == SLOPES


def forward_mode(x, y, z):
    for leaf, slope in zip((x, y), SLOPES, strict=True):
        assert forward.ForwardSweep({leaf: 1.0}).tangents([z], forward.creation_order([z])) == [slope]


def flattening(x, y, z):
    """With more constants than a table has room for at first."""
    many = ops.sum([z, *constants])
    flat = flatten([many], 0)
    assert (flat.values[-1], len(flat.leaves), len(flat.starts)) == (many.value, 2, len(flat.codes) + 1)


constants = [1.0 / (2 + i) for i in range(100)]


def setting(x, y, z):
    w = Neuron(1.0, "w")
    w.value, w.grad, w.label = 2, 3, "v"
    assert repr(w) == "Neuron(2.0, grad=3.0, label='v')"


def freeing():
    x, y = leaves()
    grown = [graph(x, y)]

    def check():
        assert (x.grad, y.grad) == (10.0, 20.0)

    return (x, y), grown.clear, check


ACTIONS = {
    "a leaf": making(lambda x, y: Neuron(6.0, "leaf") * x * y / 6.0, 6.0),
    "one input": making(lambda x, y: -(x * y), -6.0),
    "one input by a rule": making(lambda x, y: by_rule(x), 6.0),
    "two inputs": making(lambda x, y: x * y, 6.0),
    "two inputs, an integer": making(lambda x, y: 3 * x, 6.0),
    "three inputs": making(lambda x, y: ops.clip(y, 0.0, x), 2.0),
    "seven inputs": making(lambda x, y: of_seven(x, y, 1.0, 1, 1.0, x, y), 13.0),
    "columns": making(lambda x, y: ops.dot([x, y] * 50, [y, x] * 50), 600.0),
    "columns by a rule": making(lambda x, y: of_columns([x, y] * 50), 650.0),
    "a method": making(lambda x, y: x.maximum(y), 3.0),
    "backward": sweeping(backward),
    "gradient": sweeping(slopes),
    "create_graph": sweeping(slopes_with_a_graph),
    "forward mode": sweeping(forward_mode),
    "flattening": sweeping(flattening),
    "setting": sweeping(setting),
    "freeing": freeing,
}


def fail_everywhere(prepare, length):
    """Let `length` allocations fail, beginning with the n-th, for every n; how often the action raised."""
    told = survived = n = 0
    while survived < ENOUGH:
        inputs, act, check = prepare()
        n += 1
        failed = False
        set_nomemory(n - 1, n - 1 + length)  # it lets the first so many succeed
        try:
            act()
        except (MemoryError, SystemError):  # the latter from CPython, which forgets to say why
            failed = True
        finally:
            remove_mem_hooks()
        told, survived = told + failed, 0 if failed else survived + 1
        assert tuple(leaf.grad for leaf in inputs) == (10.0, 20.0), n
        check()
    return told


for prepare in ACTIONS.values():
    prepare()[1]()  # once, so that all is imported and cached
kept += [-Neuron(1.0) for _ in range(10_000)]  # takes the neurons that were freed
print(sum(fail_everywhere(ACTIONS[sys.argv[1]], length) for length in (1, 5)))
