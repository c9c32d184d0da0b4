"""Nested lists, tuples, dicts and arrays of numbers, taken apart and put together again."""

from __future__ import annotations

import reprlib
from collections.abc import Callable, Sequence
from itertools import chain, islice
from math import prod
from operator import itemgetter
from typing import Any

__all__ = ["Rebuild", "flatten", "flatten_like", "is_number", "paths", "rebuild_matrix"]

Rebuild = Callable[[Sequence[Any]], Any]
Shape = tuple[int, ...]


def is_number(tree: Any) -> bool:
    """Whether `tree` is one number, or what is taken for one: no list, tuple, dict or array."""
    return not isinstance(tree, (dict, list, tuple)) and _shape(tree) == ()


def flatten(tree: Any) -> tuple[list[Any], Rebuild]:
    """The numbers of `tree` in a row, and a function that puts others in their places.

    Arrays come back as NumPy's: of floats if all numbers in them are floats, else of objects.
    """
    blocks, nest = _unnest(tree)
    shapes = list(map(_shape, blocks))

    def rebuild(numbers: Sequence[Any]) -> Any:
        rest = iter(numbers)
        return nest([_array(shape, list(islice(rest, prod(shape)))) if shape else next(rest) for shape in shapes])

    if not any(shapes):
        return blocks, nest
    return list(chain.from_iterable(map(_entries, blocks))), rebuild


def flatten_like(example: Any, tree: Any, name: str) -> list[Any]:
    """The numbers of `tree`, nested as `example` is, in the order of those of `example`.

    Lists, tuples and one-dimensional arrays may stand for each other.

    Raises:
        ValueError: `tree` is nested otherwise; the message calls it `name`.
    """
    if isinstance(example, dict):
        if isinstance(tree, dict) and tree.keys() == example.keys():
            return [number for key in example for number in flatten_like(example[key], tree[key], name)]
    elif is_number(example):
        if is_number(tree):
            return [tree]
    elif not is_number(tree) and not isinstance(tree, dict) and len(tree) == len(example):
        pairs = zip(example, tree, strict=True)
        return [number for one, other in pairs for number in flatten_like(one, other, name)]
    raise ValueError(f"{name} must be nested like {reprlib.repr(example)}, got {reprlib.repr(tree)}")


def paths(tree: Any, root: str = "") -> list[str]:
    """Where each number of `tree` is, in the order of `flatten`: "p['w'][0]"."""
    if isinstance(tree, dict):
        children = [(f"{root}[{key!r}]", child) for key, child in tree.items()]
    elif hasattr(tree, "_fields"):
        children = [(f"{root}.{field}", child) for field, child in zip(tree._fields, tree, strict=True)]
    elif isinstance(tree, (list, tuple)):
        children = [(f"{root}[{index}]", child) for index, child in enumerate(tree)]
    elif _shape(tree):
        import numpy as np

        return [f"{root}[{', '.join(map(str, index))}]" for index in np.ndindex(tree.shape)]
    else:
        return [root]
    return [path for where, child in children for path in paths(child, where)]


def rebuild_matrix(rows: Sequence[Sequence[Any]], outputs: Any, inputs: Any) -> Any:
    """A matrix with a row per number of `outputs` and a column per number of `inputs`, nested as both are.

    It is nested as `outputs`, and each number or array in it is replaced by what is nested as
    `inputs`, where each array or number has the axes of the output followed by those of the input.
    """
    output_blocks, nest_outputs = _unnest(outputs)
    input_blocks, nest_inputs = _unnest(inputs)
    rest = iter(rows)
    nested = []
    for output in map(_shape, output_blocks):
        own = list(map(iter, islice(rest, prod(output))))
        parts = []
        for shape in map(_shape, input_blocks):
            entries = [entry for row in own for entry in islice(row, prod(shape))]
            parts.append(_array(output + shape, entries) if output + shape else entries[0])
        nested.append(nest_inputs(parts))
    return nest_outputs(nested)


def _unnest(tree: Any) -> tuple[list[Any], Rebuild]:
    """The numbers and arrays of `tree` in a row, and a function that puts others in their places."""
    assemble: Rebuild
    if isinstance(tree, dict):
        children = list(tree.values())
        assemble = lambda children: dict(zip(tree, children, strict=True))  # noqa: E731
    elif isinstance(tree, (list, tuple)):
        children = list(tree)
        assemble = (lambda children: type(tree)(*children)) if hasattr(tree, "_fields") else type(tree)
    else:
        return [tree], itemgetter(0)
    if not any(isinstance(child, (dict, list, tuple)) for child in children):
        return children, assemble
    parts = [_unnest(child) for child in children]

    def nest(blocks: Sequence[Any]) -> Any:
        rest = iter(blocks)
        return assemble([build(list(islice(rest, len(part)))) for part, build in parts])

    return [block for part, _ in parts for block in part], nest


def _shape(block: Any) -> Shape:
    return tuple(block.shape) if hasattr(block, "__array_namespace__") else ()


def _entries(block: Any) -> list[Any]:
    if not hasattr(block, "__array_namespace__"):
        return [block]
    import numpy as np  # whoever passes an array has it

    return list(np.asarray(block).flat)


def _array(shape: Shape, entries: Sequence[Any]) -> Any:
    import numpy as np

    array = np.empty(len(entries), dtype=float if all(type(entry) is float for entry in entries) else object)
    array[:] = entries
    return array.reshape(shape)
