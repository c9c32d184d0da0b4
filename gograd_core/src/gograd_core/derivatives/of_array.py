"""The value and the gradient of a function of an array of floats."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from gograd_core import engines
from gograd_core.checked.calls import is_array
from gograd_core.derivatives.trace import is_nested, nested
from gograd_core.engines import Neuron

__all__ = ["of_array"]


def of_array(
    f: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any], wrt: int | tuple[int, ...],
    neuron_of: Callable[[Any], Neuron],
) -> tuple[float, Any] | None:  # fmt: skip
    """Compute the value of `f` and its gradient with respect to an array of floats, as an array of the same shape.

    `trace` and `pull` do the same for all arguments, and make a Python float of each entry. It is None for arguments
    that are no such array, and inside another transform.

    Args:
        f, args, kwargs: the function, and its arguments.
        wrt: the place of the argument. It is not negative.
        neuron_of: makes a neuron of what `f` returns if it is something else.
    """
    if isinstance(wrt, tuple) or wrt >= len(args) or not is_array(args[wrt]) or is_nested():
        return None
    import numpy as np  # whoever passes an array has it

    array = args[wrt]
    if type(array) is not np.ndarray or array.dtype != np.float64 or array.ndim == 0 or array.size == 0:
        return None
    if not array.flags.aligned:  # what is read in C is
        return None
    gradient, leaves = np.empty(array.shape), np.empty(array.size, object)
    inputs = engines.leaves_of(array.ravel(), leaves)
    since = inputs[-1]._stamp + 1
    result = nested().run(f, *args[:wrt], leaves.reshape(array.shape), *args[wrt + 1 :], **kwargs)
    output = result if type(result) is Neuron else neuron_of(result)
    engines.read_adjoints([output], [1.0], inputs, since, gradient.reshape(-1))
    return output._value, gradient
