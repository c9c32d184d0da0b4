"""Derivatives of plain Python functions and of neurons. They leave every `grad` untouched.

Costs are given in evaluations of the function on neurons, as measured for cheap operations.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from gograd_core.derivatives.of_array import of_array
from gograd_core.derivatives.trace import (
    as_neuron,
    deeper,
    is_nested,
    numbers_like,
    positions,
    pull,
    require_function,
    trace,
)
from gograd_core.derivatives.tree import flatten
from gograd_core.engines import Neuron, of_floats
from gograd_core.errors import quoted

__all__ = ["grad", "gradient", "jvp", "value_and_grad", "vjp", "zero_grad"]

Wrt = int | Sequence[int]


def gradient(output: Neuron, inputs: Any, *, create_graph: bool = False) -> Any:
    """Compute the derivatives of a neuron with respect to other neurons.

    Args:
        output: the neuron to differentiate.
        inputs: leaves or interior neurons: one, or arrays and containers of them.
        create_graph: return neurons, which can be differentiated again, and not floats. Inside a transform (`grad`,
            `jacobian`, …) this is always so.

    Returns:
        The derivatives, nested as `inputs` are; 0.0 for an input that `output` does not depend on.

    Raises:
        TypeError: `output` or an input is not a neuron.
        StaleGraphError, DomainError: as for `Neuron.backward`.
    """
    neurons, rebuild = flatten(inputs)
    for neuron in (output, *neurons):
        if type(neuron) is not Neuron:
            instead = ": for several outputs call jacobian" if isinstance(neuron, (list, tuple)) else ""
            raise TypeError(f"gradient() expects neurons, got {quoted(neuron)}{instead}")
    return rebuild(pull([output], [1.0], neurons, since=0, graph=create_graph or is_nested()))


def value_and_grad(
    f: Callable[..., Any], wrt: Wrt = 0, *, create_graph: bool = False
) -> Callable[..., tuple[Any, Any]]:
    """Return a function that computes the value of `f` and its gradient, in reverse mode.

    It costs one evaluation of `f` and one sweep (about one more), however many numbers there are in the argument.

    Args:
        f: a function of numbers, or of arrays and containers of them, that computes one number with Python's operators
            and the operations of `ops`.
        wrt: the argument with respect to which to differentiate, or several, counted from 0.
        create_graph: return neurons, which can be differentiated again, and not floats; always so in another transform.

    Returns:
        A function of the same arguments. Its second result is nested as the argument `wrt` is; for several arguments it
        is a tuple.

    Raises:
        TypeError: `f` is not a function, or `wrt` is not the number of an argument. (When called) `f` does not return
            one number, or an argument holds none.
        IndexError: (when called) there is no argument `wrt`.
        ValueError: (when called) `wrt` names an argument twice.
        StaleGraphError, DomainError: (when called) as for `Neuron.backward`.
    """
    require_function(f, "value_and_grad")
    return functools.wraps(f)(_both(f, wrt, create_graph=create_graph))


def grad(f: Callable[..., Any], wrt: Wrt = 0, *, create_graph: bool = False) -> Callable[..., Any]:
    """Return a function that computes the gradient of `f`. Everything else is as for `value_and_grad`."""
    require_function(f, "grad")
    both = _both(f, wrt, create_graph=create_graph)

    @functools.wraps(f)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        return both(*args, **kwargs)[1]

    return wrapped


def _both(f: Callable[..., Any], wrt: Wrt, *, create_graph: bool) -> Callable[..., tuple[Any, Any]]:
    chosen = positions(wrt)
    places = (chosen,) if isinstance(chosen, int) else chosen
    is_simple = not create_graph and len(set(places)) == len(places) > 0 and min(places) >= 0
    neuron_of = functools.partial(as_neuron, f=f, scalar=True)

    def both(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        if is_simple:
            found = of_floats(deeper, f, args, kwargs, chosen, neuron_of) or of_array(
                f, args, kwargs, chosen, neuron_of
            )
            if found is not None:
                return found
        run = trace(f, args, kwargs, chosen, create_graph=create_graph, scalar=True)
        gradients = pull(run.outputs, [1.0], run.inputs, since=run.since, graph=run.graph)
        return run.value, run.like_argument(gradients)

    return both


def jvp(
    f: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any], *, create_graph: bool = False
) -> tuple[Any, Any]:
    """Compute the value of `f` and its derivative along a direction, in forward mode.

    It costs one evaluation of `f` and one sweep (about half an evaluation), however many numbers `f` returns.

    Args:
        f: a function of numbers, or of arrays and containers of them, that returns such.
        primals: the arguments of `f`.
        tangents: the direction: how fast each number in `primals` changes, nested as they are.
        create_graph: return neurons, which can be differentiated again, and not floats; always so in another transform.

    Returns:
        The value and the derivative, both nested as what `f` returns.

    Raises:
        TypeError: `f` is not a function, `primals` is not a list or tuple, or something in `primals` or in what `f`
            returns is not a number.
        ValueError: `tangents` is not nested as `primals` is.
        StaleGraphError, DomainError: as for `Neuron.backward`.
    """
    require_function(f, "jvp")
    if not isinstance(primals, (list, tuple)):
        raise TypeError(f"jvp() expects a list or tuple of the arguments of f, got {quoted(primals)}: write (x,)")
    run = trace(f, primals, wrt=tuple(range(len(primals))), create_graph=create_graph)
    direction = numbers_like(run.argument, tangents, "tangents", graph=run.graph)
    return run.value, run.like_result(run.push(direction))


def vjp(
    f: Callable[..., Any], *primals: Any, create_graph: bool = False
) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """Compute the value of `f`, and return a function that pulls weights of its results back to its arguments.

    It costs one evaluation of `f`, and one sweep per call of the returned function, however many numbers there are in
    `primals`.

    Args:
        f: a function of numbers, or of arrays and containers of them, that returns such.
        primals: its arguments.
        create_graph: return neurons, which can be differentiated again, and not floats; always so in another transform.

    Returns:
        The value, and ``pullback(cotangents)``. Cotangents are nested as the value is. Each number of the value is
        multiplied by its cotangent, and `pullback` returns the gradient of the sum with respect to each argument, as a
        tuple.

    Raises:
        TypeError: `f` is not a function, or something in `primals` or in what `f` returns is not a number.
        ValueError: (pullback) `cotangents` are not nested as the value is.
        StaleGraphError, DomainError: as for `Neuron.backward`.
    """
    require_function(f, "vjp")
    run = trace(f, primals, wrt=tuple(range(len(primals))), create_graph=create_graph)

    def pullback(cotangents: Any) -> tuple[Any, ...]:
        graph = create_graph or is_nested()
        weights = numbers_like(run.result, cotangents, "cotangents", graph=graph)
        gradients = pull(run.outputs, weights, run.inputs, since=run.since, graph=graph)
        return tuple(run.like_argument(gradients))

    return run.value, pullback


def zero_grad(neurons: Any) -> None:
    """Set the `grad` of neurons to 0.0: of one neuron, or of all in an iterable, a nested container or an array.

    Raises:
        TypeError: one of them is not a neuron. Then nothing is changed.
    """
    is_row = isinstance(neurons, Iterable) and not isinstance(neurons, dict) and not hasattr(neurons, "shape")
    found, _ = flatten(list(neurons) if is_row else neurons)
    for neuron in found:
        if type(neuron) is not Neuron:
            raise TypeError(f"zero_grad() expects neurons, got {quoted(neuron)}")
    for neuron in found:
        neuron.grad = 0.0
