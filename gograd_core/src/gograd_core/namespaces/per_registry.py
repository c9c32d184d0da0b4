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
        self._edition = object()  # of the operations that have the names
        self.ops = ops
        self.floats = floats or self._namespace_of_floats()
        self._standard = frozenset(vars(self.floats))
        self.columns = ColumnNamespace(self.floats)
        self.ieee = IEEENamespace(lookup)
        self.ieee_columns = ColumnNamespace(self.ieee)

    def publish(self, owners: Mapping[str, Op]) -> None:
        """Let rules find these operations. The caller lets `lookup` find them first."""
        self.ops._publish(owners)
        self._edition = object()  # before the rest, for threads that are about to keep another operation
        for name in vars(self.floats).keys() - self._standard:
            vars(self.floats).pop(name, None)

    def arrays(self, library: Any) -> ArrayNamespace:
        """Make the namespace of an array library."""
        return ArrayNamespace(library, self._lookup)

    def _namespace_of_floats(self) -> ModuleType:
        """Copy `scalar` into a new module: attributes of modules are fast, and Numba compiles them.

        It keeps the operations that were found. To keep all of them would make rules that call some 4 % slower.
        """
        module = ModuleType(scalar.__name__, scalar.__doc__)
        vars(module).update({name: getattr(scalar, name) for name in ("backend", "__all__", *scalar.__all__)})

        def find(name: str) -> Any:
            if name.startswith("_"):
                raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")
            while True:
                edition = self._edition
                vars(module)[name] = function = self._lookup(name).bind(module)
                if edition is self._edition:
                    return function
                vars(module).pop(name, None)

        vars(module)["__getattr__"] = find
        return module


IN_FORCE = Scope(in_force, ops, scalar)
"""The scope of operations that belong to no registry: they use the process-wide one."""
