"""Jacobians, Hessians and derivatives of any order, by several or nested sweeps over one graph."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal

from gograd_core.derivatives.forward import ForwardSweep, creation_order
from gograd_core.derivatives.trace import (
    Trace,
    as_neurons,
    nested,
    numbers_like,
    positions,
    pull,
    require_function,
    trace,
)
from gograd_core.derivatives.tree import is_number, rebuild_matrix

__all__ = ["derivative", "hessian", "hvp", "jacobian"]

Mode = Literal["reverse", "forward"]


def jacobian(
    f: Callable[..., Any], wrt: int | Sequence[int] = 0, mode: Mode = "reverse", *, create_graph: bool = False
) -> Callable[..., Any]:
    """Return a function that computes the derivatives of all results of `f` with respect to all numbers in an argument.

    It costs one evaluation of `f`, and one sweep for each number that `f` returns ("reverse") or for each number in the
    argument ("forward"). A sweep costs about as much as an evaluation. A reverse sweep visits only what its number
    depends on.

    Args:
        f: a function of numbers, or of arrays and containers of them, that returns such.
        wrt: the argument with respect to which to differentiate, or several, counted from 0.
        mode: the direction of the sweeps. The result is the same, up to rounding.
        create_graph: return neurons, which can be differentiated again, and not floats; always so in another transform.

    Returns:
        A function of the same arguments. Its result is nested as that of `f`, but each number or array in it is
        replaced by something that is nested as the argument (for several arguments, as a tuple of them). Each number or
        array in this is the derivative of the one with respect to the other: a number for two numbers, else an array
        with the axes of the result and then those of the argument. So if `f` turns an array into an array, the result
        is an array, and if `f` returns one number, the result is the gradient.

    Raises:
        ValueError: `mode` is neither of the two. (When called) `wrt` names an argument twice.
        TypeError: `f` is not a function. (When called) `f` does not return numbers, or an argument holds none.
        IndexError: (when called) there is no argument `wrt`.
        StaleGraphError, DomainError: (when called) as for `Neuron.backward`.
    """
    require_function(f, "jacobian")
    chosen = positions(wrt)
    if mode not in ("reverse", "forward"):
        raise ValueError(f"jacobian() has the modes 'reverse' and 'forward', not {mode!r}")

    @functools.wraps(f)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        run = trace(f, args, kwargs, chosen, create_graph=create_graph)
        rows = _rows(run) if mode == "reverse" else list(zip(*_columns(run), strict=True))
        return rebuild_matrix(rows, run.result, run.argument)

    return wrapped


def hessian(f: Callable[..., Any], wrt: int | Sequence[int] = 0, *, create_graph: bool = False) -> Callable[..., Any]:
    """Return a function that computes the second derivatives of `f` with respect to every two numbers in an argument.

    It works in reverse over reverse mode. It costs a gradient that is recorded, so that it can be differentiated again
    (about 10 evaluations of `f`), and for each number in the argument one sweep over what its derivative depends on (at
    most 2 evaluations).

    Args:
        f: a function that returns one number; otherwise as for `grad`.
        wrt: the argument with respect to which to differentiate, or several, counted from 0.
        create_graph: return neurons, which can be differentiated again, and not floats; always so in another transform.

    Returns:
        A function of the same arguments. Its result is the Jacobian of the gradient, nested as that of `jacobian`: an
        array of shape s gives an array of shape s + s, and a dict gives a dict of dicts.

    Raises:
        The exceptions that `grad` raises.
        InvalidOperationError: (when called) `f` uses an operation that understands only floats.
    """
    require_function(f, "hessian")
    chosen = positions(wrt)

    @functools.wraps(f)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        run = trace(f, args, kwargs, chosen, create_graph=create_graph, scalar=True)
        return rebuild_matrix(_rows(run.gradient()), run.argument, run.argument)

    return wrapped


def hvp(f: Callable[..., Any], wrt: int | Sequence[int] = 0, *, create_graph: bool = False) -> Callable[..., Any]:
    """Return a function that computes the Hessian of `f` times a vector, without computing the Hessian.

    It works in forward over reverse mode. It costs a gradient that is recorded, so that it can be differentiated again
    (about 10 evaluations of `f`), and one sweep over it (about 2), however many numbers there are in the argument.

    Args:
        f: a function that returns one number; otherwise as for `grad`.
        wrt: the argument with respect to which to differentiate, or several, counted from 0.
        create_graph: return neurons, which can be differentiated again, and not floats; always so in another transform.

    Returns:
        A function of the same arguments followed by the vector. The vector and the result are nested as the argument
        `wrt` (for several arguments, as a tuple of them). ``hvp(f)``, called as ``hvp(f)(x, v)``, is what
        ``scipy.optimize.minimize`` takes as `hessp`.

    Raises:
        The exceptions that `grad` raises.
        ValueError: (when called) the vector is not nested as the argument is.
        InvalidOperationError: (when called) `f` uses an operation that understands only floats.
    """
    require_function(f, "hvp")
    chosen = positions(wrt)

    @functools.wraps(f)
    def wrapped(*args_and_vector: Any, **kwargs: Any) -> Any:
        *args, vector = args_and_vector
        run = trace(f, args, kwargs, chosen, create_graph=create_graph, scalar=True)
        weights = numbers_like(run.argument, vector, "the vector", graph=run.graph)
        return run.like_argument(run.gradient().push(weights))

    return wrapped


def derivative(f: Callable[..., Any], order: int = 1, *, create_graph: bool = False) -> Callable[..., Any]:
    """Return a function that computes the derivative of `f`, of any order, with respect to its first argument.

    It works in forward over forward mode: each sweep adds what it computes to the graph, and computes the derivative of
    each neuron once. It costs about 2 evaluations of `f` for the first order, 15 for the second, and twice as much for
    each further one.

    Args:
        f: a function of one number and any further arguments. It returns numbers, or arrays and containers of them.
        order: how many times to differentiate; 0 gives the value.
        create_graph: return neurons, which can be differentiated again, and not floats; always so in another transform.

    Returns:
        A function of the same arguments. Its result is nested as that of `f`.

    Raises:
        ValueError: `order` is not a whole number from 0.
        TypeError: `f` is not a function. (When called) the first argument is not one number, or `f` returns something
            other than numbers.
        InvalidOperationError: (when called) `f` uses an operation that understands only floats, and `order` is above 1.
        StaleGraphError, DomainError: (when called) as for `Neuron.backward`.
    """
    require_function(f, "derivative")
    if not isinstance(order, int) or order < 0:
        raise ValueError(f"derivative() expects an order that is a whole number from 0, got {order!r}")

    @functools.wraps(f)
    def wrapped(x: Any, *args: Any, **kwargs: Any) -> Any:
        if not is_number(x):
            raise TypeError(f"derivative() differentiates with respect to one number, not {x!r}")
        run = trace(f, (x, *args), kwargs, create_graph=create_graph)
        if order == 0:
            return run.value
        return run.like_result(_repeated(run, order))

    return wrapped


def _repeated(run: Trace, order: int) -> list[Any]:
    """Compute the derivatives of the outputs with respect to the one input, of some order."""
    seeds = {run.inputs[0]: 1.0}
    sweep = ForwardSweep(seeds, create_graph=True)

    def repeat() -> Sequence[Any]:
        outputs: Sequence[Any] = run.outputs
        for _ in range(order if run.graph else order - 1):
            outputs = sweep.tangents(outputs, creation_order(outputs, run.since))
        return outputs

    outputs = nested().run(repeat)
    if run.graph:
        return list(as_neurons(outputs))
    return ForwardSweep(seeds).tangents(outputs, creation_order(outputs, run.since))


def _rows(run: Trace) -> list[list[Any]]:
    """Compute the Jacobian row by row, each by a sweep over what one output depends on."""
    return [pull([output], [1.0], run.inputs, since=run.since, graph=run.graph) for output in run.outputs]


def _columns(run: Trace) -> Iterator[list[Any]]:
    """Compute the Jacobian column by column, one for each input."""
    for index in range(len(run.inputs)):
        yield run.push([float(index == other) for other in range(len(run.inputs))])
