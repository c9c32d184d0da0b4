"""Operations in files: described by name, distribution and version, and found again among those installed."""

from __future__ import annotations

import re
from typing import Any

from gograd_compile.errors import ProgramFileError
from gograd_compile.quoting import quoted
from gograd_core import Op
from gograd_core.extend import current, engine_operations

__all__ = ["describe", "find"]

SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+!-]{0,99}")
"""Distributions and versions must match this, since messages contain them as a part of a command."""
TYPES = {"name": str, "distribution": str, "version": str, "inputs": int, "variadic": bool}
"""The description of an operation: its entries, and their types."""


def describe(op: Op) -> dict[str, Any]:
    """Describe an operation as files do.

    Raises:
        TypeError: it does not come from an installed distribution, so it could not be found again.
    """
    provider = op.provider
    if not provider or not provider.version or _installed(provider.distribution, op.name) is not op:
        raise TypeError(
            f"{op.title} cannot be saved: it does not come from a distribution in which it could be found again"
        )
    return _facts(op)


def find(saved: list[Any]) -> list[Op]:
    """Find the operations that `describe` described.

    Raises:
        ProgramFileError: an operation is there twice, is not installed, is installed in another version, or takes
            other inputs. The message says what is needed, what is installed, and what to install.
    """
    names: set[tuple[str, str]] = set()
    for each in saved:
        if not isinstance(each, dict) or {key: type(value) for key, value in each.items()} != TYPES:
            raise ProgramFileError("an operation is not described as it should be")
        key = each["distribution"], each["name"]
        if key in names:  # checked before operations are looked up, which takes longer
            raise ProgramFileError(f"program.json has an operation twice: {quoted(each['name'])}")
        names.add(key)
    return [_found(each) for each in saved]


def _found(saved: dict[str, Any]) -> Op:
    distribution, version, name = saved["distribution"], saved["version"], saved["name"]
    if not SAFE.fullmatch(distribution) or not SAFE.fullmatch(version):
        raise ProgramFileError(
            f"an operation comes from something that is not a distribution: {quoted(distribution)} {quoted(version)}"
        )
    op = _installed(distribution, name)
    if op is not None and _facts(op) == saved:
        return op
    found = [record for record in current.registry.report() if record.distribution == distribution]
    unloaded = [record for record in found if record.status != "loaded"]
    advice = f"If you trust it: pip install {distribution}=={version}"
    if op is not None:
        there = f"installed: {op.title}, with {len(op.partials)} input(s)"
    elif unloaded:
        there, advice = f"it was not loaded: {'; '.join(map(str, unloaded))}", "Load that plugin first"
    elif found:
        there = f"installed: {'; '.join(map(str, found))}, which does not have it"
    else:
        there = f"{distribution} is not installed"
    wanted = f"the operation {quoted(name)} of {distribution} {version}, with {quoted(saved['inputs'])} input(s)"
    raise ProgramFileError(f"the program needs {wanted}; {there}. {advice}")


def _installed(distribution: str, name: str) -> Op | None:
    """Find an operation by distribution and name. The engine's own operations do not come from a plugin."""
    for op in engine_operations():
        if op.provider and (op.provider.distribution, op.name) == (distribution, name):
            return op
    key = f"{distribution}:{name}"
    return current.registry[key] if key in current.registry else None  # noqa: SIM401  # it has no get


def _facts(op: Op) -> dict[str, Any]:
    """Collect what must be equal where the program is loaded."""
    return {
        "name": op.name,
        "distribution": op.provider.distribution if op.provider else "",
        "version": op.provider.version if op.provider else "",
        "inputs": len(op.partials),
        "variadic": op.variadic,
    }
