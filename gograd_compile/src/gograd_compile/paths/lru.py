"""A memory of limited size. The entry that was used longest ago makes room for a new one."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

__all__ = ["Recent"]

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Recent(Generic[K, V]):
    """A memory of at most `most` entries. `latest` is the one used last, and `dropped` counts those that made room."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._entries: OrderedDict[K, V] = OrderedDict()
        self.latest: tuple[K, V] | None = None  # so that asking for the same again needs no look-up
        self._lock = threading.Lock()
        self.dropped = 0

    def get(self, key: K) -> V | None:
        """Find an entry, and make it the one used last. It is None if there is no such entry."""
        latest = self.latest
        if latest is not None and latest[0] == key:
            return latest[1]
        with self._lock:
            found = self._entries.get(key)
            if found is not None:
                self._entries.move_to_end(key)
                self.latest = key, found
            return found

    def add(self, key: K, value: V) -> V:
        """Add an entry unless there is one with that key, and make it the one used last. Returns the value kept."""
        with self._lock:
            found = self._entries.setdefault(key, value)
            self._entries.move_to_end(key)
            self.latest = key, found
            if len(self._entries) > self._most:
                self._entries.popitem(last=False)
                self.dropped += 1
            return found

    def values(self) -> list[V]:
        """List the values, those used longest ago first."""
        return [value for _, value in self.items()]

    def items(self) -> list[tuple[K, V]]:
        """List the keys and values, those used longest ago first."""
        with self._lock:
            return list(self._entries.items())
