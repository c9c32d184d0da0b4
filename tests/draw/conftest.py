"""A browser without a screen, and the two engines of JavaScript in which numbers are compared with Python's."""

from __future__ import annotations

import shutil

import pytest

from javascript import in_node, in_page

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="module")  # while it is there, a loop of asyncio runs, and other tests cannot start one
def chromium():
    """Chromium, once for all pages of a module."""
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.skip(f"there is no browser: none of {', '.join(BROWSERS)} is installed")
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module", params=["node", "chromium"])
def run(request):
    """A function that runs JavaScript, once in Node and once in Chromium: see `in_node`."""
    if request.param == "chromium":
        page = request.getfixturevalue("chromium").new_page()
        yield in_page(page)
        page.close()
    elif shutil.which("node") is None:
        pytest.skip("there is no 'node' here to run JavaScript")
    else:
        yield in_node
