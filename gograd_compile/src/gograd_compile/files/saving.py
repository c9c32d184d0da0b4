"""Compiled functions in files, pickles and copies."""

from __future__ import annotations

import copy
import pickle
import sys
from collections.abc import Callable
from operator import attrgetter
from typing import Any

from gograd_compile.files.storage import Recorded, to_bytes
from gograd_compile.paths.path import Path
from gograd_compile.paths.paths import Paths
from gograd_compile.paths.store import Store
from gograd_core import Neuron

__all__ = ["deep_copied", "recorded", "reduced", "with_tapes"]


def recorded(store: Store, *, lines: bool) -> list[Recorded]:
    """Every path that was recorded.

    Args:
        store: what was recorded of the function.
        lines: find out the lines of source first, which records each path again.

    Raises:
        ValueError: there is none.
    """
    found = [
        Recorded(structure, path.structure, path.with_lines() if lines else path.tape, gradient, path.has_truths)
        for (structure, gradient), paths in store.paths.items()
        for path in paths
    ]
    if not found:
        raise ValueError(f"{store.name} was not recorded yet, so that there is nothing to save: call it first")
    return found


def with_tapes(store: Store, tapes: list[Recorded]) -> None:
    """Give a program that has no function the paths that were saved."""
    by_key: dict[Any, Paths] = {}
    for structure, result, tape, gradient, has_truths in tapes:
        paths = by_key.setdefault((structure, gradient), Paths(None, store.backend, len(tapes)))
        paths.add(Path(result, tape, store.backend, is_gradient=gradient is not None, has_truths=has_truths))
    for key, paths in by_key.items():
        store.paths.add(key, paths)


def reduced(compiled: Any, again: Callable[..., Any], from_saved: Callable[..., Any]) -> str | tuple[Any, ...]:
    """How `compiled` is pickled: as a name in its module, else with its function, else with its recordings.

    Args:
        compiled: what is pickled.
        again: compiles a function with the same settings.
        from_saved: makes a program from what `to_bytes` gives, and captured neurons.

    Raises:
        TypeError: its function cannot be pickled, and nothing was recorded.
    """
    f = compiled.store.f
    name: str = getattr(f, "__qualname__", "")
    if _is_named(compiled, name):
        return name
    owner = getattr(f, "__self__", None)
    for kind in type(owner).__mro__:  # the class above may have another method of that name
        method: Any = vars(kind).get(compiled._attribute)
        if type(method) is type(compiled) and method.store.f is getattr(f, "__func__", None):
            return _method_of, (owner, kind, compiled._attribute)
    if f is not None and _can_be_pickled(f):
        return again, (f, *compiled._settings())
    try:
        return from_saved, _saved(compiled)
    except ValueError:
        raise TypeError(
            f"{compiled.__name__} cannot be pickled before it is called: its function, which no module has by name, "
            "cannot be, and nothing was recorded"
        ) from None


def _method_of(owner: Any, kind: type, attribute: str) -> Any:
    """For pickles: a compiled method of an object, which its class, or one above, has under that name."""
    return vars(kind)[attribute].__get__(owner, type(owner))


def deep_copied(compiled: Any, memo: dict[int, Any], again: Callable[..., Any], from_saved: Callable[..., Any]) -> Any:
    """Itself, if its function is its own copy (as plain functions are); else the copied function, compiled anew."""
    f = compiled.store.f
    if f is None:
        data, captured, backend = _saved(compiled)
        return from_saved(data, copy.deepcopy(captured, memo), backend)
    other = copy.deepcopy(f, memo)
    if other is f:
        return compiled
    made = again(other, *compiled._settings())
    made._attribute = compiled._attribute
    return made


def _saved(compiled: Any) -> tuple[bytes, list[Neuron], str]:
    """The recordings, the neurons that they capture, which stay the same as others in the pickle, and the backend."""
    tapes = recorded(compiled.store, lines=True)
    captured = dict.fromkeys(neuron for each in tapes for neuron in each.tape.captured)
    return to_bytes(tapes, compiled.__name__), list(captured), compiled.backend.name


def _is_named(compiled: Any, name: str) -> bool:
    module = sys.modules.get(getattr(compiled, "__module__", ""))
    try:
        return attrgetter(name)(module) is compiled
    except AttributeError:
        return False


def _can_be_pickled(f: Callable[..., Any]) -> bool:
    try:
        pickle.dumps(f)
    except Exception:  # whatever the parts of a function raise
        return False
    return True
