"""gograd's core: neurons, operations, the plugins that provide operations, and derivatives."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from gograd_core import current
from gograd_core.containers import register_container
from gograd_core.engine_choice import Engine, engine
from gograd_core.engines import Neuron
from gograd_core.errors import (
    AnomalyError,
    AnomalyWarning,
    DomainError,
    InvalidOperationError,
    PluginError,
    PluginWarning,
    RuleError,
    StaleGraphError,
    UnknownOperationError,
)
from gograd_core.errors import no_such_name as _no_such_name
from gograd_core.lines import Line, trace
from gograd_core.namespaces.operations import ops
from gograd_core.op import Op
from gograd_core.op.metadata import Accuracy, Edge, Provider
from gograd_core.plugins.engine_ops import stop_gradient
from gograd_core.plugins.registry import Registry
from gograd_core.settings import errstate, no_grad
from gograd_core.version import __version__ as __version__

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gograd_core.derivatives.anomalies import detect_anomaly
    from gograd_core.derivatives.gradient_check import check_grad
    from gograd_core.derivatives.heaviest_paths import explain_gradient
    from gograd_core.derivatives.jacobians import derivative, hessian, hvp, jacobian
    from gograd_core.derivatives.steps import Step, TangentStep, sweep_steps, tangent_steps
    from gograd_core.derivatives.transforms import grad, gradient, jvp, value_and_grad, vjp, zero_grad
    from gograd_core.kernels.jit import compile_kernels
    from gograd_core.plugins.hookspecs import hookimpl
    from gograd_core.plugins.records import PluginRecord
    from gograd_core.programs.adapted import adapted

__all__ = [
    "Accuracy",
    "AnomalyError",
    "AnomalyWarning",
    "DomainError",
    "Edge",
    "Engine",
    "InvalidOperationError",
    "Line",
    "Neuron",
    "Op",
    "PluginError",
    "PluginWarning",
    "Provider",
    "Registry",
    "RuleError",
    "StaleGraphError",
    "Step",
    "TangentStep",
    "UnknownOperationError",
    "adapted",
    "check_grad",
    "compile_kernels",
    "derivative",
    "detect_anomaly",
    "engine",
    "errstate",
    "explain_gradient",
    "grad",
    "gradient",
    "hessian",
    "hookimpl",
    "hvp",
    "jacobian",
    "jvp",
    "load_plugins",
    "load_report",
    "no_grad",
    "ops",
    "register",
    "register_container",
    "stop_gradient",
    "sweep_steps",
    "tangent_steps",
    "trace",
    "value_and_grad",
    "vjp",
    "zero_grad",
]


def register(op: Op) -> Op:
    """Add one operation to the process-wide registry by hand; see `Registry.register`."""
    registered: Op = current.registry.register(op)
    return registered


def load_plugins(
    *, only: Iterable[str] | None = None, block: Iterable[str] = (), strict: bool = False
) -> tuple[PluginRecord, ...]:
    """Load the plugins of the process-wide registry again, with a different choice; see `Registry.load_plugins`."""
    records: tuple[PluginRecord, ...] = current.registry.load_plugins(only=only, block=block, strict=strict)
    return records


def load_report() -> tuple[PluginRecord, ...]:
    """Report what became of every installed plugin; see `Registry.report`."""
    records: tuple[PluginRecord, ...] = current.registry.report()
    return records


if not TYPE_CHECKING:
    _LAZY = {
        "adapted": "gograd_core.programs.adapted",
        "detect_anomaly": "gograd_core.derivatives.anomalies",
        "explain_gradient": "gograd_core.derivatives.heaviest_paths",
        "check_grad": "gograd_core.derivatives.gradient_check",
        "compile_kernels": "gograd_core.kernels.jit",
        "hookimpl": "gograd_core.plugins.hookspecs",
        **dict.fromkeys(("derivative", "hessian", "hvp", "jacobian"), "gograd_core.derivatives.jacobians"),
        **dict.fromkeys(("Step", "TangentStep", "sweep_steps", "tangent_steps"), "gograd_core.derivatives.steps"),
        **dict.fromkeys(
            ("grad", "gradient", "jvp", "value_and_grad", "vjp", "zero_grad"), "gograd_core.derivatives.transforms"
        ),
    }

    _INSTEAD = {
        **dict.fromkeys(("Scalar", "Tensor", "Value", "Variable", "tensor"), "write Neuron(3.0)"),
        **dict.fromkeys(("compile", "jit"), "write `from gograd_compile import compile`"),
        **dict.fromkeys(("jacfwd", "jacrev"), "write jacobian"),
        **dict.fromkeys(("nn", "optim"), "write `import gograd_nn`"),
        "backward": "write y.backward()",
        "detach": "write stop_gradient(x)",
        "vmap": "write compile(f).batch(), after `from gograd_compile import compile`",
    }

    _MODULES = ("extend", "math", "testing")

    def __getattr__(name: str) -> Any:
        """Import a function or a module that not every program needs, when it is asked for."""
        if name in _MODULES:
            return import_module(f"{__name__}.{name}")
        if name in _LAZY:
            return globals().setdefault(name, getattr(import_module(_LAZY[name]), name))
        hint = "" if name.startswith("_") else "operations are in gograd_core.ops, such as ops.tanh"
        if name in _INSTEAD or name in vars(ops):  # which does not load the plugins
            hint = _INSTEAD.get(name, f"write ops.{name}")
        raise _no_such_name(__name__, name, hint)

    def __dir__() -> list[str]:
        """List what can be imported, too."""
        return sorted({*globals(), *__all__})
