"""Flattens arguments at many points, and finds which numbers all points share."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from itertools import accumulate, islice, pairwise
from types import NoneType
from typing import Any

import attrs
import numpy as np

from gograd_compile.nesting.trees import Floats, Integers, Structure, complaint, real_numbers
from gograd_core.extend import Form, leaf_paths, take_apart

__all__ = ["Batch", "flatten_batch"]

Axes = tuple[int | None, ...]

MOST_LAYOUTS, MOST_NUMBERS = 64, 2**14
"""How many forms of arguments are remembered (the least recently used is dropped), with at most how many numbers."""


@attrs.frozen(eq=False, repr=False)
class Batch:
    """Arguments at many points.

    Attributes:
        structure: how the arguments at one point are nested.
        points: how many points there are.
        shared: the places of the numbers that are the same at every point.
        batched: the places of the numbers that are not.
        shared_values: the numbers that are the same at every point.
        batched_values: the other numbers, in a row for each point.
        are_shared: for each leaf of the arguments, whether all points share it.
        first: the number of the first point, if this is a part of a larger batch.
    """

    structure: Structure
    points: int
    shared: Integers
    batched: Integers
    shared_values: Floats
    batched_values: Floats
    are_shared: tuple[bool, ...]
    first: int = 0

    def at(self, point: int) -> Floats:
        """Return the numbers of the arguments at one point."""
        numbers = np.empty(self.structure.size)
        numbers[self.shared] = self.shared_values
        numbers[self.batched] = self.batched_values[point]
        return numbers

    def rows(self, points: Integers) -> Floats:
        """Return the numbers of the arguments at some points, in a row for each."""
        numbers = np.empty((len(points), self.structure.size))
        numbers[:, self.shared] = self.shared_values
        numbers[:, self.batched] = self.batched_values[points]
        return numbers

    def all_points(self) -> Integers:
        """List the numbers of all points, in an array that must not be changed."""
        return _numbers_below(self.points)

    def part(self, begin: int, end: int) -> Batch:
        """Select the points from `begin` to `end`."""
        rows = self.batched_values[begin:end]
        return attrs.evolve(self, points=end - begin, batched_values=rows, first=self.first + begin)


@functools.lru_cache(maxsize=1)
def _numbers_below(count: int) -> Integers:
    numbers = np.arange(count)
    numbers.flags.writeable = False
    return numbers


def flatten_batch(args: Any, in_axes: Any = 0) -> Batch:
    """Flatten the arguments at many points.

    Args:
        args: the arguments. Arrays that are batched have an axis along which the points lie.
        in_axes: that axis: one number for all arguments, or a tuple (or list) with an entry for each. An entry is a
            number, None if the argument is shared, or a tree of these, nested as the upper part of the argument.

    Raises:
        TypeError: an argument is not a number, as in `flatten`, or an axis is neither a whole number nor None.
        ValueError: `in_axes` does not fit the arguments, an argument has no such axis, two have different numbers of
            points, or none is batched.
    """
    leaves, form = take_apart(args)
    axes = _axes(form, in_axes)
    batched = [index for index, axis in enumerate(axes) if axis is not None]
    if not batched:
        raise ValueError(f"in_axes={in_axes!r} batches none of the arguments: give an axis for at least one")
    arrays: list[Floats] = []
    for index, (leaf, axis) in enumerate(zip(leaves, axes, strict=True)):
        array = real_numbers(leaf)
        if array is None:
            raise TypeError(complaint(leaves, form, index, "args"))
        if axis is not None and not -array.ndim <= axis < array.ndim:
            kind = f"has the shape {array.shape}" if array.ndim else "is a number"
            hint = "" if array.ndim else ". Points lie along an axis of an array: np.array(...)"
            raise ValueError(
                f"{leaf_paths(form, 'args')[index]} {kind}: there is no axis {axis}; None means that it is shared{hint}"
            )
        arrays.append(np.moveaxis(array, axis, 0) if axis else array)
    points = len(arrays[batched[0]])
    for index in batched:
        if len(arrays[index]) != points:
            one, other = (
                f"{leaf_paths(form, 'args')[i]} has {len(arrays[i])} along axis {axes[i]}" for i in (batched[0], index)
            )
            raise ValueError(f"the numbers of points differ: {one}, {other}")
    shapes = tuple(array.shape if axis is None else array.shape[1:] for array, axis in zip(arrays, axes, strict=True))
    layout = _known_layout if sum(map(math.prod, shapes)) <= MOST_NUMBERS else _layout
    are_shared = tuple(axis is None for axis in axes)
    structure, shared_numbers, batched_numbers = layout(form, shapes, are_shared)
    shared_values = [array.ravel() for array, axis in zip(arrays, axes, strict=True) if axis is None]
    rows = [arrays[index].reshape(points, math.prod(shapes[index])) for index in batched]
    return Batch(
        structure=structure,
        points=points,
        shared=shared_numbers,
        batched=batched_numbers,
        shared_values=np.concatenate([np.empty(0), *shared_values]),
        batched_values=rows[0] if len(rows) == 1 else np.concatenate(rows, axis=1),
        are_shared=are_shared,
    )


def _layout(
    form: Form, shapes: tuple[tuple[int, ...], ...], are_shared: tuple[bool, ...]
) -> tuple[Structure, Integers, Integers]:
    """Find the structure of the arguments at one point, and the places of shared numbers and of batched ones."""
    bounds = accumulate(map(math.prod, shapes), initial=0)
    numbers: dict[bool, list[Integers]] = {True: [np.empty(0, np.intp)], False: [np.empty(0, np.intp)]}
    for is_shared, (start, stop) in zip(are_shared, pairwise(bounds), strict=True):
        numbers[is_shared].append(np.arange(start, stop))
    structure = Structure(form, tuple(shape or None for shape in shapes))
    return structure, np.concatenate(numbers[True]), np.concatenate(numbers[False])


_known_layout = functools.lru_cache(maxsize=MOST_LAYOUTS)(_layout)


def _axes(form: Form, in_axes: Any) -> Axes:
    """Find the axis for each leaf of the arguments. The order of the keys of dicts in `in_axes` does not matter."""
    if not isinstance(in_axes, (tuple, list)):
        in_axes = (in_axes,) * len(form.children)
    if len(in_axes) != len(form.children):
        raise ValueError(f"in_axes has {len(in_axes)} entries for {len(form.children)} argument(s): {in_axes!r}")
    entries, upper = take_apart(in_axes)
    if any(type(axis) is not int for axis in entries):
        position, axis = next(
            (position, axis)
            for position, prefix in enumerate(in_axes)
            for axis in take_apart(prefix)[0]
            if type(axis) is not int
        )
        raise TypeError(f"in_axes[{position}] has {axis!r}; an axis is a whole number, or None")
    return _spread(form, upper, tuple(entries))


@functools.lru_cache(maxsize=MOST_LAYOUTS)
def _spread(form: Form, upper: Form, entries: tuple[int, ...]) -> Axes:
    """Find the axis for each leaf from the axes in `entries`, which are nested as `upper`."""
    rest = iter(entries)
    axes: list[int | None] = []
    for position, (prefix, argument) in enumerate(zip(upper.children, form.children, strict=True)):
        own = list(islice(rest, prefix.leaves))
        try:
            axes += _below(prefix, argument, own)
        except ValueError:
            raise ValueError(
                f"in_axes[{position}]={prefix.nest(own)!r} does not fit argument {position}, which is nested as "
                f"{argument.nest(['*'] * argument.leaves)!r}"
            ) from None
    return tuple(axes)


def _below(prefix: Form, form: Form, entries: Sequence[int]) -> list[int | None]:
    """Find the axis of each leaf of a form from the entries of `prefix`, its upper part.

    Raises:
        ValueError: `prefix` is not an upper part of the form.
    """
    if prefix.container is None:
        return [entries[0]] * form.leaves
    if prefix.container.cls is NoneType:
        return [None] * form.leaves
    alike = prefix.container.alike
    if form.container is None or form.container.alike is not alike or len(form.children) != len(prefix.children):
        raise ValueError
    if alike not in (list, dict) and form.rest != prefix.rest:
        raise ValueError
    bounds = pairwise(accumulate((child.leaves for child in prefix.children), initial=0))
    by_label = alike is dict
    parts = {
        label: (child, entries[start:stop])
        for label, child, (start, stop) in zip(
            prefix.labels() if by_label else range(len(prefix.children)), prefix.children, bounds, strict=True
        )
    }
    found: list[int | None] = []
    for label, child in zip(form.labels() if by_label else range(len(form.children)), form.children, strict=True):
        if label not in parts:
            raise ValueError
        found += _below(parts[label][0], child, parts[label][1])
    return found
