"""Operations of arrays: in the arrays' own library, or entry by entry where neurons are involved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from gograd_core import calling, engines
from gograd_core.followed import unfollowed

if TYPE_CHECKING:
    from gograd_core.op import Op

__all__ = ["call_with_arrays", "is_array"]


def is_array(x: Any) -> bool:
    return hasattr(x, "__array_namespace__") and (x.shape != () or _holds_neurons([x]))


def call_with_arrays(op: Op, inputs: tuple[Any, ...]) -> Any:
    """`op` of arrays: in their own library, or entry by entry where neurons are involved."""
    inputs = tuple(map(unfollowed, inputs))
    arrays = [x for x in inputs if is_array(x)]
    if op.variadic:
        if any(len(array.shape) != 1 for array in arrays):
            raise ValueError(f"{op.title} expects one-dimensional columns, got shapes {[a.shape for a in arrays]}")
        if len(arrays) < len(inputs) or _holds_neurons(arrays) or len({array.shape for array in arrays}) > 1:
            return calling.apply(op, op.flatten(inputs))
    elif _holds_neurons(inputs):
        import numpy as np  # an object array exists, so NumPy is there

        return np.frompyfunc(op, len(inputs), 1)(*inputs)
    library = arrays[0].__array_namespace__()
    return op.bind(op.scope.arrays(library))(*[_real(library, x) for x in inputs])


def _real(library: Any, x: Any) -> Any:
    """Integers as floats: a rule is one of real numbers."""
    integers = is_array(x) and library.isdtype(x.dtype, "integral")
    return library.astype(x, library.float64) if integers else x


def _holds_neurons(inputs: Sequence[Any]) -> bool:
    return any(type(x) is engines.Neuron or getattr(x, "dtype", None) == "O" for x in inputs)
