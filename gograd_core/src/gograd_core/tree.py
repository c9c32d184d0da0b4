"""Nested lists, tuples, dicts and arrays of numbers, taken apart and put together again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

__all__ = ["flatten"]

Rebuild = Callable[[Sequence[Any]], Any]


def flatten(tree: Any) -> tuple[list[Any], Rebuild]:
    """The numbers of `tree` in a row, and a function that puts others in their places.

    Anything that is no list, tuple, dict or array is one number.
    """
    if isinstance(tree, dict):
        return _flatten_children(list(tree.values()), lambda children: dict(zip(tree, children, strict=True)))
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return _flatten_children(tree, lambda children: type(tree)(*children))
    if isinstance(tree, (list, tuple)):
        return _flatten_children(tree, type(tree))
    if hasattr(tree, "__array_namespace__") and tree.shape != ():
        return _flatten_array(tree)
    return [tree], lambda leaves: leaves[0]


def _flatten_children(children: Sequence[Any], assemble: Callable[[list[Any]], Any]) -> tuple[list[Any], Rebuild]:
    parts = [flatten(child) for child in children]

    def rebuild(leaves: Sequence[Any]) -> Any:
        built, start = [], 0
        for part, build in parts:
            built.append(build(leaves[start : start + len(part)]))
            start += len(part)
        return assemble(built)

    return [leaf for part, _ in parts for leaf in part], rebuild


def _flatten_array(array: Any) -> tuple[list[Any], Rebuild]:
    import numpy as np  # whoever passes an array that can be iterated has it

    entries = np.asarray(array)

    def rebuild(leaves: Sequence[Any]) -> Any:
        built = np.empty(len(leaves), dtype=float if all(type(leaf) is float for leaf in leaves) else object)
        built[:] = leaves
        return built.reshape(entries.shape)

    return list(entries.flat), rebuild
