"""What makes a compiled function portable: it can be a method of objects, pickled, copied and saved.

A pickle contains its name in a module, if it has one. Otherwise it contains its function with the settings, or if that
cannot be pickled its recordings, as a file would.
"""

from __future__ import annotations

import copy
import functools
import os
import pickle
import sys
from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Self, TypeVar

from gograd_compile.call.front import Front
from gograd_compile.nesting.whole_numbers import whole
from gograd_compile.paths.path import VALUES, Path
from gograd_compile.paths.paths import Paths
from gograd_compile.paths.store import Store
from gograd_compile.run.backends import backend as find_backend
from gograd_core import Neuron
from gograd_core.extend import require_function

if TYPE_CHECKING:
    from gograd_compile.files.storage import Recorded

__all__ = ["Portable", "compiled_anew", "from_file", "from_tapes", "recorded", "with_tapes"]

T = TypeVar("T", bound="Portable")
NAMES = ("__module__", "__qualname__", "__doc__")


class Portable(Front):
    """A function with a store of recordings. In a class it is a method. It can be pickled and copied."""

    _attribute = ""  # its name as a method

    def __init__(self, store: Store) -> None:
        super().__init__(store.calls, VALUES)
        self.store = store
        self.__name__ = store.name
        if store.f is not None:
            functools.update_wrapper(self, store.f, NAMES, ())

    def __repr__(self) -> str:
        return f"<compiled {self.__name__}>"

    def __set_name__(self, owner: type, name: str) -> None:
        self._attribute = name

    def __get__(self, instance: Any, owner: type | None = None) -> Self:
        """Return the method of an object. It is compiled separately for each object, and the object keeps it."""
        f: Any = self.store.f
        if instance is None or not hasattr(f, "__get__"):
            return self
        try:
            kept = vars(instance)
        except TypeError:
            raise TypeError(f"{owner} has no __dict__, in which objects could keep compiled methods") from None
        key = f"compiled {self.__module__}.{self.__name__}"  # a method that overrides this one has another key
        found: Self | None = kept.get(key)
        method = found and found.store.f  # of another object, if the dict is a copy of the other's
        if not found or getattr(method, "__self__", 0) is not instance or getattr(method, "__func__", 0) is not f:
            found = kept[key] = compiled_anew(type(self), f.__get__(instance, owner), *self._settings())
            found._attribute = self._attribute or f.__name__
        return found

    def _settings(self) -> tuple[str, bool, int]:
        """Return the arguments of `compiled_anew` after the function."""
        return self.store.backend.name, self.store.check, self.store.max_paths

    def __reduce__(self) -> str | tuple[Any, ...]:
        """Return what is pickled.

        Raises:
            TypeError: its function cannot be pickled, and nothing was recorded.
        """
        f = self.store.f
        name: str = getattr(f, "__qualname__", "")
        if self._is_named(name):
            return name
        owner = getattr(f, "__self__", None)
        for kind in type(owner).__mro__:  # the class above may have another method of that name
            method: Any = vars(kind).get(self._attribute)
            if type(method) is type(self) and method.store.f is getattr(f, "__func__", None):
                return _method_of, (owner, kind, self._attribute)
        if f is not None and _can_be_pickled(f):
            return compiled_anew, (type(self), f, *self._settings())
        try:
            return _from_saved, (type(self), *self._saved())
        except ValueError:
            raise TypeError(
                f"{self.__name__} cannot be pickled before it is called: nothing was recorded, and its function cannot "
                "be pickled, since no module has it by name"
            ) from None

    def save(self, path: str | os.PathLike[str], *, lines: bool = True) -> None:
        """Write everything that was recorded so far to a file, which `load` reads.

        The file has second derivatives if hvp or hessian was called. Captured neurons are saved with their values.

        Args:
            path: the file. If it exists, it is replaced after everything has been written.
            lines: whether to save, for messages, where each operation ran and whether the function ignores its errors.
                The function runs again for this.

        Raises:
            ValueError: nothing was recorded yet.
            TypeError: an operation does not come from an installed distribution, or something is nested in a container
                that only Python knows, such as a named tuple.
        """
        from gograd_compile.files.storage import save_tapes

        save_tapes(path, recorded(self.store, lines=lines), self.__name__)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Return itself if its function is its own copy, as plain functions are. Otherwise compile the copy."""
        f = self.store.f
        if f is None:
            data, captured, backend = self._saved()
            return _from_saved(type(self), data, copy.deepcopy(captured, memo), backend)
        other = copy.deepcopy(f, memo)
        if other is f:
            return self
        made = compiled_anew(type(self), other, *self._settings())
        made._attribute = self._attribute
        return made

    def _saved(self) -> tuple[bytes, list[Neuron], str]:
        """Return the recordings, the neurons that they capture (pickled as usual), and the backend."""
        from gograd_compile.files.storage import to_bytes  # files are read and written by few programs

        tapes = recorded(self.store, lines=True)
        captured = dict.fromkeys(neuron for each in tapes for neuron in each.tape.captured)
        return to_bytes(tapes, self.__name__), list(captured), self.store.backend.name

    def _is_named(self, name: str) -> bool:
        module = sys.modules.get(getattr(self, "__module__", ""))
        try:
            return attrgetter(name)(module) is self
        except AttributeError:
            return False


def compiled_anew(cls: type[T], f: Callable[..., Any], backend: str | None, check: bool, max_paths: int) -> T:
    """Compile a function. If it is compiled already, as one that a pickle finds in a class may be, return it.

    Raises:
        TypeError, ValueError, ImportError: as for `compile`.
    """
    require_function(f, "compile")
    if whole("max_paths", max_paths) < 1:
        raise ValueError(f"max_paths must be 1 or more, got {max_paths}")
    if isinstance(f, cls):
        return f
    return cls(Store(f, _name(f), find_backend(backend), check=check, max_paths=max_paths))


def recorded(store: Store, *, lines: bool) -> list[Recorded]:
    """Collect every path that was recorded. For `lines` of source each path is recorded again.

    Raises:
        ValueError: nothing was recorded.
    """
    from gograd_compile.files.storage import Recorded

    found = [
        Recorded(structure, path.structure, path.with_lines() if lines else path.tape, gradient, path.has_truths)
        for (structure, gradient), paths in store.paths.items()
        for path in paths
    ]
    if not found:
        raise ValueError(f"{store.name} was not recorded yet, so there is nothing to save: call it first")
    return found


def with_tapes(store: Store, tapes: list[Recorded]) -> None:
    """Add the paths that were saved to the store of a program, which has no function."""
    by_key: dict[Any, Paths] = {}
    for structure, result, tape, gradient, has_truths in tapes:
        paths = by_key.setdefault((structure, gradient), Paths(None, store.backend, len(tapes)))
        paths.add(Path(result, tape, store.backend, is_gradient=gradient is not None, has_truths=has_truths))
    for key, paths in by_key.items():
        store.paths.add(key, paths)


def from_tapes(cls: type[T], tapes: list[Recorded], name: str, backend: str | None) -> T:
    """Make a program of what was recorded. It has no function."""
    store = Store(None, name, find_backend(backend), check=False, max_paths=len(tapes), structures=len(tapes))
    with_tapes(store, tapes)
    return cls(store)


def from_file(cls: type[T], path: str | os.PathLike[str], backend: str | None) -> T:
    """Make a program of what is in a file.

    Raises:
        ProgramFileError, OSError: as for `load`.
    """
    from gograd_compile.files.storage import load_tapes

    return from_tapes(cls, *load_tapes(path), backend)


def _name(f: Any) -> str:
    """Find what messages call a function: its qualified name, without the function in which it was defined."""
    while isinstance(f, functools.partial):
        f = f.func
    name: str = getattr(f, "__qualname__", type(f).__qualname__)
    return name.rpartition(".<locals>.")[2]


def _from_saved(cls: type[T], data: bytes, captured: list[Neuron], backend: str) -> T:
    """Make a program of what a pickle contains."""
    from gograd_compile.files.storage import from_bytes

    return from_tapes(cls, *from_bytes(data, captured), backend)


def _method_of(owner: Any, kind: type, attribute: str) -> Any:
    """Find the compiled method of an object that a pickle names: `kind`, a class of the object, has it."""
    return vars(kind)[attribute].__get__(owner, type(owner))


def _can_be_pickled(f: Callable[..., Any]) -> bool:
    try:
        pickle.dumps(f)
    except Exception:  # whatever the parts of a function raise
        return False
    return True
