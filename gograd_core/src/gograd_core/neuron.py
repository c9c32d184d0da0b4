"""The node of the graph: a number that remembers which operation made it, and of what."""

from __future__ import annotations

import functools
import itertools
import operator
import threading
from collections.abc import Callable, Iterable
from contextlib import ContextDecorator
from contextvars import ContextVar, Token
from typing import TYPE_CHECKING, Any, NoReturn, final

import attrs

from gograd_core import backward as _backward
from gograd_core import registry, scalar
from gograd_core.evaluation import as_float, as_numbers, describe, judge, run_rule
from gograd_core.namespaces import Column

if TYPE_CHECKING:
    from gograd_core.op import Op

__all__ = ["OPERATORS", "RESERVED_NAMES", "Neuron", "add_methods", "apply", "no_grad", "zero_grad"]

OPERATORS: dict[str, tuple[int, ...]] = {
    "+": (2,), "-": (1, 2), "*": (2,), "/": (2,), "//": (2,), "%": (2,), "**": (2,), "abs": (1,),
    "<": (2,), "<=": (2,), ">": (2,), ">=": (2,), "==": (2,), "!=": (2,),
}  # fmt: skip
"""The operators of Python that operations may implement, with the numbers of inputs they take."""

_next_stamp = itertools.count(1).__next__
_new = object.__new__


def _binary(symbol: str) -> tuple[Callable[[Any, Any], Any], Callable[[Any, Any], Any]]:
    """The method of `Neuron`, and the reflected one, for the operation that implements an operator.

    The common case stands here, since most of an engine's time is spent in it: two numbers, a
    result that is a finite float. All else starts again in `apply`, which does the same with care.
    """
    key = f"{symbol}2"

    def method(self: Neuron, other: Any) -> Any:
        op = registry.active.operators[key]
        kind = type(other)
        if kind is Neuron:
            y = other._value
        elif kind is float:
            y = other
        elif kind is int:
            y = other = float(other)
        else:
            return op(self, other) if _is_operand(other) else NotImplemented
        try:
            out = op.forward(scalar, self._value, y)
        except Exception:
            out = None
        if type(out) is not float or out - out != 0.0 or _pauses:
            return apply(op, (self, other))
        node = _new(Neuron)
        node._value = out
        node._operation = op
        node._constituents = (self, other)
        node._stamp = _next_stamp()
        node._mark = None
        return node

    def reflected(self: Neuron, other: Any) -> Any:
        op = registry.active.operators[key]
        if type(other) is float or type(other) is int:
            return apply(op, (float(other), self))
        return op(other, self) if _is_operand(other) else NotImplemented

    return method, reflected


def _is_operand(other: Any) -> bool:
    """Whether an operator of Neuron takes it: a number or an array, not (say) a string."""
    if hasattr(other, "__array_namespace__"):
        return True
    try:
        as_float(other, "")
    except TypeError:
        return False
    return True


def _unary(symbol: str) -> Callable[[Any], Any]:
    key = f"{symbol}1"
    return lambda self: apply(registry.active.operators[key], (self,))


def _comparison(compare: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Compare values, as floats do: no operation is needed, and none is recorded."""
    return lambda self, other: compare(self._value, other._value if type(other) is Neuron else other)


@final
@attrs.define(eq=False, init=False, repr=False, weakref_slot=False, getstate_setstate=False)
class Neuron:
    """A number in a graph of operations.

    Made by hand it is a leaf, whose derivative `backward` collects; made by an operation it knows
    that operation and what went in. It may be used any number of times. It compares by value and
    hashes by identity.

    Args:
        value: a real number.
        label: a name for messages and pictures.

    Raises:
        TypeError: `value` is not a real number, or `label` not a string.
    """

    _value: float
    _operation: Op | None
    _constituents: tuple[Neuron | float, ...]
    # A clock: when the neuron was made, or its value set. Constituents are older than what was
    # made of them, so sorting by stamp is a topological order, and a younger leaf is a stale graph.
    _stamp: int
    _mark: object  # the last sweep that visited it
    _grad: Any  # a float; in the middle of a sweep that makes a graph, a Neuron. Unset until used.
    _label: str  # unset until used, which spares memory and time

    def __init__(self, value: Any, label: str = "") -> None:
        if type(value) is Neuron:
            raise TypeError(f"Neuron() expects a number, got {value!r}: pass its .value, or stop_gradient(x)")
        self._value = as_float(value, "Neuron()")
        self._operation = None
        self._constituents = ()
        self._stamp = _next_stamp()
        self._mark = None
        self._grad = 0.0
        self.label = label

    def __init_subclass__(cls) -> NoReturn:
        raise TypeError("Neuron is final: write an operation instead of a subclass")

    @property
    def value(self) -> float:
        """The number. It can be set on a leaf; what was computed from it is then stale."""
        return self._value

    @value.setter
    def value(self, value: Any) -> None:
        if self._operation is not None:
            raise AttributeError(f"only a leaf's value can be set; {self!r} was made by {self._operation.title}")
        self._value = as_float(value, "Neuron.value")
        self._stamp = _backward.last_setting = _next_stamp()

    @property
    def grad(self) -> float:
        """Of a leaf: the derivatives added up by `backward` since `zero_grad`. Else: the last sweep's."""
        grad: float = getattr(self, "_grad", 0.0)
        return grad

    @grad.setter
    def grad(self, grad: Any) -> None:
        self._grad = as_float(grad, "Neuron.grad")

    @property
    def operation(self) -> Op | None:
        """The operation that made the neuron; None for a leaf."""
        return self._operation

    @property
    def constituents(self) -> tuple[Neuron | float, ...]:
        """What went into the operation, neurons and constants in order; empty for a leaf."""
        return self._constituents

    @property
    def label(self) -> str:
        """A name for messages and pictures."""
        return getattr(self, "_label", "")

    @label.setter
    def label(self, label: str) -> None:
        if not isinstance(label, str):
            raise TypeError(f"Neuron.label expects a string, got {label!r}")
        self._label = label

    def backward(self, seed: float = 1.0) -> None:
        """Add the derivative of this neuron, times `seed`, to the `grad` of every leaf below it.

        Costs one evaluation of each partial. Interior gradients are overwritten.

        Raises:
            StaleGraphError: a leaf's value was set after the graph was made.
            DomainError: a derivative is not finite although its inputs are (see `errstate`).
            RuntimeError: called by a rule, on neurons of the sweep that is running the rule.

        Whatever is raised, the `grad` of every leaf is as before.
        """
        _backward.backward(self, as_float(seed, "backward(seed)"))

    if TYPE_CHECKING:  # the methods that `add_methods` gives it

        def __getattr__(self, name: str) -> Callable[..., Any]: ...

    def __repr__(self) -> str:
        label = f", label={self.label!r}" if self.label else ""
        operation = f", operation={self._operation.name!r}" if self._operation else ""
        return f"Neuron({self._value!r}, grad={self.grad!r}{label}{operation})"

    def __format__(self, spec: str) -> str:
        return format(self._value, spec) if spec else str(self)

    def __bool__(self) -> bool:
        return self._value != 0.0

    __add__, __radd__ = _binary("+")
    __sub__, __rsub__ = _binary("-")
    __mul__, __rmul__ = _binary("*")
    __truediv__, __rtruediv__ = _binary("/")
    __floordiv__, __rfloordiv__ = _binary("//")
    __mod__, __rmod__ = _binary("%")
    __pow__, __rpow__ = _binary("**")
    __neg__ = _unary("-")
    __abs__ = _unary("abs")
    __lt__ = _comparison(operator.lt)
    __le__ = _comparison(operator.le)
    __gt__ = _comparison(operator.gt)
    __ge__ = _comparison(operator.ge)
    __eq__ = _comparison(operator.eq)
    __ne__ = _comparison(operator.ne)
    __hash__ = object.__hash__

    def __reduce__(self) -> tuple[Any, ...]:
        """Copies and pickles hold a leaf's value, label and grad; a part of a graph has no copy."""
        if self._operation is not None:
            raise TypeError(f"{self!r} belongs to a graph and cannot be copied: copy leaves, or Neuron(x.value)")
        return _restore, (self._value, self.label, self.grad)

    def __pos__(self) -> Neuron:
        return self

    def _refuse(self, *_: object) -> NoReturn:
        raise TypeError(
            f"{self!r} cannot become a plain number, which would cut its graph silently. Take x.value; or "
            "stop_gradient(x), a neuron without derivative; or, instead of a function of the math module, the "
            "operation of that name: ops.sqrt(x) for math.sqrt(x)."
        )

    __float__ = __int__ = __complex__ = __round__ = __trunc__ = __floor__ = __ceil__ = _refuse


RESERVED_NAMES = frozenset(dir(Neuron))
"""What no operation may be called: Neuron's own attributes."""


def _operation_method(name: str) -> Callable[..., Any]:
    def method(self: Neuron, *others: Any) -> Any:
        return registry.active[name](self, *others)

    method.__name__ = name
    method.__doc__ = f"The operation {name!r} with this neuron as its first input."
    return method


def add_methods(names: Iterable[str]) -> None:
    """Let ``x.NAME(...)`` be ``ops.NAME(x, ...)``, looked up when it is called."""
    for name in names:
        if not hasattr(Neuron, name):
            setattr(Neuron, name, _operation_method(name))
    if "__getattr__" in vars(Neuron):
        del Neuron.__getattr__


def _discover_methods(self: Neuron, name: str) -> Any:
    """The first look-up may be a method. A class with __getattr__ is a third slower in everything,
    so this one stays only until the operations are known.
    """
    if name.startswith("_"):
        raise AttributeError(f"'Neuron' object has no attribute {name!r}")
    return functools.partial(registry.active[name], self)


Neuron.__getattr__ = _discover_methods  # type: ignore[method-assign]


def _restore(value: float, label: str, grad: float) -> Neuron:
    leaf = Neuron(value, label)
    leaf.grad = grad
    return leaf


def apply(op: Op, entries: tuple[Any, ...]) -> Any:
    """`op` of numbers and neurons (of its columns' entries in a row), judged and recorded."""
    if op.arity == 1 and type(entries[0]) is Neuron:  # the common case first, as in `_binary`
        try:
            out = op.forward(scalar, entries[0]._value)
        except Exception:
            out = None
        if type(out) is float and out - out == 0.0 and not _pauses:
            return _node(op, out, entries)
    constituents: list[Any] = []
    values: list[float] = []
    recorded = False
    for entry in entries:
        if type(entry) is Neuron:
            recorded = True
            constituents.append(entry)
            values.append(entry._value)
        else:
            constant = entry if type(entry) is float else as_float(entry, op.title)
            constituents.append(constant)
            values.append(constant)
    out = run_rule(op, op.forward, *(map(Column, op.columns(values)) if op.variadic else values))
    if type(out) is not float:
        if isinstance(out, bool):
            return out
        (out,) = as_numbers(op, out, 1, "forward")
    if out - out != 0.0:
        judge(op, values, out, lambda: describe(op, constituents))
    if not recorded:
        return out
    if _pauses and not _recording.get():
        return Neuron(out)
    return _node(op, out, tuple(constituents))


def _node(op: Op, out: float, constituents: tuple[Any, ...]) -> Neuron:
    node = _new(Neuron)
    node._value = out
    node._operation = op
    node._constituents = constituents
    node._stamp = _next_stamp()
    node._mark = None
    return node


def zero_grad(neurons: Any) -> None:
    """Set the `grad` of each of the neurons (one, or any iterable of them) to 0.0."""
    for neuron in (neurons,) if type(neurons) is Neuron else neurons:
        neuron.grad = 0.0


_recording: ContextVar[bool] = ContextVar("gograd_recording", default=True)
_pauses = 0  # how many no_grad blocks are open anywhere: nobody asks the slower ContextVar if none
_pauses_lock = threading.Lock()


class no_grad(ContextDecorator):
    """A block (or function) in which operations give leaves: no graph is recorded, none is kept."""

    _records = False

    def __init__(self) -> None:
        self._tokens: list[Token[bool]] = []

    def __enter__(self) -> None:
        global _pauses
        with _pauses_lock:
            _pauses += 1
        self._tokens.append(_recording.set(self._records))

    def __exit__(self, *_: object) -> None:
        global _pauses
        _recording.reset(self._tokens.pop())
        with _pauses_lock:
            _pauses -= 1


class recording(no_grad):
    """The contrary, inside a `no_grad` block: what a transform needs to differentiate."""

    _records = True
