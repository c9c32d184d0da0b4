"""The one hook of gograd, and the marker with which a plugin implements it."""

from __future__ import annotations

from collections.abc import Iterable

import pluggy

from gograd_core.op import Op

__all__ = ["PROJECT", "gograd_ops", "hookimpl"]

PROJECT = "gograd"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)
"""Decorator for a plugin's implementation of `gograd_ops`."""


@hookspec
def gograd_ops() -> Iterable[Op]:
    """Return the operations that this plugin provides.

    Implemented by the module (or object) that an entry point of the group ``gograd.ops`` names.
    Called once, without arguments, at the first look-up of an operation; never at import. The
    result may be any iterable of `Op`. An exception, or anything in it that is not an `Op`,
    leaves the whole plugin out, with a warning and a line in `load_report()`; other plugins
    are not affected.

    A name that one of gograd's own distributions provides cannot be taken by another; a name
    that two other distributions claim belongs to neither, and stays reachable as
    ``ops["DISTRIBUTION:NAME"]``. The order of plugins never matters.
    """
    raise AssertionError("a specification is not called")
