"""Compiled functions that modules have by name, and objects that have them: for pickles."""

from __future__ import annotations

import gograd_compile
from gograd_core import Neuron, ops


@gograd_compile.compile
def decorated(x):
    """Twice the sine."""
    return 2.0 * ops.sin(x)


def plain(x):
    return x * x


named = gograd_compile.compile(plain, check=True, max_paths=3)


class Net:
    def __init__(self, weight):
        self.weight = Neuron(weight, label="weight")

    def __call__(self, x):
        return self.weight * x

    @gograd_compile.compile
    def loss(self, x):
        return self.weight * x * x


def times_square(net, x):
    return net.weight * x * x


class Halved(Net):
    def loss(self, x):
        """A plain method in place of a compiled one, which it calls."""
        return 0.5 * super().loss(x)

    square = gograd_compile.compile(times_square)
    cube = gograd_compile.compile(lambda self, x: self.weight * x * x * x)


class Quartered(Net):
    @gograd_compile.compile
    def loss(self, x):
        """A compiled method in place of another one, which it calls."""
        return 0.25 * super().loss(x)
