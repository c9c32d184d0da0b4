"""Reverse mode: the one traversal that turns local derivatives into derivatives.

Knows no operation by name. Each sweep visits every neuron below the output once, youngest first:
a neuron's stamp is younger than those of its constituents, so when a neuron's turn comes, all
that was made of it has passed its share on. While a sweep runs, `_grad` holds the adjoint.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from math import inf
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from gograd_core import scalar
from gograd_core.errors import InvalidOperationError, StaleGraphError, errstate
from gograd_core.evaluation import as_column, as_numbers, describe, judge, run_rule
from gograd_core.namespaces import Column, ColumnNamespace

if TYPE_CHECKING:
    from gograd_core.neuron import Neuron

__all__ = ["adjoints", "backward"]

Visited = tuple["list[Neuron]", "list[Neuron]"]  # interior neurons, youngest first, and where a sweep ends

_lock = threading.RLock()  # one sweep at a time: sweeps of several threads may share leaves
_running: tuple[Visited, ...] = ()  # more than one if a rule starts a sweep
_stamp = attrgetter("_stamp")
last_setting = 0  # the stamp of the last leaf whose value was set: a younger graph cannot be stale


def backward(output: Neuron, seed: float) -> None:
    """Add the derivative of `output`, times `seed`, to `grad` of the leaves; see `Neuron.backward`."""
    with _lock:
        visited = _visit(output)
        leaves = visited[1]
        before = [leaf._grad for leaf in leaves]
        try:
            _run(visited, _sweep, visited, output, seed)
            for leaf, grad in zip(leaves, before, strict=True):
                leaf._grad += grad
        except BaseException:
            for leaf, grad in zip(leaves, before, strict=True):
                leaf._grad = grad
            raise


def adjoints(output: Neuron, inputs: Sequence[Neuron], *, since: int = 0, graph_namespace: Any = None) -> list[Any]:
    """The derivative of `output` by each of the inputs, leaving the `grad` of every neuron untouched.

    They are floats; with a `graph_namespace` (`gograd_core.ops`) the rules run on neurons in it,
    and the derivatives are neurons that can be differentiated again. Neurons older than the stamp
    `since` do not depend on the inputs, and the sweep ends at them.
    """
    with _lock:
        interior, leaves = visited = _visit(output, since)
        neurons = [*interior, *leaves, *inputs]
        before = [neuron.grad for neuron in neurons]
        try:
            for neuron in inputs:  # some may not be visited
                neuron._grad = 0.0
            if graph_namespace is None:
                _run(visited, _sweep, visited, output, 1.0)
            else:
                _run(visited, _sweep_graph, visited, output, graph_namespace)
            return [neuron._grad for neuron in inputs]
        finally:
            for neuron, grad in zip(neurons, before, strict=True):
                neuron._grad = grad


def _run(visited: Visited, propagate: Callable[..., None], *args: Any) -> None:
    """Call `propagate`, with `visited` known as what the running sweep works on."""
    global _running
    outer = _running
    try:
        _running = (*outer, visited)
        propagate(*args)
    finally:
        _running = outer


def _visit(output: Neuron, since: int = 0) -> Visited:
    """What a sweep from `output` visits, which no running sweep may be working on."""
    visited = _reachable(output, since)
    if _running:
        busy = {id(neuron) for sweep in _running for neurons in sweep for neuron in neurons}
        if any(id(neuron) in busy for neurons in visited for neuron in neurons):
            raise RuntimeError("a rule started a sweep over neurons of the sweep that is running it")
    return visited


def _reachable(output: Neuron, since: int) -> Visited:
    if output._operation is None or output._stamp < since:
        return [], [output]
    mark = object()
    output._mark = mark
    interior: list[Any] = []
    leaves: list[Any] = []
    stack: list[Any] = [output]
    pop, push = stack.pop, stack.append
    while stack:
        node = pop()
        interior.append(node)
        for entry in node._constituents:
            if type(entry) is not float and entry._mark is not mark:
                entry._mark = mark
                if entry._operation is None or (since and entry._stamp < since):
                    leaves.append(entry)
                else:
                    push(entry)
    interior.sort(key=_stamp, reverse=True)
    if last_setting > interior[-1]._stamp:
        _refuse_stale(interior)
    return interior, leaves


def _refuse_stale(interior: list[Neuron]) -> None:
    for node in interior:
        for entry in node._constituents:
            if type(entry) is not float and entry._stamp > node._stamp:  # type: ignore[union-attr]
                made = describe(node._operation, node._constituents)  # type: ignore[arg-type]
                raise StaleGraphError(
                    f"{entry!r} was set after {made} was computed from it: compute the graph again before the sweep"
                )


def _start(visited: Visited, output: Neuron, seed: float) -> None:
    for neurons in visited:
        for neuron in neurons:
            neuron._grad = 0.0
    output._grad = seed


def _sweep(visited: Visited, output: Neuron, seed: float) -> None:
    """Leave in `_grad` of all that was visited its adjoint, a finite float, or what errstate allows."""
    _start(visited, output, seed)
    if not _propagate_fast(*visited):
        _start(visited, output, seed)
        _propagate(visited[0])


def _propagate_fast(interior: list[Any], leaves: list[Any]) -> bool:
    """Pass every adjoint on: entry._grad += adjoint * local derivative. Whether that was all right.

    Nothing is judged here. Whatever is odd (an exception, an infinity, a complex number) shows in
    the adjoint of the neuron that received it, and then `_propagate` does it all again with care.
    Operations of one and two inputs have branches of their own, since calls with a fixed number of
    arguments are much faster.
    """
    try:
        for node in interior:
            adjoint = node._grad
            if adjoint == 0.0:  # nothing was added, or an arm of `where` that was not taken
                continue
            if not -inf < adjoint < inf:
                return False
            op = node._operation
            arity = op.arity
            if arity == 2:
                x, y = node._constituents
                partial_x, partial_y = op.partials
                x_value = x if type(x) is float else x._value
                y_value = y if type(y) is float else y._value
                if x_value is not x and partial_x is not None:
                    x._grad += adjoint * partial_x(scalar, node._value, x_value, y_value)
                if y_value is not y and partial_y is not None:
                    y._grad += adjoint * partial_y(scalar, node._value, x_value, y_value)
            elif arity == 1:
                (x,) = node._constituents
                (partial_x,) = op.partials
                if partial_x is not None:
                    x._grad += adjoint * partial_x(scalar, node._value, x._value)
            else:
                _propagate_one(node)
        return all(type(leaf._grad) is float and -inf < leaf._grad < inf for leaf in leaves)
    except Exception:
        return False


def _propagate(interior: list[Neuron]) -> None:
    for node in interior:
        if node._grad != 0.0:
            _propagate_one(node)


def _propagate_one(node: Neuron) -> None:
    """Pass the adjoint of one neuron on, with care: what a rule gives is checked and judged."""
    op: Any = node._operation
    adjoint = node._grad
    columns = op.columns(node._constituents)
    arguments: Any = [entry if type(entry) is float else entry._value for entry in node._constituents]  # type: ignore[union-attr]
    if op.variadic:
        arguments = map(Column, op.columns(arguments))
    arguments = tuple(arguments)
    for index, column in enumerate(columns):
        partial = op.partials[index]
        if partial is None or all(type(entry) is float for entry in column):
            continue
        local_column = run_rule(op, partial, node._value, *arguments)
        for entry, local in zip(column, as_numbers(op, local_column, len(column), f"partial {index}"), strict=True):
            if type(entry) is not float:
                share = adjoint * local
                entry._grad += share if share - share == 0.0 else _judge(node, index, adjoint, local)


def _judge(node: Neuron, index: int, adjoint: float, local: float) -> float:
    """The product of the two, which is not finite."""
    op: Any = node._operation
    if local == 0.0:  # even against an infinite adjoint: an arm that was not taken is not poisoned
        return 0.0
    values = [entry if type(entry) is float else entry._value for entry in node._constituents]  # type: ignore[union-attr]
    what = f"the derivative by input {index} of {describe(op, node._constituents)}"
    judge(op, values, local, lambda: what)
    judge(op, (adjoint, local), adjoint * local, lambda: f"{what} times the adjoint {adjoint!r}")
    return adjoint * local


def _sweep_graph(visited: Visited, output: Neuron, xp: Any) -> None:
    """As `_sweep`, with rules that run on neurons in `xp`: adjoints are neurons, or constant floats.

    An adjoint that is zero by value is passed on, since its own derivative need not be; a
    constant zero is not.
    """
    _start(visited, output, 1.0)
    for node in visited[0]:
        adjoint = node._grad
        if type(adjoint) is float and adjoint == 0.0:
            continue
        op: Any = node._operation
        if op.opaque:
            raise InvalidOperationError(f"{op.title} is opaque: its partials cannot be differentiated again")
        columns = op.columns(node._constituents)
        arguments: Any = map(Column, columns) if op.variadic else node._constituents
        arguments = tuple(arguments)
        values: list[Any] = [getattr(entry, "_value", entry) for entry in node._constituents]
        for index, column in enumerate(columns):
            partial = op.partials[index]
            if partial is None or all(type(entry) is float for entry in column):
                continue
            with errstate(domain="ignore"):  # what a rule calls is not judged, only what it returns
                try:
                    local_column = partial(ColumnNamespace(xp) if op.variadic else xp, node, *arguments)
                except Exception as error:
                    error.add_note(f"while running partial {index} of {op.title} on neurons")
                    raise
            what = f"partial {index}"
            locals_ = as_column(op, local_column, len(column), what)
            local_values = [as_numbers(op, getattr(local, "_value", local), 1, what)[0] for local in locals_]
            for entry, local, local_value in zip(column, locals_, local_values, strict=True):
                if type(entry) is float or (not hasattr(local, "_value") and local_value == 0.0):
                    continue
                if local_value - local_value != 0.0:
                    where = describe(op, node._constituents)
                    judge(op, values, local_value, lambda: f"the derivative by input {index} of {where}")  # noqa: B023
                share = adjoint * local
                unset = type(entry._grad) is float and entry._grad == 0.0
                entry._grad = share if unset else entry._grad + share
