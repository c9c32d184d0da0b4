"""Numbers and arrays nested in containers: taken apart, and put together again.

The order of the keys of a dict is part of the form, since a function may depend on it.
"""

from __future__ import annotations

import functools
import reprlib
from collections.abc import Callable, Sequence
from itertools import chain, islice
from math import prod
from typing import Any

import attrs

from gograd_core import engines
from gograd_core.containers import Container, Exact, Plan, container_of, kinds, refuse_keys

__all__ = [
    "Form",
    "Rebuild",
    "flatten",
    "flatten_like",
    "flatten_result",
    "is_number",
    "leaf_paths",
    "paths",
    "rebuild_matrix",
    "take_apart",
]

Rebuild = Callable[[list[Any]], Any]
Shape = tuple[int, ...]

MOST_FORMS, MOST_TOKENS = 256, 2**12
"""How many forms are remembered (the least recently used one makes room), and how long they may be."""


@attrs.frozen(eq=False, repr=False)
class Form:
    """How leaves are nested: numbers, arrays, and anything else that is not a container.

    Two forms are equal if no function can tell one from the other.

    Attributes:
        tokens: the form as a flat tuple, by which forms are compared. A leaf is None. A container is its class, the
            number n of its children (~n if all of them are leaves), what else it holds, and its children, unless all of
            them are leaves.
        container: the kind of the outermost container; None if the form is a leaf.
        rest: what that container holds besides its children, such as the keys of a dict.
        children: the forms of its children.
        leaves: the number of all leaves.
        plan: how to put other leaves together; None if the form is a leaf.
    """

    tokens: tuple[Any, ...]
    container: Container | None
    rest: Any
    children: tuple[Form, ...]
    leaves: int
    plan: Plan | None
    _hash: int = attrs.field(init=False, default=attrs.Factory(lambda form: hash(form.tokens), takes_self=True))

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return self is other or (type(other) is Form and self.tokens == other.tokens)

    def __repr__(self) -> str:
        return f"<form {self.nest(['*'] * self.leaves)!r}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return _form, (self.tokens,)

    def nest(self, leaves: list[Any]) -> Any:
        """Nest other leaves, of the same number, in the same way."""
        return leaves[0] if self.plan is None else engines.nest(self.plan, leaves)

    def labels(self) -> Sequence[Any]:
        """List the key, the field name or the number of each child."""
        if self.container is None or self.container.labels is None:
            return range(len(self.children))
        labels: Sequence[Any] = self.container.labels(self.rest)
        return labels

    def accessors(self) -> list[str]:
        """Return the expressions that access the children, such as "['w']"."""
        kind = self.container
        has_names = kind is not None and kind.labels is not None and kind.alike is not dict
        return [f".{label}" if has_names else f"[{label!r}]" for label in self.labels()]


LEAF = Form((None,), None, None, (), 1, None)


def take_apart(tree: Any) -> tuple[list[Any], Form]:
    """Put the leaves of `tree` in a row, and return how they are nested.

    Raises:
        TypeError: gograd does not know how to make another container like one in it, or that holds something besides
            its children that is not hashable.
    """
    container = kinds[type(tree)]
    if container is None:
        return [tree], LEAF
    leaves: list[Any] = []
    tokens: list[Any] = []
    engines.walk(tree, container, leaves, tokens)
    make = _form if len(tokens) <= MOST_TOKENS else _form.__wrapped__
    return leaves, make(tuple(tokens))


@functools.lru_cache(maxsize=MOST_FORMS)
def _form(tokens: tuple[Any, ...]) -> Form:
    return _read(tokens, 0)[0]


def _read(tokens: tuple[Any, ...], start: int) -> tuple[Form, int]:
    """Read the form whose tokens begin at `start`, and return it with the place where they end."""
    if tokens[start] is None:
        return LEAF, start + 1
    cls, count, exact = tokens[start : start + 3]
    end = start + 3
    children = [LEAF] * ~count
    for _ in range(count):
        child, end = _read(tokens, end)
        children.append(child)
    rest = exact[-1] if type(exact) is Exact else exact
    container: Any = container_of(cls)
    plan = cls, rest, max(~count, -1), tuple(child.plan for child in children), container
    leaves = sum(child.leaves for child in children)
    return Form(tokens[start:end], container, rest, tuple(children), leaves, plan), end


def is_number(tree: Any) -> bool:
    """Return whether `tree` is one number, or is treated as one: neither a container nor an array."""
    return container_of(type(tree)) is None and _shape(tree) == ()


def flatten(tree: Any) -> tuple[list[Any], Rebuild]:
    """Put the numbers of `tree` in a row, and return a function that puts others in their places.

    Arrays come back as arrays of NumPy: of floats if all numbers in them are floats, else of objects.

    Raises:
        TypeError: `take_apart` refuses it, or there is a masked array, a matrix or another subclass of NumPy's in it.
    """
    return ([tree], LEAF.nest) if type(tree) is float else _flat(*take_apart(tree))


def flatten_result(tree: Any, name: str) -> tuple[list[Any], Rebuild]:
    """Do what `flatten` does with the result of the function that is called `name`.

    Raises:
        TypeError: there is also a neuron in it where no number can be.
    """
    if type(tree) is float:
        return [tree], LEAF.nest
    blocks, form = take_apart(tree)
    refuse_keys(form.tokens, f"the result of {name}")
    return _flat(blocks, form)


def _flat(blocks: list[Any], form: Form) -> tuple[list[Any], Rebuild]:
    shapes = [() if type(block) is float else _shape(block) for block in blocks]
    if not any(shapes):
        return blocks, form.nest

    def rebuild(numbers: list[Any]) -> Any:
        rest = iter(numbers)
        return form.nest([_array(shape, list(islice(rest, prod(shape)))) if shape else next(rest) for shape in shapes])

    return list(chain.from_iterable(map(_entries, blocks))), rebuild


def flatten_like(example: Any, tree: Any, name: str) -> list[Any]:
    """Put the numbers of `tree`, nested as `example` is, in the order of those of `example`.

    Lists, tuples, deques and arrays may replace each other, and so may the kinds of dicts.

    Raises:
        ValueError: `tree` is nested differently; the message calls it `name`.
    """
    if is_number(example) and is_number(tree):
        return [tree]
    pairs = _pairs(example, tree)
    if pairs is None:
        raise ValueError(f"{name} must be nested like {reprlib.repr(example)}, got {reprlib.repr(tree)}")
    return [number for one, other in pairs for number in flatten_like(one, other, name)]


def _pairs(example: Any, tree: Any) -> Sequence[tuple[Any, Any]] | None:
    """Pair the children of both; None if the two are nested differently."""
    kind = _alike(example)
    if kind is None or kind is not _alike(tree):
        return None
    if kind is dict:
        return [(child, tree[key]) for key, child in example.items()] if example.keys() == tree.keys() else None
    (children, rest), (others, other_rest) = _children(example), _children(tree)
    if len(children) != len(others) or (kind is not list and rest != other_rest):
        return None
    return list(zip(children, others, strict=True))


def _alike(tree: Any) -> type | None:
    """Return the class that kinds of containers that may replace each other share; None for a number."""
    container = container_of(type(tree))
    if container is not None:
        return container.alike
    return list if _shape(tree) else None


def _children(tree: Any) -> tuple[Sequence[Any], Any]:
    container = container_of(type(tree))
    return (tree, None) if container is None else container.take_apart(tree)


def leaf_paths(form: Form, root: str = "") -> list[str]:
    """List the place of each leaf: "p['w'][0]"."""
    if form.container is None:
        return [root]
    children = zip(form.accessors(), form.children, strict=True)
    return [path for accessor, child in children for path in leaf_paths(child, root + accessor)]


def paths(tree: Any, root: str = "") -> list[str]:
    """List the place of each number of `tree`, in the order of `flatten`: "p['w'][0, 2]"."""
    found: list[str] = []
    blocks, form = take_apart(tree)
    for path, shape in zip(leaf_paths(form, root), map(_shape, blocks), strict=True):
        if shape:
            import numpy as np

            found += [f"{path}[{', '.join(map(str, index))}]" for index in np.ndindex(shape)]
        else:
            found.append(path)
    return found


def rebuild_matrix(rows: Sequence[Sequence[Any]], outputs: Any, inputs: Any) -> Any:
    """Nest a matrix, with a row per number of `outputs` and a column per number of `inputs`, as both are nested.

    The result is nested as `outputs`, but each number or array is replaced by something that is nested as `inputs`. Its
    arrays and numbers have the axes of the output followed by those of the input.
    """
    output_blocks, output_form = take_apart(outputs)
    input_blocks, input_form = take_apart(inputs)
    rest = iter(rows)
    nested = []
    for output in map(_shape, output_blocks):
        own = list(map(iter, islice(rest, prod(output))))
        parts = []
        for shape in map(_shape, input_blocks):
            entries = [entry for row in own for entry in islice(row, prod(shape))]
            parts.append(_array(output + shape, entries) if output + shape else entries[0])
        nested.append(input_form.nest(parts))
    return output_form.nest(nested)


def _shape(block: Any) -> Shape:
    return tuple(block.shape) if hasattr(block, "__array_namespace__") else ()


def _entries(block: Any) -> list[Any]:
    if not hasattr(block, "__array_namespace__"):
        return [block]
    import numpy as np  # whoever passes an array has it

    if isinstance(block, np.ndarray) and type(block) not in (np.ndarray, np.memmap):
        raise TypeError(
            f"expected real numbers, or NumPy arrays of them, got a {type(block).__name__}, which computes "
            "differently; np.asarray(x) may convert it"
        )
    array = np.asarray(block)
    # Floats of Python need no conversion later, which takes a microsecond each.
    return array.ravel().tolist() if array.dtype == np.float64 else list(array.flat)


def _array(shape: Shape, entries: Sequence[Any]) -> Any:
    import numpy as np

    kind = float if {float}.issuperset(map(type, entries)) else object
    array = np.fromiter(entries, kind, len(entries))  # which does not ask each object whether it is a sequence
    return array.reshape(shape)
