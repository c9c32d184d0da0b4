"""Writes the generated parts of the docs from the installed operations: ``python docs/tables.py``.

A test keeps all pages current but that of `accuracy`, which is measured and varies between machines.
"""

from __future__ import annotations

import math
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gograd.describe import accuracy_of, allowed_of, function_name, other_names, sources
from gograd_core import Op, current
from gograd_core.op.metadata import HIGHER
from gograd_core.testing import OpReport, check_registry
from gograd_core.testing.accuracy import NO_DIGIT

DOCS = Path(__file__).parent
BEGIN, END = "<!-- generated: python docs/tables.py -->\n", "<!-- end of what is generated -->\n"


def shown(number: Any) -> str:
    if isinstance(number, tuple):
        return "[" + ", ".join(map(shown, number)) + "]"
    if number is None:
        return "–"
    if isinstance(number, bool):
        return str(number)
    if math.isinf(number):
        return "−∞" if number < 0 else "∞"
    return f"{number:.6g}".replace("-", "−")


def escaped(text: str) -> str:
    return text.replace("*", "\\*").replace("|", "\\|")


def row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |\n"


def header(*cells: str) -> str:
    return row(*cells) + f"|{'---|' * len(cells)}\n"


def edges_of(op: Op) -> Iterator[tuple[str, ...]]:
    for edge in op.edges:
        inputs, partials = ", ".join(map(shown, edge.inputs)), ", ".join(map(shown, edge.partials))
        yield inputs, shown(edge.value), partials, escaped(edge.why)


def edge_points() -> str:
    text = header("operation", "at", "value", "derivatives", "why")
    for op in current.registry.operations():
        text += "".join(row(f"`{op.name}`", *cells) for cells in edges_of(op))
    return text


def operations() -> str:
    found = current.registry.operations()
    text = header("operation", "", "domain", "distribution")
    for op in found:
        provider = op.provider.distribution if op.provider else ""
        text += row(f"[`{op.name}`](#{anchor(op)})", escaped(op.doc), condition(op), provider)
    return text + "".join(f"\n({anchor(op)})=\n" + section(op) for op in found)


def anchor(op: Op) -> str:
    return f"operation-{op.provider.distribution if op.provider else ''}-{op.name}"


def condition(op: Op) -> str:
    return f"`{op.domain}`" if op.domain else "everywhere"


def section(op: Op) -> str:
    inputs = ", ".join(f"`{name}`" for name in op.input_names)
    facts = {
        "inputs": f"{inputs}, columns of equal length" if op.variadic else inputs,
        "also": ", ".join(f"`{name}`" for name in other_names(op)),
        "domain": condition(op),
        "implementations": ", ".join(
            f"{backend} (`{function_name(own)}`)" for backend, own in op.implementations.items()
        ),
        "accuracy": accuracy_of(op),
        "from": op.provider.distribution if op.provider else "",
    }
    text = f"## {op.name}\n\n{op.doc}\n\n"
    text += "".join(f"- {what}: {fact}\n" for what, fact in facts.items() if fact)
    if rules := sources(op):
        text += f"\n```py\n{rules}```\n"
    if op.edges:
        text += "\n" + header("at", "value", "derivatives", "why") + "".join(row(*cells) for cells in edges_of(op))
    return text


def plugin_faults() -> str:
    faults = runpy.run_path(str(DOCS / "plugin_faults.py"))
    failed = {fault: reason for fault, (_, reason) in faults["FAILED"].items()}
    rows = [(fault, "failed", reason) for fault, reason in [*failed.items(), faults["NEEDS_NEWER_CORE"]]]
    rows += [(claim, "loaded, except for that name", reason) for claim, (_, reason) in faults["REFUSED"].items()]
    rows += [(harmless, "loaded", "") for harmless in faults["HARMLESS"]]
    cells = [(fault, status, f"`{message}`" if message else "") for fault, status, message in rows]
    return header("fault", "status", "message") + "".join(row(*each) for each in cells)


def accuracy(reports: tuple[OpReport, ...]) -> str:
    text = header("operation", "rule", "worst ulps beyond the inputs", "at", "worst ulps", "results", "allowed")
    for report in reports:
        for check in report.checks:
            for detail in check.details:
                at = ", ".join(map(shown, detail.at)) if detail.at else ""
                measured = (ulps(detail.ulps), at, ulps(detail.raw_ulps), str(detail.points))
                text += row(f"`{report.op.name}`", detail.rule, *measured, escaped(promised(report.op, detail.rule)))
    return text


def ulps(worst: float | None) -> str:
    if worst is None:
        return "–"
    return "no digit is right" if worst >= NO_DIGIT else shown(round(worst, 2))


def promised(op: Op, rule: str) -> str:
    allowed = op.accuracy.of({"second derivatives": 2, "third derivatives": 3}.get(rule, 1))
    return "16 ulps and 4 of the inputs" if allowed is HIGHER else allowed_of(allowed)


def write(name: str, text: str) -> None:
    page = DOCS / name
    before, rest = page.read_text(encoding="utf-8").split(BEGIN)
    page.write_text(before + BEGIN + "\n" + text + "\n" + END + rest.split(END)[1], encoding="utf-8")


if __name__ == "__main__":
    write("edge-points.md", edge_points())
    write("plugins.md", plugin_faults())
    write("operations.md", operations())
    write("accuracy.md", accuracy(check_registry().reports))
