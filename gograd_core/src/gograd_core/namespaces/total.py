"""Functions of one float that never raise: where they are not defined they give what IEEE 754 says."""

from __future__ import annotations

import functools
from collections.abc import Callable
from math import inf, nan
from typing import Any

__all__ = ["total"]


def total(
    function: Callable[[Any], float],
    outside: Callable[[Any], float] = lambda x: nan,
    overflow: Callable[[Any], float] = lambda x: inf,
) -> Callable[[Any], float]:
    """`function` of one input, one like those of the math module, giving infinities and NaN instead of exceptions.

    Args:
        function: raises ValueError outside its domain, OverflowError where the result is too large.
        outside: gives the value outside the domain, where some points may be poles.
        overflow: gives the infinity of the right sign.
    """

    @functools.wraps(function)
    def ieee(x: Any, /) -> float:
        try:
            return function(x)
        except OverflowError:
            return overflow(x)
        except ValueError:
            return outside(x)

    return ieee
