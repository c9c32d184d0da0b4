"""Structures as JSON. Reading one imports nothing, and allocates nothing that the file does not contain."""

from __future__ import annotations

import math
from collections.abc import Iterator
from types import NoneType
from typing import Any

from gograd_compile.errors import ProgramFileError
from gograd_compile.nesting.trees import Shape, Structure
from gograd_compile.quoting import LONGEST, quoted
from gograd_core.extend import Form, take_apart

__all__ = ["structure_from_json", "structure_text", "structure_to_json"]

DEEPEST = 100
"""How deep structures in files may be nested."""
MOST_AXES = 32
"""How many axes arrays in files may have."""
LARGEST = 2**31  # nodes of tapes are numbered in 32 bits
CONTAINERS: dict[type, str] = {list: "list", tuple: "tuple", dict: "dict", NoneType: "none"}


class _Word(str):
    """A leaf in a text, which shows itself without quotes."""

    __slots__ = ()
    __repr__ = str.__str__


def structure_text(structure: Structure) -> str:
    """Describe a structure in a message: "(number, {'w': array(2, 3)})"."""
    leaves = [
        _Word("number" if shape is None else f"array({', '.join(map(str, shape))})") for shape in structure.shapes
    ]
    text = repr(structure.form.nest(leaves))
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"


def structure_to_json(structure: Structure) -> Any:
    """Write a structure in lists, dicts and strings.

    Raises:
        TypeError: there is something other than numbers, arrays, None, lists, tuples and dicts whose keys are strings
            and whole numbers, or the structure is nested deeper than `DEEPEST`.
    """
    return _written(structure.form, iter(structure.shapes), 0)


def structure_from_json(value: Any) -> Structure:
    """Read what `structure_to_json` wrote.

    Raises:
        ProgramFileError: `structure_to_json` does not write such a value.
    """
    shapes: list[Shape | None] = []
    _, form = take_apart(_read(value, shapes, 0))
    return Structure(form, tuple(shapes))


def _written(form: Form, shapes: Iterator[Shape | None], depth: int) -> Any:
    if depth > DEEPEST:
        raise TypeError(f"structures nested deeper than {DEEPEST} cannot be saved")
    if form.container is None:
        shape = next(shapes)
        return "number" if shape is None else {"array": list(shape)}
    cls = form.container.cls
    if cls not in CONTAINERS:
        raise TypeError(f"only lists, tuples, dicts and None can be saved, not {cls}")
    children = [_written(child, shapes, depth + 1) for child in form.children]
    if cls is not dict:
        return {CONTAINERS[cls]: children} if cls is not NoneType else CONTAINERS[cls]
    for key in form.rest:
        if type(key) not in (str, int):
            raise TypeError(f"only strings and whole numbers can be saved as keys, not {quoted(key)}")
    return {"dict": [list(entry) for entry in zip(form.rest, children, strict=True)]}


def _read(value: Any, shapes: list[Shape | None], depth: int) -> Any:
    """Build a tree with that structure and 0 for each leaf, and add the shapes of the leaves to `shapes`."""
    if depth > DEEPEST:
        raise ProgramFileError(f"a structure of arguments or results is nested deeper than {DEEPEST}")
    if value == "number":
        shapes.append(None)
        return 0
    if value == "none":
        return None
    kind, parts = next(iter(value.items())) if isinstance(value, dict) and len(value) == 1 else ("", None)
    if not isinstance(parts, list):
        raise ProgramFileError("a structure of arguments or results is not a list, tuple, dict, array, number or none")
    if kind == "array" and 0 < len(parts) <= MOST_AXES and all(type(n) is int and 0 <= n < LARGEST for n in parts):
        if math.prod(n or 1 for n in parts) < LARGEST:
            shapes.append(tuple(parts))
            return 0
    elif kind == "dict" and all(isinstance(part, list) and len(part) == 2 for part in parts):
        keys = [key for key, _ in parts]
        if all(type(key) in (str, int) for key in keys) and len(set(keys)) == len(keys):
            return {key: _read(child, shapes, depth + 1) for key, child in parts}
    elif kind in ("list", "tuple"):
        children = [_read(child, shapes, depth + 1) for child in parts]
        return children if kind == "list" else tuple(children)
    raise ProgramFileError(f"a structure of arguments or results has an invalid {quoted(kind)}")
