"""What notebooks show of a neuron. Packages that draw offer it, as an entry point of the group ``gograd.display``."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from typing import Any

from gograd_core.errors import PluginWarning
from gograd_core.interfaces import Node
from gograd_core.plugins.loading import displays, in_words

__all__ = ["display"]


def display(neuron: Node, only: Iterable[str] | None, block: Iterable[str]) -> dict[str, Any]:
    """Return what the first package that draws gives for a neuron, by MIME type; empty if there is none.

    The entry point names a function that is called with the neuron. If it fails in any way, a warning says so, and the
    notebook shows the text.
    """
    for provider, entry_point in displays(only, block):
        try:
            if isinstance(entry_point, Exception):
                raise entry_point
            shown = entry_point.load()(neuron)
            if not isinstance(shown, Mapping) or not all(isinstance(kind, str) for kind in shown):
                raise TypeError(f"it returned {type(shown).__name__}, expected a mapping from MIME types")
            return dict(shown)
        except (Exception, SystemExit) as error:
            warnings.warn(
                f"gograd plugin {provider} cannot show a neuron: {in_words(error)}", PluginWarning, stacklevel=4
            )
    return {}
