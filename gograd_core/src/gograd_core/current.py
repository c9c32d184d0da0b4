"""What is in force: the class of neurons, the registry, and the operations that the engine itself needs.

This module imports nothing. The rooms above it fill it in when they are imported. The rooms below can then use their
work without importing them, which would be a circle.
"""

from __future__ import annotations

from typing import Any

__all__ = ["Neuron", "node", "plain", "registry", "stop_gradient"]

Neuron: Any
"""The class of neurons of the engine that runs."""
node: Any
"""Makes the neuron for the result of an operation: ``node(op, value, constituents)``."""
registry: Any
"""The process-wide registry, or the one that a ``with registry:`` block puts in its place."""
stop_gradient: Any
plain: Any
"""The engine's own operations; see `plugins.engine_ops`."""
