"""A value and a gradient in the common case: of floats, or of an array of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gograd_core import engines
from gograd_core.checked.calls import is_array
from gograd_core.derivatives.trace import ONLY_FLOATS, as_output, nested, nested_block
from gograd_core.engines import Neuron
from gograd_core.settings import pauses

__all__ = ["of_floats"]


def of_floats(
    f: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any], wrt: int | slice | tuple[int, ...]
) -> tuple[float, Any] | None:
    """Compute the value of `f` and its gradient with respect to floats: several arguments, or a list, tuple or array.

    This is the common case of `trace` and `pull`, which take twice as long. It is None for other arguments. The first
    arguments, so many, may be given as a slice, which is faster than a tuple.

    Raises:
        TypeError: `f` does not return one number.
    """
    argument: Any
    kind: Any = tuple
    gradient: Any = None
    if isinstance(wrt, slice):
        argument = args[wrt]
        if not ONLY_FLOATS.issuperset(map(type, argument)):
            return None
        inputs = [*map(Neuron, argument)]
        changed = [*inputs, *args[wrt.stop :]]
    else:
        argument = args[wrt] if isinstance(wrt, int) else tuple([args[place] for place in wrt])
        kind = type(argument)
        changed = [*args]
        if kind is float:
            inputs = [Neuron(argument)]
            fresh: Any = inputs[0]
        elif kind in (list, tuple) and argument and ONLY_FLOATS.issuperset(map(type, argument)):
            inputs = [*map(Neuron, argument)]
            fresh = kind(inputs)
        elif is_array(argument) and is_of_doubles(argument):
            inputs, fresh, gradient = in_arrays(argument)
        else:
            return None
        if isinstance(wrt, int):
            changed[wrt] = fresh
        else:
            for place, neuron in zip(wrt, inputs, strict=True):
                changed[place] = neuron
    since = inputs[-1]._stamp + 1
    result = (nested() if pauses else nested_block).run(f, *changed, **kwargs)
    output = result if type(result) is Neuron else as_output(result, f, scalar=True)
    if gradient is None:
        found = engines.adjoints([output], [1.0], inputs, since)
        return output._value, found[0] if kind is float else kind(found)
    engines.read_adjoints([output], [1.0], inputs, since, gradient.reshape(-1))
    return output._value, gradient


def is_of_doubles(array: Any) -> bool:
    """Return whether an array is one of NumPy's own, of floats as Python has them, with at least one axis and entry."""
    import numpy as np  # whoever passes an array has it

    return type(array) is np.ndarray and array.dtype == np.float64 and array.ndim > 0 and array.size > 0


def in_arrays(array: Any) -> tuple[list[Neuron], Any, Any]:
    """Make a leaf for each number in an array. Returns them in a row, in an array, and an array for the gradient."""
    import numpy as np

    leaves = engines.leaves_of(array.ravel())
    return leaves, np.fromiter(leaves, object, len(leaves)).reshape(array.shape), np.empty(array.shape)
