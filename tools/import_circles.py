"""Count the modules in the largest circle of imports of each package: ``python tools/import_circles.py``.

Imports at the top of a module count, imports in functions, and those for type checking.
"""

from __future__ import annotations

import ast
import graphlib
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = (
    "gograd_core",
    "gograd_compile",
    "gograd_nn",
    "gograd_draw",
    "gograd",
    "gograd_ops_basic",
    "gograd_ops_extra",
    "gograd_ops_special",
    "gograd_ops_solve",
)


def modules(package: str) -> dict[str, Path]:
    """Find the modules of a package: their names, and where they are."""
    source = ROOT / package / "src"
    names = {".".join(path.relative_to(source).with_suffix("").parts): path for path in source.rglob("*.py")}
    return {name.removesuffix(".__init__"): path for name, path in names.items()}


def imports(name: str, path: Path, known: dict[str, Path]) -> Iterator[str]:
    """Find what a module imports of its own package, wherever the statement stands."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            targets = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from {target if target in known else node.module for target in targets} & known.keys() - {name}
        elif isinstance(node, ast.Import):
            yield from {alias.name for alias in node.names} & known.keys() - {name}


def largest_circle(graph: dict[str, set[str]]) -> set[str]:
    """Find the most modules that all reach each other; empty if there is no circle."""
    reached = {name: _reached(name, graph) for name in graph}
    circles = [{other for other in reached[name] if name in reached[other]} for name in graph if name in reached[name]]
    return max(circles, key=len, default=set())


def _reached(start: str, graph: dict[str, set[str]]) -> set[str]:
    found: set[str] = set()
    pending = [start]
    while pending:
        new = graph[pending.pop()] - found
        found |= new
        pending += new
    return found


def main() -> int:
    """Print the count for each package. The sum is the exit status."""
    total = 0
    for package in PACKAGES:
        known = modules(package)
        graph = {name: set(imports(name, path, known)) for name, path in known.items()}
        circle = largest_circle(graph)
        total += len(circle)
        print(f"{package}: {len(circle)} of {len(known)} modules are in the largest circle", *sorted(circle))
        if not circle:
            tuple(graphlib.TopologicalSorter(graph).static_order())  # raises if there is a circle after all
    return total


if __name__ == "__main__":
    sys.exit(main())
