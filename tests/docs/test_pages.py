"""Generated pages are current (`python docs/tables.py` writes them), the reference is complete, and examples print."""

import codeop
import re
import runpy
from importlib import import_module
from pathlib import Path

import pytest

from gograd_core import Op, current
from svg_texts import texts_of

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


def test_pictures_are_current():
    """Their texts, since tooltips show the last digit, which varies with the C library."""
    pictures = runpy.run_path(str(DOCS / "pictures.py"))["PICTURES"]
    assert {name: texts_of(make().svg) for name, make in pictures.items()} == {
        name: texts_of((DOCS / "_static" / name).read_text(encoding="utf-8")) for name in pictures
    }


def test_every_family_of_operations_has_a_current_page(tables):
    pages = {page.name: page.read_text(encoding="utf-8") for page in (DOCS / "operations").glob("*.md")}
    assert pages == tables["families"]()


def test_every_operation_is_in_one_family(tables):
    members = [op for name in tables["FAMILIES"] for op in tables["of_family"](name)]
    assert sorted(map(id, members)) == sorted(map(id, current.registry.operations()))


def test_the_page_on_accuracy_has_every_rule_and_what_is_allowed(tables):
    """The figures themselves are measured, and vary with the C library."""
    page = (DOCS / "accuracy.md").read_text(encoding="utf-8")
    lines = [line for line in page.splitlines() if line.startswith("| `")]
    rows = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines]
    listed = {(row[0].strip("`"), row[-1]) for row in rows}
    measured = [op for op in current.registry.operations() if not isinstance(op(*op.samples[0]), bool)]
    rules = {op: ["forward", *(["second derivatives", "third derivatives"] * any(op.partials))] for op in measured}
    assert listed == {
        (op.name, tables["escaped"](tables["promised"](op, rule))) for op, names in rules.items() for rule in names
    }


each_page = pytest.mark.parametrize(
    "page",
    [*sorted(DOCS.glob("**/*.md")), *sorted(DOCS.parent.glob("*.md")), *sorted(DOCS.parent.glob("[!.]*/README.md"))],
    ids=lambda page: str(page.relative_to(DOCS.parent)),
)


@each_page
def test_examples_can_be_pasted_at_a_prompt(page):
    """A block of several lines ends with an empty line there."""
    for first, others in re.findall(r"^ *>>> (.*\n)((?: *\.\.\.(?: .*)?\n)*)", page.read_text(encoding="utf-8"), re.M):
        lines = [first, *(re.sub(r"^ *\.\.\. ?", "", line) for line in others.splitlines(keepends=True))]
        assert codeop.compile_command("".join(lines), symbol="single") is not None, "".join(lines)


@each_page
def test_examples_show_what_they_print(page):
    blocks = re.findall(r"^```python\n(.*?)^```$", page.read_text(encoding="utf-8"), re.M | re.S)
    assert not [line for block in blocks for line in block.splitlines() if re.match(r"(>>> |\.\.\. )? *assert\b", line)]


@pytest.mark.parametrize(
    "module",
    [
        "gograd_core",
        "gograd_core.testing",
        "gograd_core.kernels.shipped",
        "gograd_compile",
        "gograd_nn",
        "gograd_draw",
        "gograd_ops_solve",
    ],
)
def test_the_reference_has_every_public_name(module):
    """Operations, and the namespace that they are in, have pages of their own."""
    reference = set(re.findall(r"^\.\. auto\w+:: [\w.]*\.(\w+)$", (DOCS / "api.md").read_text(encoding="utf-8"), re.M))
    public = import_module(module)
    names = {name for name in public.__all__ if not isinstance(getattr(public, name), Op) and name != "ops"}
    assert names <= reference
