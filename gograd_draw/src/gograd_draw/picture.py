"""A picture, in the formats that it can be had in."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gograd_draw.themes import Theme

__all__ = ["Picture"]

SCALE = 2.0
"""How many pixels of PNG one pixel of SVG takes, along each side."""


class Picture:
    """What `draw` returns. Notebooks show it, and each format is made when it is asked for.

    Attributes:
        theme: "auto", "light" or "dark".
    """

    def __init__(self, svg: Callable[[Theme], str], dot: Callable[[], str], theme: Theme, summary: str) -> None:
        self._print_svg, self._print_dot, self._summary = svg, dot, summary
        self.theme = theme

    @functools.cached_property
    def svg(self) -> str:
        """The picture as SVG, with texts that can be selected and tooltips that say everything in full."""
        return self._print_svg(self.theme)

    @functools.cached_property
    def dot(self) -> str:
        """The same boxes and edges in DOT, for Graphviz and programs like it."""
        return self._print_dot()

    @functools.cached_property
    def png(self) -> bytes:
        """The picture as PNG, with two pixels for each of the SVG's. The theme "auto" is light here.

        Raises:
            ImportError: resvg-py is not installed.
        """
        try:
            from resvg_py import svg_to_bytes
        except ImportError as error:
            raise ImportError(
                "PNG needs resvg-py: install it with pip install 'gograd-draw[png]'. SVG and DOT need nothing",
                name="resvg_py",
            ) from error
        theme: Theme = "light" if self.theme == "auto" else self.theme
        return bytes(svg_to_bytes(svg_string=self._print_svg(theme), zoom=SCALE))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the picture to a file, in the format that its name ends with: .svg, .png or .dot (or .gv).

        Raises:
            ValueError: the name ends with anything else.
            ImportError: it ends with .png, and resvg-py is not installed.
        """
        suffix = Path(path).suffix.lower()
        if suffix == ".png":
            content = self.png
        elif suffix in (".svg", ".dot", ".gv"):
            content = (self.svg if suffix == ".svg" else self.dot).encode()
        else:
            raise ValueError(f"a picture can be saved as .svg, .png, .dot or .gv, not as {os.fspath(path)!r}")
        Path(path).write_bytes(content)

    def __repr__(self) -> str:
        return f"<Picture of {self._summary}>"

    def _repr_svg_(self) -> str:
        return self.svg

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"image/svg+xml": self.svg, "text/plain": repr(self)}
