"""`marimo convert` makes marimo notebooks of the notebooks. These run, and print and show the same."""

import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from notebook_outputs import SVG, images, printed, stable_cells
from svg_texts import texts_of

NOTEBOOKS = sorted((Path(__file__).parents[3] / "docs" / "notebooks").glob("*.ipynb"))


def marimo(folder, *arguments):
    """Run a command of marimo, which keeps its files in a folder."""
    homes = dict.fromkeys(("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"), str(folder))
    cache = {"GOGRAD_CACHE_DIR": os.environ.get("GOGRAD_CACHE_DIR", str(folder / "kernels"))}
    done = subprocess.run(
        [sys.executable, "-m", "marimo", "--yes", *arguments],
        cwd=folder,
        env={**os.environ, **homes, **cache},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def cells_of(session):
    """Of each cell of code in a session that ran, what it prints, and the texts of its SVG images."""
    for cell in session["cells"]:
        text = "".join(entry["text"] for entry in cell["console"] if entry["name"] == "stdout")
        (output,) = cell["outputs"]
        assert output["type"] == "data", output
        bundle = output["data"].get("application/vnd.marimo+mimebundle", "{}")
        shown = bundle if isinstance(bundle, dict) else json.loads(bundle)
        yield text, texts_of(shown[SVG]) if SVG in shown else None, "text/markdown" in output["data"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_gives_in_marimo_what_is_stored(path, tmp_path):
    marimo(tmp_path, "convert", str(path), "--output", "converted.py")
    marimo(tmp_path, "export", "session", "--no-sandbox", "converted.py")
    (session,) = (tmp_path / "__marimo__" / "session").glob("*.json")
    ran = list(cells_of(json.loads(session.read_text(encoding="utf-8"))))
    stored = stable_cells(nbformat.read(path, as_version=4))
    texts = [printed(cell) for cell in stored]
    pictures = [texts for cell in stored for kind, texts in images(cell) if kind == SVG]
    assert [text for text, _, _ in ran if text in texts and text] == [text for text in texts if text]
    assert [each for _, each, _ in ran if each is not None] == pictures
