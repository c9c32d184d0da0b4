"""Finding installed plugins and loading them, each by itself."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal

import attrs
import importlib_metadata
import pluggy

from gograd_core import hookspecs
from gograd_core.errors import InvalidOperationError, PluginError
from gograd_core.op import Op, Provider

__all__ = ["ENTRY_POINT_GROUP", "PluginRecord", "load_plugins"]

ENTRY_POINT_GROUP = "gograd.ops"


@attrs.frozen
class PluginRecord:
    """What became of one plugin: an entry point of an installed distribution.

    Attributes:
        status: "loaded"; "failed", left out whole; or "blocked", not even imported.
        reason: why it was not loaded.
        operations: what it provides.
        refused: names (and operators) it claims and does not have, with the reason.
    """

    distribution: str
    version: str
    entry_point: str
    status: Literal["loaded", "failed", "blocked"]
    reason: str = ""
    operations: tuple[Op, ...] = ()
    refused: Mapping[str, str] = attrs.field(factory=dict)

    def __str__(self) -> str:
        reason = f": {self.reason}" if self.reason else ""
        return f"{self.distribution} {self.version} ({self.entry_point}) {self.status}{reason}"

    def complaints(self) -> list[str]:
        """What the user should hear about it."""
        failure = [f"gograd plugin left out: {self}"] if self.status == "failed" else []
        return failure + [f"gograd plugin {self.distribution} {self.version}: {why}" for why in self.refused.values()]


def load_plugins(only: Iterable[str] | None, block: Iterable[str], *, strict: bool = False) -> tuple[PluginRecord, ...]:
    """Load every installed plugin that is chosen, in the order of their names.

    The environment chooses as well: ``GOGRAD_ONLY_PLUGINS`` and ``GOGRAD_DISABLE_PLUGINS``.

    Raises:
        PluginError: one could not be loaded and `strict` is true.
    """
    wanted = _from_environment("GOGRAD_ONLY_PLUGINS") if only is None else set(map(_canonical, only))
    blocked = _from_environment("GOGRAD_DISABLE_PLUGINS") | set(map(_canonical, block))
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    return tuple(_load(manager, *found, wanted, blocked, strict) for found in _find())


def _find() -> list[tuple[Provider, importlib_metadata.EntryPoint]]:
    """The one place where entry points are read."""
    found = []
    for entry_point in importlib_metadata.entry_points(group=ENTRY_POINT_GROUP):
        distribution = entry_point.dist
        name = _canonical(distribution.name) if distribution else "unknown"
        version = distribution.version if distribution else ""
        found.append((Provider(name, version, entry_point.name), entry_point))
    return sorted(found, key=lambda pair: (pair[0].distribution, pair[0].entry_point))


def _load(
    manager: pluggy.PluginManager,
    provider: Provider,
    entry_point: importlib_metadata.EntryPoint,
    wanted: set[str],
    blocked: set[str],
    strict: bool,
) -> PluginRecord:
    name = f"{provider.distribution}:{provider.entry_point}"
    names = {provider.distribution, _canonical(name)}
    record = PluginRecord(provider.distribution, provider.version, provider.entry_point, "loaded")
    if names & blocked or (wanted and not names & wanted and provider.distribution != "gograd-core"):
        return attrs.evolve(
            record, status="blocked", reason="by GOGRAD_DISABLE_PLUGINS, GOGRAD_ONLY_PLUGINS or block/only"
        )
    try:
        plugin = entry_point.load()
        manager.register(plugin, name)
        return attrs.evolve(record, operations=_collect(manager, plugin, provider))
    except (Exception, SystemExit) as error:  # a plugin may fail in any way, and hurts itself alone
        reason = f"{type(error).__name__}: {error}"
        if strict:
            raise PluginError(f"{name} {provider.version} could not be loaded: {reason}") from error
        if manager.has_plugin(name):
            manager.unregister(name=name)
        return attrs.evolve(record, status="failed", reason=reason)


def _collect(manager: pluggy.PluginManager, plugin: Any, provider: Provider) -> tuple[Op, ...]:
    """The operations of one registered plugin, all of them valid."""
    manager.check_pending()  # a function marked with hookimpl whose name is no hook
    hooks = [hook for hook in manager.hook.gograd_ops.get_hookimpls() if hook.plugin is plugin]
    if not hooks:
        raise PluginError("it has no function gograd_ops marked with gograd_core.hookimpl")
    returned = hooks[0].function()
    if not isinstance(returned, Iterable):
        raise InvalidOperationError(f"gograd_ops() returned {returned!r}, expected an iterable of Op")
    operations = []
    taken: set[str] = set()
    for op in returned:
        if not isinstance(op, Op):
            raise InvalidOperationError(f"gograd_ops() returned {op!r} among its operations, expected an Op")
        names = {op.name, *op.aliases}
        if names & taken:
            raise InvalidOperationError(
                f"gograd_ops() returned two operations named {', '.join(sorted(names & taken))}"
            )
        taken |= names
        operations.append(attrs.evolve(op, provider=provider))
    return tuple(operations)


def _canonical(name: str) -> str:
    """The name of a distribution as PEP 503 normalises it."""
    return re.sub(r"[-_.]+", "-", name.strip()).lower()


def _from_environment(variable: str) -> set[str]:
    return {_canonical(name) for name in os.environ.get(variable, "").split(",") if name.strip()}
