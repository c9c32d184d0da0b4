"""The value and the gradient of a function of floats: the common case of the transforms, and of points without a path.

The native engine does all of it in C. The transforms themselves, which do the same for nested arguments, neurons and
derivatives of derivatives, take several times as long.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gograd_core.engines.backward import adjoints
from gograd_core.engines.neuron import Neuron, next_stamp
from gograd_core.settings import Block, now

__all__ = ["of_floats", "value_and_adjoints", "value_inside"]

ONLY_FLOATS = {float}


def value_inside(block: Block, f: Callable[..., Any], args: tuple[Any, ...]) -> Any:
    """Call `f` inside a block. Return the value of the neuron that it returns, and anything else as it is."""
    result = block.run(f, *args)
    return result._value if type(result) is Neuron else result


def value_and_adjoints(
    block: Block, f: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any], inputs: Sequence[Neuron],
    neuron_of: Callable[[Any], Neuron],
) -> tuple[float, list[float]]:  # fmt: skip
    """Call `f` inside a block. Return the value, and its derivatives with respect to leaves made just before.

    If the result is not a neuron, `neuron_of` makes one of it.
    """
    since = next_stamp()
    result = block.run(f, *args, **kwargs)
    output = result if type(result) is Neuron else neuron_of(result)
    return output._value, adjoints([output], [1.0], inputs, since)


def of_floats(
    block: Block, f: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any], wrt: int | tuple[int, ...],
    neuron_of: Callable[[Any], Neuron],
) -> tuple[float, Any] | None:  # fmt: skip
    """Compute the value of `f` and its gradient with respect to floats: several arguments, or one, or a list or tuple.

    It is None for other arguments, inside another transform, and where a recorder sees a `no_grad` block.

    Args:
        block: the block in which to call `f`.
        f, args, kwargs: the function, and its arguments.
        wrt: the places of the arguments. None is negative, or named twice.
        neuron_of: makes a neuron of what `f` returns if it is something else.
    """
    here = now()
    if here.depth if here.recording else here.recorder is not None:
        return None
    kind: Any = tuple
    changed = list(args)
    if isinstance(wrt, tuple):
        if max(wrt) >= len(args):
            return None
        numbers: Any = [args[place] for place in wrt]
    else:
        argument = args[wrt] if wrt < len(args) else None
        kind = type(argument)
        numbers = argument if kind is list or kind is tuple else [argument]
    if not numbers or not ONLY_FLOATS.issuperset(map(type, numbers)):
        return None
    inputs = [*map(Neuron, numbers)]
    if isinstance(wrt, tuple):
        for place, neuron in zip(wrt, inputs, strict=True):
            changed[place] = neuron
    else:
        changed[wrt] = inputs[0] if kind is float else kind(inputs)
    value, gradient = value_and_adjoints(block, f, tuple(changed), kwargs, inputs, neuron_of)
    return value, gradient[0] if kind is float else kind(gradient)
