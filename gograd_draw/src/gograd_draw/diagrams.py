"""What a picture shows: boxes, and edges between them, before anything has a place."""

from __future__ import annotations

from typing import Literal

import attrs

__all__ = ["Box", "Diagram", "Edge", "Kind"]

Kind = Literal["leaf", "constant", "operation", "folded"]


@attrs.frozen
class Box:
    """One box.

    Attributes:
        kind: what it stands for.
        title: its first line.
        rows: the lines below: a name, which may be empty, and a text.
        tooltip: what it says in full.
        plugin: the distribution of its operation; empty if it has none, or several.
        members: the numbers of the neurons and constants that it stands for, in the order in which they were read.
    """

    kind: Kind
    title: str
    rows: tuple[tuple[str, str], ...] = ()
    tooltip: str = ""
    plugin: str = ""
    members: tuple[int, ...] = ()


@attrs.frozen
class Edge:
    """An arrow from one box to another, by their numbers. It may stand for several, in pictures of folded graphs."""

    source: int
    target: int
    count: int = 1


@attrs.frozen
class Diagram:
    """Boxes, and edges between them. The edges into a box are in the order of its inputs.

    If `caption` is true, the name stands above the picture.
    """

    boxes: tuple[Box, ...]
    edges: tuple[Edge, ...]
    name: str = "graph"
    caption: bool = False

    def plugins(self) -> list[str]:
        """List the plugins of the operations, each once, in the order of their names."""
        return sorted({box.plugin for box in self.boxes if box.plugin})
