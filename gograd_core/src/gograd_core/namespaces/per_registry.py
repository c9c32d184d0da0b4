"""The namespaces of one registry, in which the rules of its operations find what they call.

Each registry has its own, so that two registries may bind one name to different rules.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from gograd_core.interfaces import Op
from gograd_core.namespaces import scalar
from gograd_core.namespaces.arrays import ArrayNamespace
from gograd_core.namespaces.columns import ColumnNamespace
from gograd_core.namespaces.ieee import IEEENamespace, in_force
from gograd_core.namespaces.operations import Operations, ops

__all__ = ["IN_FORCE", "Scope"]


class Scope:
    """The namespaces of all kinds of numbers, in which one function finds operations.

    Args:
        lookup: finds an operation by its name.
        ops: the namespace of neurons.
        floats: the namespace of floats; a new one unless given.
    """

    def __init__(self, lookup: Callable[[str], Op], ops: Operations, floats: ModuleType | None = None) -> None:
        self._lookup = lookup
        self.ops = ops
        self.floats = floats or _namespace_of_floats(lookup)
        self._not_operations = frozenset(vars(self.floats))
        self.columns = ColumnNamespace(self.floats)
        self.ieee = IEEENamespace(lookup)
        self.ieee_columns = ColumnNamespace(self.ieee)

    def publish(self, owners: Mapping[str, Op]) -> None:
        """Make these operations the attributes of the namespaces of neurons and of floats, instead of earlier ones."""
        self.ops._publish(owners)
        functions = vars(self.floats)
        names = {name for name in owners if name.isidentifier()} - self._not_operations
        functions.update({name: owners[name].bind(self.floats) for name in names})
        for name in functions.keys() - self._not_operations - names:
            del functions[name]

    def arrays(self, library: Any) -> ArrayNamespace:
        """Make the namespace of an array library."""
        return ArrayNamespace(library, self._lookup)


def _namespace_of_floats(lookup: Callable[[str], Op]) -> ModuleType:
    """Copy `scalar` into a new module: attributes of modules are fast, and Numba compiles them."""
    module = ModuleType(scalar.__name__, scalar.__doc__)
    vars(module).update({name: getattr(scalar, name) for name in ("backend", "__all__", *scalar.__all__)})

    def find(name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")
        return lookup(name).bind(module)

    vars(module)["__getattr__"] = find
    return module


IN_FORCE = Scope(in_force, ops, scalar)
"""The scope of operations that belong to no registry: they use the process-wide one."""
