"""Draws whatever can be drawn: neurons, nested lists of them, and objects that describe themselves."""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

from gograd_core import Neuron
from gograd_core.extend import refuse_stale
from gograd_draw.columns import column_picture
from gograd_draw.describing import describe
from gograd_draw.dot import print_dot
from gograd_draw.folding import fold as folded
from gograd_draw.layout import place
from gograd_draw.parts import Part
from gograd_draw.picture import Picture
from gograd_draw.reading import Graph, read
from gograd_draw.svg import print_svg
from gograd_draw.texts import counted
from gograd_draw.themes import Theme, checked_theme

__all__ = ["Direction", "Fold", "draw"]

Direction = Literal["right", "down"]
Fold = Literal["auto", "lines"]


def draw(
    what: Any,
    /,
    *,
    digits: int = 4,
    direction: Direction = "right",
    gradients: bool = True,
    limit: int | None = 200,
    fold: Fold = "auto",
    theme: Theme = "auto",
) -> Picture:
    """Draw the graph that neurons were computed by, or an object that describes itself, such as a net.

    Each leaf, constant and operation is a box, with its value and gradient. An edge leads from each input of an
    operation to it; the edges arrive in the order of the inputs, and a neuron that is used twice has two. The colour of
    an operation says which plugin it comes from. A box with others behind it stands for several neurons.

    Args:
        what: a neuron, neurons in lists and tuples, or an object with a method ``_gograd_picture_()``, for which only
            `direction` and `theme` matter.
        digits: how many significant digits of a number are shown. Tooltips show all.
        direction: where edges lead to: "right" or "down".
        gradients: whether `grad` is shown.
        limit: the most boxes. A larger graph is folded: by the prefixes of labels (``layer0.unit3.w7``), then by
            runs of one operation and leaves that are used together, then by lines of source if `trace` noted them, then
            by levels. None: never.
        fold: "lines" puts what one line of source made into one box, in a graph of any size. "auto" folds only what
            is larger than the `limit`.
        theme: "light", "dark", or "auto": as the reader's system is.

    Raises:
        TypeError: this cannot be drawn.
        ValueError: an argument is not one of those named here, or no line is known.
        StaleGraphError: the value of a leaf was set after a neuron was computed from it, so the numbers do not belong
            together.
    """
    theme = checked_theme(theme)
    if direction not in ("right", "down"):
        raise ValueError(f"direction must be 'right' or 'down', got {direction!r}")
    if operator.index(digits) < 1:
        raise ValueError(f"digits must be at least 1, got {digits!r}")
    if fold not in ("auto", "lines"):
        raise ValueError(f"fold must be 'auto' or 'lines', got {fold!r}")
    if limit is not None and operator.index(limit) < 1:
        raise ValueError(f"limit must be at least 1, or None, got {limit!r}")
    described = getattr(type(what), "_gograd_picture_", None)
    if described is not None:
        return column_picture(described(what), across=direction == "right", theme=theme)
    outputs = list(_neurons(what))
    if not outputs:
        raise ValueError("there is no neuron to draw")
    graph = read(outputs)
    refuse_stale([node for node in graph.nodes if isinstance(node, Neuron)])
    if fold == "lines" and not graph.has_lines():
        raise ValueError('draw(fold="lines") needs neurons whose lines are known: compute them in a trace() block')
    parts = folded(graph, limit, by_lines=fold == "lines")
    return _graph_picture(graph, parts, digits, direction == "right", gradients, theme)


def _graph_picture(
    graph: Graph, parts: list[Part], digits: int, across: bool, gradients: bool, theme: Theme
) -> Picture:
    diagram = describe(graph, parts, digits=digits, gradients=gradients)
    placed = functools.cache(functools.partial(place, diagram, across=across))
    asked = set(graph.outputs)
    framed = [index for index, part in enumerate(parts) if not asked.isdisjoint(part.members)]
    summary = f"{counted(len(graph.nodes), 'number')}"
    if len(parts) < len(graph.nodes):
        summary += f" in {len(parts)} boxes"
    dot = functools.partial(print_dot, diagram, across=across)
    return Picture(lambda chosen: print_svg(placed(), chosen, framed), dot, theme, summary)


def _neurons(what: Any) -> Iterator[Neuron]:
    """Yield the neurons in nested lists and tuples."""
    if isinstance(what, Neuron):
        yield what
    elif isinstance(what, Iterable) and not isinstance(what, str | bytes | Mapping):
        for each in what:
            yield from _neurons(each)
    elif not isinstance(what, int | float):  # numbers among the results of a function have no graph
        raise TypeError(
            f"draw() takes a neuron, several in a list, or an object with a method _gograd_picture_(), "
            f"got {type(what).__name__}"
        )
