"""Pictures of what is made of columns: the layers of a net, the levels of a schedule."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import attrs

from gograd_draw.diagrams import Box, Diagram, Edge
from gograd_draw.dot import print_dot
from gograd_draw.layout import place
from gograd_draw.measuring import ADVANCE, ROW, SMALL, TITLE, Size
from gograd_draw.picture import Picture
from gograd_draw.svg import document, number, print_svg, text
from gograd_draw.texts import cleaned, counted, quoted_for_xml, width
from gograd_draw.themes import Theme

__all__ = ["column_picture"]

MOST_UNITS = 10
"""How many units of a column are drawn at most; of more, the first and the last ones."""
RADIUS, SMALL_RADIUS, PITCH, BETWEEN = 9.0, 4.0, 26.0, 90.0
LONGEST_LINE = 40


@attrs.frozen
class Column:
    """A column of units, or a single box if there are none, with texts below."""

    title: str
    lines: tuple[str, ...]
    units: int

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Column:
        """Read what `_gograd_picture_` returned of one column."""
        lines = tuple(cleaned(str(line), LONGEST_LINE) for line in given.get("lines", ()))
        return cls(cleaned(str(given["title"]), LONGEST_LINE), lines, int(given.get("units", 0)))

    @property
    def shown(self) -> list[int | None]:
        """The numbers of the units that are drawn; None where some are left out."""
        if self.units <= MOST_UNITS:
            return list(range(self.units))
        half = MOST_UNITS // 2
        return [*range(half), None, *range(self.units - half + 1, self.units)]

    @property
    def radius(self) -> float:
        """The radius of its circles."""
        return RADIUS if self.units else SMALL_RADIUS

    @property
    def breadth(self) -> float:
        """The width that the texts take."""
        texts = (width(self.title) * TITLE, *(width(line) * SMALL for line in self.lines))
        return max(2 * RADIUS, ADVANCE * max(texts))


def column_picture(described: Mapping[str, Any], *, across: bool, theme: Theme) -> Picture:
    """Draw what an object says of itself.

    Raises:
        ValueError: it has no column.
    """
    columns = [Column.of(each) for each in described["columns"]]
    if not columns:
        raise ValueError("there is no column to draw")
    name = str(described.get("name", "columns"))
    diagram = _diagram(columns, name)
    units = across and any(column.units for column in columns)

    def svg(chosen: Theme) -> str:
        return _print_units(columns, name, chosen) if units else print_svg(place(diagram, across=across), chosen)

    return Picture(svg, functools.partial(print_dot, diagram, across=across), theme, counted(len(columns), "column"))


def _diagram(columns: list[Column], name: str) -> Diagram:
    """Make one box for each column."""
    boxes = [
        Box(
            "folded" if column.units > 1 else "operation",
            column.title,
            tuple(("", line) for line in column.lines),
            "\n".join([column.title, *column.lines]),
        )
        for column in columns
    ]
    return Diagram(tuple(boxes), tuple(Edge(index, index + 1) for index in range(len(boxes) - 1)), name, caption=True)


def _print_units(columns: list[Column], name: str, theme: Theme) -> str:
    """Print columns of circles, and the lines between neighbours, with the texts below."""
    highest = max(max(len(column.shown), 1) for column in columns) * PITCH
    middles, x = [], 0.0
    for column in columns:
        middles.append(x + column.breadth / 2)
        x += column.breadth + max(24.0, BETWEEN - column.breadth / 2)
    right = middles[-1] + columns[-1].breadth / 2
    points = [_points(column, middle, highest / 2) for column, middle in zip(columns, middles, strict=True)]
    body = list(_lines(columns, points))
    for column, middle, where in zip(columns, middles, points, strict=True):
        body += _column(column, middle, where, highest)
    deepest = highest + 26 + ROW * max(len(column.lines) for column in columns)
    return document(body, Size(right, deepest), theme, name, caption=True)


def _points(column: Column, x: float, middle: float) -> list[tuple[float, float]]:
    count = max(len(column.shown), 1)
    return [(x, middle + (index - (count - 1) / 2) * PITCH) for index in range(count)]


def _lines(columns: list[Column], points: list[list[tuple[float, float]]]) -> Iterator[str]:
    for index in range(len(columns) - 1):
        here, there = columns[index], columns[index + 1]
        paths = [
            f"M{number(x0 + here.radius)} {number(y0)}L{number(x1 - there.radius)} {number(y1)}"
            for (x0, y0), unit in zip(points[index], here.shown or [0], strict=True)
            for (x1, y1), other in zip(points[index + 1], there.shown or [0], strict=True)
            if unit is not None and other is not None
        ]
        yield f'<path class="gg-edge" style="stroke-width: 0.6" d="{"".join(paths)}"/>'


def _column(column: Column, x: float, where: Iterable[tuple[float, float]], below: float) -> Iterator[str]:
    tooltip = quoted_for_xml("\n".join([column.title, *column.lines]))
    yield f'<g class="gg-operation"><title>{tooltip}</title>'
    for (_, y), unit in zip(where, column.shown or [0], strict=True):
        if unit is None:
            yield from (f'<circle class="gg-head" cx="{number(x)}" cy="{number(y + d)}" r="1.5"/>' for d in (-5, 0, 5))
        else:
            for kind in ("gg-under", "gg-shape"):
                yield f'<circle class="{kind}" cx="{number(x)}" cy="{number(y)}" r="{number(column.radius)}"/>'
    y = below + 20
    yield text(x, y, column.title, "gg-title", "middle")
    for line in column.lines:
        y += ROW
        yield text(x, y, line, "gg-note", "middle")
    yield "</g>"
