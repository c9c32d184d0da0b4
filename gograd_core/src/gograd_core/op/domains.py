"""Domains of operations: conditions in Python on the names of the inputs, such as "-1 <= x <= 1"."""

from __future__ import annotations

import builtins
import functools
import math
from collections.abc import Iterator, Mapping, Sequence
from types import CodeType
from typing import Any

from gograd_core.errors import InvalidOperationError

__all__ = ["inside", "misfit"]

FUNCTIONS: Mapping[str, Any] = {
    **{name: getattr(builtins, name) for name in ("abs", "all", "any", "len", "max", "min", "sum")},
    **{name: value for name, value in vars(math).items() if not name.startswith("_")},
}
"""What a domain may use beside the inputs."""


def inside(op: Any, point: Sequence[Any]) -> bool:
    """Return whether a point (for columns, their entries in a row) lies in the domain of an operation.

    Raises:
        InvalidOperationError: the domain is not a condition on the inputs.
    """
    inputs = op.columns(point) if op.variadic else point
    try:
        return not op.domain or bool(eval(op.domain, {**FUNCTIONS, **dict(zip(op.input_names, inputs, strict=True))}))
    except (ArithmeticError, ValueError):  # such as that of log(x) > 0 at -1
        return False
    except Exception as error:
        raise InvalidOperationError(f"operation {op.name!r}: domain {op.domain!r}: {error}") from error


@functools.lru_cache(maxsize=1024)
def misfit(domain: str, names: tuple[str, ...]) -> str:
    """Explain why a domain is not a condition on inputs of these names; empty if it is one."""
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
