"""Runs a schedule with NumPy, one step at a time. Every backend uses it for rules that only Python can run."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Sequence
from numbers import Real
from typing import Any

import numpy as np

from gograd_compile.kernels.rules import POWERS
from gograd_compile.lower.graph import FORWARD, Call
from gograd_compile.lower.rules import OUTPUT, specialized
from gograd_compile.lower.schedule import Schedule
from gograd_compile.run.array_library import LIBRARY
from gograd_compile.trace.tape import Floats, Integers
from gograd_core import RuleError
from gograd_core.extend import Column, as_number, as_numbers, postorder, run_rule

__all__ = ["NumpyRunner", "PythonCalls", "function_of", "rows_of"]


Rows = slice | Integers

EXACT = {"input", "constant", "add", "subtract", "multiply", "divide", "negative", "abs", "sqrt", "where"}
"""Functions whose results IEEE 754 defines to the last bit. That of others may depend on how NumPy calls them."""


class NumpyRunner:
    """Runs the steps of a schedule on a memory with a row per slot and a column per point."""

    runs_whole_schedules = False

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule
        self._calls = PythonCalls(schedule)
        self._terms_of = functools.cache(self._find_terms)

    def run(self, memory: Floats, begin: int, end: int) -> None:
        """Run the steps from `begin` to `end`."""
        with np.errstate(all="ignore"):
            for step in range(begin, end):
                if self.schedule.steps[step, 0] == 0:
                    self._run_sums(memory, step, np.multiply)
                else:
                    self._calls.run(memory, step)

    def run_carefully(self, memory: Floats, begin: int, end: int, lane: int) -> bool:
        """Run the sums among these steps again in one lane, where 0.0 times an infinity or NaN is 0.0.

        Returns whether all sums and first factors (adjoints or tangents) are finite, and the factors of tangents.
        """
        point = memory[:, lane : lane + 1]
        finite = True
        with np.errstate(all="ignore"):
            for step in range(begin, end):
                code, slot, count, at = self.schedule.steps[step]
                if code == 0:
                    self._run_sums(point, step, _multiply_carefully)
                    starts = self.schedule.sum_starts[at : at + count + 1]
                    judged = self.schedule.terms[starts[0] : starts[-1], : 1 + self.schedule.forward]
                    finite &= bool(np.isfinite(point[slot : slot + count]).all() and np.isfinite(point[judged]).all())
        return finite

    def _run_sums(self, memory: Floats, step: int, multiply: Callable[..., Floats]) -> None:
        for rows, x, y, is_first in self._terms_of(step):
            own = memory[rows]  # a view of a slice, otherwise a copy
            products = memory[x] if y is None else multiply(memory[x], memory[y], out=own if is_first else None)
            if not is_first:
                products = np.add(own, products, out=own)
            if products is not own or not isinstance(rows, slice):
                memory[rows] = products

    def _find_terms(self, step: int) -> list[tuple[Rows, Rows, Rows | None, bool]]:
        """Split the sums of a step into parts: the slots, both factors of a term of each, and whether it is the first.

        A part needs only what earlier ones compute, and the terms of a sum are added in order. The second factor is
        None where it is the constant 1.
        """
        schedule = self.schedule
        _, slot, count, at = schedule.steps[step].tolist()
        starts = schedule.sum_starts[at : at + count + 1]
        lengths = np.diff(starts)
        wave = np.zeros(count, dtype=np.int64)
        for index in range(count):
            inside = schedule.terms[starts[index] : starts[index + 1]] - slot
            inside = inside[inside >= 0]
            if len(inside):
                wave[index] = wave[inside].max() + 1
        found = []
        for number in range(int(wave.max()) + 1):
            sums = np.flatnonzero(wave == number)
            for term in range(int(lengths[sums].max())):
                longer = sums[lengths[sums] > term]
                x, y = schedule.terms[starts[longer] + term].T
                second = None if (y == schedule.graph.one).all() else rows_of(y)
                found.append((rows_of(slot + longer), rows_of(x), second, term == 0))
        return found


def rows_of(places: Integers) -> Rows:
    """Give the same places as a slice if each follows the one before: NumPy copies nothing then."""
    follow = len(places) > 0 and bool((np.diff(places) == 1).all())
    return slice(int(places[0]), int(places[0]) + len(places)) if follow else places


def _multiply_carefully(x: Floats, y: Floats, out: Floats | None) -> Floats:
    products = np.multiply(x, y, out=out)
    products[(x == 0.0) | (y == 0.0)] = 0.0
    return products


class PythonCalls:
    """Runs the steps of calls with the rules of the operations: on arrays if they accept them, or point by point."""

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule
        self._found = functools.cache(self._find)

    def run(self, memory: Floats, step: int) -> None:
        """Run a step of calls."""
        call, function, rows, places = self._found(step)
        if call.length:
            memory[rows] = _of_columns(call, memory[places])
        else:
            memory[rows] = function(*[memory[each] for each in places])

    def bind(self, step: int, memory: Floats) -> Callable[[], None]:
        """Return what runs a step of calls in that memory, again and again."""
        call, function, rows, places = self._found(step)
        if call.length or not all(isinstance(each, slice) for each in places):
            return functools.partial(self.run, memory, step)
        results, inputs = memory[rows], [memory[each] for each in places]

        def run() -> None:
            results[...] = function(*inputs)

        return run

    def _find(self, step: int) -> tuple[Call, Callable[..., Any], Rows, Any]:
        """Find what a step calls, where its results are, and where its inputs are: an array of slots for columns."""
        code, slot, count, at = self._schedule.steps[step].tolist()
        call = self._schedule.graph.calls[code - 1]
        applications = count // call.width
        places = self._schedule.gathers[at : at + applications * call.arity].reshape(call.arity, applications)
        return call, function_of(call), slice(slot, slot + count), places if call.length else [*map(rows_of, places)]


def _of_columns(call: Call, gathered: Floats) -> Floats:
    """Run a call on columns, one application and one point at a time."""
    _, applications, points = gathered.shape
    function = function_of(call)
    results = np.empty((applications, call.width, points))
    for application, point in np.ndindex(applications, points):
        given = gathered[:, application, point]
        inputs, rest = [], given
        for place in call.needs:
            taken = 1 if place == OUTPUT else call.length
            inputs.append(rest[0] if place == OUTPUT else rest[:taken])
            rest = rest[taken:]
        results[application, :, point] = function(*inputs)
    return results.reshape(-1, points)


@functools.cache
def function_of(call: Call) -> Callable[..., Any]:
    """Make the function that computes the call from arrays of its inputs, in the order of `needs`."""
    op = call.rules.op
    rule: Any = op.forward if call.what == FORWARD else op.partials[call.what]
    if op.opaque or _has_function_of_columns(call):
        return _point_by_point(call, rule)
    places = range(len(op.partials)) if call.what == FORWARD else (OUTPUT, *range(len(op.partials)))
    namespace = op.scope.arrays(LIBRARY)
    bound = op.bind(namespace) if call.what == FORWARD else functools.partial(rule, namespace)

    is_exact = call.symbol is not None and all(symbol.function in EXACT for symbol in postorder([call.symbol]))

    def on_arrays(*inputs: Any) -> Any:
        given: dict[int, Any] = dict(call.rules.fixed)
        if not is_exact:  # fixed numbers become arrays, since NumPy computes some powers of numbers differently
            given = {place: np.full(inputs[0].shape, number) for place, number in given.items()}
        given |= zip(call.needs, inputs, strict=True)
        return bound(*(given.get(place, 1.0) for place in places))  # inputs that are not given are not used

    if call.symbol is None:
        return _checked(call, on_arrays, _point_by_point(call, rule))
    return _with_products(call, on_arrays) if call.what == FORWARD and not call.length else on_arrays


def _with_products(call: Call, on_arrays: Callable[..., Any]) -> Callable[..., Any]:
    """Compute powers as products where the exponent is simple, as is done where it is known: see `lower.lowering`."""
    assert call.symbol is not None
    if all(symbol.function != "pow" for symbol in postorder([call.symbol])):
        return on_arrays
    special = [
        (place, power, specialized(call.rules, {place: power}).terms) for place in call.needs for power in POWERS
    ]
    products = [(call.needs.index(place), power, terms) for place, power, terms in special if terms is not None]

    def with_products(*inputs: Any) -> Any:
        found = on_arrays(*inputs)
        given = dict(zip(call.needs, inputs, strict=True))
        for position, power, terms in products:
            where = inputs[position] == power
            if where.any():
                factors = [[given[each] if isinstance(each, int) else each for each in term] for term in terms]
                found = np.where(where, functools.reduce(np.add, (x * y for x, y in factors)), found)
        return found

    return with_products


def _checked(call: Call, on_arrays: Callable[..., Any], on_floats: Callable[..., Any]) -> Callable[..., Any]:
    """Call a rule that could not be written out: on arrays if it accepts them, otherwise on floats, as eager mode does.

    On floats it raises the same errors, too.
    """

    def on_either(*inputs: Any) -> Any:
        try:
            result = on_arrays(*inputs)
        except Exception:  # whatever a rule for floats raises on arrays
            return on_floats(*inputs)
        return result if _is_right(call, result, inputs) else on_floats(*inputs)

    # The same way is used everywhere. A rule with `if x > 0` accepts arrays of one entry, and no others.
    shapes: list[tuple[int, ...]] = [(1, 2) if not call.length else (call.length,) * (n != OUTPUT) for n in call.needs]
    probes = [np.full(shape, 0.5) for shape in shapes]
    try:
        if not _is_right(call, on_arrays(*probes), probes):
            return on_floats
    except Exception:
        return on_floats
    with contextlib.suppress(Exception):  # 0.5 may not be in its domain
        try:
            on_floats(*probes)
        except RuleError:
            return on_floats
    return on_either


def _is_right(call: Call, result: Any, inputs: Sequence[Any]) -> bool:
    """Say whether a rule returned one real number, or as many as it should."""
    if not isinstance(result, np.ndarray):
        return isinstance(result, Real)
    shape = (call.width,) * (call.what != FORWARD) if call.length else inputs[0].shape
    return result.shape == shape and result.dtype.kind in "biuf"


def _has_function_of_columns(call: Call) -> bool:
    """Say whether the operation has its own function for floats. Its last digits differ from those of the formula."""
    own = call.rules.op.implementations
    return bool(call.length) and call.what == FORWARD and "scalar" in own and "numpy" not in own


def _point_by_point(call: Call, rule: Callable[..., Any]) -> Callable[..., Any]:
    op = call.rules.op

    def on_floats(*inputs: Any) -> list[float]:
        columns = [Column(x.tolist()) if np.ndim(x) else float(x) for x in inputs]
        result = run_rule(op, rule, *columns)
        return [as_number(op, result)] if call.what == FORWARD else as_numbers(op, result, call.width, what)

    def on_arrays(*inputs: Any) -> Any:
        results = np.empty(inputs[0].shape)
        for index in np.ndindex(results.shape):
            (results[index],) = on_floats(*(x[index] for x in inputs))
        return results

    what = f"partial {call.what}"
    return on_floats if call.length else on_arrays
