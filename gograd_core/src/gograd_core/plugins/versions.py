"""Checks whether a distribution's requirement of gograd-core is met. pip only warns if it is not."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable
from itertools import zip_longest
from typing import Any

from gograd_core.plugins.names import canonical

__all__ = ["unmet"]

_REQUIREMENT = re.compile(r"([A-Za-z0-9._-]+)(?:\[.*?\])?\s*\(?([^;)]*)\)?\s*(;.*)?")
_CLAUSE = re.compile(r"(~=|==|!=|<=|>=|<|>)\s*v?(\d+(?:\.\d+)*)(\.\*)?\s*(?:,|$)")
_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
}


def unmet(requirements: Iterable[str], name: str, version: str) -> str:
    """Find the first requirement of the distribution `name` that its `version` does not meet; empty if there is none.

    Versions are compared by their release numbers (PEP 440). Clauses with a suffix, as in ">=1.0rc1", and requirements
    of extras count as met.
    """
    for requirement in requirements:
        parts = _REQUIREMENT.fullmatch(requirement.strip())
        if parts and canonical(parts[1]) == name and "extra" not in (parts[3] or ""):
            clauses = _CLAUSE.findall(parts[2])
            if not all(_meets(version, compare, bound, bool(star)) for compare, bound, star in clauses):
                return requirement
    return ""


def _meets(version: str, compare: str, bound: str, star: bool) -> bool:
    found, wanted = _release(version), _release(bound)
    prefix = len(wanted) - (compare == "~=")
    if compare in ("==", "!="):
        same = found[: len(wanted)] == wanted if star else _padded(found, wanted, operator.eq)
        return same is (compare == "==")
    if compare == "~=":
        return found[:prefix] == wanted[:prefix] and _padded(found, wanted, operator.ge)
    return _padded(found, wanted, _COMPARE[compare])


def _padded(found: tuple[int, ...], wanted: tuple[int, ...], compare: Callable[[Any, Any], Any]) -> bool:
    pairs = list(zip_longest(found, wanted, fillvalue=0))
    return bool(compare([pair[0] for pair in pairs], [pair[1] for pair in pairs]))


def _release(version: str) -> tuple[int, ...]:
    numbers = re.match(r"\d+(?:\.\d+)*", version)
    return tuple(map(int, numbers[0].split("."))) if numbers else ()
