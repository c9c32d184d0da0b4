"""The screenshots of `docs/explorer.md`: ``python docs/screenshots.py`` writes them, with Chromium and Playwright."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from gograd_core import Neuron, ops, trace
from gograd_draw import explore

STATIC = Path(__file__).parent / "_static"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def expression() -> Neuron:
    """Make the graph of the page's example."""
    with trace():
        w, x, b = Neuron(2.0, "w"), Neuron(-1.0, "x"), Neuron(0.5, "b")
        y = ops.tanh(w * x + b) + x * x
    y.label = "y"
    return y


def large() -> Neuron:
    """Make the graph of a language model's step, which the benchmarks have."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))
    from models import Transformer
    from numbers_of import Gograd

    from gograd_core import engine

    loss: Neuron = Transformer(Gograd(engine().name))()
    return loss


SHOTS = {
    "explorer-steps.png": (expression, "y", "explorer.state.goTo(6), explorer.visit(4)"),
    "explorer-large.png": (large, "GPT step", "explorer.state.goTo(45000)"),
}


def main() -> None:
    """Write all screenshots."""
    from playwright.sync_api import sync_playwright

    browser_path = next(filter(None, map(shutil.which, BROWSERS)), None)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        for name, (make, title, act) in SHOTS.items():
            path = Path(folder) / "page.html"
            explore(make(), path, title=title)
            page = browser.new_page(viewport={"width": 1180, "height": 740}, color_scheme="light")
            page.goto(path.as_uri())
            page.wait_for_selector("html[data-ready]", state="attached")
            page.evaluate(f"void ({act})")
            page.wait_for_timeout(800)
            page.screenshot(path=STATIC / name)
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
