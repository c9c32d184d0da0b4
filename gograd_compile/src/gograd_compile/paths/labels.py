"""Labels for the arguments of a function, where they appear in explanations of anomalies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gograd_core import Neuron
from gograd_core.extend import argument_names, flatten_numbers, number_paths

__all__ = ["with_labels"]


def with_labels(f: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that labels the neurons in its arguments by their places, "x" or "w[0]", and then calls `f`."""

    def labelled(*args: Any) -> Any:
        for name, argument in zip(argument_names(f, len(args)), args, strict=True):
            for entry, path in zip(flatten_numbers(argument)[0], number_paths(argument, name), strict=True):
                if type(entry) is Neuron and not entry.label:
                    entry.label = path
        return f(*args)

    return labelled
