"""Writes the generated parts of the docs from the installed operations: ``python docs/tables.py``.

A test keeps these pages current. ``python docs/tables.py accuracy`` also measures how accurate every rule is, which
takes minutes and varies between machines.
"""

from __future__ import annotations

import math
import runpy
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gograd.describe import accuracy_of, allowed_of, function_name, other_names, sources
from gograd_core import Op, current
from gograd_core.op.metadata import HIGHER
from gograd_core.testing import OpReport, check_registry
from gograd_core.testing.accuracy import NO_DIGIT

DOCS = Path(__file__).parent
FAMILIES = {
    "python": ("Python's operators", "basic.arithmetic basic.power basic.comparisons"),
    "exponential": ("Exponentials and logarithms", "extra.exponential"),
    "powers": ("Roots and powers", "extra.powers"),
    "trigonometric": ("Trigonometric functions", "extra.trigonometric"),
    "hyperbolic": ("Hyperbolic functions", "extra.hyperbolic"),
    "columns": ("Sums, products and norms of columns", "extra.reductions extra.products"),
    "choices": ("Choices: maximum, minimum, clip, where", "extra.choices"),
    "rounding": ("Rounding, signs and steps", "extra.rounding"),
    "division": ("Division with remainder", "extra.division"),
    "predicates": ("Predicates", "extra.predicates"),
    "activations": ("Activation functions of neural networks", "extra.activations extra.piecewise"),
    "gamma": ("Gamma and beta functions", "extra.gamma special.gammas special.beta"),
    "normal": ("Error functions and the normal distribution", "extra.error_functions special.inverses special.normal"),
    "logistic": ("Logistic functions and entropies", "special.entropies"),
    "bessel": ("Bessel functions", "special.bessel"),
    "engine": ("The engine's own operations", "plugins.engine_ops"),
}
"""By page of docs/operations: its title, and the modules whose operations are on it."""
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
    """Give the overview: a table of families, one of all operations, and the list of pages for Sphinx."""
    families = {name: (title, of_family(name)) for name, (title, _) in FAMILIES.items()}
    text = header("family", "operations")
    for name, (title, members) in families.items():
        text += row(f"[{title}](operations/{name}.md)", " ".join(f"[`{op.name}`](#{anchor(op)})" for op in members))
    text += "\n## Every operation\n\n" + header("operation", "value", "domain", "distribution")
    for op in current.registry.operations():
        text += row(f"[`{op.name}`](#{anchor(op)})", escaped(op.doc), condition(op), distribution(op))
    pages = "".join(f"operations/{name}\n" for name in FAMILIES)
    return text + f"\n```{{toctree}}\n:hidden:\n:maxdepth: 1\n\n{pages}```\n"


def family(name: str) -> str:
    """Give the page of one family, with a section for each of its operations."""
    title, _ = FAMILIES[name]
    members = of_family(name)
    text = f"# {title}\n\n" + header("operation", "value", "domain", "distribution")
    for op in members:
        text += row(f"[`{op.name}`](#{anchor(op)})", escaped(op.doc), condition(op), distribution(op))
    text += "\nIn a rule, `xp` is the namespace that provides functions and constants, and `out` is the value.\n"
    text += "[Accuracy](../accuracy.md) explains how accurate each operation must be.\n"
    return text + "".join(f"\n({anchor(op)})=\n" + section(op) for op in members)


def of_family(name: str) -> list[Op]:
    _, modules = FAMILIES[name]
    return [op for op in current.registry.operations() if module(op) in modules.split()]


def module(op: Op) -> str:
    """Name the module in which the operation's rules are written, without its package's prefix."""
    rule = next(rule for rule in (op.formula, *op.partials) if rule)
    return rule.__module__.removeprefix("gograd_ops_").removeprefix("gograd_core.")


def distribution(op: Op) -> str:
    return op.provider.distribution if op.provider else ""


def anchor(op: Op) -> str:
    return f"operation-{distribution(op)}-{op.name}"


def condition(op: Op) -> str:
    return f"`{op.domain}`" if op.domain else "everywhere"


def section(op: Op) -> str:
    inputs = ", ".join(f"`{name}`" for name in op.input_names)
    if op.variadic:
        inputs += ", columns of equal length" if len(op.input_names) > 1 else ", a column"
    facts = {
        "inputs": inputs,
        "other names": ", ".join(f"`{name}`" for name in other_names(op)),
        "domain": condition(op),
        "implementations": ", ".join(
            f"{backend} (`{function_name(own)}`)" for backend, own in op.implementations.items()
        ),
        "accuracy": accuracy_of(op),
        "distribution": distribution(op),
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
    return "no digit is correct" if worst >= NO_DIGIT else shown(round(worst, 2))


def promised(op: Op, rule: str) -> str:
    allowed = op.accuracy.of({"second derivatives": 2, "third derivatives": 3}.get(rule, 1))
    return "16 ulps, plus 4 ulps of the inputs" if allowed is HIGHER else allowed_of(allowed)


def write(name: str, text: str) -> None:
    page = DOCS / name
    before, rest = page.read_text(encoding="utf-8").split(BEGIN)
    page.write_text(before + BEGIN + "\n" + text + "\n" + END + rest.split(END)[1], encoding="utf-8")


def families() -> dict[str, str]:
    """Give the pages of docs/operations by file name, each generated as a whole."""
    return {f"{name}.md": family(name) for name in FAMILIES}


if __name__ == "__main__":
    write("edge-points.md", edge_points())
    write("plugins.md", plugin_faults())
    write("operations.md", operations())
    for name, text in families().items():
        (DOCS / "operations" / name).write_text(text, encoding="utf-8")
    if "accuracy" in sys.argv[1:]:
        write("accuracy.md", accuracy(check_registry().reports))
