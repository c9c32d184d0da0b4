"""`adapted`: a private second import of somebody else's modules, which computes with neurons.

The copy of ``sgp4.model`` is imported as ``<adapted sgp4>.sgp4.model`` by Python's own machinery, with its locks and its
treatment of circular imports. What is private is the name and the built-in names. Under the name, `sys.modules` holds the
copy beside the original, for tools that look a class's module up. The built-in names come with the globals of each module
of the copy, so no other code sees them. One of them is `__import__`: it keeps imports inside the copy.
"""

from __future__ import annotations

import builtins
import functools
import importlib
import sys
import threading
from collections.abc import Mapping, Sequence
from importlib.machinery import ExtensionFileLoader, ModuleSpec, PathFinder
from importlib.util import find_spec, module_from_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import attrs

from gograd_core import math
from gograd_core.programs.look_alikes import LOOK_ALIKES
from gograd_core.programs.report import HIDDEN, Report, outside

__all__ = ["Adapted", "adapted"]

ALWAYS = "copy"  # a copy of a leaf would be another leaf, and its derivative lost


@attrs.frozen(eq=False)
class _Copies:
    """The private copies of some packages, which see each other.

    Attributes:
        name: the package of which the copies are submodules.
        folders: where each package is found.
        imports: the modules that were imported from elsewhere, and what was taken from each by name.
        builtins: the built-in names of the copies.
    """

    name: str
    folders: Mapping[str, list[str]]
    imports: dict[str, set[str]] = attrs.field(factory=dict)
    builtins: dict[str, Any] = attrs.field(factory=dict)

    def __attrs_post_init__(self) -> None:
        self.builtins.update(vars(builtins), **LOOK_ALIKES, __import__=self.import_)

    def import_(
        self,
        name: str,
        globals: Mapping[str, Any] | None = None,
        locals: Mapping[str, Any] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        """Import what an ``import`` statement in one of the copies asks for."""
        root = name.partition(".")[0]
        if level:  # the package that it is relative to is a copy
            return __import__(name, globals, locals, fromlist or (), level)
        if root in self.folders:
            module = __import__(f"{self.name}.{name}", globals, locals, fromlist or ())
            return module if fromlist else sys.modules[f"{self.name}.{root}"]
        changed = self._changed(name)
        if changed is not None:
            return changed
        if (globals or {}).get("__name__") != f"{self.name}.{ALWAYS}":
            self.imports.setdefault(name, set()).update(fromlist or ())
        if root == HIDDEN:
            raise ModuleNotFoundError(
                f"No module named {name!r}: it is hidden from adapted programs, since what it compiles takes no neurons",
                name=name,
            )
        return __import__(name, globals, locals, fromlist or ())

    def _changed(self, name: str) -> ModuleType | None:
        """Make the copies' own version of a module, if they have one."""
        if name == "math":
            return math
        if name == "builtins":
            return _with_names(builtins, self.builtins)
        if name == "importlib":
            return _with_names(importlib, {"import_module": self._import_module, "__import__": self.import_})
        return None

    def _import_module(self, name: str, package: str | None = None) -> ModuleType:
        if name.startswith("."):  # the package that it is relative to is a copy
            return importlib.import_module(name, package)
        module: ModuleType = functools.reduce(getattr, name.split(".")[1:], self.import_(name))
        return module


def _with_names(module: ModuleType, names: Mapping[str, Any]) -> ModuleType:
    changed = ModuleType(module.__name__, module.__doc__)
    vars(changed).update({**vars(module), **names})
    return changed


class _Loader:
    """Runs a module of a copy, with the built-in names of the copies. What is written in C is not copied."""

    def __init__(self, own: Any, copies: _Copies) -> None:
        self._own = own
        self._copies = copies

    def __getattr__(self, name: str) -> Any:
        return getattr(self._own, name)

    def create_module(self, spec: ModuleSpec) -> None:
        """Leave it to the machinery to make an ordinary module."""

    def exec_module(self, module: ModuleType) -> None:
        if isinstance(self._own, ExtensionFileLoader):
            original = module.__name__.partition(".")[2]
            self._copies.imports.setdefault(original, set())
            sys.modules[module.__name__] = importlib.import_module(original)
        else:
            vars(module)["__builtins__"] = self._copies.builtins
            self._own.exec_module(module)


class _Finder:
    """Finds the modules of all copies, and nothing else."""

    def __init__(self) -> None:
        self.known: dict[str, _Copies] = {}
        self._lock = threading.Lock()

    def find_spec(self, name: str, path: Any = None, target: object = None) -> ModuleSpec | None:
        package, _, original = name.partition(".")
        copies = self.known.get(package)
        spec = None if copies is None else PathFinder.find_spec(name, copies.folders.get(original, path))
        if copies is not None and spec is not None and spec.loader is not None and spec.origin is not None:
            spec.loader = _Loader(spec.loader, copies)  # type: ignore[assignment]
        return spec

    def copies(self, roots: Mapping[str, list[str]]) -> _Copies:
        """Return the copies of these packages, which are made once."""
        name = f"<adapted {', '.join(sorted(roots))}>"
        with self._lock:
            if name not in self.known:
                sys.modules[name] = module_from_spec(ModuleSpec(name, None, is_package=True))
                self.known[name] = _Copies(name, {**roots, ALWAYS: _folders(ALWAYS)})
                if self not in sys.meta_path:
                    sys.meta_path.insert(0, self)
            return self.known[name]


_finder = _Finder()


def _folders(root: str) -> list[str]:
    """Find the folders that contain a top-level module or package."""
    try:
        spec = find_spec(root)
    except ValueError:  # something that is no module put itself into sys.modules
        spec = None
    if spec is None:
        raise ModuleNotFoundError(
            f"adapted() found no module {root!r}: is it spelled correctly, and installed?", name=root
        )
    if spec.submodule_search_locations is not None:
        return [str(Path(folder).parent) for folder in spec.submodule_search_locations]
    if not spec.has_location or isinstance(spec.loader, ExtensionFileLoader):
        raise _not_python(root)
    return [str(Path(str(spec.origin)).parent)]


def _not_python(name: str) -> ImportError:
    instead = "import gograd_core.math instead" if name == "math" else "what is in C takes only plain numbers"
    return ImportError(f"adapted() imports Python source once more, and {name!r} has none: {instead}", name=name)


class Adapted:
    """See `adapted`."""

    def __call__(self, name: str, /, *helpers: str) -> ModuleType:
        """Import a private copy of a module, in which neurons pass for floats.

        Everything of the top-level packages of `name` and `helpers` is copied when the copy imports it. The originals
        stay as they are. Copies are imported once for the same packages, as modules are.

        Args:
            name: the module, such as "sgp4.model".
            helpers: further modules or packages that `name` imports, and that compute with its numbers.

        Returns:
            The copy of the module `name`.

        Raises:
            TypeError: a name is not a string.
            ModuleNotFoundError: there is no such module.
            ImportError: it is not written in Python.
        """
        for given in (name, *helpers):
            if not isinstance(given, str):
                kind = "pass its name" if isinstance(given, ModuleType) else "'sgp4.model' is one"
                raise TypeError(f"adapted() takes names of modules, got {given!r}: {kind}")
            if given.startswith(".") or given.partition(".")[0] in ("", "__main__", "gograd_core"):
                raise ValueError(f"adapted() takes full names of other people's modules, not {given!r}")
        copies = _finder.copies(
            {root: _folders(root) for root in {each.partition(".")[0] for each in (name, *helpers)}}
        )
        return [_import(each, copies) for each in (name, *helpers)][0]

    def report(self, module: ModuleType) -> Report:
        """Tell what was adapted with a module, and what it imports that was not.

        Imports that were not executed yet, because they are inside functions, are not in the report.

        Args:
            module: what `adapted` returned.
        """
        copies = _finder.known.get(getattr(module, "__name__", "").partition(".")[0])
        if copies is None:
            raise TypeError(f"adapted.report() takes a module that adapted() returned, got {module!r}")
        modules = (name.partition(".")[2] for name in sys.modules if name.startswith(f"{copies.name}."))
        return Report(
            module=module.__name__.partition(".")[2],
            adapted=tuple(sorted(modules)),
            outside=tuple(outside(name, names) for name, names in sorted(copies.imports.items())),
        )


def _import(name: str, copies: _Copies) -> ModuleType:
    private = f"{copies.name}.{name}"
    try:
        module = importlib.import_module(private)
    except ModuleNotFoundError as error:
        if error.name is not None and f"{private}.".startswith(f"{error.name}."):
            raise ModuleNotFoundError(
                f"adapted() found no module {name!r}: is it spelled correctly?", name=name
            ) from None
        raise
    if module.__name__ != private:
        raise _not_python(name)
    return module


adapted = Adapted()
