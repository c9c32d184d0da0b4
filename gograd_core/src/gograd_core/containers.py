"""Containers: what numbers may be nested in, and how each kind is taken apart and put together again."""

from __future__ import annotations

from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Hashable, Sequence
from numbers import Real
from typing import Any

import attrs

__all__ = ["Container", "container_of", "register_container"]

TakeApart = Callable[[Any], tuple[Sequence[Any], Hashable]]
PutTogether = Callable[[Any, Sequence[Any]], Any]

MOST_CLASSES = 1024


@attrs.frozen(eq=False)
class Container:
    """A kind of containers.

    Attributes:
        cls: the class of all of them.
        take_apart: gives the children of one, and whatever else it holds.
        put_together: makes one of that and of other children.
        alike: stands for all kinds that may stand for each other where the vector of a product is given.
        labels: gives the key or the name of the field of each child. None: they have numbers.
    """

    cls: type
    take_apart: TakeApart
    put_together: PutTogether
    alike: type
    labels: Callable[[Any], Sequence[Any]] | None = None


def register_container(cls: type, take_apart: TakeApart, put_together: PutTogether) -> None:
    """Let numbers be nested in values of a class of your own, in arguments and results alike.

    Lists, tuples, named tuples, dicts, deques, dataclasses and None need no registration. A dataclass may be
    registered all the same, to be taken apart otherwise.

    Args:
        cls: the class; values of its subclasses are something else.
        take_apart: ``take_apart(value)`` gives the children in a row (numbers, arrays or containers), and
            all else that the value holds. That must be hashable; compiled functions are recorded anew for each.
        put_together: ``put_together(rest, children)`` makes a value of that and of a list of other children. These may
            be anything: neurons, gradients, axes. So it should not check them, nor compute with them.

    Raises:
        TypeError: `cls` is no class, or gograd knows already what its values are.
        ValueError: it is registered already.
    """
    if not isinstance(cls, type):
        raise TypeError(f"register_container() expects a class, got {cls!r}")
    from gograd_core.engines import Neuron  # which needs this module

    if cls in _KNOWN or issubclass(cls, (Real, Neuron)) or hasattr(cls, "__array_namespace__"):
        raise TypeError(f"register_container() got {cls.__name__}, which is known already")
    if cls in _registered:
        raise ValueError(f"{cls.__qualname__} is registered as a container already")

    def in_a_row(value: Any) -> tuple[list[Any], Hashable]:
        children, rest = take_apart(value)
        return list(children), rest

    _registered[cls] = Container(cls, in_a_row, put_together, cls)
    kinds.clear()


def container_of(cls: type) -> Container | None:
    """How values of this class are nested; None if they are none that numbers are nested in.

    Raises:
        TypeError: it derives from a container, and is not registered: nobody knows what else its values hold.
    """
    return kinds[cls]


class _Found(dict[type, Container | None]):
    """What was found of classes; not of too many, as some programs make one after the other."""

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
            f"{cls.__qualname__} is a subclass of {base.__name__}, and how to make another one of other numbers is not "
            f"known: call gograd_core.register_container({cls.__name__}, take_apart, put_together), or pass a "
            f"{base.__name__}"
        )
    return _of_dataclass(cls) if hasattr(cls, "__dataclass_fields__") else None


def _of_dataclass(cls: type) -> Container:
    """Every field is a child, unless its metadata say ``static=True``; neither __init__ nor __post_init__ runs."""
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
            OrderedDict,
            _values,
            lambda rest, children: OrderedDict(zip(rest, children, strict=True)),
            dict,
            _keys,
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
