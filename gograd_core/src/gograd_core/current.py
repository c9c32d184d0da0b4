"""What is in force: the class of neurons, the registry, and the operations that the engine itself needs.

This module imports nothing. The rooms above fill it in when they are imported, so that the rooms below can use what
they do without importing them: that would be a circle.
"""

from __future__ import annotations

from typing import Any

__all__ = ["Neuron", "node", "plain", "registry", "stop_gradient"]

Neuron: Any
"""The class of neurons of the engine that runs."""
node: Any
"""Makes a neuron that an operation made of others: ``node(op, value, constituents)``."""
registry: Any
"""The process-wide registry, or the one that a ``with registry:`` block puts in its place."""
stop_gradient: Any
plain: Any
"""Operations of the engine's own; see `plugins.builtin_ops`."""
