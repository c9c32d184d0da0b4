"""The one hook of gograd, and the marker with which a plugin implements it."""

from __future__ import annotations

from collections.abc import Iterable

import pluggy

from gograd_core.op import Op

__all__ = ["PROJECT", "gograd_ops", "hookimpl"]

PROJECT = "gograd"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)
"""The decorator for a plugin's implementation of `gograd_ops`."""


@hookspec
def gograd_ops() -> Iterable[Op]:
    """Return the operations that this plugin provides.

    The module (or object) that an entry point of the group ``gograd.ops`` names implements this function. It is called
    once, without arguments, at the first look-up of an operation, and never at import. The result may be any iterable
    of `Op`. If the function raises an exception or returns anything else, the whole plugin is left out, with a warning
    and a line in `load_report()`. Other plugins are not affected.

    A name that one of gograd's own distributions provides cannot be taken by another one. A name that two other
    distributions claim belongs to neither, but ``ops["DISTRIBUTION:NAME"]`` finds both operations. The order of plugins
    never matters.
    """
    raise AssertionError("a specification is not called")
