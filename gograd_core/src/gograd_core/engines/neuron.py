"""The node of the graph: a number that remembers which operation made it, and of what.

This class belongs to the Python engine. The native engine, `_native`, has the same class compiled.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn, final

from gograd_core import current, recording, settings
from gograd_core.checked import comparisons, operands
from gograd_core.checked import neuron as checked
from gograd_core.checked.rules import as_float
from gograd_core.engines import backward as _backward
from gograd_core.interfaces import Op
from gograd_core.lines import Line, Origin, origin

__all__ = ["Neuron", "next_stamp", "node", "setting"]

Method = Callable[..., Any]

next_stamp = itertools.count(1).__next__
_new = object.__new__
setting = threading.Lock()


def _operator(symbol: str) -> tuple[Method, Method]:
    """Make the two methods that serve until an operation implements the operator."""

    def method(self: Neuron, other: Any) -> Any:
        return operands.operate(symbol, self, other)

    def reflected(self: Neuron, other: Any) -> Any:
        return operands.operate(symbol, other, self)

    return method, reflected


def _sign(symbol: str) -> Method:
    def method(self: Neuron) -> Any:
        return current.registry[f"{symbol} 1"](self)

    return method


def _comparison(symbol: str) -> Method:
    """Make the method that compares values as floats do. It needs no operation, and tells only a recorder."""
    compare = comparisons.COMPARE[symbol]

    def method(self: Neuron, other: Any) -> Any:
        if settings.observers:
            return comparisons.compared(symbol, self, other)
        return compare(self._value, other._value if type(other) is Neuron else other)

    return method


def _as_int(kind: str) -> Callable[[Any], int]:
    return lambda self: comparisons.as_int(self, kind)


@final
class Neuron:
    """A number in a graph of operations.

    A neuron made by hand is a leaf, for which `backward` collects the derivative. A neuron made by an operation knows
    that operation and its inputs. It may be used any number of times. It compares by value and hashes by identity.

    Args:
        value: a real number.
        label: a name for messages and pictures.

    Raises:
        TypeError: `value` is not a real number, or `label` not a string.
    """

    __slots__ = ("__weakref__", "_constituents", "_grad", "_label", "_mark", "_operation", "_stamp", "_value")

    _value: float
    _operation: Op | None
    _constituents: tuple[Neuron | float, ...]
    # When the neuron was made, or its value set. Constituents are older than what was made of them. So sorting by stamp
    # gives a topological order, and a leaf that is younger than its result makes a graph stale.
    _stamp: int
    _mark: object  # the last sweep that visited it
    line: Line | None  # a property; see `checked.neuron`
    _grad: Any  # a float; None where the last sweep wanted no adjoint. Unset until used.
    _label: str | tuple[str, Origin | None]  # unset until used, which spares memory and time; with what `trace` noted

    def __init__(self, value: Any = None, label: str = "", *more: Any, **misnamed: Any) -> None:
        if misnamed:
            checked.refuse_names(misnamed)
        if more:
            checked.refuse_more(2 + len(more))
        self._value = value if type(value) is float else checked.first_value(value)
        self._operation = None
        self._constituents = ()
        self._stamp = next_stamp()
        self._mark = None
        self._grad = 0.0
        if label != "":
            self.label = label
        if settings.pauses and settings.now().tracing:
            self._origin = origin()

    def __init_subclass__(cls, **_: object) -> NoReturn:
        raise TypeError(checked.FINAL)

    @property
    def value(self) -> float:
        """The number. The value of a leaf can be set; what was computed from it is then stale."""
        if settings.observers:
            recording.read(self, "value")
        return self._value

    @value.setter
    def value(self, value: Any) -> None:
        if settings.observers:
            recording.read(self, "value")
        if self._operation is not None:
            checked.only_leaves(self)
        number = as_float(value, "Neuron.value", "a real number")
        with setting:  # the last setting must not go back in time when several threads set leaves
            self._value = number
            self._stamp = _backward.last_setting = next_stamp()

    @property
    def grad(self) -> float:
        """In a leaf, the derivatives that `backward` has added up since `zero_grad`. Else that of the last sweep."""
        if settings.observers:
            recording.read(self, "grad")
        grad = getattr(self, "_grad", None)
        return 0.0 if grad is None else float(grad)

    @grad.setter
    def grad(self, grad: Any) -> None:
        self._grad = as_float(grad, "Neuron.grad", "a real number")

    @property
    def operation(self) -> Op | None:
        """The operation that made the neuron; None for a leaf."""
        return self._operation

    @property
    def constituents(self) -> tuple[Neuron | float, ...]:
        """The inputs of the operation, neurons and constants, in order; empty for a leaf."""
        return self._constituents

    @property
    def label(self) -> str:
        """A name for messages and pictures."""
        kept = getattr(self, "_label", "")
        return kept if isinstance(kept, str) else kept[0]

    @label.setter
    def label(self, label: str) -> None:
        label, origin = checked.checked_label(label), self._origin
        self._label = label if origin is None else (label, origin)

    @property
    def _origin(self) -> Origin | None:
        kept = getattr(self, "_label", "")
        return None if isinstance(kept, str) else kept[1]

    @_origin.setter
    def _origin(self, origin: Origin | None) -> None:
        self._label = (self.label, origin)

    def backward(self, seed: float = 1.0) -> None:
        """Add the derivative of this neuron, times `seed`, to the `grad` of every leaf below it.

        It costs one evaluation of each partial. Interior gradients are overwritten.

        Raises:
            StaleGraphError: a leaf's value was set after the graph was made.
            DomainError: the derivative with respect to a leaf is not finite although its parts are (see `errstate`).
            RuntimeError: a rule called this on neurons of the sweep that is running the rule.

        If anything is raised, the `grad` of every leaf is as before.
        """
        if settings.observers:
            recording.read(self, "backward")
        _backward.backward(self, as_float(seed, "backward(seed)", "a real number"))

    if TYPE_CHECKING:  # the methods that `bind` gives it

        def __getattr__(self, name: str) -> Callable[..., Any]: ...

    def __repr__(self) -> str:
        return checked.shown(self)

    def __format__(self, spec: str) -> str:
        return checked.formatted(self, spec)

    def __bool__(self) -> bool:
        truth = self._value != 0.0
        return bool(recording.decided(self, "bool", int(truth))) if settings.observers else truth

    __add__, __radd__ = _operator("+")
    __sub__, __rsub__ = _operator("-")
    __mul__, __rmul__ = _operator("*")
    __truediv__, __rtruediv__ = _operator("/")
    __floordiv__, __rfloordiv__ = _operator("//")
    __mod__, __rmod__ = _operator("%")
    __pow__, __rpow__ = _operator("**")
    __neg__ = _sign("-")
    __abs__ = _sign("abs")
    __lt__ = _comparison("<")
    __le__ = _comparison("<=")
    __gt__ = _comparison(">")
    __ge__ = _comparison(">=")
    __eq__ = _comparison("==")
    __ne__ = _comparison("!=")
    __hash__ = object.__hash__

    def __reduce__(self) -> tuple[Any, ...]:
        return checked.reduced(self)

    def __pos__(self) -> Neuron:
        return self

    __float__ = __complex__ = checked.refuse
    __int__ = __trunc__ = _as_int("trunc")
    __floor__ = _as_int("floor")
    __ceil__ = _as_int("ceil")
    __index__ = _as_int("index")

    def __round__(self, digits: Any = None) -> Any:
        return comparisons.rounded(self, digits)

    def __divmod__(self, other: Any) -> Any:
        return operands.divided(self, other)

    def __rdivmod__(self, other: Any) -> Any:
        return operands.divided(other, self)


Neuron.__module__ = "gograd_core"  # where users find it
Neuron.__signature__ = checked.SIGNATURE  # type: ignore[attr-defined]
for _name, _attribute in checked.FURTHER.items():
    setattr(Neuron, _name, _attribute)


def node(op: Op, value: float, constituents: tuple[Neuron | float, ...]) -> Neuron:
    """Make a neuron that `op` computed from `constituents`."""
    made = _new(Neuron)
    made._value = value
    made._operation = op
    made._constituents = constituents
    made._stamp = next_stamp()
    made._mark = None
    return made
