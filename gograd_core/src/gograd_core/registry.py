"""From names and Python operators to operations."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING

import attrs

from gograd_core.claims import canonical, claimants, claimed_by, explain, owner, refusals, spoken
from gograd_core.errors import InvalidOperationError, PluginError, PluginWarning, UnknownOperationError
from gograd_core.operations import Operations

if TYPE_CHECKING:
    from gograd_core.op import Op
    from gograd_core.plugins import PluginRecord

__all__ = ["Registry", "active", "ops"]

BY_HAND = "registered by hand"


class Registry:
    """A set of operations under their names.

    The process has one, `active`, which finds installed plugins at the first look-up. One of your
    own is independent of it; ``with registry:`` makes it the process-wide one for a block, for all
    threads, which is meant for tests.

    Args:
        discover: look for installed plugins; False gives an empty registry.
        only: load these alone; names of distributions, or "DISTRIBUTION:ENTRY_POINT".
        block: do not load, and do not even import, these.
        strict: raise `PluginError` for a plugin that cannot be loaded, instead of a warning.

    Raises:
        TypeError: `only` or `block` is a single string.
    """

    def __init__(
        self,
        *,
        discover: bool = True,
        only: Iterable[str] | None = None,
        block: Iterable[str] = (),
        strict: bool = False,
    ) -> None:
        if isinstance(only, str) or isinstance(block, str):
            raise TypeError("only and block take an iterable of names, not one string")
        self._only = None if only is None else tuple(only)
        self._block = tuple(block)
        self._strict = strict
        self._lock = threading.RLock()
        self._loading = False
        self._discovers = discover
        self._loaded = not discover
        self._records: tuple[PluginRecord, ...] = ()
        self._by_hand: tuple[Op, ...] = ()
        self._claims: dict[str, list[Op]] = {}
        self._owners: dict[str, Op] = {}
        self._replaced: list[Registry] = []
        self.ops = Operations(lambda: self)

    def __getitem__(self, name: str) -> Op:
        try:
            return self._owners[name]
        except KeyError:
            self.load()
        if name in self._owners:
            return self._owners[name]
        if not isinstance(name, str):
            raise TypeError(f"operations are looked up by name, not by {name!r}")
        distribution, colon, own_name = name.partition(":")
        for op in self._claims.get(own_name, ()) if colon else ():
            if op.provider is not None and op.provider.distribution == canonical(distribution):
                return op
        message = explain(name, self._claims, self._owners, self._records, discovers=self._discovers)
        raise UnknownOperationError(message)

    def __contains__(self, name: object) -> bool:
        try:
            return isinstance(name, str) and self[name] is not None
        except UnknownOperationError:
            return False

    def __iter__(self) -> Iterator[str]:
        """The names of the operations, sorted, without aliases."""
        return iter([op.name for op in self.operations() if self._owners.get(op.name) is op])

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def operations(self) -> list[Op]:
        """Every operation, also those whose name belongs to another, sorted by name and provider."""
        self.load()
        ops = {id(op): op for claimants in self._claims.values() for op in claimants}
        return sorted(ops.values(), key=lambda op: (op.name, str(op.provider)))

    def report(self) -> tuple[PluginRecord, ...]:
        """What became of every plugin that was found, sorted by distribution and entry point."""
        self.load()
        return self._records

    def load(self) -> None:
        """Find and load the plugins, if that has not happened yet.

        Raises:
            PluginError: something is wrong with a plugin, and the registry is strict.
            RuntimeError: called while plugins are being loaded, by one of them.
        """
        with self._lock:
            if not self._loaded:
                self.load_plugins(only=self._only, block=self._block, strict=self._strict)

    def load_plugins(
        self, *, only: Iterable[str] | None = None, block: Iterable[str] = (), strict: bool = False
    ) -> tuple[PluginRecord, ...]:
        """Find and load the plugins anew, with another choice. What was registered by hand stays.

        Args and errors are those of the constructor and of `load`; if anything is raised, the
        registry is as before.

        Returns:
            What became of every plugin, as `report` gives it.
        """
        with self._lock:
            if self._loading:
                raise RuntimeError(
                    "a plugin looked up or registered an operation while plugins are being loaded: return "
                    "operations from the hook gograd_ops, and look others up through xp when a rule runs"
                )
            self._loading = True
            try:
                from gograd_core import plugins  # with pluggy and importlib-metadata: not before it is needed

                records, unknown = plugins.load_plugins(only, block, strict=strict)
            finally:
                self._loading = False
            self._settle(records, strict=strict)
            self._discovers = True
        for complaint in (*unknown, *(complaint for record in self._records for complaint in record.complaints())):
            warnings.warn(complaint, PluginWarning, stacklevel=2)
        return self._records

    def register(self, op: Op) -> Op:
        """Add one operation by hand, and return it as it is registered (with a provider).

        Raises:
            InvalidOperationError: a name or operator of it is taken; the message says by whom.
        """
        from gograd_core.facts import Provider
        from gograd_core.op import Op

        if not isinstance(op, Op):
            raise InvalidOperationError(f"register() expects an Op, got {op!r}")
        with self._lock:
            self.load()
            for claim in claimed_by(op):
                if self._claims.get(claim):
                    raise InvalidOperationError(
                        f"operation {op.name!r}: {spoken(claim)} is taken by {self._claims[claim][0].title}; "
                        "choose another, or block that plugin"
                    )
            op = attrs.evolve(op, provider=Provider(BY_HAND))
            self._by_hand += (op,)
            self._settle(self._records)
        return op

    def _settle(self, records: tuple[PluginRecord, ...], *, strict: bool = False) -> None:
        """Decide who has each name, and only then let everybody see it."""
        from gograd_core.scope import Scope  # which imports this module

        ops = (*(op for record in records for op in record.operations), *self._by_hand)
        claims = claimants(ops)
        owners = {claim: holder for claim, several in claims.items() if (holder := owner(several)) is not None}
        records = tuple(attrs.evolve(record, refused=refusals(record, claims, owners)) for record in records)
        for complaint in (complaint for record in records for complaint in record.complaints()) if strict else ():
            raise PluginError(complaint) from InvalidOperationError(complaint)
        scope = Scope(self.__getitem__, self.ops)
        for op in ops:
            op.enter(scope)
        self._records, self._claims, self._owners = records, claims, owners
        self.ops.publish(owners)
        self._loaded = True
        if active is self:
            self._bind()

    def _bind(self) -> None:
        """Make the operations the methods and operators of `Neuron`."""
        from gograd_core import binding  # which imports this module

        binding.bind(self._owners if self._loaded else None)
        ops.publish(self._owners)

    def __enter__(self) -> Registry:
        global active
        self.load()
        self._replaced.append(active)
        active = self
        self._bind()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        global active
        active = self._replaced.pop()
        active._bind()


active = Registry()
ops = Operations(lambda: active)
