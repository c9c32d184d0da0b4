"""The notebooks run in Jupyter, and print and show what is stored in them."""

import runpy
from pathlib import Path

import nbformat
import pytest

from notebook_outputs import SVG, images, printed, stable_cells

DOCS = Path(__file__).parents[3] / "docs"
RUN = runpy.run_path(str(DOCS / "run_notebooks.py"))


@pytest.fixture
def own_folders(monkeypatch, tmp_path):
    """Keep the files of Jupyter and IPython out of the user's folders."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))


@pytest.mark.parametrize("path", RUN["NOTEBOOKS"], ids=lambda path: path.stem)
@pytest.mark.usefixtures("own_folders")
def test_a_notebook_gives_what_is_stored(path):
    """`python docs/run_notebooks.py` stores it."""
    stored, fresh = nbformat.read(path, as_version=4), RUN["executed"](path)
    assert [printed(cell) for cell in stable_cells(fresh)] == [printed(cell) for cell in stable_cells(stored)]
    assert [images(cell) for cell in stable_cells(fresh)] == [images(cell) for cell in stable_cells(stored)]
    assert SVG in {kind for cell in fresh.cells if cell.cell_type == "code" for kind, _ in images(cell)}


@pytest.mark.parametrize("path", RUN["NOTEBOOKS"], ids=lambda path: path.stem)
def test_what_is_stored_does_not_depend_on_the_machine(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    assert set(notebook.metadata.language_info) == {"name"}
    assert {key for cell in notebook.cells for key in cell.metadata} <= {"mystnb", "tags"}


@pytest.mark.parametrize("path", RUN["NOTEBOOKS"], ids=lambda path: path.stem)
def test_every_picture_says_what_it_shows(path):
    """The site has it for readers who cannot see the picture."""
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code" and images(cell)]
    assert cells
    assert [cell.source for cell in cells if not cell.metadata.get("mystnb", {}).get("image", {}).get("alt")] == []


def test_there_are_four_notebooks():
    assert len(RUN["NOTEBOOKS"]) == 4
