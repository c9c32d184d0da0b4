"""The walk over nested containers, and the way back; the native engine has both in C."""

from __future__ import annotations

from collections.abc import Hashable
from itertools import islice
from types import FunctionType
from typing import Any

from gograd_core.containers import Container, container_of

__all__ = ["Exact", "Plan", "exact", "nest", "walk"]

Plan = tuple[type, Any, int, tuple[Any, ...], Container]
"""How to put a container together: its class, what it holds besides its children, how many these are if all of them are
leaves (else -1), their plans (None for a leaf), and its kind."""

STRINGS = frozenset([str])
TOLD_BY_TYPE = frozenset([str, int, bool, bytes, type, type(None), FunctionType])
"""The types of which two values that are equal are the same to any function."""


def walk(tree: Any, container: Container, leaves: list[Any], tokens: list[Any]) -> None:
    """Add the leaves of a container to `leaves`, and to `tokens` its form, as `Form` describes them."""
    children, rest = container.take_apart(tree)
    is_flat = not any(map(container_of, set(map(type, children))))
    count = len(children)
    tokens += container.cls, ~count if is_flat else count, rest if rest is None else exact(rest, container)
    if is_flat:
        leaves += children
        return
    for child in children:
        kind = container_of(type(child))
        if kind is None:
            leaves.append(child)
            tokens.append(None)
        else:
            walk(child, kind, leaves, tokens)


def nest(plan: Plan, leaves: list[Any]) -> Any:
    """The container that a plan describes, of these leaves."""
    return _nest(plan, iter(leaves))


def _nest(plan: Plan, leaves: Any) -> Any:
    _, rest, count, plans, container = plan
    if count < 0:
        children = [next(leaves) if child is None else _nest(child, leaves) for child in plans]
    else:
        children = list(islice(leaves, count))
    return container.put_together(rest, children)


class Exact(tuple[Any, ...]):
    """What a container holds, at the end, after what tells it from all that is merely equal: 1 from True."""

    __slots__ = ()


def exact(rest: Hashable, container: Container) -> Hashable:
    """What a container holds besides its children, equal only if no function can tell the difference.

    Raises:
        TypeError: it cannot be hashed.
    """
    if type(rest) is tuple and STRINGS.issuperset(map(type, rest)):
        return rest
    try:
        hash(rest)
    except TypeError:
        raise TypeError(
            f"what a {container.cls.__qualname__} holds besides its children must be hashable, such as a string or a "
            f"tuple; got {rest!r}"
        ) from None
    types = tuple(map(type, rest)) if type(rest) is tuple else (type(rest),)
    return Exact((types, None if TOLD_BY_TYPE.issuperset(types) else repr(rest), rest))
