"""Derivatives of plain Python functions, and of neurons, that leave every `grad` untouched."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import Any

from gograd_core import backward
from gograd_core.builtin_ops import identity
from gograd_core.evaluation import as_float
from gograd_core.neuron import Neuron
from gograd_core.recording import recording
from gograd_core.registry import ops
from gograd_core.tree import flatten

__all__ = ["grad", "gradient", "value_and_grad"]

# How many transforms are running: what is called inside one gives neurons, so that the outer one
# can differentiate it. A float there would cut the graph, and the outer derivative would be wrong.
_depth: ContextVar[int] = ContextVar("gograd_transform_depth", default=0)


def gradient(output: Neuron, inputs: Any, *, create_graph: bool = False) -> Any:
    """The derivative of a neuron by each of `inputs`.

    Args:
        output: the neuron to differentiate.
        inputs: neurons, leaves or interior ones: one, or nested lists, tuples, dicts or arrays of them.
        create_graph: return neurons that can be differentiated again, instead of floats. Inside a
            transform (`grad`, `value_and_grad`) that is always so.

    Returns:
        The derivatives, nested as `inputs` are; 0.0 for an input that `output` does not depend on.

    Raises:
        TypeError: `output` or an input is no neuron.
        StaleGraphError, DomainError: as `Neuron.backward`.
    """
    neurons, rebuild = flatten(inputs)
    for neuron in (output, *neurons):
        if type(neuron) is not Neuron:
            raise TypeError(f"gradient() expects neurons, got {neuron!r}")
    return rebuild(_derivatives(output, neurons, create_graph or _depth.get() > 0))


def value_and_grad(
    f: Callable[..., Any], wrt: int | Sequence[int] = 0, *, create_graph: bool = False
) -> Callable[..., tuple[Any, Any]]:
    """A function that gives the value of `f` and its gradient, for about the cost of one sweep.

    Args:
        f: a function of numbers, or nested lists, tuples, dicts or arrays of them, that computes
            one number with Python's operators and the operations of `ops`.
        wrt: the argument to differentiate by, or several, counted from 0.
        create_graph: return neurons that can be differentiated again, instead of floats; always so
            inside another transform.

    Returns:
        A function of the same arguments. Its second result is nested as the argument `wrt` is; for
        several, it is a tuple.

    Raises:
        TypeError: (when called) `f` does not return one number, or an argument is none.
        IndexError: (when called) there is no argument `wrt`.
        ValueError: (when called) `wrt` names an argument twice.
    """

    @functools.wraps(f)
    def wrapped(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        positions = (wrt,) if isinstance(wrt, int) else tuple(wrt)
        as_neurons = create_graph or _depth.get() > 0
        if any(not -len(args) <= position < len(args) for position in positions):
            raise IndexError(f"wrt={wrt!r}, but {_name(f)} was called with {len(args)} positional argument(s)")
        if len({position % len(args) for position in positions}) < len(positions):
            raise ValueError(f"wrt={wrt!r} names an argument of {_name(f)} twice")
        leaves, rebuild = flatten([args[position] for position in positions])
        with recording():
            inputs = [_variable(leaf, attached=as_neurons) for leaf in leaves]
            since = inputs[0]._stamp if inputs else 0
            changed = list(args)
            for position, argument in zip(positions, rebuild(inputs), strict=True):
                changed[position] = argument
            token = _depth.set(_depth.get() + 1)
            try:
                output = f(*changed, **kwargs)
            finally:
                _depth.reset(token)
            if type(output) is not Neuron:
                output = Neuron(as_float(output, f"{_name(f)} must return one number to be differentiated;"))
            derivatives = rebuild(_derivatives(output, inputs, as_neurons, since))
        return (
            output if as_neurons else output.value,
            derivatives[0] if isinstance(wrt, int) else tuple(derivatives),
        )

    return wrapped


def grad(f: Callable[..., Any], wrt: int | Sequence[int] = 0, *, create_graph: bool = False) -> Callable[..., Any]:
    """A function that gives the gradient of `f`; everything else as `value_and_grad`."""
    both = value_and_grad(f, wrt, create_graph=create_graph)

    @functools.wraps(f)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        return both(*args, **kwargs)[1]

    return wrapped


def _derivatives(output: Neuron, inputs: Sequence[Neuron], as_neurons: bool, since: int = 0) -> list[Any]:
    if not as_neurons:
        return backward.adjoints(output, inputs, since=since)
    with recording():
        found = backward.adjoints(output, inputs, since=since, graph_namespace=ops)
    return [derivative if type(derivative) is Neuron else Neuron(derivative) for derivative in found]


def _variable(number: Any, *, attached: bool) -> Neuron:
    """A fresh neuron for an argument, so that only its use inside `f` counts."""
    if type(number) is not Neuron:
        return Neuron(number)
    variable: Neuron = identity(number) if attached else Neuron(number.value)
    return variable


def _name(f: Callable[..., Any]) -> str:
    return getattr(f, "__name__", repr(f))
