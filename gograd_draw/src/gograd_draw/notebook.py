"""What notebooks show of a neuron. `gograd_core` finds `show` by the entry point group ``gograd.display``."""

from __future__ import annotations

from gograd_core import Neuron
from gograd_draw.drawing import draw
from gograd_draw.reading import TooLargeError, read

__all__ = ["show"]

LIMIT = 60
MOST_NEURONS = 50_000
"""Beyond this, a cell that merely ends with a neuron would take noticeably long."""


def show(neuron: Neuron) -> dict[str, str]:
    """Return a picture of a neuron's graph and a text, by their MIME types; only a text if the graph is very large."""
    text = repr(neuron)
    try:
        read([neuron], MOST_NEURONS)
    except TooLargeError as error:
        return {"text/plain": f"{text}\n({error}; gograd_draw.draw shows it)"}
    return {"image/svg+xml": draw(neuron, limit=LIMIT).svg, "text/plain": text}
