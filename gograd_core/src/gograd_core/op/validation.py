"""Checks of an `Op`: when an operation is made, every field is brought into one form and checked."""

from __future__ import annotations

import functools
import inspect
import keyword
import re
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

__all__ = ["as_name", "as_names", "as_tuple", "checked_arity", "parameter_names", "validate_kernels"]

STANDARD = frozenset(scalar.__all__)
PLAIN = re.compile(r"\(\$module(?:, /)?((?:, \w+)*)((?:, \w+=\w+)*)(?:, /)?\)")
"""The signature of a C function whose arguments may all be positional: those that it needs, and others."""


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
        require(isinstance(getattr(op, field), tuple), "{} must be a sequence, got {!r}", field, getattr(op, field))
    for alias in op.aliases:
        _validate_name("alias", alias, require)
    functions = isinstance(op.implementations, Mapping) and all(
        callable(own) or (isinstance(own, str) and own.count(":") == 1) for own in op.implementations.values()
    )
    expected = 'implementations must map backends to functions or "module:name", got {!r}'
    require(functions, expected, op.implementations)
    absent = op.formula is None and "scalar" in op.implementations
    require(absent or callable(op.formula), "forward must be a function, got {!r}", op.formula)
    partials = op._partials  # those to run are made from them
    require(isinstance(partials, tuple) and bool(partials), "partials must hold one function (or None) per input")
    count = len(partials)
    _validate_count(op.formula, count, require)
    for index, partial in enumerate(partials):
        require(partial is None or callable(partial), "partial {} must be a function or None, got {!r}", index, partial)
        _validate_signature(partial, 2 + count, f"partial {index}", "xp, out, *inputs", require)
    _validate_signature(op.formula, 1 + count, "forward", "xp, *inputs", require)
    require(op.reference is None or callable(op.reference), "reference must be a function, got {!r}", op.reference)
    if op.operator is not None:
        known = not op.variadic and (op.operator, count) in OPERATORS
        inputs = "columns" if op.variadic else f"{count} inputs"
        require(known, "Python has no operator {!r} with {}", op.operator, inputs)
    for field in ("domain", "doc", "symbol", "advice"):
        require(isinstance(getattr(op, field), str), "{} must be a string, got {!r}", field, getattr(op, field))
    if op.domain:
        wrong = misfit(op.domain, op.input_names)
        require(not wrong, "domain {!r}: {}", op.domain, wrong)
    require(isinstance(op.accuracy, Accuracy), "accuracy must be an Accuracy, got {!r}", op.accuracy)
    named = isinstance(op.math, str) and op.math.isidentifier()
    require(op.math is None or named, "math must name a function, got {!r}", op.math)
    for name in STANDARD.intersection((op.name, *op.aliases)):
        _validate_standard_name(name, count, is_variadic=op.variadic, require=require)
    for sample in op.samples:
        fits = isinstance(sample, tuple) and len(sample) == count
        require(fits, "sample {!r} must be a tuple of {} inputs", sample, count)
    for edge in op.edges:
        fits = isinstance(edge, Edge) and len(edge.inputs) == len(edge.partials) == count
        require(fits, "edge {!r} must be an Edge with {} inputs and partials", edge, count)
    return 0 if op.variadic else count


def parameter_names(rule: Callable[..., Any]) -> tuple[str, ...]:
    """List the names of the parameters of a rule. There are none if it takes any number of inputs."""
    if isinstance(rule, FunctionType) and not vars(rule):  # it is as its code says, and a signature takes longer
        code = rule.__code__
        if not code.co_flags & (inspect.CO_VARARGS | inspect.CO_VARKEYWORDS):
            return code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    parameters = inspect.signature(rule).parameters.values()
    if any(parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters):
        return ()
    return tuple(parameter.name for parameter in parameters)


def validate_kernels(op: Any, kernels: Kernels | None) -> None:
    """Check that kernels have one function for each partial. The engine checks the signatures of the functions.

    Raises:
        InvalidOperationError: a function is missing, or there are too many.
    """
    if kernels is None:
        return
    _require(op, isinstance(kernels, Kernels), "kernels must be Kernels, got {!r}", kernels)
    given, count = len(kernels.partials), len(op.partials)
    expected = "kernels must hold one function (or None) per partial, {} of them, got {}"
    _require(op, given == count, expected, count, given)
    missing = [
        index for index, (own, rule) in enumerate(zip(kernels.partials, op.partials, strict=True)) if rule and not own
    ]
    _require(op, not missing, "kernels must hold a function for each partial that is a rule; not so {}", missing)


def _require(op: Op, holds: bool, message: str, *facts: Any) -> None:
    """Raise the error if something does not hold. Only then are the facts put into words, since that takes long."""
    if not holds:
        raise InvalidOperationError(f"operation {op.name!r}: {message.format(*facts)}")


def _validate_name(field: str, name: Any, require: Callable[..., None]) -> None:
    require(isinstance(name, str) and name.isidentifier(), "{} {!r} is not an identifier", field, name)
    require(not keyword.iskeyword(name), "{} {!r} is a keyword of Python", field, name)
    require(not name.startswith("_"), "{} {!r} begins with an underscore", field, name)
    require(name != "backend", "{} {!r} is an attribute of the namespaces that rules receive", field, name)
    require(name not in engines.RESERVED_NAMES, "{} {!r} is an attribute of Neuron", field, name)
    standard = getattr(scalar, name) if name in STANDARD else None
    require(not isinstance(standard, float), "{} {!r} is a constant of the array API standard", field, name)


def _validate_standard_name(name: str, count: int, *, is_variadic: bool, require: Callable[..., None]) -> None:
    """Check that a rule which calls ``xp.NAME`` gets the same function on floats and on neurons."""
    reduces = name in REDUCTIONS
    kind = "a column to a number" if reduces else "numbers to a number"
    require(is_variadic is reduces, "{!r} is a function of the array API standard, from {}", name, kind)
    message = "{!r} is a function of the array API standard, which does not take {} inputs"
    require(_takes(name, count), message, name, count)


@functools.cache
def _takes(name: str, count: int) -> bool:
    """Say whether a function of the standard takes so many inputs. To read the signatures of C functions takes long."""
    function = getattr(scalar, name)
    plain = PLAIN.fullmatch(getattr(inspect.unwrap(function), "__text_signature__", None) or "")
    if plain is None:
        return not _misfit(function, count)
    return 0 <= count - plain[1].count(",") <= plain[2].count(",")


def _validate_count(formula: Callable[..., Any] | None, given: int, require: Callable[..., None]) -> None:
    """Check that there is a partial for each input of the forward rule: one is easily forgotten."""
    if formula is None or not _misfit(formula, 1 + given):
        return
    parameters = list(inspect.signature(formula).parameters.values())[1:]
    inputs = [parameter.name for parameter in parameters if parameter.kind is parameter.POSITIONAL_OR_KEYWORD]
    require(
        len(inputs) in (0, given),
        "forward takes {} input{} ({}), but there {}: give one function (or None: no derivative) per input",
        len(inputs),
        "s" * (len(inputs) > 1),
        ", ".join(inputs),
        "is 1 partial" if given == 1 else f"are {given} partials",
    )


def _validate_signature(
    rule: Callable[..., Any] | None, count: int, what: str, expected: str, require: Callable[..., None]
) -> None:
    misfit = "" if rule is None else _misfit(rule, count)
    require(not misfit, "{} must take {} arguments ({}), but {}", what, count, expected, misfit)


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
