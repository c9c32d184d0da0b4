"""Flattens nested arguments and results into numbers, and nests numbers again.

`gograd_core.derivatives.tree` takes containers apart. This module knows their leaves: numbers and NumPy's arrays.
"""

from __future__ import annotations

import functools
import math
from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise
from numbers import Real
from typing import Any

import attrs
import numpy as np

from gograd_core import Neuron
from gograd_core.extend import Form, flatten_like, leaf_paths, refuse_keys, take_apart, unfollowed

__all__ = [
    "ONE_NUMBER",
    "Structure",
    "complaint",
    "flatten",
    "flatten_result",
    "nest_matrix",
    "numbers_like",
    "real_numbers",
    "row_of",
]

# Which `numpy.typing` calls NDArray. NumPy itself does not import that.
Array = np.ndarray[tuple[Any, ...], np.dtype[Any]]
Floats = np.ndarray[tuple[Any, ...], np.dtype[np.float64]]
Integers = np.ndarray[tuple[Any, ...], np.dtype[np.intp]]
Shape = tuple[int, ...]

PLAIN = {float, int, bool, np.float64}
ARRAYS = (np.ndarray, np.memmap)  # the operators of other subclasses, such as matrices, have other meanings
REAL = "biuf"  # the kinds of NumPy's dtypes whose entries are real numbers
MOST_STRUCTURES, MOST_LEAVES = 64, 2**14
"""How many structures are remembered (the least recently used is dropped), with at most how many leaves."""


@attrs.frozen(repr=False, slots=False)
class Structure:
    """How numbers are nested. It can be compared and hashed, since it is the key of recordings.

    Attributes:
        form: how the leaves (numbers and arrays) are nested.
        shapes: the shape of each array, and None for each number.
    """

    form: Form
    shapes: tuple[Shape | None, ...]

    @functools.cached_property
    def is_number(self) -> bool:
        """Say whether it is one number, and not an array or a container."""
        return self.form.container is None and self.shapes == (None,)

    @functools.cached_property
    def size(self) -> int:
        """Count the numbers."""
        return self._bounds[-1]

    @functools.cached_property
    def _bounds(self) -> list[int]:
        """Find where the numbers of each leaf begin, and where the last ones end."""
        return list(accumulate((1 if shape is None else math.prod(shape) for shape in self.shapes), initial=0))

    @functools.cached_property
    def _has_arrays(self) -> bool:
        return any(shape is not None for shape in self.shapes)

    def build(self, numbers: Floats | list[Any]) -> Any:
        """Nest as many numbers as `size`, as Python's floats and NumPy's arrays.

        Parts of an array are not copied. From a list arrays are made: of objects if the entries are not all floats.
        """
        if self.is_number:
            return numbers.item() if isinstance(numbers, np.ndarray) else numbers[0]
        if not self._has_arrays:
            return self.form.nest(numbers.tolist() if isinstance(numbers, np.ndarray) else numbers)
        leaves = []
        for shape, (start, stop) in zip(self.shapes, pairwise(self._bounds), strict=True):
            block = _as_array(numbers[start:stop])
            leaves.append(block.item() if shape is None else block.reshape(shape))
        return self.form.nest(leaves)

    def build_batch(self, matrix: Array) -> Any:
        """Nest results at many points. Those of point i are in ``matrix[i]``.

        The last axis of the matrix has as many numbers as `size`. The axes before it come first in every leaf.
        """
        return self.form.nest(
            [
                matrix[..., start:stop].reshape(matrix.shape[:-1] + (shape or ()))
                for shape, (start, stop) in zip(self.shapes, pairwise(self._bounds), strict=True)
            ]
        )

    def nester(self, are_shared: Sequence[bool]) -> Callable[[Floats, Floats], Any]:
        """Make a function that nests results as `build_batch` does, or, in leaves that all points share, as `build`.

        It takes the numbers of leaves that are not shared, in a row for each point, and those of the others, in a row.
        """
        begins, places = [0, 0], []
        for shape, is_shared in zip(self.shapes, are_shared, strict=True):
            begin = begins[is_shared]
            begins[is_shared] += 1 if shape is None else math.prod(shape)
            places.append((is_shared, slice(begin, begins[is_shared]), shape))

        def nest(own: Floats, shared: Floats) -> Any:
            leaves: list[Any] = []
            for is_shared, place, shape in places:
                if not is_shared:
                    leaves.append(own[:, place].reshape(len(own), *(shape or ())))
                else:
                    leaves.append(shared[place].item() if shape is None else shared[place].reshape(shape))
            return self.form.nest(leaves)

        return nest

    def spans(self, wrt: int | Sequence[int]) -> list[tuple[int, int]]:
        """Find where the leaves of each argument in `wrt` begin and end."""
        bounds = list(pairwise(accumulate((child.leaves for child in self.form.children), initial=0)))
        return [bounds[position] for position in ((wrt,) if isinstance(wrt, int) else wrt)]

    def positions_of(self, numbers: Integers) -> int | tuple[int, ...]:
        """Find which argument has these numbers, or which arguments have. They are all numbers of these arguments."""
        starts = [self._bounds[start] for start, _ in self.spans(range(len(self.form.children)))]
        positions = tuple(dict.fromkeys(bisect_right(starts, number) - 1 for number in numbers.tolist()))
        return positions[0] if len(positions) == 1 else positions

    def select(self, wrt: int | Sequence[int]) -> tuple[Structure, Integers]:
        """Select the structure of one argument, or of a tuple of several, and find the places of its numbers.

        Raises:
            IndexError: there is no argument `wrt`.
            ValueError: `wrt` names an argument twice.
        """
        positions = (wrt,) if isinstance(wrt, int) else tuple(wrt)
        children = self.form.children
        if any(not -len(children) <= position < len(children) for position in positions):
            raise IndexError(f"wrt={wrt!r}, but there are {len(children)} positional argument(s)")
        if len({position % len(children) for position in positions}) < len(positions):
            raise ValueError(f"wrt={wrt!r} names an argument twice")
        spans = self.spans(wrt)
        shapes = tuple(shape for start, stop in spans for shape in self.shapes[start:stop])
        numbers = [np.arange(self._bounds[start], self._bounds[stop]) for start, stop in spans]
        chosen = [children[position] for position in positions]
        form = chosen[0] if isinstance(wrt, int) else _in_tuple(chosen)
        return Structure(form, shapes), np.concatenate([*numbers, np.empty(0, np.intp)])


def flatten(tree: Any, name: str = "args") -> tuple[Floats, Structure]:
    """Take the numbers out of `tree`, and find how they are nested. The row of numbers may be a view of an array in it.

    Raises:
        TypeError: something in it is neither a real number nor an array of them. The message says where, and calls the
            tree `name`.
    """
    if type(tree) is tuple and len(tree) <= MOST_LEAVES and PLAIN.issuperset(map(type, tree)):
        return np.array(tree, dtype=np.float64), _structure_of_numbers(len(tree))
    leaves, form = take_apart(tree)
    if PLAIN.issuperset(map(type, leaves)):
        return np.array(leaves, dtype=np.float64), _structure(form, None)
    arrays: list[Floats] = []
    for index, leaf in enumerate(leaves):
        array = real_numbers(leaf)
        if array is None:
            raise TypeError(complaint(leaves, form, index, name))
        arrays.append(array)
    rows = [array.ravel() for array in arrays]
    shapes = tuple(array.shape or None for array in arrays)
    return rows[0] if len(rows) == 1 else np.concatenate(rows), _structure(form, shapes)


@functools.lru_cache(maxsize=MOST_STRUCTURES)
def _structure_of_numbers(count: int) -> Structure:
    """Find the structure of a tuple of numbers, as most functions take them."""
    return _structure(take_apart((0.0,) * count)[1], None)


def _structure(form: Form, shapes: tuple[Shape | None, ...] | None) -> Structure:
    """Find the same object for equal structures, so that they are compared fast."""
    return (_remembered if form.leaves <= MOST_LEAVES else _remembered.__wrapped__)(form, shapes)


@functools.lru_cache(maxsize=MOST_STRUCTURES)
def _remembered(form: Form, shapes: tuple[Shape | None, ...] | None) -> Structure:
    return Structure(form, (None,) * form.leaves if shapes is None else shapes)


def row_of(count: int) -> Structure:
    """Describe an array of so many numbers in a row."""
    return Structure(take_apart(0.0)[1], ((count,),))


ONE_NUMBER = _structure(take_apart(0.0)[1], None)
"""The nesting of the result of a function that has a gradient."""


def flatten_result(tree: Any, name: str = "result") -> tuple[list[Any], Structure]:
    """Take the numbers (neurons or floats) out of what a function returned, and find how they are nested.

    Raises:
        TypeError: there is something else in it, or a neuron as the key of a dict. The message calls it `name`.
    """
    if type(tree) is Neuron:
        return [tree], ONE_NUMBER
    leaves, form = take_apart(tree)
    refuse_keys(form.tokens, name)
    entries: list[Any] = []
    shapes: list[Shape | None] = []
    for index, leaf in enumerate(leaves):
        is_array = type(leaf) in ARRAYS
        found = [_entry(entry) for entry in (leaf.flat if is_array else [leaf])]
        if any(entry is None for entry in found):
            raise TypeError(complaint(leaves, form, index, name))
        entries.extend(found)
        shapes.append((leaf.shape or None) if is_array else None)
    return entries, Structure(form, tuple(shapes))


def numbers_like(structure: Structure, tree: Any, name: str) -> Floats:
    """Take the numbers out of `tree`, which must be nested like `structure`, as `gograd_core.extend.flatten_like` does.

    Raises:
        TypeError: something in it is not a number.
        ValueError: it is nested in another way. The message calls it `name`.
    """
    numbers, found = flatten(tree, name)
    if found == structure:
        return numbers
    return np.array(flatten_like(structure.build([0.0] * structure.size), tree, name), dtype=np.float64)


def _in_tuple(forms: Sequence[Form]) -> Form:
    return take_apart(tuple(form.nest([0.0] * form.leaves) for form in forms))[1]


def nest_matrix(matrix: Array, outputs: Structure, inputs: Structure) -> Any:
    """Nest a matrix with a row per number of `outputs` and a column per number of `inputs`.

    The result is nested like `outputs`. In the place of each number or array is something nested like `inputs`, whose
    leaves have the axes of the output followed by those of the input. Axes of `matrix` before the last two come first.
    """
    points = matrix.shape[:-2]
    nested = []
    for shape, (start, stop) in zip(outputs.shapes, pairwise(outputs._bounds), strict=True):
        rows = matrix[..., start:stop, :].reshape((*points, *(shape or ()), inputs.size))
        nested.append(inputs.build_batch(rows) if rows.ndim > 1 else inputs.build(rows))
    return outputs.form.nest(nested)


def real_numbers(leaf: Any) -> Floats | None:
    """Convert a number or array to an array of floats. It is None for anything else."""
    if type(leaf) in ARRAYS and leaf.dtype.kind == "O" and all(isinstance(entry, Real) for entry in leaf.flat):
        return np.asarray(leaf, dtype=np.float64)
    if type(leaf) in ARRAYS or isinstance(leaf, np.generic):
        return np.asarray(leaf, dtype=np.float64) if leaf.dtype.kind in REAL else None
    return np.asarray(float(leaf)) if isinstance(leaf, Real) else None


def _entry(value: Any) -> Any:
    """Return a neuron as it is, a number as a float, and None for anything else."""
    if type(value) is Neuron or type(value) is float:
        return value
    value = unfollowed(value)
    if type(value) is Neuron:
        return value
    number = real_numbers(value)
    return None if number is None or number.shape else number.item()


def _as_array(block: Any) -> Array:
    if isinstance(block, np.ndarray):
        return block
    return np.fromiter(block, float if all(type(entry) is float for entry in block) else object, len(block))


def complaint(leaves: list[Any], form: Form, index: int, name: str) -> str:
    """Say what is wrong with the leaf at that index."""
    leaf = leaves[index]
    entries = leaf.flat if isinstance(leaf, np.ndarray) and leaf.dtype.kind == "O" else [leaf]
    what = f"an array of {leaf.dtype}" if type(leaf) in ARRAYS else f"{leaf!r} of type {type(leaf).__name__}"
    text = f"{leaf_paths(form, name)[index]} is {what}"
    if any(type(entry) is Neuron for entry in entries):
        return (
            f"{text}: a compiled function takes numbers. For derivatives use its own f.grad, or differentiate the "
            "function that was compiled, f.__wrapped__. Neurons that it captures are live inputs: their values are "
            "read at every call"
        )
    if hasattr(leaf, "__array__") and type(leaf) not in ARRAYS:
        return f"{text}; expected real numbers or NumPy arrays of them; np.asarray(x) may convert it"
    return f"{text}; expected real numbers, or NumPy arrays of them, nested in containers such as lists and dicts"
