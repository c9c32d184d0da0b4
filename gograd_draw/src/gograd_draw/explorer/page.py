"""Puts a page of HTML together. It is one file, and its policy allows nothing from anywhere else."""

from __future__ import annotations

import base64
import functools
import hashlib
import html
from importlib.resources import files

from gograd_draw.explorer.data import Collected
from gograd_draw.explorer.packing import bytes_as_text, json_for_html
from gograd_draw.themes import DARK, FONTS, LIGHT, PLUGINS

__all__ = ["page_of"]

SCRIPTS = (
    "dom", "numbers", "model", "recompute", "sweep", "state", "folding", "layout", "camera", "drawing", "overview",
    "panel", "leaves", "plot", "player", "search", "keyboard", "theme", "main",
)  # fmt: skip
"""The parts of the program, each of which uses those before it."""
MORE = {
    "light": {
        "accent": "#3451c6", "flow": "#c2410c", "edge": "#dfe2e8", "ground": "#fafbfc", "mark": "#ffe8a3",
        "warning": "#8a3b06", "warning-paper": "#fff4e6", "shadow": "0 8px 28px rgb(20 24 40 / 0.16)",
    },
    "dark": {
        "accent": "#9db2ff", "flow": "#ffa45c", "edge": "#323845", "ground": "#111419", "mark": "#5c4a12",
        "warning": "#ffc58f", "warning-paper": "#33240f", "shadow": "0 8px 28px rgb(0 0 0 / 0.5)",
    },
}  # fmt: skip
"""Colours of what pictures do not have."""


def page_of(collected: Collected) -> str:
    """Write the page of a graph."""
    title = str(collected.data["title"]) or "gograd explorer"
    script = f'(() => {{\n"use strict";\n{collected.rules.source}{program()}}})();'
    style, viz = _style(), _viz()
    scripts = " ".join(f"'{_hash(each)}'" for each in (script.encode(), viz))
    policy = (
        f"default-src 'none'; script-src {scripts} 'wasm-unsafe-eval'; style-src '{_hash(style.encode())}'; "
        "base-uri 'none'; form-action 'none'"
    )
    parts = {
        "@POLICY@": policy,
        "@TITLE@": html.escape(title),
        "@STYLE@": style,
        "@DATA@": json_for_html(collected.data),
        "@VIZ@": bytes_as_text(_asset("viz.js.gz")),
        "@SCRIPT@": script,
    }
    page = _asset("page.html").decode()
    found = []
    for name, content in parts.items():  # in the order in which they stand in the page
        before, _, page = page.partition(name)
        found += [before, content]
    return "".join([*found, page])


@functools.cache
def program() -> str:
    """Return the program of the page, without the rules of operations."""
    return "\n".join(_asset(f"{name}.js").decode() for name in SCRIPTS)


@functools.cache
def _asset(name: str) -> bytes:
    return files("gograd_draw.explorer").joinpath("assets", name).read_bytes()


@functools.cache
def _viz() -> bytes:
    import gzip

    return gzip.decompress(_asset("viz.js.gz"))


def _hash(content: bytes) -> str:
    """Return the hash by which a policy allows a script or a style."""
    return "sha256-" + base64.b64encode(hashlib.sha256(content).digest()).decode("ascii")


def _style() -> str:
    light = _variables({**LIGHT, **MORE["light"]}, PLUGINS["light"], "light")
    dark = _variables({**DARK, **MORE["dark"]}, PLUGINS["dark"], "dark")
    plugins = "".join(f".p{number} {{ --own: var(--p{number}); }}\n" for number in range(len(PLUGINS["light"])))
    return (
        f":root {{ --mono: {FONTS}; {light} }}\n"
        f"@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}\n"
        f":root[data-theme=light] {{ {light} }}\n:root[data-theme=dark] {{ {dark} }}\n"
        f"{plugins}{_asset('style.css').decode()}"
    )


def _variables(colours: dict[str, str], plugins: tuple[str, ...], scheme: str) -> str:
    own = {**colours, **{f"p{number}": colour for number, colour in enumerate(plugins)}}
    return f"color-scheme: {scheme}; " + " ".join(f"--{name}: {value};" for name, value in own.items())
