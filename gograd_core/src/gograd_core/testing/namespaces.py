"""The check "namespaces": compares rules on arrays of NumPy and, if it is installed, of JAX with rules on floats."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import attrs

from gograd_core.errors import InvalidOperationError
from gograd_core.op import Op
from gograd_core.testing.accuracy import excused
from gograd_core.testing.edges import special_points
from gograd_core.testing.exact import Point, arguments, unit
from gograd_core.testing.floats import (
    SMALLEST,
    differentiable,
    entries_of,
    float_partial,
    float_value,
    is_normal,
    rule_name,
)
from gograd_core.testing.points import Points
from gograd_core.testing.reports import Check

__all__ = ["check_namespaces"]

COLUMNS = 30  # a variadic operation takes the arrays of so many points; others take all points in one array


@attrs.frozen
class Library:
    """An array library.

    Attributes:
        name: its name in messages.
        namespace: the module to import.
        array: makes an array of floats.
        settings: makes the context manager in which it is used.
        ulps: how far its functions may be off where those of `math` are not.
        input_ulps: the same as an effect of rounded inputs.
        strict: whether it follows IEEE 754 with subnormal numbers, signed zeros, infinities and NaN.
    """

    name: str
    namespace: str
    array: Callable[[Any, Sequence[float]], Any]
    settings: Callable[[Any], contextlib.AbstractContextManager[Any]]
    ulps: float
    input_ulps: float
    strict: bool


def _read_only(np: Any, numbers: Sequence[float]) -> Any:
    array = np.array(numbers, dtype=float)
    array.flags.writeable = False  # so that a rule that changes its input is detected
    return array


def _double_precision(jnp: Any) -> contextlib.AbstractContextManager[Any]:
    jax = importlib.import_module("jax")
    where = jax if hasattr(jax, "enable_x64") else importlib.import_module("jax.experimental")
    return where.enable_x64(True)  # type: ignore[no-any-return]


LIBRARIES = (
    Library("NumPy", "numpy", _read_only, lambda np: np.errstate(all="ignore"), 4.0, 0.0, True),
    Library(
        "JAX", "jax.numpy", lambda jnp, numbers: jnp.asarray(numbers, dtype=float), _double_precision, 64.0, 4.0, False
    ),
)


def check_namespaces(op: Op, points: Points) -> Check:
    """Check that arrays give what floats give: within the stated ulps, and exactly for special values."""
    remarks, count = [], 0
    for library in LIBRARIES:
        if importlib.util.find_spec(library.namespace.partition(".")[0]) is None:
            remarks.append(f"{library.name} is not installed")
            continue
        try:
            complaint, more = _compare(op, points, library)
        except InvalidOperationError as error:
            remarks.append(str(error))
            continue
        except Exception as error:  # an array library may raise anything for a rule that is not made for arrays
            complaint, more = f"a rule raises {type(error).__name__}: {error}", 0
        count += more
        if complaint:
            return Check("namespaces", "failed", f"{library.name}: {complaint}", count)
    return Check("namespaces", "passed" if count else "skipped", "; ".join(remarks), count)


def _compare(op: Op, points: Points, library: Library) -> tuple[str, int]:
    """Describe what differs, and count the points that were tried."""
    tried = [point for point in points.tried if library.strict or all(map(is_normal, point))]
    tried += dict.fromkeys(point for _, point in special_points(op, points)) if library.strict else ()
    module = importlib.import_module(library.namespace)
    with library.settings(module):
        for batch in [[point] for point in tried if point][:COLUMNS] if op.variadic else [tried]:
            for what, orders, point, scalar, array in _results(op, batch, module, library.array):
                if not _agree(op, points, library, point, orders, scalar, array):
                    return f"{what} gives {array!r} at {point}, on floats {scalar!r}", len(tried)
    return "", len(tried)


def _results(
    op: Op, batch: list[Point], module: Any, make: Callable[[Any, Sequence[float]], Any]
) -> Iterator[tuple[str, tuple[int, ...], Point, float, float]]:
    """List all results: the rule, the orders of the derivative, the point, and the numbers for floats and arrays."""
    inputs = [make(module, column) for column in (arguments(op, batch[0]) if op.variadic else zip(*batch, strict=True))]
    out = op(*inputs)
    values = [float_value(op, point) for point in batch]
    for point, scalar, array in zip(batch, values, _numbers(out, len(batch)), strict=True):
        yield "forward", unit(len(point)), point, scalar, array
    xp = op.scope.arrays(module)
    out = make(module, out) if getattr(out, "shape", ()) and differentiable(op) else out
    for index in differentiable(op):
        found = op.partials[index](xp, out, *inputs)  # type: ignore[misc]
        arrays = iter(_numbers(found, sum(len(entries_of(op, index, point)) for point in batch)))
        for point, value in zip(batch, values, strict=True):
            scalars = float_partial(op, index, value, point)
            for entry, scalar in zip(entries_of(op, index, point), scalars, strict=True):
                yield rule_name(op, index), unit(len(point), entry), point, scalar, next(arrays)


def _numbers(array: Any, count: int) -> list[Any]:
    """Convert what a rule gave for arrays to numbers. A single number is repeated."""
    if getattr(array, "shape", ()) == ():
        return [array.item() if hasattr(array, "item") else array] * count
    if array.shape != (count,):
        raise TypeError(f"a rule gave an array of shape {array.shape} for arrays of shape {(count,)}")
    return array.tolist()  # type: ignore[no-any-return]


def _agree(
    op: Op,
    points: Points,
    library: Library,
    point: Point,
    orders: tuple[int, ...],
    scalar: float | bool,
    array: float | bool,
) -> bool:
    if isinstance(scalar, bool) or isinstance(array, bool):
        return scalar is array
    if not math.isfinite(scalar) or not math.isfinite(array):
        return repr(scalar) == repr(float(array))
    if scalar == array == 0.0:
        return any(orders) or not library.strict or math.copysign(1.0, scalar) == math.copysign(1.0, array)
    if max(abs(scalar), abs(array)) < SMALLEST:
        return True
    error, allowed = abs(scalar - array), (op.accuracy.ulps + library.ulps) * math.ulp(scalar)
    inputs = 2.0 * op.accuracy.input_ulps + library.input_ulps
    return error <= allowed or (inputs > 0.0 and error <= allowed + float(excused(op, points, point, orders, inputs)))
