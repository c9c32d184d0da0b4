"""Activations of units, and softmax, which takes all outputs of a layer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from gograd_core import Op, UnknownOperationError, ops, stop_gradient
from gograd_core.extend import quoted
from gograd_nn.layers.examples import in_rows, is_batch
from gograd_nn.misnomers import OF_ACTIVATIONS

__all__ = ["Activation", "check_activation", "softmax"]

Activation = Callable[[Any], Any] | str | None


def check_activation(activation: Activation) -> None:
    """Refuse what is not a function of one number.

    Raises:
        UnknownOperationError: no operation has that name.
        TypeError: it is neither a name, nor a function, nor None.
        ValueError: it is an operation that takes several numbers, or a column; or a name of another library.
    """
    if activation is None:
        return
    function: Any = activation
    if isinstance(activation, str):
        try:
            function = ops[activation]
        except UnknownOperationError:
            instead = OF_ACTIVATIONS.get(activation.lower())
            if instead is None:
                raise
            raise ValueError(f"there is no activation {activation!r}: {instead}") from None
    if not callable(function):
        raise TypeError(f"an activation is the name of an operation, a function or None, got {quoted(activation)}")
    if isinstance(function, Op) and function.arity != 1:
        takes = "a column of numbers" if function.variadic else f"{function.arity} numbers"
        raise ValueError(f"an activation takes one number, but {function.name!r} takes {takes}")


def softmax(values: Sequence[Any]) -> list[Any]:
    """Compute exp(x) / sum of exp, for each of several numbers. The results are positive, and their sum is 1.

    The largest number is subtracted first, so nothing overflows. This changes neither the results nor the derivatives.
    Of a batch, it makes a list with the results for each row.

    Raises:
        TypeError: `values` is a single number.
        ValueError: there are no numbers.
    """
    if not hasattr(values, "__len__"):
        raise TypeError(f"softmax() takes all outputs of a layer, got {quoted(values)}")
    if is_batch(values):
        return in_rows(softmax, values)
    if not len(values):
        raise ValueError("softmax() needs at least one number")
    largest = stop_gradient(ops.max(values))
    powers = [ops.exp(value - largest) for value in values]
    total = ops.sum(powers)
    return [power / total for power in powers]
