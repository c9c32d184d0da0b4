"""Arguments at many points: which numbers are shared by all of them, and which are not."""

from __future__ import annotations

import math
from itertools import accumulate, pairwise
from typing import Any

import attrs
import numpy as np
import optree

from gograd_compile.trees import OPTIONS, Floats, Integers, Structure, complaint, path, real_numbers

__all__ = ["Batch", "flatten_batch"]


@attrs.frozen(eq=False)
class Batch:
    """Arguments at many points.

    Attributes:
        structure: that of the arguments at one point.
        points: how many there are.
        shared: which of the numbers are the same at every point.
        batched: which are not.
        shared_values: those numbers.
        batched_values: a row for each point.
    """

    structure: Structure
    points: int
    shared: Integers
    batched: Integers
    shared_values: Floats
    batched_values: Floats


def flatten_batch(args: Any, in_axes: Any = 0, name: str = "args") -> Batch:
    """The arguments at many points, taken apart.

    Args:
        args: the arguments; the arrays among them that are batched have an axis of points.
        in_axes: which axis: one number for all, or a tuple (or list) with an entry for each argument.
            An entry is a number; None, if the argument is shared; or a tree of these, nested as the
            upper part of the argument.
        name: what messages call `args`.

    Raises:
        TypeError: as `flatten`; or an axis is neither a whole number nor None.
        ValueError: `in_axes` does not fit the arguments, an argument has no such axis, two have
            different numbers of points, or none is batched.
    """
    leaves, spec = optree.tree_flatten(args, **OPTIONS)
    axes = _axes(args, spec, in_axes)
    shared = [index for index, axis in enumerate(axes) if axis is None]
    batched = [index for index, axis in enumerate(axes) if axis is not None]
    if not batched:
        raise ValueError(f"in_axes={in_axes!r} batches none of the arguments: an axis of one must be given")
    arrays: list[Floats] = []
    for index, (leaf, axis) in enumerate(zip(leaves, axes, strict=True)):
        array = real_numbers(leaf)
        if array is None:
            raise TypeError(complaint(args, leaves, index, name))
        if axis is not None and not -array.ndim <= axis < array.ndim:
            kind = f"has the shape {array.shape}" if array.ndim else "is a number"
            hint = "" if array.ndim else ". Points lie along an axis of an array: np.array(...)"
            raise ValueError(f"{path(args, index, name)} {kind}: there is no axis {axis}; None shares it{hint}")
        arrays.append(array if axis is None else np.moveaxis(array, axis, 0))
    points = len(arrays[batched[0]])
    for index in batched:
        if len(arrays[index]) != points:
            one, other = (
                f"{path(args, i, name)} has {len(arrays[i])} along axis {axes[i]}" for i in (batched[0], index)
            )
            raise ValueError(f"points are counted differently: {one}, {other}")
    shapes = [array.shape if axis is None else array.shape[1:] for array, axis in zip(arrays, axes, strict=True)]
    bounds = list(accumulate(map(math.prod, shapes), initial=0))
    numbers = [np.arange(start, stop) for start, stop in pairwise(bounds)]
    rows = [arrays[index].reshape(points, len(numbers[index])) for index in batched]
    return Batch(
        structure=Structure(spec, tuple(shape or None for shape in shapes)),
        points=points,
        shared=np.concatenate([np.empty(0, np.intp), *(numbers[index] for index in shared)]),
        batched=np.concatenate([numbers[index] for index in batched]),
        shared_values=np.concatenate([np.empty(0), *(arrays[index].ravel() for index in shared)]),
        batched_values=rows[0] if len(rows) == 1 else np.concatenate(rows, axis=1),
    )


def _axes(args: Any, spec: optree.PyTreeSpec, in_axes: Any) -> list[int | None]:
    """The axis for each leaf of the arguments, by their places and not by the order of the keys in `in_axes`."""
    if not isinstance(in_axes, (tuple, list)):
        in_axes = [in_axes] * len(args)
    if len(in_axes) != len(args):
        raise ValueError(f"in_axes has {len(in_axes)} entries for {len(args)} argument(s): {in_axes!r}")
    axes: list[int | None] = [None] * spec.num_leaves
    numbered: Any = spec.unflatten(range(spec.num_leaves))
    for position, (prefix, argument) in enumerate(zip(in_axes, numbered, strict=True)):
        entries, upper = optree.tree_flatten(prefix, **OPTIONS)
        try:
            parts = upper.flatten_up_to(argument)
        except ValueError as error:
            raise ValueError(f"in_axes[{position}]={prefix!r} does not fit argument {position}: {error}") from None
        for axis, part in zip(entries, parts, strict=True):
            if axis is not None and type(axis) is not int:
                raise TypeError(f"in_axes[{position}] has {axis!r}; an axis is a whole number, or None")
            for leaf in optree.tree_leaves(part, **OPTIONS):
                axes[leaf] = axis
    return axes
