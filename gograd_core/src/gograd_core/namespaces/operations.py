"""The namespace of operations: ``from gograd_core import ops; ops.tanh(x)``."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from gograd_core import current
from gograd_core.interfaces import Op

__all__ = ["Operations", "ops"]

_CONSTANTS = {"e": math.e, "inf": math.inf, "nan": math.nan, "pi": math.pi}


class Operations:
    """Every registered operation as an attribute, plus the constants ``e inf nan pi``.

    ``ops["tanh"]`` is ``ops.tanh``. ``ops["DISTRIBUTION:NAME"]`` finds an operation even if another one has the name.
    Iteration yields the names. It is also the `xp` with which rules run on neurons.

    Raises:
        UnknownOperationError: no operation has that name. The message names the nearest one, and what to install.
    """

    backend = "neuron"

    def __init__(self, registry: Callable[[], Any]) -> None:
        self._registry = registry

    def _publish(self, owners: Mapping[str, Op]) -> None:
        """Make the operations attributes, which Python finds ten times faster than through `__getattr__`."""
        named = {name: op for name, op in owners.items() if name.isidentifier()}
        self.__dict__ = {"_registry": self._registry, **named}  # at once, for other threads

    def __getattr__(self, name: str) -> Any:
        if name in _CONSTANTS:
            return _CONSTANTS[name]
        if name.startswith("_"):
            raise AttributeError(f"the namespace of operations has no attribute {name!r}")
        return self._registry()[name]

    def __getitem__(self, name: str) -> Op:
        op: Op = self._registry()[name]
        return op

    def __contains__(self, name: object) -> bool:
        return name in self._registry()

    def __iter__(self) -> Iterator[str]:
        return iter(self._registry())

    def __len__(self) -> int:
        return len(self._registry())

    def __dir__(self) -> list[str]:
        return [*self, *_CONSTANTS]

    def __repr__(self) -> str:
        return f"<{len(self)} operations of gograd>"


ops = Operations(lambda: current.registry)
"""The operations of the registry that is in force."""
