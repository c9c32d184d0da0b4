"""What notebooks show of a neuron. `gograd_core` finds `show` by the entry point group ``gograd.display``."""

from __future__ import annotations

from gograd_core import Neuron, StaleGraphError
from gograd_draw.drawing import draw
from gograd_draw.reading import TooLargeError, read

__all__ = ["show"]

LIMIT = 60
MOST_NEURONS = 50_000
"""Beyond this, a cell that merely ends with a neuron would take noticeably long."""


def show(neuron: Neuron) -> dict[str, str]:
    """Return a picture of a neuron's graph and a text, by their MIME types.

    If the graph is very large, or stale, it is only a text, which says so.
    """
    text = repr(neuron)
    try:
        read([neuron], MOST_NEURONS)
        return {"image/svg+xml": draw(neuron, limit=LIMIT).svg, "text/plain": text}
    except TooLargeError as error:
        return {"text/plain": f"{text}\n({error}; gograd_draw.draw shows it)"}
    except StaleGraphError as error:
        return {"text/plain": f"{text}\n(no picture: {error})"}
