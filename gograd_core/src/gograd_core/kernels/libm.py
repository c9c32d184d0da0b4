"""Functions of the C library that are not in the array API standard, for "c" in an operation's `implementations`.

If Python's `math` just calls the C function of that name, native code may do so too:
``implementations={"scalar": math.erf, "c": "gograd_core.kernels.libm:erf"}``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from gograd_core.kernels.symbols import Symbol

__all__ = ["cbrt", "erf", "erfc", "exp2", "fma"]


def _function(name: str) -> Callable[..., Any]:
    def call(*args: Any) -> Any:
        for arg in args:
            if isinstance(arg, Symbol):
                return arg.library.call(name, *args)
        return getattr(math, name)(*args)

    call.__name__ = call.__qualname__ = name
    call.__doc__ = f"C's {name}."
    return call


cbrt, erf, erfc, exp2, fma = map(_function, __all__)
