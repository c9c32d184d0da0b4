"""What an operation is: a forward rule, one partial derivative per input, and facts about them."""

from __future__ import annotations

import functools
import inspect
import keyword
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs

from gograd_core import neuron as _neuron
from gograd_core import scalar
from gograd_core.binding import OPERATORS
from gograd_core.errors import InvalidOperationError
from gograd_core.namespaces import REDUCTIONS, ArrayNamespace, ColumnNamespace

__all__ = ["Edge", "Op", "Provider"]

Rule = Callable[..., Any]


@attrs.frozen
class Provider:
    """Where an operation came from: a distribution's entry point, or `register`."""

    distribution: str
    version: str = ""
    entry_point: str = ""

    def __str__(self) -> str:
        return f"{self.distribution} {self.version}".strip()


@attrs.frozen
class Edge:
    """A pinned fact at a border of the domain.

    Attributes:
        inputs: the point; for a variadic operation each input is a column.
        value: what the forward rule gives there by IEEE 754 (inf and nan raise `DomainError`
            outside ``errstate(domain="ignore")``, unless the inputs hold one).
        partials: what each partial gives, None where the operation has none.
        why: the reason, in a sentence; it stands in docs/edge-points.md.
    """

    inputs: tuple[Any, ...]
    value: float | bool
    partials: tuple[float | None, ...]
    why: str


def _tuple(values: Any) -> Any:
    """Lists as tuples; what is no sequence is left for the validators to name."""
    return tuple(values) if isinstance(values, Sequence) and not isinstance(values, str) else values


@attrs.frozen(eq=False, repr=False)
class Op:
    """An operation on numbers, called like a function on floats, neurons and arrays.

    Attributes:
        name: how it is called: ``ops.NAME(x)``, ``x.NAME()``.
        forward: ``forward(xp, *inputs)`` gives the value, with functions and constants from `xp`.
        partials: one ``partial(xp, out, *inputs)`` per input: the local derivative of the value
            by that input. None in its place: no derivative by that input.
        samples: points inside the domain, each a tuple of inputs; rule tests start from them.
        edges: pinned facts on its border.
        reference: ``reference(mp, *inputs)``, an independent formula in mpmath, if there is one.
        operator: the operator of Python that it implements: ``"+"``, ``"abs"``, ``"<"``. With one
            input ``"-"`` is the sign.
        symbol: how it is drawn, `name` unless given.
        doc: what it computes, in a sentence.
        aliases: further names.
        variadic: the inputs are columns of equal length.
        opaque: the rules understand floats alone.
        implementations: per backend ("scalar", "numpy", "mpmath", …) a function that computes it
            there, for what the standard's names cannot express.
        provider: who registered it; set by the registry.

    Raises:
        InvalidOperationError: a field is wrong; the message names the operation and the field.
    """

    name: str = attrs.field()
    forward: Rule = attrs.field(kw_only=True)
    partials: tuple[Rule | None, ...] = attrs.field(kw_only=True, converter=_tuple)
    samples: tuple[tuple[Any, ...], ...] = attrs.field(kw_only=True, default=(), converter=_tuple)
    edges: tuple[Edge, ...] = attrs.field(kw_only=True, default=(), converter=_tuple)
    reference: Callable[..., Any] | None = attrs.field(kw_only=True, default=None)
    operator: str | None = attrs.field(kw_only=True, default=None)
    symbol: str = attrs.field(kw_only=True, default="")
    doc: str = attrs.field(kw_only=True, default="")
    aliases: tuple[str, ...] = attrs.field(kw_only=True, default=(), converter=_tuple)
    variadic: bool = attrs.field(kw_only=True, default=False)
    opaque: bool = attrs.field(kw_only=True, default=False)
    implementations: Mapping[str, Rule] = attrs.field(kw_only=True, factory=dict)
    provider: Provider | None = attrs.field(kw_only=True, default=None)
    arity: int = attrs.field(init=False)
    """The number of inputs; 0 for a variadic operation, whose columns have any length."""

    def __attrs_post_init__(self) -> None:
        _validate(self)
        object.__setattr__(self, "arity", 0 if self.variadic else len(self.partials))
        if not self.symbol:
            object.__setattr__(self, "symbol", self.operator or self.name)

    def __repr__(self) -> str:
        return f"<Op {self.title}>"

    @property
    def title(self) -> str:
        """The name and the provider as messages give them, "tanh (gograd-ops-extra 0.1.0)"."""
        return f"{self.name} ({self.provider or 'not registered'})"

    def __call__(self, *inputs: Any) -> Any:
        """The operation of numbers, neurons or arrays.

        Numbers give a float (a bool, if it is a comparison); with a neuron among them the result
        is a Neuron that remembers its inputs. Arrays give an array of their library; an array with
        a neuron, or an object array, is worked entry by entry and gives an object array. Inputs of
        a variadic operation are sequences of equal length.

        Raises:
            TypeError: a wrong number of inputs, or one that is no number.
            ValueError: columns of unequal length.
            DomainError: the result is not finite although the inputs are (see `errstate`).
        """
        if len(inputs) != len(self.partials):
            raise TypeError(f"{self.title} takes {len(self.partials)} inputs, got {len(inputs)}")
        for x in inputs:
            kind = type(x)
            if kind is not _neuron.Neuron and kind is not float and _is_array(x):
                return _call_with_arrays(self, inputs)
        return _neuron.apply(self, self.flatten(inputs) if self.variadic else inputs)

    def flatten(self, columns: Sequence[Any]) -> tuple[Any, ...]:
        """The entries of all columns in a row.

        Raises:
            TypeError: an input is not a sequence of numbers.
            ValueError: the columns have unequal lengths.
        """
        for column in columns:
            if isinstance(column, (str, bytes)) or not hasattr(type(column), "__iter__"):
                raise TypeError(f"{self.title} expects sequences of numbers or neurons, got {column!r}")
        rows = [tuple(column) for column in columns]
        if len({len(row) for row in rows}) > 1:
            raise ValueError(f"{self.title} expects columns of equal length, got {[len(row) for row in rows]}")
        return sum(rows, ())

    def columns(self, entries: Sequence[Any]) -> list[Sequence[Any]]:
        """The inverse of `flatten`: one slice per input."""
        length = len(entries) // len(self.partials)
        return [entries[start : start + length] for start in range(0, length * len(self.partials), length or 1)] or [
            () for _ in self.partials
        ]

    def bind(self, backend: str, xp: Any) -> Rule:
        """The operation as a function in the namespace `xp` of `backend`, as rules call it: not judged.

        Raises:
            InvalidOperationError: the operation understands floats alone.
        """
        own = self.implementations.get(backend)
        if own is not None:
            return own
        if self.opaque and backend != "scalar":
            raise InvalidOperationError(f"{self.title} is opaque: it computes with floats, not in {backend}")
        columns = self.variadic and backend in ("scalar", "neuron")  # arrays are columns already
        return functools.partial(self.forward, ColumnNamespace(xp) if columns else xp)


def _is_array(x: Any) -> bool:
    return hasattr(x, "__array_namespace__") and (x.shape != () or _holds_neurons([x]))


def _call_with_arrays(op: Op, inputs: tuple[Any, ...]) -> Any:
    """`op` of arrays: in their own library, or entry by entry where neurons are involved."""
    arrays = [x for x in inputs if _is_array(x)]
    if op.variadic:
        if any(len(array.shape) != 1 for array in arrays):
            raise ValueError(f"{op.title} expects one-dimensional columns, got shapes {[a.shape for a in arrays]}")
        if len(arrays) < len(inputs) or _holds_neurons(arrays) or len({array.shape for array in arrays}) > 1:
            return _neuron.apply(op, op.flatten(inputs))
    elif _holds_neurons(inputs):
        import numpy as np  # an object array exists, so NumPy is there

        return np.frompyfunc(op, len(inputs), 1)(*inputs)
    library = arrays[0].__array_namespace__()
    xp = ArrayNamespace(library)
    return op.bind(xp.backend, xp)(*inputs)


def _holds_neurons(inputs: Sequence[Any]) -> bool:
    return any(type(x) is _neuron.Neuron or getattr(x, "dtype", None) == "O" for x in inputs)


def _validate(op: Op) -> None:
    def require(holds: bool, message: str) -> None:
        if not holds:
            raise InvalidOperationError(f"operation {op.name!r}: {message}")

    _validate_name("name", op.name, require)
    for field in ("aliases", "samples", "edges"):
        require(isinstance(getattr(op, field), tuple), f"{field} must be a sequence, got {getattr(op, field)!r}")
    for alias in op.aliases:
        _validate_name("alias", alias, require)
    require(callable(op.forward), f"forward must be a function, got {op.forward!r}")
    require(isinstance(op.partials, tuple) and bool(op.partials), "partials must hold one function (or None) per input")
    for index, partial in enumerate(op.partials):
        require(partial is None or callable(partial), f"partial {index} must be a function or None, got {partial!r}")
        _validate_signature(partial, 2 + len(op.partials), f"partial {index}", "xp, out, *inputs", require)
    _validate_signature(op.forward, 1 + len(op.partials), "forward", "xp, *inputs", require)
    require(op.reference is None or callable(op.reference), f"reference must be a function, got {op.reference!r}")
    functions = isinstance(op.implementations, Mapping) and all(map(callable, op.implementations.values()))
    require(functions, f"implementations must map backends to functions, got {op.implementations!r}")
    if op.operator is not None:
        known = not op.variadic and (op.operator, len(op.partials)) in OPERATORS
        inputs = "columns" if op.variadic else f"{len(op.partials)} inputs"
        require(known, f"operator {op.operator!r} with {inputs} is none of Python")
    for name in {op.name, *op.aliases} & set(scalar.__all__):
        _validate_standard_name(op, name, require)
    for sample in op.samples:
        fits = isinstance(sample, tuple) and len(sample) == len(op.partials)
        require(fits, f"sample {sample!r} must be a tuple of {len(op.partials)} inputs")
    for edge in op.edges:
        fits = isinstance(edge, Edge) and len(edge.inputs) == len(edge.partials) == len(op.partials)
        require(fits, f"edge {edge!r} must be an Edge with {len(op.partials)} inputs and partials")


def _validate_name(field: str, name: Any, require: Callable[[bool, str], None]) -> None:
    require(isinstance(name, str) and name.isidentifier(), f"{field} {name!r} is not an identifier")
    require(not keyword.iskeyword(name), f"{field} {name!r} is a keyword of Python")
    require(not name.startswith("_"), f"{field} {name!r} begins with an underscore")
    require(name not in _neuron.RESERVED_NAMES, f"{field} {name!r} is an attribute of Neuron")
    standard = getattr(scalar, name) if name in scalar.__all__ else None
    require(not isinstance(standard, float), f"{field} {name!r} is a constant of the array API standard")


def _validate_standard_name(op: Op, name: str, require: Callable[[bool, str], None]) -> None:
    """A rule that calls ``xp.NAME`` must get the same function on floats and on neurons."""
    reduces = name in REDUCTIONS
    kind = "a column to a number" if reduces else "numbers to a number"
    require(op.variadic is reduces, f"{name!r} is a function of the array API standard, from {kind}")
    count = len(op.partials)
    fits = not _misfit(getattr(scalar, name), count)
    require(fits, f"{name!r} is a function of the array API standard, which does not take {count} inputs")


def _validate_signature(
    rule: Rule | None, count: int, what: str, expected: str, require: Callable[[bool, str], None]
) -> None:
    misfit = "" if rule is None else _misfit(rule, count)
    require(not misfit, f"{what} must take {count} arguments ({expected}), but {misfit}")


def _misfit(rule: Rule, count: int) -> str:
    """Why `rule` cannot be called with `count` arguments; empty if it can, or does not say."""
    try:
        signature = inspect.signature(rule)
    except (TypeError, ValueError):  # built-in functions may have none
        return ""
    try:
        signature.bind(*range(count))
    except TypeError as error:
        return str(error)
    return ""
