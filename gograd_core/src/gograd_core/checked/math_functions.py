"""What the functions of the core's `math` are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["MathFunction"]


class MathFunction:
    """A function of Python's `math` that takes neurons, too.

    It is not a plain function, which would become a method in a class.

    Args:
        own: the function, which floats go to at once.
        otherwise: what is called with anything else. It has a method ``operation(count)``, which finds the operation
            that so many neurons and floats go to, or None: the native engine calls that at once.
    """

    __name__: str

    def __init__(self, own: Callable[..., Any], otherwise: Callable[..., Any]) -> None:
        self._own = own
        self._otherwise = otherwise

    def __call__(self, *args: Any, **named: Any) -> Any:
        if named or any(type(arg) is not float for arg in args):
            return self._otherwise(*args, **named)
        return self._own(*args)

    def __repr__(self) -> str:
        return f"<function {self.__module__}.{self.__name__}>"

    def __reduce__(self) -> str:
        return self.__name__  # found there in the module
