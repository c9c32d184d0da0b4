"""Colours, as rules of CSS. Each theme has a class of its own, because the rules of a picture apply to its page."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from typing import Literal, get_args

__all__ = ["Theme", "checked_theme", "colours_of", "style"]

Theme = Literal["auto", "light", "dark"]

LIGHT = {
    "paper": "#ffffff",
    "ink": "#1f2430",
    "muted": "#5c6475",
    "line": "#8b93a5",
    "surface": "#f6f7f9",
    "border": "#9aa2b3",
    "strength": "0.08",
}
DARK = {
    "paper": "#15181e",
    "ink": "#e8eaf0",
    "muted": "#a3abbb",
    "line": "#7a8396",
    "surface": "#20242d",
    "border": "#6b7486",
    "strength": "0.16",
}
PLUGINS = {
    "light": ("#6b5b4a", "#0f766e", "#8540ad", "#9a5605", "#b4325f", "#4a7410", "#0b6b86", "#2f5fb3"),
    "dark": ("#cfbdaa", "#62d0c3", "#cfa5f2", "#eeb566", "#f59bb9", "#b0d668", "#6ad2ec", "#8fb6ff"),
}
FONTS = (
    "ui-monospace, SFMono-Regular, Menlo, Consolas, 'Cascadia Mono', 'DejaVu Sans Mono', 'Liberation Mono', "
    "'Noto Sans Mono', 'Courier New', monospace"
)
COMMON = f"""\
.gograd text {{ font-family: {FONTS}; font-size: 11px; user-select: text; unicode-bidi: isolate; white-space: pre; }}
.gograd .gg-title {{ font-size: 13px; font-weight: 600; }}
.gograd .gg-edge {{ fill: none; stroke-width: 1.2; stroke-linecap: round; }}
.gograd .gg-fine {{ stroke-width: 0.6; }}
.gograd .gg-constant text, .gograd .gg-count {{ font-size: 11px; font-weight: 400; }}
.gograd .gg-output .gg-shape {{ stroke-width: 2.4; }}
"""
RULES = """\
{root} .gg-paper {{ fill: {paper}; }}
{root} text {{ fill: {ink}; }}
{root} .gg-key, {root} .gg-constant text, {root} .gg-note {{ fill: {muted}; }}
{root} .gg-edge {{ stroke: {line}; }}
{root} .gg-head {{ fill: {line}; }}
{root} .gg-count {{ fill: {muted}; stroke: {paper}; stroke-width: 3px; paint-order: stroke; }}
{root} .gg-shape {{ fill: {surface}; stroke: {border}; stroke-width: 1.2; }}
{root} .gg-leaf .gg-shape {{ fill: {paper}; }}
{root} .gg-constant .gg-shape {{ stroke: none; }}
{root} .gg-behind {{ fill: {surface}; stroke: {border}; stroke-width: 1; }}
{root} .gg-under {{ fill: {paper}; }}
"""
PLUGIN_RULES = """\
{root} .gg-p{number} .gg-shape {{ fill: {colour}; fill-opacity: {strength}; stroke: {colour}; }}
{root} .gg-p{number} .gg-title {{ fill: {colour}; }}
{root} .gg-p{number} .gg-behind {{ stroke: {colour}; }}
"""


def checked_theme(theme: str) -> Theme:
    """Return the theme if it is one.

    Raises:
        ValueError: it is not.
    """
    for known in get_args(Theme):
        if theme == known:
            return known  # type: ignore[no-any-return]
    raise ValueError(f"theme must be 'auto', 'light' or 'dark', got {theme!r}")


def colours_of(plugins: Iterable[str]) -> dict[str, int]:
    """Give each plugin a colour: its own if that is free, so that it is the same in most pictures."""
    count = len(PLUGINS["light"])
    found: dict[str, int] = {}
    for name in sorted(plugins):
        wanted = zlib.crc32(name.encode("utf-8", "replace")) % count
        free = [(wanted + step) % count for step in range(count) if (wanted + step) % count not in found.values()]
        found[name] = free[0] if free else wanted
    return found


def style(theme: Theme) -> str:
    """Return the rules of a theme. That named "auto" is light or dark, as the reader's system is."""
    root = f".gg-{theme}"
    if theme != "auto":
        return COMMON + _rules(root, LIGHT if theme == "light" else DARK, PLUGINS[theme])
    light, dark = _rules(root, LIGHT, PLUGINS["light"]), _rules(root, DARK, PLUGINS["dark"])
    return f"{COMMON}{light}@media (prefers-color-scheme: dark) {{\n{dark}}}\n"


def _rules(root: str, colours: Mapping[str, str], plugins: Iterable[str]) -> str:
    each = (
        PLUGIN_RULES.format(root=root, number=number, colour=colour, strength=colours["strength"])
        for number, colour in enumerate(plugins)
    )
    return RULES.format(root=root, **colours) + "".join(each)
