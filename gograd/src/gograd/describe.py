"""Describes an operation: as plain data, and by its rules as they are written."""

from __future__ import annotations

import inspect
import math
import textwrap
from collections.abc import Callable, Iterator
from types import FunctionType
from typing import Any

from gograd_core import Accuracy, Op, engine

__all__ = ["accuracy_of", "allowed_of", "described", "function_name", "kernels_of", "other_names", "sources"]


def described(op: Op) -> dict[str, Any]:
    """Collect the facts about an operation as data for JSON, where infinities and NaN are strings."""
    provider = op.provider
    return {
        "name": op.name,
        "aliases": list(op.aliases),
        "operator": op.operator,
        "math": op.math,
        "symbol": op.symbol,
        "doc": op.doc,
        "inputs": list(op.input_names),
        "variadic": op.variadic,
        "opaque": op.opaque,
        "differentiable": [partial is not None for partial in op.partials],
        "domain": op.domain,
        "accuracy": {
            **_accuracy(op.accuracy),
            "second": _accuracy(op.accuracy.of(2)),
            "third": _accuracy(op.accuracy.of(3)),
        },
        "samples": _plain(op.samples),
        "edges": [
            {"inputs": _plain(e.inputs), "value": _plain(e.value), "partials": _plain(e.partials), "why": e.why}
            for e in op.edges
        ],
        "implementations": {backend: function_name(own) for backend, own in op.implementations.items()},
        "kernels": kernels_of(op),
        "reference": op.reference is not None,
        "distribution": provider.distribution if provider else "",
        "version": provider.version if provider else "",
        "entry_point": provider.entry_point if provider else "",
    }


def _accuracy(allowed: Accuracy) -> dict[str, Any]:
    return {"ulps": _plain(allowed.ulps), "input_ulps": _plain(allowed.input_ulps), "why": allowed.why}


def _plain(value: Any) -> Any:
    """Convert a value to what JSON has: lists, numbers and None. Others, such as infinities, become strings."""
    if hasattr(value, "tolist"):  # NumPy's numbers, and arrays of any library
        value = value.tolist()
    if isinstance(value, (tuple, list)):
        return [_plain(entry) for entry in value]
    if value is None or isinstance(value, (str, int)):
        return value
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return repr(value)
    return number if math.isfinite(number) else repr(number)


def other_names(op: Op) -> Iterator[str]:
    """List the other names of an operation: aliases, Python's operator, the function of `math`."""
    yield from op.aliases
    if op.operator:
        yield op.operator
    if op.math:
        yield f"math.{op.math}"


def function_name(function: Callable[..., Any] | str) -> str:
    """Say where a function is found: "package.module:name"."""
    if isinstance(function, str):
        return function
    module = getattr(function, "__module__", None) or type(function).__module__
    return f"{module}:{getattr(function, '__qualname__', type(function).__qualname__)}"


def kernels_of(op: Op) -> str:
    """Say what computes it on floats: kernels that were "shipped" or "compiled", or its rule ("Python")."""
    return "Python" if op.kernels is None or engine().name != "native" else op.kernels.origin


def accuracy_of(op: Op) -> str:
    """Say what error is allowed: of value and slopes, and of higher derivatives where that is stated."""
    stated = {"second derivatives": op.accuracy.second, "third derivatives": op.accuracy.third}
    higher = (f"; {which} {allowed_of(allowed)}" for which, allowed in stated.items() if allowed)
    return allowed_of(op.accuracy) + "".join(higher)


def allowed_of(accuracy: Accuracy) -> str:
    """Say what error is allowed."""
    allowed = "any number of ulps" if math.isinf(accuracy.ulps) else f"{accuracy.ulps:g} ulps"
    if accuracy.input_ulps:
        allowed += f", plus {accuracy.input_ulps:g} ulp{'s' if accuracy.input_ulps != 1.0 else ''} of the inputs"
    return f"{allowed}: {accuracy.why}" if accuracy.why else allowed


def sources(op: Op) -> str:
    """Collect the rules as they are written, after the functions of their package that they call."""
    functions: dict[FunctionType, None] = {}
    for rule in (op.formula, *op.partials):
        _collect(rule, functions)
    return "\n\n".join(dict.fromkeys(filter(None, map(_source, functions))))


def _collect(function: Any, found: dict[FunctionType, None]) -> None:
    """Add a function after those that it calls. One without source in Python is left out."""
    if not isinstance(function, FunctionType) or function in found:
        return
    package = _package(function)
    found[function] = None  # so that functions that call each other come to an end
    for name in function.__code__.co_names:
        called = function.__globals__.get(name)
        if isinstance(called, FunctionType) and _package(called) == package:
            _collect(called, found)
    del found[function]
    found[function] = None


def _package(function: FunctionType) -> str:
    """Find the package of a function. It is empty for one made by `exec`, which may not have a module."""
    return (function.__module__ or "").partition(".")[0]


def _source(function: FunctionType) -> str:
    try:
        return textwrap.dedent(inspect.getsource(function))
    except OSError:  # typed in, or its file is gone
        return ""
