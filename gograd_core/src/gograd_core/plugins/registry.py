"""From names and Python operators to operations."""

from __future__ import annotations

import sys
import threading
import warnings
from collections.abc import Iterable, Iterator
from types import FrameType
from typing import TYPE_CHECKING

import attrs

from gograd_core import current
from gograd_core.errors import TOO_EARLY, InvalidOperationError, PluginError, PluginWarning, UnknownOperationError
from gograd_core.namespaces.operations import Operations, ops
from gograd_core.namespaces.per_registry import Scope
from gograd_core.op import Op
from gograd_core.op.metadata import Provider, normalised
from gograd_core.plugins import binding
from gograd_core.plugins.names import canonical, claimants, claimed_by, explain, owner, plugin_names, refusals, spoken
from gograd_core.settings import Swap, completed

if TYPE_CHECKING:
    from typing import Any

    from gograd_core.interfaces import Node
    from gograd_core.plugins.records import PluginRecord

__all__ = ["Registry"]

BY_HAND = "registered by hand"
PATIENCE = 60.0  # seconds to wait for another thread that loads plugins


class Registry(Swap):
    """A set of operations, which are found by their names.

    The process-wide registry finds installed plugins at the first look-up. A registry that you make is independent of
    it. ``with registry:`` makes it the process-wide one inside the block, for all threads; this is meant for tests.

    Args:
        discover: whether to look for installed plugins; with False the registry is empty.
        only: load only these plugins: names of distributions, or "DISTRIBUTION:ENTRY_POINT".
        block: do not load, or even import, these plugins.
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
        super().__init__()
        if isinstance(only, str) or isinstance(block, str):
            raise TypeError("only and block take an iterable of names, not one string")
        self._only = None if only is None else tuple(only)
        self._block = tuple(block)
        self._strict = strict
        self._lock = threading.RLock()  # entered and left in C, unlike a Condition
        self._changed = threading.Condition(self._lock)  # of the loader, or of the operations
        self._loader: int | None = None  # the thread that is loading plugins
        self._discovers = discover
        self._loaded = not discover
        self._records: tuple[PluginRecord, ...] = ()
        self._by_hand: tuple[Op, ...] = ()
        self._claims: dict[str, list[Op]] = {}
        self._owners: dict[str, Op] = {}
        self.ops = Operations(lambda: self)
        self._scope = Scope(self.__getitem__, self.ops)

    def __getitem__(self, name: str) -> Op:
        try:
            return self._owners[name]
        except KeyError:
            self.load()
        found = self._find(name)
        if found is not None:
            return found
        if not isinstance(name, str):
            raise TypeError(f"operations are looked up by name, not by {name!r}")
        raise UnknownOperationError(
            explain(normalised(name), self._claims, self._owners, self._records, discovers=self._discovers)
        )

    def __contains__(self, name: object) -> bool:
        self.load()
        return self._find(name) is not None

    def _find(self, name: object) -> Op | None:
        """Find the operation NAME, "DISTRIBUTION:NAME" or "DISTRIBUTION:ENTRY_POINT:NAME"."""
        if not isinstance(name, str):
            return None
        plugin, colon, own_name = normalised(name).rpartition(":")
        if not colon:
            return self._owners.get(own_name)
        for op in self._claims.get(own_name, ()):
            if op.provider and canonical(plugin) in plugin_names(op.provider):
                return op
        return None

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names of the operations, sorted, without aliases."""
        return iter([op.name for op in self.operations() if self._owners.get(op.name) is op])

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def operations(self) -> list[Op]:
        """List all operations, including those whose name belongs to another, sorted by name and provider."""
        self.load()
        ops = {id(op): op for claimants in self._claims.values() for op in claimants}
        return sorted(ops.values(), key=lambda op: (op.name, str(op.provider)))

    def report(self) -> tuple[PluginRecord, ...]:
        """Report what became of every plugin that was found, sorted by distribution and entry point."""
        self.load()
        return self._records

    def load(self) -> None:
        """Find and load the plugins, if that has not happened yet.

        Raises:
            PluginError: something is wrong with a plugin, and the registry is strict.
            RuntimeError: a plugin called this while plugins were being loaded.
        """
        if not self._loaded:
            self._load(self._only, self._block, strict=self._strict, again=False)

    def load_plugins(
        self, *, only: Iterable[str] | None = None, block: Iterable[str] = (), strict: bool = False
    ) -> tuple[PluginRecord, ...]:
        """Find and load the plugins again, with a different choice. Operations registered by hand stay.

        The arguments are those of the constructor, and the errors those of `load`. If anything is raised, the registry
        stays as it was.

        Returns:
            What became of every plugin, as `report` gives it.
        """
        self._load(None if only is None else tuple(only), tuple(block), strict=strict, again=True)
        return self._records

    def _load(self, only: tuple[str, ...] | None, block: tuple[str, ...], *, strict: bool, again: bool) -> None:
        """Load in one thread at a time, without holding a lock: plugins are imported, and imports have locks too."""
        loads = False
        try:
            with self._lock:
                self._wait_for_other_threads()
                if self._loaded and not again:
                    return
                loads, self._loader = True, threading.get_ident()
            from gograd_core.plugins import loading  # with pluggy and importlib-metadata: not before it is needed

            records, complaints = loading.load_plugins(only, block, scope=self._scope, strict=strict)
            with self._lock:
                self._settle(records, self._by_hand, strict=strict)
                self._only, self._block, self._discovers = only, block, True
                complaints += [complaint for record in self._records for complaint in record.complaints()]
                by_hand = refusals(self._by_hand, self._claims, self._owners)
                complaints += [f"gograd operation {BY_HAND}: {why}" for why in by_hand.values()]
        finally:
            if loads:
                self._loader = None  # before anything is called, which an interrupt might prevent
                with self._lock:
                    self._changed.notify_all()
        for complaint in complaints:
            warnings.warn(complaint, PluginWarning, stacklevel=2)

    def _wait_for_other_threads(self) -> None:
        """Wait until no other thread loads plugins. A thread that is importing must not wait: it may be a plugin's."""
        if self._loader is None:
            return
        if self._loader == threading.get_ident() or _is_importing():
            raise RuntimeError(TOO_EARLY)
        if not self._changed.wait_for(lambda: self._loader is None, PATIENCE):
            raise RuntimeError(f"another thread has been loading plugins for {PATIENCE} seconds; perhaps {TOO_EARLY}")

    def register(self, op: Op) -> Op:
        """Add one operation by hand, and return it as it is registered (with a provider).

        Raises:
            InvalidOperationError: a name or operator of it is taken; the message says by whom.
        """
        if not isinstance(op, Op):
            raise InvalidOperationError(f"register() expects an Op, got {op!r}")
        self.load()
        with self._lock:
            self._wait_for_other_threads()
            for claim in claimed_by(op):
                if holders := self._claims.get(claim):
                    by_hand = holders[0] in self._by_hand
                    instead = "use a new Registry, or start Python again" if by_hand else "block that plugin"
                    raise InvalidOperationError(
                        f"operation {op.name!r}: {spoken(claim)} is taken by {holders[0].title}; "
                        f"choose another, or {instead}"
                    )
            op = attrs.evolve(op, provider=Provider(BY_HAND), scope=self._scope)
            self._settle(self._records, (*self._by_hand, op))
        return op

    def displayed(self, neuron: Node) -> dict[str, Any]:
        """Return what a notebook shows of a neuron besides its text; empty if no package that draws is installed."""
        if not self._discovers:
            return {}
        from gograd_core.plugins.display import display

        return display(neuron, self._only, self._block)

    def _settle(self, records: tuple[PluginRecord, ...], by_hand: tuple[Op, ...], *, strict: bool = False) -> None:
        """Decide who gets each name, and only then publish the result."""
        operations = (*(op for record in records for op in record.operations), *by_hand)
        claims = claimants(operations)
        owners = {claim: holder for claim, several in claims.items() if (holder := owner(several)) is not None}
        records = tuple(attrs.evolve(r, refused=refusals(r.operations, claims, owners)) for r in records)
        for complaint in (complaint for record in records for complaint in record.complaints()) if strict else ():
            raise PluginError(complaint) from InvalidOperationError(complaint)

        def show() -> None:
            self._records, self._by_hand, self._claims, self._owners = records, by_hand, claims, owners
            self._scope.publish(owners)
            self._loaded = True
            if current.registry is self:
                self._bind()

        completed(show)

    def _bind(self) -> None:
        """Make the operations the methods and operators of `Neuron`."""
        binding.bind(self._owners if self._loaded else None)
        ops._publish(self._owners)

    def _replaced(self) -> Registry:
        self.load()
        in_force: Registry = current.registry
        return in_force

    def _activate(self) -> None:
        current.registry = self
        self._bind()


def _is_importing() -> bool:
    """Return whether this thread is importing a module."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        spec = frame.f_globals.get("__spec__") if frame.f_code.co_name == "<module>" else None
        if getattr(spec, "_initializing", False):
            return True
        frame = frame.f_back
    return False


current.registry = Registry()
