"""How large boxes are, in pixels. The font has a fixed width, so that texts need not be measured."""

from __future__ import annotations

import math
from collections.abc import Sequence

import attrs

from gograd_draw.diagrams import Box, Edge
from gograd_draw.texts import width

__all__ = ["KEYS", "PADDING", "ROW", "SMALL", "STACK", "TITLE", "Size", "key_width", "size_of"]

SMALL, TITLE = 11.0, 13.0  # the sizes of the fonts
ADVANCE = 0.605  # the widest among usual fonts of fixed width, by their size
ROW = 15.0
PADDING = 10.0
STACK = 6.0
"""How far the sheets behind a folded box stand out."""
KEYS = 6
"""The columns that the names of rows take, with a space."""
PORT, PORT_WITH_COUNT, PORT_OF_FOLDED = 9.0, 14.0, 4.0
"""How far apart edges arrive: at a single neuron, with counts beside them, and at a folded box."""
LONGEST_SIDE = 220.0


@attrs.frozen
class Size:
    """The extent of something."""

    width: float
    height: float

    def turned(self) -> Size:
        """Return it with width and height exchanged."""
        return Size(self.height, self.width)


def key_width() -> float:
    """Return how far the texts of rows stand to the right of their names."""
    return KEYS * SMALL * ADVANCE


def size_of(box: Box, arriving: Sequence[Edge], *, across: bool) -> Size:
    """Return the size of a box with these edges into it, which arrive from the left, or from above."""
    if box.kind == "constant":
        return Size(math.ceil(width(box.title) * SMALL * ADVANCE + 14), 20)
    texts = [(KEYS if name else 0) + width(text) for name, text in box.rows]
    broad = max(width(box.title) * TITLE * ADVANCE, max(texts, default=0) * SMALL * ADVANCE) + 2 * PADDING
    high = (20 if box.title else 4) + ROW * len(box.rows) + 8
    least = PORT if box.kind != "folded" else PORT_WITH_COUNT if any(e.count > 1 for e in arriving) else PORT_OF_FOLDED
    side = min(LONGEST_SIDE, least * len(arriving))
    broad, high = (broad, max(high, side)) if across else (max(broad, side), high)
    stack = STACK if box.kind == "folded" else 0
    return Size(math.ceil(max(broad, 40) + stack), math.ceil(high + stack))
