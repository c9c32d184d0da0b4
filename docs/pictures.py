"""The pictures of `docs/pictures.md`: ``python docs/pictures.py`` writes them."""

from __future__ import annotations

from pathlib import Path

from gograd_core import Neuron, ops
from gograd_draw import Picture, draw
from gograd_nn import MLP, mse

__all__ = ["PICTURES"]

STATIC = Path(__file__).parent / "_static"


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


PICTURES = {"graph.svg": expression, "net.svg": net, "folded.svg": folded}


if __name__ == "__main__":
    for name, make in PICTURES.items():
        make().save(STATIC / name)
