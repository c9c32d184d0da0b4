"""Prints diagrams that have places as SVG: texts that can be selected, tooltips, and nothing that needs an id."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise

from gograd_draw.diagrams import Box, Edge
from gograd_draw.layout import Place, Placed, Point
from gograd_draw.measuring import ADVANCE, PADDING, ROW, SMALL, STACK, Size, key_width
from gograd_draw.texts import cleaned, quoted_for_xml, width
from gograd_draw.themes import Theme, colours_of, style

__all__ = ["document", "legend", "number", "print_svg", "text"]

MARGIN = 16.0
LEGEND_ROW, CAPTION = 20.0, 26.0
MANY_EDGES = 150
"""Of more edges, each is a thin line."""


def number(value: float) -> str:
    """Print a coordinate with at most one decimal."""
    return f"{round(value, 1) + 0.0:g}"  # without a sign at zero


def text(x: float, y: float, content: str, kind: str = "", anchor: str = "start") -> str:
    """Print a text whose baseline begins, or has its middle or end, at a point."""
    attributes = f' class="{kind}"' if kind else ""
    if anchor != "start":
        attributes += f' text-anchor="{anchor}"'
    return f'<text x="{number(x)}" y="{number(y)}"{attributes}>{quoted_for_xml(content)}</text>'


def print_svg(placed: Placed, theme: Theme, outputs: Collection[int] = ()) -> str:
    """Print a whole picture. The boxes of `outputs` have a bold frame."""
    plugins = placed.diagram.plugins()
    colours = colours_of(plugins)
    body = [
        *(part for drawn in _edges(placed) for part in drawn),
        *(
            line
            for index, (box, where) in enumerate(zip(placed.diagram.boxes, placed.boxes, strict=True))
            for line in _box(box, where, colours, index in outputs)
        ),
    ]
    size = placed.size
    if len(plugins) > 1:
        lines, legend_size = legend(colours, size.height + 18)
        body += lines
        size = Size(max(size.width, legend_size.width), legend_size.height)
    return document(body, size, theme, placed.diagram.name, caption=placed.diagram.caption)


def document(body: Sequence[str], size: Size, theme: Theme, name: str, *, caption: bool = False) -> str:
    """Print an SVG document of this size, with a margin around it, and perhaps its name above."""
    above = CAPTION if caption else 0.0
    shown = cleaned(name, 80)
    wide, high = number(size.width + 2 * MARGIN), number(size.height + 2 * MARGIN + above)
    if caption:
        wide = number(max(size.width, width(shown) * SMALL * ADVANCE) + 2 * MARGIN)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{high}" viewBox="0 0 {wide} {high}" '
            f'class="gograd gg-{theme}" role="img" aria-label="{quoted_for_xml(shown)}">',
            f"<style>\n{style(theme)}</style>",
            f'<rect class="gg-paper" width="{wide}" height="{high}"/>',
            *([text(MARGIN, MARGIN + 10, shown, "gg-note")] if caption else ()),
            f'<g transform="translate({number(MARGIN)} {number(MARGIN + above)})">',
            *body,
            "</g>",
            "</svg>\n",
        ]
    )


def legend(colours: dict[str, int], y: float) -> tuple[list[str], Size]:
    """Print which colour each plugin has, below the picture, and return where that ends."""
    lines, names = [], {plugin: cleaned(plugin, 40) for plugin in colours}
    for plugin, colour in colours.items():
        lines.append(
            f'<g class="gg-p{colour}"><rect class="gg-shape" x="0.6" y="{number(y)}" width="12" height="12" rx="3"/>'
            f"{text(20, y + 10, names[plugin], 'gg-note')}</g>"
        )
        y += LEGEND_ROW
    longest = max(map(width, names.values()), default=0)
    return lines, Size(20 + longest * SMALL * ADVANCE, y - LEGEND_ROW + 12)


def _box(box: Box, where: Place, colours: dict[str, int], is_output: bool) -> Iterator[str]:
    kinds = f"gg-{box.kind}" + (f" gg-p{colours[box.plugin]}" if box.plugin else "") + " gg-output" * is_output
    yield f'<g class="{kinds}"><title>{quoted_for_xml(box.tooltip)}</title>'
    stack = STACK if box.kind == "folded" else 0.0
    front = Place(where.x, where.y, where.width - stack, where.height - stack)
    for shift in (stack, stack / 2) if stack else ():
        yield _rectangle(front, "gg-under", 5, shift)
        yield _rectangle(front, "gg-behind", 5, shift)
    yield _rectangle(front, "gg-under", 5)  # so that no line shines through
    yield _rectangle(front, "gg-shape", {"leaf": min(14, front.height / 2), "constant": 10}.get(box.kind, 5))
    middle = front.x + front.width / 2
    if box.kind == "constant":
        yield f"{text(middle, front.y + 14, box.title, '', 'middle')}</g>"
        return
    content = (20 if box.title else 4) + ROW * len(box.rows) + 8
    y = front.y + (front.height - content) / 2 + (18 if box.title else 4)
    if box.title:
        yield text(middle, y, box.title, "gg-title", "middle")
    columns = max((width(row) + (key_width() / SMALL / ADVANCE if key else 0) for key, row in box.rows), default=0)
    left = max(front.x + PADDING, middle - columns * SMALL * ADVANCE / 2)
    for key, row in box.rows:
        y += ROW
        if key:
            yield text(left, y, key, "gg-key")
            yield text(left + key_width(), y, row)
        else:
            yield text(middle, y, row, "gg-note", "middle")
    yield "</g>"


def _rectangle(where: Place, kind: str, radius: float, shift: float = 0.0) -> str:
    return (
        f'<rect class="{kind}" x="{number(where.x + shift)}" y="{number(where.y + shift)}" '
        f'width="{number(where.width)}" height="{number(where.height)}" rx="{number(radius)}"/>'
    )


def _edges(placed: Placed) -> Iterator[tuple[str, ...]]:
    counted = []
    kind = "gg-edge gg-fine" if len(placed.diagram.edges) > MANY_EDGES else "gg-edge"
    for edge, route, space in zip(placed.diagram.edges, placed.routes, placed.spaces, strict=True):
        head = max(2.5, min(6.0, space))
        counted += [_count(edge, route, across=placed.across)] if edge.count > 1 and space > 10 else []
        yield _edge(edge, route, head, kind, across=placed.across)
    yield tuple(counted)  # above all lines


def _edge(edge: Edge, route: Sequence[Point], head: float, kind: str, *, across: bool) -> tuple[str, str]:
    x, y = route[-1]
    end = (x - head, y) if across else (x, y - head)
    points = [*route[:-1], end]
    parts = [f"M{number(points[0][0])} {number(points[0][1])}"]
    for (x0, y0), (x1, y1) in pairwise(points):
        if abs(x0 - x1) < 0.05 and abs(y0 - y1) < 0.05:
            continue
        if abs(x0 - x1) < 0.05 or abs(y0 - y1) < 0.05:
            parts.append(f"L{number(x1)} {number(y1)}")
            continue
        turns = ((x0 + x1) / 2, y0, (x0 + x1) / 2, y1) if across else (x0, (y0 + y1) / 2, x1, (y0 + y1) / 2)
        parts.append("C" + " ".join(map(number, (*turns, x1, y1))))
    thick = f' style="stroke-width: {min(4.0, 1.2 + 0.5 * len(str(edge.count))):.1f}"' if edge.count > 1 else ""
    half = head / 2
    corners = ((x - head, y - half), (x - head, y + half)) if across else ((x - half, y - head), (x + half, y - head))
    ends = "".join(f"L{number(a)} {number(b)}" for a, b in corners)
    return (
        f'<path class="{kind}" d="{"".join(parts)}"{thick}/>',
        f'<path class="gg-head" d="M{number(x)} {number(y)}{ends}Z"/>',
    )


def _count(edge: Edge, route: Sequence[Point], *, across: bool) -> str:
    """Print how many edges one stands for, beside its end."""
    x, y = route[-1]
    content = f"×{edge.count:,}"
    return text(x - 9, y - 4, content, "gg-count", "end") if across else text(x + 6, y - 8, content, "gg-count")
