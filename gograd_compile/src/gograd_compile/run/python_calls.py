"""Runs steps of calls with the rules of the operations: on arrays if the rules accept them, or point by point."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Sequence
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from gograd_compile.call import prepared
from gograd_compile.kernels.rules import POWERS
from gograd_compile.lower.graph import FORWARD, Call
from gograd_compile.lower.rules import OUTPUT, specialized
from gograd_compile.lower.schedule import Schedule
from gograd_compile.run.array_library import LIBRARY
from gograd_compile.trace.tape import Floats, Integers
from gograd_core import RuleError
from gograd_core.extend import Column, as_number, as_numbers, postorder, resolve, run_rule

if TYPE_CHECKING:
    from gograd_core import Op

__all__ = ["PythonCalls", "Rows", "function_of", "has_function_of_columns", "rows_of", "takes_floats"]

Rows = slice | Integers

EXACT = {"input", "constant", "add", "subtract", "multiply", "divide", "negative", "abs", "sqrt", "where"}
"""Functions whose results IEEE 754 defines to the last bit. That of others may depend on how NumPy calls them."""


def rows_of(places: Integers) -> Rows:
    """Give the same places as a slice if each follows the one before: NumPy copies nothing then."""
    follow = len(places) > 0 and bool((np.diff(places) == 1).all())
    return slice(int(places[0]), int(places[0]) + len(places)) if follow else places


class PythonCalls:
    """Runs the steps of calls of a schedule."""

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule
        self._found = functools.cache(self._find)
        self._on_floats = functools.cache(self._find_on_floats)

    def run(self, memory: Floats, step: int) -> None:
        """Run a step of calls."""
        if (on_floats := self._on_floats(step)) is not None:
            on_floats.over(memory)
            return
        call, function, rows, places = self._found(step)
        if call.length:
            memory[rows] = _of_columns(call, memory[places])
        else:
            memory[rows] = function(*[memory[each] for each in places])

    def bind(self, step: int, memory: Floats) -> Any:
        """Return what runs a step of calls in the memory of one point, again and again.

        It is a `prepared.RuleCalls` if the rule is called with floats, otherwise a function without arguments.
        """
        if (on_floats := self._on_floats(step)) is not None:
            return on_floats
        call, function, rows, places = self._found(step)
        if call.length or not all(isinstance(each, slice) for each in places):
            return functools.partial(self.run, memory, step)
        results, inputs = memory[rows], [memory[each] for each in places]

        def run() -> None:
            results[...] = function(*inputs)

        return run

    def _find(self, step: int) -> tuple[Call, Callable[..., Any], Rows, Any]:
        """Find what a step calls, where its results are, and where its inputs are: an array of slots for columns."""
        call, slot, count, places = self._look_up(step)
        return call, function_of(call), slice(slot, slot + count), places if call.length else [*map(rows_of, places)]

    def _find_on_floats(self, step: int) -> Any:
        """Find what runs a step in C if its rule is called with floats. It is None if not, or without the library."""
        call, slot, _, places = self._look_up(step)
        if prepared is None or not takes_floats(call):
            return None
        op, rule = call.rules.op, _rule_of(call)
        own = op.implementations.get("scalar") if call.what == FORWARD and not op.opaque else None
        called, first = (rule, (op.xp,)) if own is None else (resolve(own), ())

        def entries(result: Any) -> list[float]:
            return _numbers(call, result)

        def careful(*inputs: Any) -> list[float]:
            return _numbers(call, run_rule(op, rule, *inputs))

        inputs = _arguments(call, [call.length * (place != OUTPUT) for place in call.needs])
        return prepared.RuleCalls(called, first, inputs, Column, call.width, entries, careful, places, slot)

    def _look_up(self, step: int) -> tuple[Call, int, int, Integers]:
        """Find what a step calls, the first slot of its results, how many there are, and the slots of its inputs."""
        code, slot, count, at = self._schedule.steps[step].tolist()
        call = self._schedule.graph.calls[code - 1]
        applications = count // call.width
        places = self._schedule.gathers[at : at + applications * call.arity].reshape(call.arity, applications)
        return call, slot, count, places


def _rule_of(call: Call) -> Callable[..., Any]:
    op = call.rules.op
    rule: Callable[..., Any] | None = op.forward if call.what == FORWARD else op.partials[call.what]
    assert rule is not None
    return rule


def _arguments(call: Call, inputs: Sequence[Any]) -> tuple[Any, ...]:
    """Complete the inputs that a call takes to those of its rule. What the rule does not use is 1.0."""
    count = len(call.rules.op.partials)
    given = {**call.rules.fixed, **dict(zip(call.needs, inputs, strict=True))}
    return tuple(given.get(place, 1.0) for place in range(0 if call.what == FORWARD else OUTPUT, count))


def _numbers(call: Call, result: Any) -> list[float]:
    """Take the numbers out of what a rule returned on floats.

    Raises:
        RuleError: it returned something else.
    """
    op = call.rules.op
    if call.what == FORWARD:
        return [as_number(op, result)]
    return as_numbers(op, result, call.width, f"partial {call.what}")


@functools.cache
def takes_floats(call: Call) -> bool:
    """Say whether a rule is called with the floats of one point at a time, as in eager mode, and never with arrays."""
    op = call.rules.op
    if op.opaque or (call.length and call.what == FORWARD and has_function_of_columns(op)):
        return True
    if call.symbol is not None:
        return False
    return (call.what == FORWARD and _is_of_floats(op)) or not _accepts_arrays(call)


def has_function_of_columns(op: Op) -> bool:
    """Say whether the operation has its own function for floats. Its last digits differ from those of the formula."""
    return "scalar" in op.implementations and "numpy" not in op.implementations


def _is_of_floats(op: Op) -> bool:
    """Say whether a function of floats computes the value everywhere, point by point for arrays."""
    own = op.implementations
    if "scalar" not in own:
        return False
    on_arrays = None
    with contextlib.suppress(ImportError):  # without its library, that for floats takes its place
        on_arrays = resolve(own["numpy"]) if "numpy" in own else None
    if on_arrays is None:
        return op.formula is None
    return isinstance(on_arrays, np.vectorize) and on_arrays.pyfunc is resolve(own["scalar"])


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
    if takes_floats(call):
        return _point_by_point(call)
    on_arrays = _on_arrays(call)
    if call.symbol is None:
        return _or_on_floats(call, on_arrays)
    return _with_products(call, on_arrays) if call.what == FORWARD and not call.length else on_arrays


def _on_arrays(call: Call) -> Callable[..., Any]:
    """Make the function that calls the rule with arrays."""
    op = call.rules.op
    namespace = op.scope.arrays(LIBRARY)
    bound = op.bind(namespace) if call.what == FORWARD else functools.partial(_rule_of(call), namespace)
    if len(call.needs) == len(_arguments(call, call.needs)):
        return bound
    is_exact = call.symbol is not None and all(symbol.function in EXACT for symbol in postorder([call.symbol]))

    def on_arrays(*inputs: Any) -> Any:
        given = _arguments(call, inputs)
        if not is_exact:  # fixed numbers become arrays, since NumPy computes some powers of numbers differently
            given = tuple(np.full(inputs[0].shape, each) if type(each) is float else each for each in given)
        return bound(*given)

    return on_arrays


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


def _or_on_floats(call: Call, on_arrays: Callable[..., Any]) -> Callable[..., Any]:
    """Call a rule that could not be written out with arrays, and with floats where it fails, as eager mode does.

    On floats it raises the same errors, too.
    """
    on_floats = _point_by_point(call)

    def on_either(*inputs: Any) -> Any:
        try:
            result = on_arrays(*inputs)
        except Exception:  # whatever a rule for floats raises on arrays
            return on_floats(*inputs)
        return result if _is_right(call, result, inputs) else on_floats(*inputs)

    return on_either


def _accepts_arrays(call: Call) -> bool:
    """Try whether a rule that could not be written out accepts arrays.

    What it accepts is decided once. A rule with `if x > 0` accepts arrays of one entry, and no others.
    """
    shapes: list[tuple[int, ...]] = [(1, 2) if not call.length else (call.length,) * (n != OUTPUT) for n in call.needs]
    probes = [np.full(shape, 0.5) for shape in shapes]
    try:
        if not _is_right(call, _on_arrays(call)(*probes), probes):
            return False
    except Exception:
        return False
    with contextlib.suppress(Exception):  # 0.5 may not be in its domain
        try:
            _point_by_point(call)(*probes)
        except RuleError:
            return False
    return True


def _is_right(call: Call, result: Any, inputs: Sequence[Any]) -> bool:
    """Say whether a rule returned one real number, or as many as it should."""
    if not isinstance(result, np.ndarray):
        return isinstance(result, Real)
    shape = (call.width,) * (call.what != FORWARD) if call.length else inputs[0].shape
    return result.shape == shape and result.dtype.kind in "biuf"


def _point_by_point(call: Call) -> Callable[..., Any]:
    """Make the function that calls the rule with floats, or with the columns of one point."""
    op, rule = call.rules.op, _rule_of(call)

    def on_floats(*inputs: Any) -> list[float]:
        columns = [Column(x.tolist()) if np.ndim(x) else float(x) for x in inputs]
        return _numbers(call, run_rule(op, rule, *_arguments(call, columns)))

    def on_arrays(*inputs: Any) -> Any:
        results = np.empty(inputs[0].shape)
        for index in np.ndindex(results.shape):
            (results[index],) = on_floats(*(x[index] for x in inputs))
        return results

    return on_floats if call.length else on_arrays
