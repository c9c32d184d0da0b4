"""Derivatives of functions of one number, one way or the other."""

from __future__ import annotations

from gograd_core import Neuron, gradient, jvp


def slope(f, x):
    """The derivative, in forward mode."""
    return jvp(f, (x,), (1.0,))[1]


def second_slope(f, x):
    """The second derivative, in forward mode: the inner sweep carries neurons."""
    return slope(lambda x: slope(f, x), x)


def value_and_slope(f, x):
    """The value, and the derivative that `backward` finds."""
    leaf = Neuron(x)
    out = f(leaf)
    out.backward()
    return out.value, leaf.grad


def by_backward(f, x):
    return value_and_slope(f, x)[1]


def by_gradient(f, x):
    leaf = Neuron(x)
    return gradient(f(leaf), leaf)
