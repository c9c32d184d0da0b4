"""Kernels that distributions ship: an extension of theirs has them, and their operations are given them."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from importlib import import_module
from typing import TYPE_CHECKING, Any

from gograd_core.engine_choice import engine
from gograd_core.errors import PluginWarning
from gograd_core.kernels.fingerprint import fingerprint
from gograd_core.op.kernels import Kernels

if TYPE_CHECKING:
    from gograd_core.op import Op

__all__ = ["with_kernels"]


def with_kernels(ops: Iterable[Op], module: str) -> tuple[Op, ...]:
    """Give operations their kernels from the extension `module`, if it was built and the native engine runs.

    The operations themselves are changed. An operation keeps only its rules if the extension has no kernels for it or,
    with a warning, if its rules were changed after its kernels were printed.

    ``gograd kernels`` generates such a module. Its ``KERNELS`` is a dict from the name of an operation to
    ``(digest, fingerprint, forward, partials)``.
    """
    ops = tuple(ops)
    if engine().name != "native":
        return ops
    try:
        kernels = import_module(module).KERNELS
    except (ImportError, AttributeError) as error:
        absent = getattr(error, "name", None) if isinstance(error, ModuleNotFoundError) else None
        if absent is None or not f"{module}.".startswith(f"{absent}."):  # else it was not built: there was no compiler
            text = f"{module} offers no kernels, so rules run in Python: {error}"
            warnings.warn(text, PluginWarning, stacklevel=2)
        return ops
    stale = [op.name for op in ops if op.name in kernels and not _attached(op, kernels[op.name])]
    if stale:
        warnings.warn(
            f"{module} was generated before the rules of these operations changed: {', '.join(stale)}. They run in "
            f"Python until you run 'gograd kernels {module.rpartition('.')[0]}' and compile the extension",
            PluginWarning,
            stacklevel=2,
        )
    return ops


def _attached(op: Op, entry: tuple[Any, ...]) -> bool:
    """Attach kernels to `op` if the entry of the table belongs to its rules, and return whether it does."""
    if len(entry) != 4 or fingerprint(op) not in ("", entry[1]):
        return False
    digest, _, forward, partials = entry
    op.attach(Kernels(forward, partials, digest, rules=op.rules))
    return True
