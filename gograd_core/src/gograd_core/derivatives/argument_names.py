"""How a function calls its arguments."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

__all__ = ["argument_names"]

POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def argument_names(function: Callable[..., Any], count: int) -> list[str]:
    """Name so many arguments by position, as the function does. Those that it does not name get their numbers: "x2"."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # it does not tell
        parameters = {}.values()
    known = [parameter.name for parameter in parameters if parameter.kind in POSITIONAL][:count]
    return known + [f"x{place}" for place in range(len(known), count)]
