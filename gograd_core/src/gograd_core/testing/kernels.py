"""The check "kernels": compares native code with the Python rules."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from gograd_core.checked.rules import as_inputs, as_numbers, run_rule
from gograd_core.engine_choice import engine
from gograd_core.kernels.c import kernel_source
from gograd_core.kernels.expansion import ExpansionError
from gograd_core.op import Op
from gograd_core.op.kernels import Kernels
from gograd_core.op.native_functions import address, expected
from gograd_core.testing.edges import special_points
from gograd_core.testing.exact import Point, arguments, flat
from gograd_core.testing.floats import differentiable, rule_name
from gograd_core.testing.points import Points
from gograd_core.testing.reports import Check

__all__ = ["check_kernels"]

KINDS: dict[str, Any] = {
    "double": ctypes.c_double,
    "double *": ctypes.POINTER(ctypes.c_double),
    "intptr_t": ctypes.c_ssize_t,
    "void": None,
}


def check_kernels(op: Op, points: Points) -> Check:
    """Check that kernels agree with the rules on floats: exactly for NaN, infinities and zeros, else nearly."""
    if op.kernels is None:
        return Check("kernels", "skipped", "there are none: the Python rules are called")
    if engine().name != "native":
        return Check("kernels", "skipped", "the Python engine calls none")
    if not _is_current(op, op.kernels):
        return Check("kernels", "failed", "generated from other rules: run gograd kernels MODULE, and build it again")
    pinned = (flat(op, edge.inputs) for edge in op.edges)
    special = (point for _, point in special_points(op, points))
    every = (tuple(map(float, point)) for point in (*points.tried, *points.beyond, *pinned, *special))
    tried = {repr(point): point for point in every}  # by their digits, since -0.0 equals 0.0
    functions = _functions(op, op.kernels)
    for point in tried.values():
        complaint = _difference(op, functions, point)
        if complaint:
            return Check("kernels", "failed", f"the kernel of {complaint}, at {point}", len(tried))
    return Check("kernels", points=len(tried))


def _is_current(op: Op, kernels: Kernels) -> bool:
    """Return whether kernels were generated from the rules of `op`. Those written by hand have no digest."""
    try:
        return kernels.digest in ("", kernel_source(op).digest)
    except ExpansionError:
        return False


def _functions(op: Op, kernels: Kernels) -> list[Any]:
    """Make functions of ctypes for forward and the partials; None where an operation has no partial."""
    of_forward, of_partials = (_prototype(signature) for signature in expected(op))
    partials = [partial and kernel for partial, kernel in zip(op.partials, kernels.partials, strict=True)]
    return [of_forward(_where(kernels.forward)), *(kernel and of_partials(_where(kernel)) for kernel in partials)]


def _prototype(signature: str) -> Callable[[int], Any]:
    result, inputs = signature.removesuffix(")").split(" (")
    return ctypes.CFUNCTYPE(KINDS[result], *(KINDS[kind] for kind in inputs.split(", ")))


def _where(kernel: Any) -> int:
    if type(kernel).__name__ != "PyCapsule":
        return address(kernel)
    name, pointer = ctypes.pythonapi.PyCapsule_GetName, ctypes.pythonapi.PyCapsule_GetPointer
    name.restype, name.argtypes = ctypes.c_char_p, [ctypes.py_object]
    pointer.restype, pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    return int(pointer(kernel, name(kernel)))


def _difference(op: Op, functions: Sequence[Any], point: Point) -> str:
    """Describe the difference between a kernel and its rule at a point; empty if they agree."""
    for what, found, wanted in _results(op, functions, point):
        if not all(_agrees(op, *pair) for pair in zip(found, wanted, strict=True)):
            return f"{what} gives {found}, the rule {wanted}"
    return ""


def _results(op: Op, functions: Sequence[Any], point: Point) -> Iterator[tuple[str, list[float], list[float]]]:
    """List, for each rule, its name, what the kernel gives, and what the rule gives."""
    inputs, given = arguments(op, point), as_inputs(op, point)
    length = len(point) // len(op.partials)
    room = ctypes.c_double * length
    taken = [length, *(room(*column) for column in inputs)] if op.variadic else inputs
    (out,) = as_numbers(op, run_rule(op, op.forward, *given), 1, "forward")
    yield "forward", [functions[0](*taken)], [out]
    for index in differentiable(op):
        partial: Callable[..., Any] = op.partials[index]  # type: ignore[assignment]
        wanted = as_numbers(op, run_rule(op, partial, out, *given), length, rule_name(op, index))
        results = room()
        found = functions[1 + index](out, *taken, *([results] if op.variadic else []))
        yield rule_name(op, index), list(results) if op.variadic else [found], wanted


def _agrees(op: Op, found: float, wanted: float) -> bool:
    """Compare up to the last places, since the C library may compute what Python computes itself."""
    if math.isfinite(wanted) and wanted != 0.0:
        return abs(found - wanted) <= max(4.0, op.accuracy.ulps) * math.ulp(wanted)
    return repr(found) == repr(wanted)
