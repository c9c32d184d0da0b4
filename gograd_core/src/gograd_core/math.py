"""Python's `math` for neurons: with ``from gograd_core import math`` a program can be differentiated as it stands.

Every name of `math` is here. A function that is given a neuron, or a sequence with one, calls the operation of that
name. Given numbers, it is the function of `math`, errors included. `floor`, `ceil` and `trunc` of a neuron give an int,
as in `math`. A recorder follows the int as long as it is only used in arithmetic.
"""

from __future__ import annotations

import functools
import math as _math
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from gograd_core import current
from gograd_core.checked.comparisons import WHOLE
from gograd_core.engines import Neuron
from gograd_core.errors import UnknownOperationError
from gograd_core.followed import Followed, unfollowed
from gograd_core.plugins.builtin_ops import plain
from gograd_core.recording import failed, recorder

if TYPE_CHECKING:
    from gograd_core.op import Op

__all__ = [name for name in dir(_math) if not name.startswith("_")]  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    own = getattr(_math, name)
    if not callable(own):
        return globals().setdefault(name, own)
    return globals().setdefault(name, _to_integer(name, own) if name in WHOLE else _over_neurons(name, own))


def __dir__() -> list[str]:
    return __all__


def _over_neurons(name: str, own: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(own)
    def function(*args: Any, **kwargs: Any) -> Any:
        # An iterator can be read only once, and is read here.
        args = tuple([list(arg) if isinstance(arg, Iterator) else arg for arg in args])
        if not any(map(_holds_neuron, args)):
            return own(*args, **kwargs)
        op, are_entries = _operation(name, len(args))
        # isclose, for example: it has no derivative. (A recorder would not learn of it.)
        if kwargs and not any(op.partials) and recorder() is None:
            return own(*[getattr(arg, "_value", arg) for arg in args], **kwargs)
        if kwargs:
            failed()
            raise TypeError(f"math.{name}() of neurons takes no keywords, got {', '.join(kwargs)}")
        return op(args) if are_entries else op(*args)

    return function


def _to_integer(name: str, own: Callable[..., Any]) -> Callable[..., Any]:
    """Make a function that gives an int, for which Python asks the number itself."""

    @functools.wraps(own)
    def function(x: Any, /) -> Any:
        watching = recorder()
        neuron = unfollowed(x)
        if watching is None or type(neuron) is not Neuron or isinstance(x, int):
            return own(x)
        try:
            op, _ = _operation(name, 1)
        except UnknownOperationError:  # the recorder is told what the number is
            return own(x)
        try:
            number = own(neuron._value)
        except (ArithmeticError, ValueError):  # of NaN or an infinity
            failed()
            raise
        whole = plain(op(neuron))  # its slope is 0, and a derivative with respect to it must not even be asked for
        watching.guard(whole, "finite", 1)
        return Followed(whole, number)

    return function


def _operation(name: str, count: int) -> tuple[Op, bool]:
    """Find the operation that is ``math.NAME`` of `count` arguments, and whether these are a column's entries."""
    known = current.registry
    if f"math.{name} {count}" in known:
        return known[f"math.{name} {count}"], False
    if f"math.{name} *" in known and (name not in known or len(known[name].partials) != count):
        return known[f"math.{name} *"], True
    try:
        return known[name], False
    except UnknownOperationError as error:
        error.add_note(f"If math.{name} has no derivative, pass it numbers: x.value")
        raise


def _holds_neuron(arg: Any) -> bool:
    return type(arg) is Neuron or (isinstance(arg, Iterable) and any(type(entry) is Neuron for entry in arg))
