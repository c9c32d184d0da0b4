"""The explorer: a graph as one page of HTML, in which one steps through the sweep and changes leaves."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gograd_core import Neuron, Op
from gograd_draw.explorer.data import collect
from gograd_draw.explorer.decisions import watch
from gograd_draw.explorer.page import page_of

__all__ = ["explore"]


def explore(
    what: Neuron | Callable[..., Any],
    path: str | os.PathLike[str],
    *,
    at: Any = None,
    title: str = "",
    lines: bool = True,
) -> None:
    """Write a page that shows the graph of a neuron, or of what a function computes. It opens in a browser.

    The page is one file and needs no network. It shows every number, goes through the reverse sweep step by step, and
    computes everything again when a leaf gets another value. Of a function the page knows what it decides by numbers:
    where it would decide differently, the page says so and stops.

    Args:
        what: a neuron, or a function that returns one, such as a net with one output.
        path: the file to write, such as "page.html".
        at: the arguments of the function, in a list, or by name in a dict: numbers, and nested lists and arrays of
            them. A function that takes a single number, or a single list, may be given that: ``at=2.0``.
        title: the heading of the page. Otherwise it is the label of the neuron, or the name of the function.
        lines: whether to note which line of the function makes each neuron. For a neuron, use `gograd_core.trace`.

    Raises:
        TypeError: `what` is neither, a function has no arguments `at` or takes others, or it does not return a number
            that it computed.
        StaleGraphError: the value of a leaf was set after a neuron was computed from it.
        OSError: the file cannot be written.
        Whatever the function raises.
    """
    if isinstance(what, Neuron):
        if at is not None:
            raise TypeError("explore(neuron, at=...): only a function takes arguments")
        collected = collect(what, title=title or what.label)
    elif callable(what):
        if at is None:
            raise TypeError("explore() of a function needs its arguments: explore(f, path, at=[1.0, 2.0])")
        collected = collect(*watch(what, at, lines=lines), title=title or _name_of(what))
    else:
        raise TypeError(f"explore() takes a neuron, or a function with its arguments `at`, got {type(what).__name__}")
    Path(path).write_text(page_of(collected), encoding="utf-8")


def _name_of(function: Callable[..., Any]) -> str:
    """Return the name of a function or operation, or else of its class; empty for a lambda."""
    name: str = function.name if isinstance(function, Op) else getattr(function, "__name__", type(function).__name__)
    return name if name.isidentifier() else ""
