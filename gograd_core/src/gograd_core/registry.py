"""From names and Python operators to operations."""

from __future__ import annotations

import re
import threading
import warnings
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING

import attrs

from gograd_core.errors import InvalidOperationError, PluginWarning, UnknownOperationError
from gograd_core.operations import Operations

if TYPE_CHECKING:
    from gograd_core.op import Op
    from gograd_core.plugins import PluginRecord

__all__ = ["OWN_DISTRIBUTIONS", "Registry", "active", "ops"]

OWN_DISTRIBUTIONS = {
    "gograd-core": "the engine's own operations",
    "gograd-ops-basic": "the operators of Python: arithmetic and comparisons",
    "gograd-ops-extra": "the functions of mathematics",
    "gograd-ops-special": "the special functions of SciPy",
}
"""gograd's own distributions of operations, and what each provides. Their names cannot be taken."""

BY_HAND = "registered by hand"

# How operators, and functions of Python's math, are claimed: "+ 2", "math.hypot *"
_OPERATOR = re.compile(r"(\S+) ([\d*])")


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
        raise UnknownOperationError(self._explain(name))

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
            PluginError: a plugin could not be loaded and the registry is strict.
            RuntimeError: called while plugins are being loaded, by one of them.
        """
        with self._lock:
            if self._loaded:
                return
            if self._loading:
                raise RuntimeError(
                    "a plugin looked up or registered an operation while plugins are being loaded: return "
                    "operations from the hook gograd_ops, and look others up through xp when a rule runs"
                )
            self._loading = True
            try:
                from gograd_core import plugins  # with pluggy and importlib-metadata: not before it is needed

                records = plugins.load_plugins(self._only, self._block, strict=self._strict)
            finally:
                self._loading = False
            self._settle(records)
        for record in self._records:
            for complaint in record.complaints():
                warnings.warn(complaint, PluginWarning, stacklevel=2)

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

    def _settle(self, records: tuple[PluginRecord, ...]) -> None:
        """Decide who has each name, and only then let everybody see it."""
        claims: dict[str, list[Op]] = {}
        for op in (*(op for record in records for op in record.operations), *self._by_hand):
            for claim in claimed_by(op):
                claims.setdefault(claim, []).append(op)
        owners = {claim: owner for claim, ops in claims.items() if (owner := _owner(ops)) is not None}
        self._records = tuple(attrs.evolve(record, refused=_refusals(record, claims, owners)) for record in records)
        self._claims, self._owners = claims, owners
        self._loaded = True
        if active is self:
            self._bind()

    def _bind(self) -> None:
        """Make the operations the methods and operators of `Neuron`."""
        from gograd_core import binding  # which imports this module

        binding.bind(self._owners if self._loaded else None)

    def _explain(self, name: str) -> str:
        """Why there is no such operation, and what to do."""
        claimants = self._claims.get(name, ())
        if claimants:
            first = claimants[0].provider
            return (
                f"{spoken(name)} is claimed by {' and by '.join(str(op.provider) for op in claimants)}, so none "
                f'has it. Take ops["{first and first.distribution}:{claimants[0].name}"], or block one: '
                f"GOGRAD_DISABLE_PLUGINS={first and first.distribution}"
            )
        parts = [f"no installed operation {'implements' if _OPERATOR.fullmatch(name) else 'is'} {spoken(name)}."]
        import difflib  # for messages alone

        nearest = difflib.get_close_matches(name, [claim for claim in self._owners if claim.isidentifier()], n=1)
        if nearest:
            parts.append(f"Did you mean {nearest[0]!r}?")
        present = {record.distribution for record in self._records}
        missing = {name: provides for name, provides in OWN_DISTRIBUTIONS.items() if name not in present}
        if not self._discovers:
            parts.append("This registry holds only what was registered by hand.")
        elif missing:
            parts.append("Not installed here: " + ", ".join(f"{d} ({p})" for d, p in missing.items()) + ".")
            parts.append("Install with: pip install " + " ".join(missing))
        failed = [record for record in self._records if record.status != "loaded"]
        if failed:
            parts.append("Plugins that were left out: " + "; ".join(map(str, failed)))
        if len(parts) == 1:
            parts.append("`gograd ops` lists those that are installed.")
        return " ".join(parts)

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


def canonical(name: str) -> str:
    """The name of a distribution as PEP 503 normalises it."""
    return re.sub(r"[-_.]+", "-", name.strip()).lower()


def claimed_by(op: Op) -> tuple[str, ...]:
    """The names of an operation, and what it is to Python with the number of inputs ("- 1" is the sign)."""
    operator = () if op.operator is None else (f"{op.operator} {op.arity}",)
    function = () if op.math is None else (f"math.{op.math} {'*' if op.variadic else op.arity}",)
    return tuple(dict.fromkeys((op.name, *op.aliases))) + operator + function


def spoken(claim: str) -> str:
    """What is claimed, in words."""
    operator = _OPERATOR.fullmatch(claim)
    if operator is None:
        return repr(claim)
    kind = "function" if operator[1].startswith("math.") else "operator"
    return f"the {kind} {operator[1]!r} with {operator[2].replace('*', 'any number of')} input(s)"


def _owner(claimants: list[Op]) -> Op | None:
    """Who has a name: the only claimant, else the one of gograd's own, else nobody."""
    if len(claimants) == 1:
        return claimants[0]
    own = [op for op in claimants if op.provider and op.provider.distribution in OWN_DISTRIBUTIONS]
    return own[0] if len(own) == 1 else None


def _refusals(record: PluginRecord, claims: dict[str, list[Op]], owners: dict[str, Op]) -> dict[str, str]:
    """Which names a plugin claims without having them, and why."""
    refused = {}
    for op in record.operations:
        for claim in claimed_by(op):
            owner = owners.get(claim)
            if owner is None:
                others = ", ".join(str(other.provider) for other in claims[claim] if other is not op)
                refused[claim] = f"{spoken(claim)} is claimed by {others} too, so none has it"
            elif owner is not op:
                refused[claim] = f"{spoken(claim)} belongs to {owner.provider}"
    return refused


active = Registry()
ops = Operations(lambda: active)
