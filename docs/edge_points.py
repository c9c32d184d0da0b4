"""Writes the table of docs/edge-points.md from the edges that the installed operations pin."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from gograd_core import current

PAGE = Path(__file__).with_name("edge-points.md")
BEGIN, END = "<!-- table: python docs/edge_points.py -->\n", "<!-- end of table -->\n"


def shown(number: Any) -> str:
    if isinstance(number, tuple):
        return "[" + ", ".join(map(shown, number)) + "]"
    if number is None:
        return "–"
    if math.isinf(number):
        return "−∞" if number < 0 else "∞"
    return f"{number:.6g}".replace("-", "−")


def escaped(text: str) -> str:
    return text.replace("*", "\\*").replace("|", "\\|")


def table() -> str:
    rows = ["| operation | at | value | derivatives | why |", "|---|---|---|---|---|"]
    for op in current.registry.operations():
        for edge in op.edges:
            inputs, partials = ", ".join(map(shown, edge.inputs)), ", ".join(map(shown, edge.partials))
            rows.append(f"| `{op.name}` | {inputs} | {shown(edge.value)} | {partials} | {escaped(edge.why)} |")
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    before, rest = PAGE.read_text().split(BEGIN)
    PAGE.write_text(before + BEGIN + "\n" + table() + "\n" + END + rest.split(END)[1])
