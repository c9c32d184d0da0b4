"""The arguments of a function that is explored: numbers, and lists and arrays of them, as leaves with labels."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from numbers import Real
from typing import Any

from gograd_core import Neuron
from gograd_core.extend import argument_names, flatten_numbers, number_paths

__all__ = ["arguments_of"]

POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def arguments_of(function: Callable[..., Any], at: Any) -> tuple[list[Any], dict[str, Any]]:
    """Make the arguments of a call, by position and by name, with a leaf for each number in `at`.

    The label of a leaf is its place: "x", or "w[0]" in a list. If the function takes a single argument, and `at` has
    several entries, they are this argument: a net takes a list.

    Raises:
        TypeError: there is something else than numbers in `at`, or the function does not take as many arguments.
    """
    signature = _signature(function)
    kinds = [parameter.kind for parameter in signature.parameters.values()] if signature is not None else []
    if isinstance(at, Mapping):
        given, named = [], dict(at)
    else:
        given, named = [at] if isinstance(at, Real) else [*at], {}
        if len(given) != 1 and len(kinds) == 1 and kinds[0] in POSITIONAL:
            given = [at]
    if signature is not None:
        _require_fitting(function, signature, given, named)
    names = argument_names(function, len(given))
    return (
        [_as_leaves(value, name) for value, name in zip(given, names, strict=True)],
        {name: _as_leaves(value, name) for name, value in named.items()},
    )


def _as_leaves(value: Any, name: str) -> Any:
    numbers, rebuild = flatten_numbers(value)
    leaves = []
    for number, path in zip(numbers, number_paths(value, name), strict=True):
        if not isinstance(number, Real):
            raise TypeError(
                f"explore(f, path, at=...) takes numbers, and lists and arrays of them, got {path}={number!r}"
            )
        leaves.append(Neuron(float(number), label=path))
    return rebuild(leaves)


def _signature(function: Callable[..., Any]) -> inspect.Signature | None:
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):  # it does not tell
        return None


def _require_fitting(
    function: Callable[..., Any], signature: inspect.Signature, given: Sequence[Any], named: Mapping[str, Any]
) -> None:
    try:
        signature.bind(*given, **named)
    except TypeError as error:
        name = getattr(function, "__name__", type(function).__name__)
        count = len(given) + len(named)
        arguments = f"{count} argument{'s' * (count != 1)}"
        takes = ", ".join(each.split(":")[0] for each in map(str, signature.parameters.values()))
        raise TypeError(f"{name}({takes}) does not take the {arguments} of at=...: {error}") from None
