"""Prints diagrams in DOT, the language of Graphviz."""

from __future__ import annotations

from gograd_draw.diagrams import Box, Diagram
from gograd_draw.texts import cleaned, quoted_for_dot
from gograd_draw.themes import PLUGINS, colours_of

__all__ = ["print_dot"]


def print_dot(diagram: Diagram, *, across: bool) -> str:
    """Print a diagram as a directed graph, whose boxes are named by their numbers."""
    colours = colours_of(diagram.plugins())
    lines = [
        "digraph gograd {",
        f"  rankdir={'LR' if across else 'TB'};",
        '  node [shape=box, style="rounded,filled", fillcolor=white, fontname=monospace, fontsize=11];',
        '  edge [fontname=monospace, fontsize=10, color="#8b93a5"];',
    ]
    lines += [f"  b{index} [{_attributes(box, colours)}];" for index, box in enumerate(diagram.boxes)]
    for edge in diagram.edges:
        label = f' [label="×{edge.count:,}"]' if edge.count > 1 else ""
        lines.append(f"  b{edge.source} -> b{edge.target}{label};")
    return "\n".join([*lines, "}", ""])


def _attributes(box: Box, colours: dict[str, int]) -> str:
    texts = [box.title] if box.title else []
    texts += [f"{key} {text}" if key else text for key, text in box.rows]
    found = [f"label={quoted_for_dot(texts)}"]
    found += [f"tooltip={quoted_for_dot(cleaned(line, 400) for line in box.tooltip.splitlines())}"]
    if box.kind == "constant":
        found.append('style=filled, color="#eeeeee", fillcolor="#eeeeee"')
    if box.kind == "folded":
        found.append("peripheries=2")
    if box.plugin:
        found.append(f'color="{PLUGINS["light"][colours[box.plugin]]}"')
    return ", ".join(found)
