"""Pages in a browser without a screen. Each test also fails if a page asks for anything, or complains."""

from __future__ import annotations

import pytest

from gograd_draw import explore


class Shown:
    """A page that is open, and what it did that it must not."""

    def __init__(self, page, path):
        self.page = page
        self.faults = []
        page.on("console", lambda message: self.faults.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("dialog", lambda dialog: (self.faults.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.on("request", lambda request: self.faults.append(request.url) if request.url != path.as_uri() else None)
        page.goto(path.as_uri())
        page.wait_for_selector("html[data-ready]", state="attached")

    def run(self, code, argument=None):
        """What an expression of JavaScript gives. `state` and `model` are those of the page."""
        return self.page.evaluate(
            f"(argument) => {{ const app = explorer, {{ state }} = app, {{ model }} = state; return {code}; }}",
            argument,
        )

    def text(self, selector):
        return self.page.inner_text(selector)

    def texts(self, selector):
        return self.page.locator(selector).all_inner_texts()

    def names(self, selector):
        """What boxes are called for those who do not see them."""
        return [each.get_attribute("aria-label") for each in self.page.locator(selector).all()]


@pytest.fixture
def show(chromium, tmp_path):
    """A function that writes a page as `explore` does, and opens it."""
    opened = []

    def show(what, *, width=1200, height=800, scheme="light", **options):
        path = tmp_path / f"page{len(opened)}.html"
        explore(what, path, **options)
        context = chromium.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        opened.append((context, Shown(context.new_page(), path)))
        return opened[-1][1]

    yield show
    for context, shown in opened:
        context.close()
        assert shown.faults == []
