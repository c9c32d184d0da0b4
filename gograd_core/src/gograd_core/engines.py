"""Which of the two engines runs: the native one, or the readable one in Python, which behaves alike.

The rest of the core takes from here what an engine consists of; nothing else knows that there are two.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

import attrs

__all__ = [
    "RESERVED_NAMES",
    "Engine",
    "Neuron",
    "Operation",
    "add_gradients",
    "adjoints",
    "bind_method",
    "bind_operator",
    "discover",
    "engine",
    "flatten",
    "nest",
    "next_stamp",
    "node",
    "reachable",
    "read_values",
    "run",
    "visit",
    "walk",
]


@attrs.frozen
class Engine:
    """Which engine runs, "native" or "python", and why."""

    name: Literal["native", "python"]
    why: str

    def __str__(self) -> str:
        return f"{self.name}: {self.why}"


def engine() -> Engine:
    """Which engine runs in this process, and why; it was chosen when gograd_core was imported."""
    return _engine


def _choose() -> tuple[Any, Engine]:
    """The module of the native engine, or None."""
    if os.environ.get("GOGRAD_PURE_PYTHON", "0") not in ("", "0"):
        return None, Engine("python", "the environment variable GOGRAD_PURE_PYTHON asks for it")
    try:
        native = import_module("gograd_core._native")
    except ModuleNotFoundError as error:
        return None, Engine("python", f"the native engine was not built when gograd-core was installed ({error})")
    except ImportError as error:
        return None, Engine("python", f"the native engine could not be loaded ({error})")
    return native, Engine("native", "it was built when gograd-core was installed")


_native, _engine = _choose()

if TYPE_CHECKING or _native is None:
    from gograd_core.backward import adjoints, reachable, run, visit
    from gograd_core.calling import Operation
    from gograd_core.flattening import add_gradients, flatten, read_values
    from gograd_core.methods import bind_method, bind_operator, discover
    from gograd_core.neuron import Neuron, next_stamp, node
    from gograd_core.walking import nest, walk
else:
    adjoints, reachable, run, visit = _native.adjoints, _native.reachable, _native.run, _native.visit
    bind_method, bind_operator, discover = _native.bind_method, _native.bind_operator, _native.discover
    add_gradients, flatten, read_values = _native.add_gradients, _native.flatten, _native.read_values
    Neuron, Operation, next_stamp, node = _native.Neuron, _native.Operation, _native.next_stamp, _native.node
    nest, walk = _native.nest, _native.walk

RESERVED_NAMES = frozenset(dir(Neuron))
"""What no operation may be called: Neuron's own attributes."""

discover(True)  # nothing was looked up yet
