"""What the neurons of both engines share where speed does not matter: texts, refusals and copies."""

from __future__ import annotations

import dis
import functools
import sys
from collections.abc import Callable, Iterable
from inspect import Parameter, Signature
from types import CodeType, FrameType
from typing import Any, NoReturn

from gograd_core import current, recording
from gograd_core.checked.rules import as_float
from gograd_core.errors import quoted
from gograd_core.interfaces import Node
from gograd_core.lines import Line, line_at
from gograd_core.settings import now

__all__ = [
    "FINAL",
    "FURTHER",
    "MISNOMERS",
    "SIGNATURE",
    "Misnomer",
    "checked_label",
    "first_value",
    "formatted",
    "method",
    "only_leaves",
    "reduced",
    "refuse",
    "refuse_more",
    "refuse_names",
    "restore",
    "shown",
    "undiscovered",
]

FINAL = "Neuron is final: write an operation instead of a subclass"

MISNOMERS = {
    **dict.fromkeys(("data", "item", "numpy", "tolist", "Value"), "read its number as x.value"),
    **dict.fromkeys(
        ("partner", "parents", "children", "prev", "_prev", "Partner", "Constituents"),
        "the inputs of an operation are the constituents of its result: y.constituents",
    ),
    **dict.fromkeys(("op", "_op", "grad_fn", "Operation"), "the operation that made it is y.operation"),
    **dict.fromkeys(
        ("requires_grad", "requires_grad_"),
        "every neuron has a derivative; for one without, write stop_gradient(x), or compute with x.value",
    ),
    **dict.fromkeys(("gradient", "Gradient"), "call y.backward() and read x.grad, or call gradient(y, x)"),
    "Grad": "read its derivative as x.grad",
    "detach": "write stop_gradient(x), which is a neuron without derivative, or read its number as x.value",
    "clone": "write ops.identity(x), which has the same value and passes on derivatives",
    "zero_grad": "call the function zero_grad([x])",
    "retain_grad": "every neuron keeps its derivative: call y.backward() and read x.grad",
    "is_leaf": "a leaf is a neuron that no operation made: x.operation is None",
    "name": "it has a label: x.label",
    "_backward": "its derivatives by its constituents are computed by y.operation.partials; call y.backward() for all",
}
"""Names that other engines and NumPy use, and what to write here instead."""


class Misnomer:
    """An attribute that a neuron does not have. Its use raises an error that says what to write instead."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.__doc__ = f"Not an attribute: {MISNOMERS[name]}."  # for `help`

    def __get__(self, neuron: Any, kind: Any = None) -> Any:
        return self if neuron is None else _refuse_misnomer(self._name)

    def __set__(self, neuron: Any, value: Any) -> NoReturn:
        _refuse_misnomer(self._name)


def _refuse_misnomer(name: str) -> NoReturn:
    raise AttributeError(f"a Neuron has no attribute {name!r}: {MISNOMERS[name]}")


def _is_integer(self: Any) -> Any:
    """Tell whether the number is whole."""
    return self._value.is_integer() if recording.recorder() is None else self // 1.0 == self


def _refusing(name: str, kind: str) -> Callable[[Node], NoReturn]:
    """Make the method of that name, whose result has no derivative."""

    def method(self: Node) -> NoReturn:
        recording.failed()
        raise TypeError(
            f"{self!r} cannot become a {kind}, which has no derivative. That of its number is x.value.{name}()"
        )

    return method


def _itself(self: Node) -> Node:
    return self


def _nothing(self: Node) -> float:
    return 0.0


def _inputs(self: Any) -> tuple[Any, ...]:
    """The constituents by input of the operation: an entry for each, which is a tuple for a column."""
    op: Any = self.operation
    if op is None:
        return ()
    columns = op.columns(self.constituents)
    return tuple(map(tuple, columns)) if op.variadic else tuple(column[0] for column in columns)


def _line(self: Node) -> Line | None:
    """The user's line that made it, if `trace` was in force there; otherwise None."""
    found = self._origin
    return None if found is None else line_at(*found)


def _mimebundle(self: Node, include: Any = None, exclude: Any = None) -> dict[str, Any]:
    """Return what a notebook shows, by MIME type: a picture if a package that draws is installed, and a text."""
    text = {"text/plain": repr(self)}
    if recording.recorder() is not None:  # a number in a picture would be lost to the recorder
        return text
    return {**text, **current.registry.displayed(self)}


def _copied(self: Node, _memo: Any = None) -> Node:
    """Return a copy of a leaf; inside a transform the neuron itself, because a copy would have no derivative."""
    return self if now().depth else restore(*reduced(self)[1])


def _listed(self: Node) -> list[str]:
    """List the attributes, for `dir`."""
    return [name for name in object.__dir__(self) if name not in MISNOMERS]


FURTHER: dict[str, Any] = {
    "__dir__": _listed,
    "__copy__": _copied,
    "__deepcopy__": _copied,
    "as_integer_ratio": _refusing("as_integer_ratio", "fraction"),
    "hex": _refusing("hex", "string"),
    "is_integer": _is_integer,
    "conjugate": _itself,
    "real": property(_itself),
    "imag": property(_nothing),
    "inputs": property(_inputs),
    "line": property(_line),
    "_repr_mimebundle_": _mimebundle,
    "__array_priority__": -1.0,  # more than that of NumPy's scalars, which leave operators to neurons; arrays have 0.0
    **{name: Misnomer(name) for name in MISNOMERS},
}
"""What else a neuron has in both engines: the attributes of a float, and those that are refused."""


def refuse_names(names: Iterable[str], given: int = 0) -> None:
    """Raise TypeError if `Neuron` takes no argument of one of these names, or has it among those given by position."""
    for name in names:
        if name in ("value", "label")[:given]:
            raise TypeError(f"Neuron.__init__() got multiple values for argument {name!r}")
        if name not in ("value", "label"):
            raise TypeError(f"Neuron() takes a value and a label, not {name!r}: write Neuron(3.0) or Neuron(value=3.0)")


SIGNATURE = Signature(
    [
        Parameter("value", Parameter.POSITIONAL_OR_KEYWORD),
        Parameter("label", Parameter.POSITIONAL_OR_KEYWORD, default=""),
    ]
)
"""The signature of `Neuron`, for `inspect`."""


def refuse_more(given: int) -> NoReturn:
    """Refuse so many arguments of `Neuron`, as in ``Neuron(1.0, (x, y), "+")``."""
    raise TypeError(
        f"Neuron() takes a value and a label, got {given} arguments: write Neuron(3.0) or Neuron(3.0, 'x'). "
        "A neuron gets its operation and constituents by computing, as in x + y"
    )


def method(self: Node, /, *others: Any, **named: Any) -> Any:
    """Show `inspect` the signature of a method that calls an operation."""


def first_value(value: Any) -> float:
    """Return the number that `Neuron(value)` holds."""
    if type(value) is current.Neuron:
        raise TypeError(f"Neuron() expects a number, got {value!r}: pass its .value, or stop_gradient(x)")
    try:
        return as_float(value, "Neuron()", "a real number")
    except TypeError as error:
        raise TypeError(f"{error}: {_instead_of(value)}") from None


def _instead_of(value: Any) -> str:
    """Say how to make neurons of what `Neuron` does not take."""
    if isinstance(value, Iterable) and not isinstance(value, str):
        return "write [Neuron(each) for each in values] for several numbers"
    if isinstance(value, str) or hasattr(value, "__float__"):
        return "write Neuron(float(value))"
    return "write Neuron(3.0), or Neuron(3.0, 'x') with a label"


def checked_label(label: Any) -> str:
    if not isinstance(label, str):
        raise TypeError(f"Neuron.label expects a string, got {quoted(label)}")
    return str.__str__(label)  # a subclass may refer to other objects


def only_leaves(neuron: Node) -> NoReturn:
    """Refuse to set the value of an interior neuron."""
    made_by: Any = neuron.operation
    raise AttributeError(f"only a leaf's value can be set; {neuron!r} was made by {made_by.title}")


def undiscovered(name: str) -> Any:
    """Find the operation for a method that is called before the plugins are loaded."""
    if name in MISNOMERS:
        _refuse_misnomer(name)
    if name.startswith("_"):
        raise AttributeError(f"'Neuron' object has no attribute {name!r}")
    return current.registry[name]


def shown(neuron: Node) -> str:
    label = f", label={neuron.label!r}" if neuron.label else ""
    operation = f", operation={neuron.operation.name!r}" if neuron.operation else ""
    if recording.recorder() is not None:  # a number in a text would be lost to the recorder
        return f"Neuron(…{label}{operation})"
    grad = getattr(neuron, "_grad", None)
    return f"Neuron({neuron._value!r}, grad={0.0 if grad is None else grad!r}{label}{operation})"


def formatted(neuron: Node, spec: str) -> str:
    """Return ``format(neuron, spec)``, in which only a format shows the number to a recorder."""
    if not spec:
        return str(neuron)
    recording.read(neuron, "__format__")
    return format(neuron._value, spec)


def refuse(neuron: Node, *_: object) -> Any:
    """Refuse to become a float, unless that is for a text: ``"%.2f" % x``."""
    if _makes_text(sys._getframe(1)):
        recording.read(neuron, "__format__")
        return neuron._value
    recording.failed()  # the program may catch this
    raise TypeError(
        f"{neuron!r} cannot become a plain number: that would silently cut its graph. Use x.value, or "
        "stop_gradient(x), which is a neuron without derivative. For the functions of math, write "
        "`from gograd_core import math` instead of `import math`."
    )


def _makes_text(frame: FrameType) -> bool:
    """Tell whether a frame is at the operator ``%``. It asks for a float only where it fills in a text."""
    return frame.f_lasti in _remainders(frame.f_code)


@functools.lru_cache(maxsize=1024)
def _remainders(code: CodeType) -> frozenset[int]:
    """Find the operators ``%`` of a code."""
    return frozenset(each.offset for each in dis.get_instructions(code) if each.argrepr in ("%", "%="))


def reduced(neuron: Node) -> tuple[Any, ...]:
    """Return what copies and pickles of a leaf hold: value, label and grad. Interior neurons cannot be copied."""
    if neuron.operation is not None:
        raise TypeError(f"{neuron!r} belongs to a graph and cannot be copied: copy leaves, or Neuron(x.value)")
    if now().depth:
        raise TypeError(f"{neuron!r} cannot be pickled inside a transform: a copy would have no derivative")
    return restore, (neuron.value, neuron.label, neuron.grad)


def restore(value: float, label: str, grad: float) -> Node:
    leaf: Node = current.Neuron(value, label)
    leaf.grad = grad
    return leaf
