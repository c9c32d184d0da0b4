"""The page of a large graph, the GPT step of some 61,000 operations, in Chromium without a GPU.

It measures how long Python takes to write the page, when its picture is there after the browser began to open it, how
long frames take while it is moved and zoomed, and how long it takes until a click is answered on the screen.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from models import Transformer
from numbers_of import Gograd
from processes import note_load

from gograd_core import engine, trace
from gograd_draw import explore

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
RUNS = 5
READY = """() => new Promise((done) => {
  const look = () => document.documentElement.dataset.ready
    ? requestAnimationFrame(() => setTimeout(() => done(performance.now()), 0)) : setTimeout(look, 5);
  look();
})"""
FRAMES = """async (zooms) => {
  const times = [];
  let last = await new Promise(requestAnimationFrame);
  for (let frame = 0; frame < 60; frame++) {
    if (zooms) explorer.camera.zoom(frame < 30 ? 1.05 : 1 / 1.05);
    else explorer.camera.pan(frame < 30 ? 9 : -9, frame % 2);
    const now = await new Promise(requestAnimationFrame);
    times.push(now - last);
    last = now;
  }
  return times;
}"""
CLICK = """async (node) => {
  const { overview, allCamera } = explorer;
  const frame = overview.canvas.getBoundingClientRect();
  const at = { clientX: frame.left + overview.x[node] * allCamera.scale + allCamera.x,
    clientY: frame.top + overview.y[node] * allCamera.scale + allCamera.y };
  const start = performance.now();
  overview.canvas.dispatchEvent(new MouseEvent("click", { bubbles: true, ...at }));
  document.body.offsetHeight;
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
  if (explorer.state.selected === null) throw new Error("nothing was hit");
  return performance.now() - start;
}"""
UNFOLD = """async (node) => {
  const start = performance.now();
  explorer.visit(node);
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
  return performance.now() - start;
}"""
EDIT = """async (value) => {
  const { state } = explorer;
  const leaf = state.model.codes.indexOf(-1);
  const start = performance.now();
  state.set(leaf, value);
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
  return performance.now() - start;
}"""


def measure(browser: Any, path: Path) -> dict[str, list[float]]:
    """Open the page once, and return what was measured, in milliseconds."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(path.as_uri(), wait_until="commit")
    found = {"shown": [page.evaluate(READY)]}
    for view, shows_all in (("all neurons", True), ("boxes", False)):
        page.evaluate("(all) => explorer.showAll(all)", shows_all)
        page.wait_for_timeout(300)
        for motion, zooms in (("pan", False), ("zoom", True)):
            found[f"{view}: a frame of {motion}"] = page.evaluate(FRAMES, zooms)
            page.wait_for_timeout(400)
    page.evaluate("() => { explorer.showAll(true); explorer.fit(); }")
    page.wait_for_timeout(400)
    found["a click"] = [page.evaluate(CLICK, node) for node in range(2000, 62_000, 6000)]
    found["a leaf is changed"] = [page.evaluate(EDIT, 0.1 * turn) for turn in range(5)]
    page.evaluate("() => { explorer.state.reset(); explorer.showAll(false); }")
    found["groups are unfolded"] = [page.evaluate(UNFOLD, node) for node in range(2000, 62_000, 12_000)]
    page.close()
    return found


def main() -> None:
    """Print a table of medians and of the largest of all."""
    from playwright.sync_api import sync_playwright
    from rich.console import Console
    from rich.table import Table

    path_of_browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path_of_browser is None:
        sys.exit(f"there is no browser: none of {', '.join(BROWSERS)} is installed")
    model = Transformer(Gograd(engine().name))
    with trace():
        loss = model()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        path = Path(folder) / "page.html"
        start = time.process_time()
        explore(loss, path, title="GPT step")
        seconds = time.process_time() - start
        size = path.stat().st_size / 1e6
        browser = playwright.chromium.launch(executable_path=path_of_browser, args=["--no-sandbox", "--disable-gpu"])
        runs = [measure(browser, path) for _ in range(RUNS)]
        browser.close()
    table = Table(title=f"the page of the GPT step: {size:.2f} MB, written in {seconds:.1f} s; milliseconds")
    table.add_column("what")
    for column in ("median", "largest"):
        table.add_column(column, justify="right")
    for what in runs[0]:
        times = [each for run in runs for each in run[what]]
        table.add_row(what, f"{statistics.median(times):.0f}", f"{max(times):.0f}")
    console = Console(width=110)
    console.print(table)
    console.print(note_load())


if __name__ == "__main__":
    main()
