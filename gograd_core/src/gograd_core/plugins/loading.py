"""Finding installed plugins and loading them, each independently of the others."""

from __future__ import annotations

import functools
import itertools
import os
import time
from collections.abc import Iterable, Mapping
from typing import Any

import attrs
import importlib_metadata
import pluggy

from gograd_core.errors import TOO_EARLY, InvalidOperationError, PluginError
from gograd_core.namespaces.per_registry import Scope
from gograd_core.op import Op
from gograd_core.op.metadata import Provider
from gograd_core.plugins import hookspecs
from gograd_core.plugins.isolation import apart
from gograd_core.plugins.names import canonical, claimed_by, plugin_names, spoken
from gograd_core.plugins.records import PluginRecord
from gograd_core.plugins.versions import unmet
from gograd_core.version import __version__

__all__ = ["ENTRY_POINT_GROUP", "displays", "in_words", "load_plugins", "plugin_modules"]

ENTRY_POINT_GROUP = "gograd.ops"
DISPLAY_GROUP = "gograd.display"
LOADERS = ("gograd_core", "importlib", "importlib_metadata", "pluggy")
"""Packages that load plugins: an error that is raised in them is still the plugin's."""


@attrs.frozen(eq=False, repr=False)
class _Choice:
    """Which plugins to load: for each switch, the names in it ("DISTRIBUTION" or "DISTRIBUTION:ENTRY_POINT")."""

    blocking: Mapping[str, set[str]]
    only: Mapping[str, set[str]]

    @classmethod
    def of(cls, only: Iterable[str] | None, block: Iterable[str]) -> _Choice:
        blocking = {
            "GOGRAD_DISABLE_PLUGINS": _from_environment("GOGRAD_DISABLE_PLUGINS"),
            "the argument block": set(map(canonical, block)),
        }
        if only is not None:
            return cls(blocking, {"the argument only": set(map(canonical, only))})
        chosen = _from_environment("GOGRAD_ONLY_PLUGINS")
        return cls(blocking, {"GOGRAD_ONLY_PLUGINS": chosen} if chosen else {})

    def named(self) -> set[str]:
        return set().union(*self.blocking.values(), *self.only.values())

    def against(self, provider: Provider) -> str:
        """Name the switch that keeps a plugin from being loaded; empty if none does."""
        names = plugin_names(provider)
        for switch, blocked in self.blocking.items():
            if names & blocked:
                return f"by {switch}"
        for switch, wanted in self.only.items():
            if not names & wanted and provider.distribution != "gograd-core":
                return f"by {switch}, which does not name it"
        return ""


def load_plugins(
    only: Iterable[str] | None, block: Iterable[str], *, scope: Scope, strict: bool = False
) -> tuple[tuple[PluginRecord, ...], list[str]]:
    """Load all installed plugins that are chosen, in the order of their names, for the registry that has this scope.

    The environment variables ``GOGRAD_ONLY_PLUGINS`` and ``GOGRAD_DISABLE_PLUGINS`` choose as well.

    Returns:
        What became of each plugin, and complaints about chosen names that are not installed.

    Raises:
        PluginError: something is wrong and `strict` is true.
    """
    choice = _Choice.of(only, block)
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    found = _find()
    installed = {name for provider, _ in found for name in plugin_names(provider)}
    unknown = choice.named() - installed
    if unknown:  # unless they name what draws
        unknown -= {name for provider, _ in _find(DISPLAY_GROUP) for name in plugin_names(provider)}
    complaints = [f"gograd plugin {name!r} was chosen or blocked, but is not installed" for name in sorted(unknown)]
    if strict and complaints:
        raise PluginError(complaints[0])
    return tuple(_load(manager, *each, choice, scope, strict) for each in found), complaints


def plugin_modules(distribution: str) -> list[str]:
    """List the modules that the entry points of a distribution name, in their order; none if it has no plugin."""
    return [
        entry_point.module
        for provider, entry_point in _find()
        if provider.distribution == canonical(distribution) and not isinstance(entry_point, Exception)
    ]


def displays(
    only: Iterable[str] | None, block: Iterable[str]
) -> list[tuple[Provider, importlib_metadata.EntryPoint | Exception]]:
    """List what shows neurons in notebooks, among the plugins that are chosen."""
    choice = _Choice.of(only, block)
    return [each for each in _find(DISPLAY_GROUP) if not choice.against(each[0])]


def _find(group: str = ENTRY_POINT_GROUP) -> list[tuple[Provider, importlib_metadata.EntryPoint | Exception]]:
    """Read the entry points of each distribution separately, as one may be damaged. Nothing else reads them."""
    found: list[tuple[Provider, importlib_metadata.EntryPoint | Exception]] = []
    names = set()
    for distribution in importlib_metadata.distributions():
        provider = None
        try:
            if group not in (distribution.read_text("entry_points.txt") or ""):
                continue
            headers = _headers(distribution)
            provider = Provider(canonical(headers.get("Name", [""])[0] or distribution.name))
            if provider.distribution in names:  # hidden by an earlier one on sys.path
                continue
            names.add(provider.distribution)
            provider = attrs.evolve(provider, version=headers.get("Version", [""])[0] or distribution.version)
            requires = headers.get("Requires-Dist") or distribution.requires or ()
            for entry_point in distribution.entry_points.select(group=group):
                known = attrs.evolve(provider, entry_point=entry_point.name)
                missing = unmet(requires, "gograd-core", __version__)
                needs = PluginError(f"it needs {missing}, and gograd-core {__version__} is installed")
                found.append((known, needs if missing else entry_point))
        except Exception as error:
            found.append((provider or Provider(f"a distribution in {distribution.locate_file('')}"), error))
    return sorted(found, key=lambda pair: (pair[0].distribution, pair[0].entry_point))


def _headers(distribution: Any) -> dict[str, list[str]]:
    """Read the headers of a distribution. importlib-metadata parses an e-mail for them, which takes long."""
    text = distribution.read_text("METADATA") or distribution.read_text("PKG-INFO") or ""
    headers: dict[str, list[str]] = {}
    for line in text.replace("\r\n", "\n").partition("\n\n")[0].replace("\n ", " ").replace("\n\t", " ").split("\n"):
        header, _, value = line.partition(":")
        headers.setdefault(header, []).append(value.strip())
    return headers


def _load(
    manager: pluggy.PluginManager,
    provider: Provider,
    entry_point: importlib_metadata.EntryPoint | Exception,
    choice: _Choice,
    scope: Scope,
    strict: bool,
) -> PluginRecord:
    record = PluginRecord(provider.distribution, provider.version, provider.entry_point, "loaded")
    if switch := choice.against(provider):
        return attrs.evolve(record, status="blocked", reason=switch)
    start = time.perf_counter()
    try:
        if isinstance(entry_point, Exception):
            raise entry_point
        slips: list[str] = []
        operations = apart(functools.partial(_import, manager, provider, entry_point, scope), slips)
        reason = f"{' and '.join(dict.fromkeys(slips))}, which was undone" if slips else ""
        return attrs.evolve(record, operations=operations, reason=reason, seconds=time.perf_counter() - start)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a plugin may fail in any way, and hurts only itself
        seconds = time.perf_counter() - start
        record = attrs.evolve(record, status="failed", reason=in_words(error), seconds=seconds)
        if strict:
            raise PluginError(f"gograd plugin {record}") from error
        if manager.has_plugin(provider.plugin):
            manager.unregister(name=provider.plugin)
        return record


def _import(
    manager: pluggy.PluginManager, provider: Provider, entry_point: importlib_metadata.EntryPoint, scope: Scope
) -> tuple[Op, ...]:
    """Import and register a plugin, and return its operations."""
    plugin = entry_point.load()
    if manager.is_registered(plugin):
        raise PluginError(f"its module is already loaded, as {manager.get_name(plugin)}")
    manager.register(plugin, provider.plugin)
    return _collect(manager, plugin, provider, scope)


def in_words(error: BaseException) -> str:
    """Say what an error of a plugin is, and where it was raised."""
    try:
        return f"{type(error).__name__}: {error}{_place(error)}"
    except Exception:  # even its message may fail
        return type(error).__name__


def _place(error: BaseException) -> str:
    """Find where an error was raised, outside of gograd and of Python's imports, as " (FILE:LINE)"; may be empty."""
    place, entry = "", error.__traceback__
    while entry is not None:
        frame = entry.tb_frame
        name, package = frame.f_code.co_filename, frame.f_globals.get("__name__", "").partition(".")[0]
        if not name.startswith("<") and package not in LOADERS:
            place = f" ({name}:{entry.tb_lineno})"
        entry = entry.tb_next
    return place


def _collect(manager: pluggy.PluginManager, plugin: Any, provider: Provider, scope: Scope) -> tuple[Op, ...]:
    """Collect the operations of one registered plugin, and check them."""
    manager.check_pending()  # a function marked with hookimpl whose name is not a hook
    hooks = [hook for hook in manager.hook.gograd_ops.get_hookimpls() if hook.plugin is plugin]
    if not hooks and getattr(getattr(plugin, "__spec__", None), "_initializing", False):
        raise RuntimeError(TOO_EARLY)  # its import, still under way, led to this look-up
    if not hooks:
        raise PluginError("it has no function gograd_ops marked with gograd_core.hookimpl")
    results: list[Any] = [hook.function() for hook in hooks]
    for returned in results:
        if not isinstance(returned, Iterable):
            raise InvalidOperationError(f"gograd_ops() returned {returned!r}, expected an iterable of Op")
    operations = []
    taken: set[str] = set()
    for op in itertools.chain.from_iterable(results):
        if not isinstance(op, Op):
            raise InvalidOperationError(f"gograd_ops() returned {op!r} among its operations, expected an Op")
        claims = set(claimed_by(op))
        if claims & taken:
            twice = ", ".join(map(spoken, sorted(claims & taken)))
            raise InvalidOperationError(f"gograd_ops() returned two operations for {twice}")
        taken |= claims
        # The engine's own operations have their provider, since the engine uses these very objects in every registry.
        operations.append(op if op.provider == provider else attrs.evolve(op, provider=provider, scope=scope))
    return tuple(operations)


def _from_environment(variable: str) -> set[str]:
    return {canonical(name) for name in os.environ.get(variable, "").split(",") if name.strip()}
