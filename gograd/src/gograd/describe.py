"""Descriptions of an operation: as plain data, and by the source of its rules."""

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
    """Collect the facts about an operation as data for JSON, with infinities and NaN as strings."""
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
    """Convert a value to what JSON has: lists, numbers and None. Anything else, such as infinity, becomes a string."""
    if hasattr(value, "tolist"):  # a number of NumPy, or an array of any library
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
    """List the other names of an operation: its aliases, its operator, and its function of `math`."""
    yield from op.aliases
    if op.operator:
        yield op.operator
    if op.math:
        yield f"math.{op.math}"


def function_name(function: Callable[..., Any] | str) -> str:
    """Return where a function is found: "package.module:name"."""
    if isinstance(function, str):
        return function
    module = getattr(function, "__module__", None) or type(function).__module__
    return f"{module}:{getattr(function, '__qualname__', type(function).__qualname__)}"


def kernels_of(op: Op) -> str:
    """Return what computes an operation on floats: "shipped" or "compiled" kernels, or its rules in "Python"."""
    return "Python" if op.kernels is None or engine().name != "native" else op.kernels.origin


def accuracy_of(op: Op) -> str:
    """Describe the allowed error of value and slopes, and of higher derivatives if it is stated."""
    stated = {"second derivatives": op.accuracy.second, "third derivatives": op.accuracy.third}
    higher = (f"; {which} {allowed_of(allowed)}" for which, allowed in stated.items() if allowed)
    return allowed_of(op.accuracy) + "".join(higher)


def allowed_of(accuracy: Accuracy) -> str:
    """Describe an allowed error."""
    allowed = "any number of ulps" if math.isinf(accuracy.ulps) else f"{accuracy.ulps:g} ulps"
    if accuracy.input_ulps:
        allowed += f", plus {accuracy.input_ulps:g} ulp{'s' if accuracy.input_ulps != 1.0 else ''} of the inputs"
    return f"{allowed}: {accuracy.why}" if accuracy.why else allowed


def sources(op: Op) -> str:
    """Collect the source of the rules, after the functions of their package that they call."""
    functions: dict[FunctionType, None] = {}
    for rule in (op.formula, *op.partials):
        _collect(rule, functions)
    return "\n\n".join(dict.fromkeys(filter(None, map(_source, functions))))


def _collect(function: Any, found: dict[FunctionType, None]) -> None:
    """Add a function after those that it calls. Functions that are not written in Python are left out."""
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
    except OSError:  # it was typed in, or its file is gone
        return ""
