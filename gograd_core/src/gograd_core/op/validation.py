"""Checks of an `Op`: when an operation is made, every field is brought into one form and checked."""

from __future__ import annotations

import functools
import inspect
import keyword
from collections.abc import Callable, Mapping, Sequence
from types import FunctionType
from typing import Any

from gograd_core import engines
from gograd_core.errors import InvalidOperationError
from gograd_core.interfaces import Op
from gograd_core.namespaces import scalar
from gograd_core.namespaces.columns import REDUCTIONS
from gograd_core.op.domains import misfit
from gograd_core.op.kernels import Kernels
from gograd_core.op.metadata import Accuracy, Edge, normalised
from gograd_core.python_operators import OPERATORS

__all__ = ["as_name", "as_names", "as_tuple", "checked_arity", "validate_kernels"]


def as_tuple(values: Any) -> Any:
    """Convert a list to a tuple. Anything that is not a sequence stays as it is, for `validate` to refuse."""
    return tuple(values) if isinstance(values, Sequence) and not isinstance(values, str) else values


def as_name(name: Any) -> Any:
    """Normalise a name as Python does. Anything that is not a string stays as it is, for `validate` to refuse."""
    return normalised(name) if isinstance(name, str) else name


def as_names(names: Any) -> Any:
    """Convert a list of names to a tuple of normalised names."""
    names = as_tuple(names)
    return tuple(map(as_name, names)) if isinstance(names, tuple) else names


def checked_arity(op: Any) -> int:
    """Check every field that the author of an operation gave, and return the number of inputs, 0 for columns.

    Raises:
        InvalidOperationError: a field is wrong; the message names the operation and the field.
    """
    require = functools.partial(_require, op)
    _validate_name("name", op.name, require)
    for field in ("aliases", "samples", "edges"):
        require(isinstance(getattr(op, field), tuple), f"{field} must be a sequence, got {getattr(op, field)!r}")
    for alias in op.aliases:
        _validate_name("alias", alias, require)
    functions = isinstance(op.implementations, Mapping) and all(
        callable(own) or (isinstance(own, str) and own.count(":") == 1) for own in op.implementations.values()
    )
    expected = 'implementations must map backends to functions or "module:name"'
    require(functions, f"{expected}, got {op.implementations!r}")
    absent = op.formula is None and "scalar" in op.implementations
    require(absent or callable(op.formula), f"forward must be a function, got {op.formula!r}")
    partials = op._partials  # those to run are made from them
    require(isinstance(partials, tuple) and bool(partials), "partials must hold one function (or None) per input")
    count = len(partials)
    _validate_count(op.formula, count, require)
    for index, partial in enumerate(partials):
        require(partial is None or callable(partial), f"partial {index} must be a function or None, got {partial!r}")
        _validate_signature(partial, 2 + count, f"partial {index}", "xp, out, *inputs", require)
    _validate_signature(op.formula, 1 + count, "forward", "xp, *inputs", require)
    require(op.reference is None or callable(op.reference), f"reference must be a function, got {op.reference!r}")
    if op.operator is not None:
        known = not op.variadic and (op.operator, count) in OPERATORS
        inputs = "columns" if op.variadic else f"{count} inputs"
        require(known, f"Python has no operator {op.operator!r} with {inputs}")
    for field in ("domain", "doc", "symbol"):
        require(isinstance(getattr(op, field), str), f"{field} must be a string, got {getattr(op, field)!r}")
    if op.domain:
        wrong = misfit(op.domain, op.input_names)
        require(not wrong, f"domain {op.domain!r}: {wrong}")
    require(isinstance(op.accuracy, Accuracy), f"accuracy must be an Accuracy, got {op.accuracy!r}")
    named = isinstance(op.math, str) and op.math.isidentifier()
    require(op.math is None or named, f"math must name a function, got {op.math!r}")
    for name in {op.name, *op.aliases} & set(scalar.__all__):
        _validate_standard_name(name, count, is_variadic=op.variadic, require=require)
    for sample in op.samples:
        fits = isinstance(sample, tuple) and len(sample) == count
        require(fits, f"sample {sample!r} must be a tuple of {count} inputs")
    for edge in op.edges:
        fits = isinstance(edge, Edge) and len(edge.inputs) == len(edge.partials) == count
        require(fits, f"edge {edge!r} must be an Edge with {count} inputs and partials")
    return 0 if op.variadic else count


def validate_kernels(op: Any, kernels: Kernels | None) -> None:
    """Check that kernels have one function for each partial. The engine checks the signatures of the functions.

    Raises:
        InvalidOperationError: a function is missing, or there are too many.
    """
    if kernels is None:
        return
    _require(op, isinstance(kernels, Kernels), f"kernels must be Kernels, got {kernels!r}")
    given, count = len(kernels.partials), len(op.partials)
    _require(op, given == count, f"kernels must hold one function (or None) per partial, {count} of them, got {given}")
    missing = [
        index for index, (own, rule) in enumerate(zip(kernels.partials, op.partials, strict=True)) if rule and not own
    ]
    _require(op, not missing, f"kernels must hold a function for each partial that is a rule; not so {missing}")


def _require(op: Op, holds: bool, message: str) -> None:
    if not holds:
        raise InvalidOperationError(f"operation {op.name!r}: {message}")


def _validate_name(field: str, name: Any, require: Callable[[bool, str], None]) -> None:
    require(isinstance(name, str) and name.isidentifier(), f"{field} {name!r} is not an identifier")
    require(not keyword.iskeyword(name), f"{field} {name!r} is a keyword of Python")
    require(not name.startswith("_"), f"{field} {name!r} begins with an underscore")
    require(name != "backend", f"{field} {name!r} is an attribute of the namespaces that rules receive")
    require(name not in engines.RESERVED_NAMES, f"{field} {name!r} is an attribute of Neuron")
    standard = getattr(scalar, name) if name in scalar.__all__ else None
    require(not isinstance(standard, float), f"{field} {name!r} is a constant of the array API standard")


def _validate_standard_name(name: str, count: int, *, is_variadic: bool, require: Callable[[bool, str], None]) -> None:
    """Check that a rule which calls ``xp.NAME`` gets the same function on floats and on neurons."""
    reduces = name in REDUCTIONS
    kind = "a column to a number" if reduces else "numbers to a number"
    require(is_variadic is reduces, f"{name!r} is a function of the array API standard, from {kind}")
    message = f"{name!r} is a function of the array API standard, which does not take {count} inputs"
    require(_takes(name, count), message)


@functools.cache
def _takes(name: str, count: int) -> bool:
    """Say whether a function of the standard takes so many inputs. To read the signatures of C functions takes long."""
    return not _misfit(getattr(scalar, name), count)


def _validate_count(formula: Callable[..., Any] | None, given: int, require: Callable[[bool, str], None]) -> None:
    """Check that there is a partial for each input of the forward rule: one is easily forgotten."""
    if formula is None or not _misfit(formula, 1 + given):
        return
    parameters = list(inspect.signature(formula).parameters.values())[1:]
    inputs = [parameter.name for parameter in parameters if parameter.kind is parameter.POSITIONAL_OR_KEYWORD]
    require(
        len(inputs) in (0, given),
        f"forward takes {len(inputs)} input{'s' * (len(inputs) > 1)} ({', '.join(inputs)}), but there "
        f"{'is 1 partial' if given == 1 else f'are {given} partials'}: "
        "give one function (or None: no derivative) per input",
    )


def _validate_signature(
    rule: Callable[..., Any] | None, count: int, what: str, expected: str, require: Callable[[bool, str], None]
) -> None:
    misfit = "" if rule is None else _misfit(rule, count)
    require(not misfit, f"{what} must take {count} arguments ({expected}), but {misfit}")


def _misfit(rule: Callable[..., Any], count: int) -> str:
    """Explain why `rule` cannot be called with `count` arguments; empty if it can, or has no signature."""
    if isinstance(rule, FunctionType) and _takes_positional(rule, count):
        return ""  # nearly all rules are such functions, and to make a signature takes 20 times as long
    try:
        signature = inspect.signature(rule)
    except (TypeError, ValueError):  # built-in functions may have none
        return ""
    try:
        signature.bind(*range(count))
    except TypeError as error:
        return str(error)
    return ""


def _takes_positional(rule: FunctionType, count: int) -> bool:
    """Say whether a function takes so many arguments. Attributes of a function may give it another signature."""
    code, optional = rule.__code__, len(rule.__defaults__ or ())
    fits = code.co_argcount - optional <= count <= code.co_argcount
    return fits and not code.co_kwonlyargcount and not vars(rule)
