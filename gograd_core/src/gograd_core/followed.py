"""Truth values and whole numbers that depend on neurons, while a recorder watches.

Without a recorder, comparisons give bools, and `floor` of the core's `math` gives ints. A recorder could not see what a
program does with these, so the program gets a `Followed` instead. Arithmetic and comparisons give further ones. They
decide nothing: the numbers remain in the graph. Any other use of the plain number (as a key of a dict, an index, a
text, in `range`, in a shift) gets it, and the recorder is told.
"""

from __future__ import annotations

import math
import numbers
import operator
from collections.abc import Callable
from typing import Any

from gograd_core import current, recording
from gograd_core.interfaces import Node
from gograd_core.python_operators import BINARY

__all__ = ["LARGEST", "Followed", "unfollowed"]

Method = Callable[..., Any]

LARGEST = 2**53
"""Floats hold every integer below this one."""


def _of_settled(function: Any) -> Any:
    """Make the method that applies `function` to the plain number."""
    return lambda self, *others: function(self.settled(), *others)


def _to_integer(function: Any) -> Any:
    """Make the method that rounds a float by `function`, and keeps an integer."""
    return lambda self: +self if isinstance(self._number, int) else function(self.settled())


class Followed:
    """An int, a bool or a float that depends on a neuron.

    To `isinstance` it is one of these, and it has the attributes of that class.

    Args:
        neuron: a neuron whose value is the number, rounded to a float.
        number: what the program would have without a recorder.
        sources: the followed numbers that it was computed from.
        most: how large it can be in any run.
    """

    __slots__ = ("_is_settled", "_most", "_neuron", "_number", "_sources")

    def __init__(self, neuron: Node, number: float, sources: tuple[Followed, ...] = (), most: float = math.inf) -> None:
        self._neuron = neuron
        self._number = number
        self._sources = sources
        self._most = most
        self._is_settled = False

    @property
    def __class__(self) -> type:
        return type(self._number)

    @__class__.setter
    def __class__(self, kind: type) -> None:
        raise TypeError(f"{kind.__name__} cannot become the class of a number")

    def __getattr__(self, name: str) -> Any:
        getattr(type(self._number), name)  # what it does not have decides nothing
        return getattr(self.settled(), name)

    def settled(self) -> Any:
        """Return the plain number, after telling the recorder that it decides what runs."""
        waiting = [self] if recording.recorder() is not None else []
        while waiting:
            each = waiting.pop()
            number = each._number
            if each._is_settled:
                continue
            each._is_settled = True
            if not each._sources or each._is_small():
                kind = "bool" if isinstance(number, bool) else "index"
                each._number = type(number)(recording.decided(each._neuron, kind, int(number)))
                if each is not self and each._number != number:
                    recording.failed()
                    raise ArithmeticError(f"{self._number!r} was computed from {number!r}, which is {each._number!r}")
            else:  # it is the same number if what it was computed from is
                waiting.extend(each._sources)
        return self._number

    def _is_small(self) -> bool:
        """Return whether it is an integer below `LARGEST`, after telling the recorder that this decides."""
        if isinstance(self._number, int) and self._most >= LARGEST:
            self._most = LARGEST - 1 if abs(self._neuron) < LARGEST else math.nan  # which is not asked about again
        return self._most < LARGEST

    def make_exact(self, *, is_small: bool = False) -> None:
        """Make sure that the neuron's value is the integer in every run, or else become a plain number.

        Args:
            is_small: whether the integer must also be below `LARGEST`.
        """
        is_exact = self._is_settled or not (self._sources or is_small) or not isinstance(self._number, int)
        if not is_exact and not self._is_small():
            self.settled()

    def __bool__(self) -> bool:
        truth = bool(self._number)
        if recording.recorder() is not None and not self._is_settled:
            truth = bool(recording.decided(self._neuron, "bool", int(truth)))
            if isinstance(self._number, bool):
                self._number, self._is_settled = truth, True
        return truth

    __hash__, __repr__, __format__ = map(_of_settled, (hash, repr, format))
    __index__, __int__, __float__, __complex__ = map(_of_settled, (operator.index, int, float, complex))
    __trunc__, __floor__, __ceil__ = map(_to_integer, (math.trunc, math.floor, math.ceil))

    def __pos__(self) -> Any:
        return _combined("+", operator.add, self, 0) if isinstance(self._number, bool) else self

    def __neg__(self) -> Any:
        if isinstance(self._number, int):
            return _combined("-", operator.sub, 0, self)
        return _combined("*", operator.mul, self, -1.0)

    def __abs__(self) -> Any:
        if self._is_settled:
            return abs(self._number)
        return Followed(abs(self._neuron), abs(self._number), self._sources, self._most)

    def __round__(self, digits: Any = None) -> Any:
        if isinstance(self._number, int) and (digits is None or digits >= 0):
            return +self
        return round(self.settled(), digits)

    def __invert__(self) -> int:
        if isinstance(self._number, bool):
            raise TypeError("~ of a comparison is -1 or -2, which are both true: write not, or ops.logical_not")
        return ~int(self)

    def __pow__(self, other: Any, modulo: Any = None) -> Any:
        if modulo is None:
            return _combined("**", operator.pow, self, other)
        return pow(self.settled(), _settled(other), _settled(modulo))

    def __divmod__(self, other: Any) -> Any:
        return self // other, self % other

    def __rdivmod__(self, other: Any) -> Any:
        return other // self, other % self

    def __copy__(self) -> Followed:
        return self

    def __deepcopy__(self, memo: object) -> Followed:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self._number), (self.settled(),)


def unfollowed(entry: Any) -> Any:
    """Return what stands for a number in a graph: the neuron of a followed number, or the plain one that it became."""
    if type(entry) is not Followed:
        return entry
    return entry._number if entry._is_settled else entry._neuron


def _plain(entry: Any) -> Any:
    return entry._number if type(entry) is Followed else entry


def _settled(entry: Any) -> Any:
    return entry.settled() if type(entry) is Followed else entry


def _most(entry: Any) -> float:
    return entry._most if type(entry) is Followed else abs(entry)


MOST: dict[str, Callable[[float, float], float]] = {
    "+": operator.add, "-": operator.add, "*": operator.mul, "//": lambda x, y: x, "%": lambda x, y: y,
}  # fmt: skip
"""How large the result of two integers can be, given how large these can be."""
LOGIC: dict[str, Callable[[Any, Any], Any]] = {
    "and": lambda x, y: x + y == 2, "or": lambda x, y: x + y > 0, "xor": lambda x, y: x != y,
}  # fmt: skip
"""The operators on bits, applied to truth values."""


def _is_number(entry: Any) -> bool:
    return isinstance(entry, numbers.Number)


def _is_in_graph(x: Any, y: Any) -> bool:
    """Return whether an operation can compute with both: one is a neuron, and the other is one or fits a float."""
    return current.Neuron in (type(x), type(y)) and all(type(z) is current.Neuron or _is_a_float(z) for z in (x, y))


def _is_a_float(number: Any) -> bool:
    """Return whether a float can hold a number exactly."""
    try:
        return isinstance(number, float) or (isinstance(number, int) and float(number) == number)
    except OverflowError:
        return False


def _is_finite(number: Any) -> bool:
    try:
        return math.isfinite(number)
    except (OverflowError, TypeError):
        return False


def _combined(symbol: str, compute: Method, left: Any, right: Any) -> Any:
    """Apply an arithmetic operator with a followed number on at least one side."""
    followed = tuple(entry for entry in (left, right) if type(entry) is Followed)
    if current.Neuron in (type(left), type(right)):
        return compute(unfollowed(left), unfollowed(right))
    if not (_is_number(left) and _is_number(right)):
        return NotImplemented
    if symbol in ("/", "//", "%") and type(right) is Followed and not right:  # the recorder is asked
        return compute(_plain(left), type(right._number)(0))  # in this run it is zero, whatever its number is
    try:
        number = compute(_plain(left), _plain(right))
    except ArithmeticError:
        number = math.inf
    are_whole = isinstance(left, int) and isinstance(right, int)
    stays = symbol != "**" and _is_finite(number)
    for entry in followed if stays and are_whole else ():
        entry.make_exact(is_small=symbol == "//")  # the quotient of larger floats may be another integer
    x, y = unfollowed(left), unfollowed(right)
    if not stays or not _is_in_graph(x, y):
        return compute(_settled(left), _settled(right))
    neuron, most = compute(x, y), math.inf
    if isinstance(number, int):
        most = MOST[symbol](_most(left), _most(right))
        if symbol in ("*", "//", "%"):
            neuron = neuron + 0.0  # an integer has no -0.0
    return Followed(neuron, number, followed, most)


def _compared(compare: Method, followed: Followed, other: Any) -> Any:
    if type(other) is not current.Neuron and not _is_number(other):
        return NotImplemented
    for entry in (followed, other):
        if type(entry) is Followed:
            entry.make_exact()
    x, y = unfollowed(followed), unfollowed(other)
    if type(other) is current.Neuron or _is_in_graph(x, y):
        return compare(x, y)
    return compare(_settled(followed), _settled(other))


def _of_bits(name: str, compute: Method, left: Any, right: Any) -> Any:
    if name in LOGIC and isinstance(left, bool) and isinstance(right, bool):
        return LOGIC[name](left, right)
    return compute(_settled(left), _settled(right))


def _add_operators() -> None:
    def give(name: str, method: Method, *first: Any) -> None:
        setattr(Followed, f"__r{name}__", lambda self, other: method(*first, other, self))
        if name != "pow":  # which takes a third number
            setattr(Followed, f"__{name}__", lambda self, other: method(*first, self, other))

    for symbol, name in BINARY.items():
        give(name, _combined, symbol, getattr(operator, name))
    for name, function in (("and", "and_"), ("or", "or_"), ("xor", "xor"), ("lshift", "lshift"), ("rshift", "rshift")):
        give(name, _of_bits, name, getattr(operator, function))
    for name in ("lt", "le", "gt", "ge", "eq", "ne"):
        compare = getattr(operator, name)
        setattr(Followed, f"__{name}__", lambda self, other, compare=compare: _compared(compare, self, other))


_add_operators()
