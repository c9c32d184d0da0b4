"""Containers in which numbers may be nested: how each kind is taken apart and put together, and the walk over them."""

from __future__ import annotations

from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Hashable, Iterable, Sequence
from itertools import islice
from numbers import Real
from types import FunctionType
from typing import Any

import attrs

from gograd_core import current
from gograd_core.errors import quoted

__all__ = [
    "Container",
    "Exact",
    "Plan",
    "container_of",
    "exact",
    "kinds",
    "nest",
    "refuse_keys",
    "register_container",
    "walk",
]

TakeApart = Callable[[Any], tuple[Sequence[Any], Hashable]]
PutTogether = Callable[[Any, Sequence[Any]], Any]

MOST_CLASSES = 1024


@attrs.frozen(eq=False, repr=False)
class Container:
    """A kind of container.

    Attributes:
        cls: its class.
        take_apart: returns the children of a container, and whatever else it holds.
        put_together: makes a container of that and of other children.
        alike: the same class for all kinds that may replace each other, as in the vector that `hvp` takes.
        labels: returns the key or field name of each child. None if children are numbered.
    """

    cls: type
    take_apart: TakeApart
    put_together: PutTogether
    alike: type
    labels: Callable[[Any], Sequence[Any]] | None = None


def register_container(cls: type, take_apart: TakeApart, put_together: PutTogether) -> None:
    """Allow numbers to be nested in values of your own class, in arguments and in results.

    Lists, tuples, named tuples, dicts, deques, dataclasses and None need no registration. A dataclass may be
    registered to be taken apart in a different way.

    Args:
        cls: the class. Its subclasses are not included.
        take_apart: ``take_apart(value)`` returns a sequence of the children (numbers, arrays or containers), and
            everything else that the value holds. The latter must be hashable: compiled functions are recorded again
            for each different one.
        put_together: ``put_together(rest, children)`` makes a value of that and of a list of other children. These may
            be anything (neurons, gradients, axes), so it should not check them or compute with them.

    Raises:
        TypeError: `cls` is not a class, or gograd already knows how to take its values apart.
        ValueError: the class is already registered.
    """
    if not isinstance(cls, type):
        raise TypeError(f"register_container() expects a class, got {cls!r}")

    if cls in _KNOWN or issubclass(cls, (Real, current.Neuron)) or hasattr(cls, "__array_namespace__"):
        raise TypeError(f"register_container() got {cls.__name__}, which gograd already knows")
    if cls in _registered:
        raise ValueError(f"{cls.__qualname__} is already registered as a container")

    def in_a_row(value: Any) -> tuple[list[Any], Hashable]:
        children, rest = take_apart(value)
        return list(children), rest

    _registered[cls] = Container(cls, in_a_row, put_together, cls)
    kinds.clear()


def container_of(cls: type) -> Container | None:
    """Find the container for values of a class; None if numbers cannot be nested in them.

    Raises:
        TypeError: the class derives from a container and is not registered, so that it may hold anything else.
    """
    return kinds[cls]


class _Found(dict[type, Container | None]):
    """The containers found so far, by class. They are forgotten if a program makes too many classes."""

    def __missing__(self, cls: type) -> Container | None:
        if len(self) >= MOST_CLASSES:
            self.clear()
        found = self[cls] = _find(cls)
        return found


def _find(cls: type) -> Container | None:
    found = _KNOWN.get(cls) or _registered.get(cls)
    if found is not None or issubclass(cls, Real) or hasattr(cls, "__array_namespace__"):
        return found
    if issubclass(cls, tuple) and hasattr(cls, "_fields"):
        return _of_named_tuple(cls)
    if issubclass(cls, _SUBCLASSED):
        base = next(base for base in cls.__mro__ if base in _SUBCLASSED)
        raise TypeError(
            f"{cls.__qualname__} is a subclass of {base.__name__}, and gograd does not know how to make another one: "
            f"call gograd_core.register_container({cls.__name__}, take_apart, put_together), or pass a {base.__name__}"
        )
    return _of_dataclass(cls) if hasattr(cls, "__dataclass_fields__") else None


def _of_dataclass(cls: type) -> Container:
    """Treat every field as a child unless its metadata say ``static=True``. __init__ and __post_init__ do not run."""
    import dataclasses

    fields = dataclasses.fields(cls)
    static = tuple(field.name for field in fields if field.metadata.get("static"))
    names = tuple(field.name for field in fields if not field.metadata.get("static"))

    def take_apart(value: Any) -> tuple[list[Any], Hashable]:
        rest = tuple([getattr(value, name) for name in static]) if static else None
        return [getattr(value, name) for name in names], rest

    def put_together(rest: Any, children: Sequence[Any]) -> Any:
        value: Any = object.__new__(cls)
        for name, child in zip(names, children, strict=True):
            object.__setattr__(value, name, child)  # it may be frozen
        for name, part in zip(static, rest or (), strict=True):
            object.__setattr__(value, name, part)
        return value

    return Container(cls, take_apart, put_together, cls, lambda rest: names)


def _of_named_tuple(cls: Any) -> Container:
    return Container(cls, _row, lambda rest, children: tuple.__new__(cls, children), list, lambda rest: cls._fields)


def _row(value: Any) -> tuple[Any, None]:
    return value, None


def _values(value: Any) -> tuple[list[Any], tuple[Hashable, ...]]:
    return list(value.values()), tuple(value)


def _keys(rest: Any) -> Any:
    return rest


_KNOWN = {
    container.cls: container
    for container in (
        Container(type(None), lambda value: ((), None), lambda rest, children: None, type(None)),
        Container(list, _row, lambda rest, children: list(children), list),
        Container(tuple, _row, lambda rest, children: tuple(children), list),
        Container(deque, lambda value: (value, value.maxlen), lambda rest, children: deque(children, rest), list),
        Container(dict, _values, lambda rest, children: dict(zip(rest, children, strict=True)), dict, _keys),
        Container(
            OrderedDict, _values, lambda rest, children: OrderedDict(zip(rest, children, strict=True)), dict, _keys
        ),
        Container(
            defaultdict,
            lambda value: (list(value.values()), (value.default_factory, *value)),
            lambda rest, children: defaultdict(rest[0], zip(rest[1:], children, strict=True)),
            dict,
            lambda rest: rest[1:],
        ),
    )
}
_SUBCLASSED = tuple(cls for cls in _KNOWN if cls is not type(None))
_registered: dict[type, Container] = {}
kinds = _Found()
"""The container for values of each class; None for numbers and everything else that is not a container."""

Plan = tuple[type, Any, int, tuple[Any, ...], Container]
"""How to put a container together: its class, what it holds besides its children, the number of children if all of them
are leaves (else -1), their plans (None for a leaf), and its `Container`."""

STRINGS = frozenset([str])
TOLD_BY_TYPE = frozenset([str, int, bool, bytes, type, type(None), FunctionType])
"""Types whose equal values no function can tell apart."""


def walk(tree: Any, container: Container, leaves: list[Any], tokens: list[Any]) -> None:
    """Add the leaves of a container to `leaves`, and its form to `tokens`; see `Form`."""
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


def nest(plan: Plan, leaves: Iterable[Any]) -> Any:
    """Build the container that a plan describes from these leaves."""
    _, rest, count, plans, container = plan
    remaining = iter(leaves)
    if count < 0:
        children = [next(remaining) if child is None else nest(child, remaining) for child in plans]
    else:
        children = list(islice(remaining, count))
    return container.put_together(rest, children)


class Exact(tuple[Any, ...]):
    """What a container holds besides its children, after what distinguishes it from equal things, as 1 from True."""

    __slots__ = ()


def exact(rest: Hashable, container: Container) -> Hashable:
    """Wrap what a container holds besides its children, so that it equals only what no function can tell from it.

    Raises:
        TypeError: it is not hashable.
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


def refuse_keys(tokens: Iterable[Any], name: str) -> None:
    """Refuse a result that has a neuron as the key of a dict: most neurons are gone when the function has ended.

    Args:
        tokens: the form of the result; see `Form`.
        name: what the message calls the result.

    Raises:
        TypeError: there is a neuron in what a container holds besides its children.
    """
    for token in tokens:
        if type(token) is Exact and (neuron := _neuron_in(token[-1])) is not None:
            raise TypeError(
                f"{name} has {quoted(neuron)} as a key, or in another place that is not for numbers. Neurons in a "
                "result must be values: use a text or a number as the key"
            )


def _neuron_in(rest: Any) -> Any:
    """Find a neuron in what a container holds besides its children; None if there is none."""
    if type(rest) is current.Neuron:
        return rest
    entries = rest if isinstance(rest, (tuple, frozenset)) else ()
    return next((found for entry in entries if (found := _neuron_in(entry)) is not None), None)
