"""Domains of operations: conditions in Python on the names of the inputs, such as "-1 <= x <= 1"."""

from __future__ import annotations

import builtins
import math
from collections.abc import Iterator, Mapping, Sequence
from types import CodeType
from typing import Any

__all__ = ["holds", "misfit"]

FUNCTIONS: Mapping[str, Any] = {
    **{name: getattr(builtins, name) for name in ("abs", "all", "any", "len", "max", "min", "sum")},
    **{name: value for name, value in vars(math).items() if not name.startswith("_")},
}
"""What a domain may use beside the inputs."""


def holds(domain: str, names: Sequence[str], inputs: Sequence[Any]) -> bool:
    """Return whether inputs (numbers, or columns as sequences of numbers) lie in a domain.

    Raises whatever the condition raises, but for ArithmeticError and ValueError, as of ``log(x) > 0`` at -1: there is
    no value, so they do not.
    """
    try:
        return not domain or bool(eval(domain, {**FUNCTIONS, **dict(zip(names, inputs, strict=True))}))
    except (ArithmeticError, ValueError):
        return False


def misfit(domain: str, names: Sequence[str]) -> str:
    """Say why a domain is not a condition on inputs of these names; empty if it is one."""
    try:
        code = compile(domain, "domain", "eval")
    except SyntaxError as error:
        return f"{error.msg}: it must be a condition in Python, such as '{names[0]} > 0'"
    unknown = sorted({name for name in _names(code) if name not in FUNCTIONS and name not in names})
    if not unknown:
        return ""
    known = "a function of math, nor abs, all, any, len, max, min or sum"
    return f"{unknown[0]!r} is neither an input ({', '.join(names)}) nor {known}"


def _names(code: CodeType) -> Iterator[str]:
    """List the names that a condition looks up, in generators and comprehensions too."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)
