"""The plugin that provides the engine's own operations. It is imported at the first look-up, as all plugins are."""

from __future__ import annotations

from gograd_core.op import Op
from gograd_core.plugins.engine_ops import engine_operations
from gograd_core.plugins.hookspecs import hookimpl

__all__ = ["gograd_ops"]


@hookimpl
def gograd_ops() -> tuple[Op, ...]:
    return engine_operations()
