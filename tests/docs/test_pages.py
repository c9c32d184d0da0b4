"""The generated pages of the docs are current; `python docs/tables.py` writes them anew."""

import runpy
from pathlib import Path

import pytest

from gograd_core import registry

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def tables():
    return runpy.run_path(str(DOCS / "tables.py"))


@pytest.mark.parametrize(
    ("page", "table"),
    [("edge-points.md", "edge_points"), ("operations.md", "operations"), ("plugins.md", "plugin_faults")],
)
def test_what_is_generated_is_current(tables, page, table):
    assert tables[table]() in (DOCS / page).read_text(encoding="utf-8")


def test_the_page_on_accuracy_has_every_rule_and_what_is_allowed(tables):
    """The figures themselves are measured, and vary with the C library."""
    page = (DOCS / "accuracy.md").read_text(encoding="utf-8")
    lines = [line for line in page.splitlines() if line.startswith("| `")]
    rows = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines]
    listed = {(row[0].strip("`"), row[-1]) for row in rows}
    measured = [op for op in registry.active.operations() if not isinstance(op(*op.samples[0]), bool)]
    rules = {op: ["forward", *(["second derivatives", "third derivatives"] * any(op.partials))] for op in measured}
    assert listed == {
        (op.name, tables["escaped"](tables["promised"](op, rule))) for op, names in rules.items() for rule in names
    }
