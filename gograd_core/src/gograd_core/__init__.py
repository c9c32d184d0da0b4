"""gograd's core: the `Neuron`, what an operation is, how operations are found, and how they differentiate."""

from __future__ import annotations

__version__ = "0.1.0"

from typing import TYPE_CHECKING

from gograd_core import registry as _registry
from gograd_core.builtin_ops import stop_gradient
from gograd_core.errors import (
    DomainError,
    InvalidOperationError,
    PluginError,
    PluginWarning,
    RuleError,
    StaleGraphError,
    UnknownOperationError,
    errstate,
)
from gograd_core.facts import Accuracy, Edge, Provider
from gograd_core.hookspecs import hookimpl
from gograd_core.neuron import Neuron, zero_grad
from gograd_core.op import Op
from gograd_core.recording import no_grad
from gograd_core.registry import Registry, ops
from gograd_core.transforms import grad, gradient, value_and_grad

if TYPE_CHECKING:
    from gograd_core import plugins as _plugins

__all__ = [
    "Accuracy",
    "DomainError",
    "Edge",
    "InvalidOperationError",
    "Neuron",
    "Op",
    "PluginError",
    "PluginWarning",
    "Provider",
    "Registry",
    "RuleError",
    "StaleGraphError",
    "UnknownOperationError",
    "errstate",
    "grad",
    "gradient",
    "hookimpl",
    "load_report",
    "no_grad",
    "ops",
    "register",
    "stop_gradient",
    "value_and_grad",
    "zero_grad",
]


def register(op: Op) -> Op:
    """Add one operation to the process-wide registry by hand; see `Registry.register`."""
    return _registry.active.register(op)


def load_report() -> tuple[_plugins.PluginRecord, ...]:
    """What became of every installed plugin; see `Registry.report`."""
    return _registry.active.report()
