"""Reverse mode: the one traversal that turns local derivatives into derivatives.

No operation is known by name. Each sweep visits every neuron below the output once, youngest first. A neuron is younger
than its constituents. So when its turn comes, everything that was made of it has passed its share on. While a sweep
runs, `_grad` holds the adjoint.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf, ulp
from operator import attrgetter
from typing import Any

from gograd_core import current
from gograd_core.checked.sweep import (
    BUSY,
    NOT_AGAIN,
    differentiated,
    examine,
    lock,
    propagate,
    propagate_one,
    refuse_stale,
)
from gograd_core.interfaces import Node

__all__ = ["adjoints", "adjoints_and_rounding", "backward", "reachable", "run", "visit"]

Visited = tuple[list[Node], list[Node]]  # interior neurons, youngest first, and where a sweep ends
Seeded = Sequence[tuple[Node, float]]  # outputs, each with the adjoint that it starts from

_running: tuple[Visited, ...] = ()  # more than one if a rule starts a sweep
UNIT, SMALLEST = ulp(1.0), ulp(0.0)  # how far an operation may round, relative to its result, and where that is tiny

_stamp = attrgetter("_stamp")
_traversals = 0
last_setting = 0  # the stamp of the last leaf whose value was set: a younger graph cannot be stale


def backward(output: Node, seed: float) -> None:
    """Add the derivative of `output`, times `seed`, to the `grad` of the leaves; see `Neuron.backward`."""
    examine([output], [seed])
    with lock:
        visited = visit([output])
        leaves = visited[1]
        before = [leaf._grad for leaf in leaves]
        try:
            some_lead_nowhere = any(None in op.partials for op in {node._operation for node in visited[0]})
            run(visited, _sweep_towards if some_lead_nowhere else _sweep, visited, [(output, seed)], leaves)
            for leaf, grad in zip(leaves, before, strict=True):
                leaf._grad += grad
        except BaseException:
            for leaf, grad in zip(leaves, before, strict=True):
                leaf._grad = grad
            raise


def adjoints(outputs: Sequence[Node], seeds: Sequence[float], inputs: Sequence[Node], since: int) -> list[float]:
    """Compute the derivative of the sum of `outputs`, each times its seed, with respect to each input.

    The `grad` of every neuron stays as it is. Neurons older than the stamp `since` do not depend on the inputs, so the
    sweep ends at them.
    """
    examine(outputs, seeds, inputs, since)
    with lock:
        visited = visit(outputs, since)
        neurons = [*visited[0], *visited[1], *inputs]
        put_back = map(
            vars(current.Neuron)["_grad"].__set__, neurons, [getattr(neuron, "_grad", 0.0) for neuron in neurons]
        )
        try:
            seeded = list(zip(outputs, seeds, strict=True))
            run((visited[0], [*visited[1], *inputs]), _sweep_towards, visited, seeded, inputs)
            return [neuron._grad for neuron in inputs]
        finally:
            any(put_back)  # runs the map to its end, in one step of C that no interrupt divides


def adjoints_and_rounding(output: Node, inputs: Sequence[Node], since: int) -> tuple[list[float], float, list[Node]]:
    """Compute the derivative of `output` with respect to each input, and how far rounding may move its value.

    The latter is to first order: the sum over all neurons below, each rounded once, of what that moves the output by.
    Also list the neurons older than the stamp `since` which `output` depends on.
    """
    with lock:
        interior, leaves = visit([output], since)
        found = adjoints([output], [1.0], [*interior, *inputs], since)
    rounding = 0.0
    for node, adjoint in zip(interior, found, strict=False):
        rounding += abs(adjoint) * (abs(node._value) * UNIT + SMALLEST)
    return found[len(interior) :], rounding, [leaf for leaf in leaves if leaf._stamp < since]


def _sweep_towards(visited: Visited, seeded: Seeded, inputs: Sequence[Node]) -> None:
    """Sweep, but compute only the adjoints that the inputs need."""
    for neuron in (*visited[0], *visited[1]):
        neuron._grad = None  # nobody asks for its adjoint
    wanted = _leading_to(inputs, visited)
    _sweep(wanted, [(output, seed) for output, seed in seeded if output._grad is not None], inputs)


def _leading_to(inputs: Sequence[Node], visited: Visited) -> Visited:
    """Choose the visited neurons whose adjoints the inputs need, and set these adjoints and the inputs' to 0.0.

    Partials with respect to other neurons are not evaluated. So they take no time, and cannot affect the result.
    """
    for neuron in inputs:  # some may not be visited
        neuron._grad = 0.0
    interior, leaves = visited
    for node in reversed(interior):
        entries = differentiated(node) if None in node._operation.partials else node._constituents
        for entry in entries:  # written out, since it runs for every neuron of every gradient
            if type(entry) is not float and entry._grad is not None:
                node._grad = 0.0
                break
    return [node for node in interior if node._grad is not None], [leaf for leaf in leaves if leaf._grad is not None]


def run(visited: Visited, propagate: Callable[..., None], *args: Any) -> None:
    """Call `propagate`, and note `visited` as what the running sweep works on."""
    global _running
    outer = _running
    try:
        _running = (*outer, visited)
        propagate(*args)
    finally:
        _running = outer


def visit(outputs: Sequence[Node], since: int = 0) -> Visited:
    """Find what a sweep from `outputs` visits. No running sweep may be working on any of it."""
    visited = reachable(outputs, since)
    if _running:
        busy = {id(neuron) for sweep in _running for neurons in sweep for neuron in neurons}
        if any(id(neuron) in busy for neurons in visited for neuron in neurons):
            raise RuntimeError(BUSY)
    return visited


def reachable(outputs: Sequence[Node], since: int) -> Visited:
    """Find the neurons below `outputs`, interior ones youngest first. The caller holds `lock`.

    Leaves are also the neurons older than the stamp `since`.

    Raises:
        StaleGraphError: a leaf's value was set after a neuron was computed from it.
    """
    global _traversals
    while True:
        _traversals = own = _traversals + 1
        interior, leaves = _descend(outputs, since)
        if own == _traversals:  # else a signal handler swept meanwhile, and changed marks
            break
    interior.sort(key=_stamp, reverse=True)
    if interior and last_setting > interior[-1]._stamp:
        refuse_stale(interior)
    return interior, leaves


def _descend(outputs: Sequence[Node], since: int) -> Visited:
    mark = object()
    interior: list[Any] = []
    leaves: list[Any] = []
    stack: list[Any] = []
    pop, push = stack.pop, stack.append
    entries: Sequence[Any] = outputs
    while True:
        for entry in entries:
            if type(entry) is not float and entry._mark is not mark:
                entry._mark = mark
                if entry._operation is None or (since and entry._stamp < since):
                    leaves.append(entry)
                else:
                    push(entry)
        if not stack:
            break
        node = pop()
        interior.append(node)
        entries = node._constituents
    return interior, leaves


def _start(visited: Visited, seeded: Seeded) -> None:
    for neurons in visited:
        for neuron in neurons:
            neuron._grad = 0.0
    for output, seed in seeded:
        output._grad += seed


def _sweep(visited: Visited, seeded: Seeded, inputs: Sequence[Node]) -> None:
    """Leave the adjoint of every visited neuron in `_grad`. Those of `inputs` are finite, unless errstate allows it."""
    _start(visited, seeded)
    if not _propagate_fast(*visited):
        _start(visited, seeded)
        propagate(visited[0], inputs)


def _propagate_fast(interior: list[Any], leaves: list[Any]) -> bool:
    """Pass every adjoint on: entry._grad += adjoint * local derivative. Return whether nothing odd happened.

    Nothing is judged here. Whatever is odd (an exception, an infinity, a complex number) shows in the adjoint of the
    neuron that received it, and then `propagate` repeats the sweep with every check. Operations of one and two inputs
    have branches of their own, since calls with a fixed number of arguments are much faster.
    """
    try:
        for node in interior:
            adjoint = node._grad
            if adjoint == 0.0:  # nothing was added, or an arm of `where` that was not taken
                if type(adjoint) is not float:
                    return False
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
                if x_value is not x and partial_x is not None and (so_far := x._grad) is not None:
                    x._grad = so_far + adjoint * partial_x(op.xp, node._value, x_value, y_value)
                if y_value is not y and partial_y is not None and (so_far := y._grad) is not None:
                    y._grad = so_far + adjoint * partial_y(op.xp, node._value, x_value, y_value)
            elif arity == 1:
                (x,) = node._constituents
                (partial_x,) = op.partials
                if partial_x is not None:
                    x._grad += adjoint * partial_x(op.xp, node._value, x._value)
            else:
                propagate_one(node)
        return all(type(leaf._grad) is float and -inf < leaf._grad < inf for leaf in leaves)
    except NOT_AGAIN:
        raise
    except Exception:
        return False
