"""The pictures of `docs/pictures.md`: ``python docs/pictures.py`` writes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gograd_core import Neuron, ops, trace
from gograd_draw import Picture, draw
from gograd_nn import MLP, mse

__all__ = ["PICTURES"]

STATIC = Path(__file__).parent / "_static"


def model(x: Any, weights: list[Any], biases: list[Any]) -> Any:
    """Compute something in a few lines."""
    hidden = [ops.tanh(weights[0] * x + biases[0]), ops.tanh(weights[1] * x + biases[1])]
    total = ops.dot(hidden, [1.0, 2.0])
    size = ops.dot(weights, weights) * 0.01
    return total * total + size


def expression() -> Picture:
    """Draw the expression of the first example."""
    w, x, b = Neuron(2.0, "w"), Neuron(-1.0, "x"), Neuron(0.5, "b")
    y = ops.tanh(w * x + b) + x * x
    y.label = "y"
    y.backward()
    return draw(y)


def net() -> Picture:
    """Draw a net."""
    return draw(MLP([2, 16, 16, 1]))


def folded() -> Picture:
    """Draw the loss of that net at one sample."""
    loss = mse(MLP([2, 16, 16, 1], seed=0)([1.0, 0.5]), 0.25)
    loss.label = "loss"
    loss.backward()
    return draw(loss, limit=20)


def lines() -> Picture:
    """Draw what the lines of `model` compute."""
    with trace():
        weights, biases = ([Neuron(0.5 * i, f"{name}{i}") for i in (1, 2)] for name in "wb")
        y = model(Neuron(0.5, "x"), weights, biases)
    y.backward()
    return draw(y, fold="lines")


PICTURES = {"graph.svg": expression, "net.svg": net, "folded.svg": folded, "lines.svg": lines}


if __name__ == "__main__":
    for name, make in PICTURES.items():
        make().save(STATIC / name)
