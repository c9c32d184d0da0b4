"""The namespace that rules receive with arrays: the array library's own, restricted to the names of the standard."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gograd_core.namespaces import scalar
from gograd_core.namespaces.ieee import Lookup, in_force

__all__ = ["ArrayNamespace"]


class ArrayNamespace:
    """An array library's namespace, restricted to the standard's names that `scalar` has too."""

    def __init__(self, library: Any, lookup: Lookup = in_force) -> None:
        self._library = library
        self._lookup = lookup
        self.backend = library.__name__.partition(".")[0]

    def __getattr__(self, name: str) -> Any:
        if name in scalar.__all__:
            return getattr(self._library, name)
        return self._lookup(name).bind(self)

    def __dir__(self) -> Iterator[str]:
        yield from scalar.__all__
