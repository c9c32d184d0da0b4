"""The node of the graph: a number that remembers which operation made it, and of what."""

from __future__ import annotations

import itertools
import operator
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn, final

import attrs

from gograd_core import backward as _backward
from gograd_core import recording, registry
from gograd_core.errors import RuleError
from gograd_core.evaluation import as_float, as_numbers, describe, judge, run_rule
from gograd_core.namespaces import Column
from gograd_core.tree import flatten

if TYPE_CHECKING:
    from gograd_core.op import Op

__all__ = ["RESERVED_NAMES", "Neuron", "apply", "is_operand", "next_stamp", "zero_grad"]

Method = Callable[..., Any]

next_stamp = itertools.count(1).__next__
_new = object.__new__
_setting = threading.Lock()


def _operator(symbol: str) -> tuple[Method, Method]:
    """The two methods as long as no operation is known that implements the operator."""

    def method(self: Neuron, other: Any) -> Any:
        return registry.active[f"{symbol} 2"](self, other) if is_operand(other) else NotImplemented

    def reflected(self: Neuron, other: Any) -> Any:
        return registry.active[f"{symbol} 2"](other, self) if is_operand(other) else NotImplemented

    return method, reflected


def _sign(symbol: str) -> Method:
    def method(self: Neuron) -> Any:
        return registry.active[f"{symbol} 1"](self)

    return method


def is_operand(other: Any) -> bool:
    """Whether an operator of Neuron takes it: a number or an array, not (say) a string."""
    if type(other) is Neuron or hasattr(other, "__array_namespace__"):
        return True
    try:
        as_float(other, "")
    except TypeError:
        return False
    return True


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
        self._stamp = next_stamp()
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
        number = as_float(value, "Neuron.value")
        with _setting:  # the last setting must not go back in time when several threads set leaves
            self._value = number
            self._stamp = _backward.last_setting = next_stamp()

    @property
    def grad(self) -> float:
        """The derivatives that `backward` has added up since `zero_grad` (a leaf), or that of the last sweep."""
        return float(getattr(self, "_grad", 0.0))

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

    if TYPE_CHECKING:  # the methods that `bind` gives it

        def __getattr__(self, name: str) -> Callable[..., Any]: ...

    def __repr__(self) -> str:
        label = f", label={self.label!r}" if self.label else ""
        operation = f", operation={self._operation.name!r}" if self._operation else ""
        return f"Neuron({self._value!r}, grad={self.grad!r}{label}{operation})"

    def __format__(self, spec: str) -> str:
        return format(self._value, spec) if spec else str(self)

    def __bool__(self) -> bool:
        return self._value != 0.0

    __add__, __radd__ = _operator("+")
    __sub__, __rsub__ = _operator("-")
    __mul__, __rmul__ = _operator("*")
    __truediv__, __rtruediv__ = _operator("/")
    __floordiv__, __rfloordiv__ = _operator("//")
    __mod__, __rmod__ = _operator("%")
    __pow__, __rpow__ = _operator("**")
    __neg__ = _sign("-")
    __abs__ = _sign("abs")
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


def _restore(value: float, label: str, grad: float) -> Neuron:
    leaf = Neuron(value, label)
    leaf.grad = grad
    return leaf


def apply(op: Op, entries: tuple[Any, ...]) -> Any:
    """`op` of numbers and neurons (of its columns' entries in a row), judged and recorded."""
    if op.arity == 1 and type(entries[0]) is Neuron:  # the common case first, as in `binding`
        try:
            out = op.forward(op.xp, entries[0]._value)
        except Exception:
            out = None
        if type(out) is float and out - out == 0.0 and not recording.pauses:
            return _node(op, out, entries)
    constituents: list[Any] = []
    values: list[float] = []
    involved = False
    for entry in entries:
        if type(entry) is Neuron:
            involved = True
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
        if isinstance(out, Column):
            raise RuleError(f"forward of {op.title} returned a column, expected a real number")
        (out,) = as_numbers(op, out, 1, "forward")
    if out - out != 0.0:
        judge(op, values, out, lambda: describe(op, constituents))
    if not involved:
        return out
    if not recording.is_recording():
        return Neuron(out)
    return _node(op, out, tuple(constituents))


def _node(op: Op, out: float, constituents: tuple[Any, ...]) -> Neuron:
    node = _new(Neuron)
    node._value = out
    node._operation = op
    node._constituents = constituents
    node._stamp = next_stamp()
    node._mark = None
    return node


def zero_grad(neurons: Any) -> None:
    """Set the `grad` of neurons to 0.0: of one, of any iterable, of nested lists, dicts or arrays of them.

    Raises:
        TypeError: there is something else among them; nothing is changed then.
    """
    nested = isinstance(neurons, (Neuron, list, tuple, dict)) or hasattr(neurons, "__array_namespace__")
    found, _ = flatten(neurons if nested else list(neurons))
    for neuron in found:
        if type(neuron) is not Neuron:
            raise TypeError(f"zero_grad() expects neurons, got {neuron!r}")
    for neuron in found:
        neuron.grad = 0.0
