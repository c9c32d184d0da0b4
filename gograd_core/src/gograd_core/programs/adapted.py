"""`adapted`: a private second import of somebody else's modules, which computes with neurons.

The copy of ``sgp4.model`` is imported as ``<adapted sgp4>.sgp4.model``. Python's own machinery imports it, with its
locks and its treatment of circular imports, and keeps it in `sys.modules` under this name, beside the original. What
differs are the built-in names. They come with the globals of each module of the copy, so no other code sees them. One
of them is `__import__`, which keeps imports inside the copy.
"""

from __future__ import annotations

import builtins
import functools
import importlib
import sys
import threading
from collections.abc import Iterable, Mapping, Sequence
from importlib.machinery import ExtensionFileLoader, ModuleSpec, PathFinder
from importlib.util import find_spec, module_from_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import attrs

from gograd_core import math
from gograd_core.programs.classes import with_classes
from gograd_core.programs.look_alikes import LOOK_ALIKES
from gograd_core.programs.report import HIDDEN, Report, outside

__all__ = ["Adapted", "adapted"]

ALWAYS = "copy"  # adapted with every program: the original would make other leaves, which nothing depends on


@attrs.frozen(eq=False)
class _Copies:
    """The private copies of some packages. They see each other.

    Attributes:
        name: the package whose submodules the copies are.
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
        fromlist: Sequence[str] | None = None,
        level: int = 0,
    ) -> ModuleType:
        """Import what an ``import`` statement in one of the copies asks for."""
        names, root = fromlist or (), name.partition(".")[0]
        if level:  # relative to a copy
            return __import__(name, globals, locals, names, level)
        if root in self.folders:
            module = __import__(f"{self.name}.{name}", globals, locals, names)
            return module if names else sys.modules[f"{self.name}.{root}"]
        instead = self._instead_of(name)
        if instead is not None:
            return instead
        if (globals or {}).get("__name__") != f"{self.name}.{ALWAYS}":
            self.imports.setdefault(name, set()).update(names)
        if root == HIDDEN:
            reason = "it is hidden from adapted programs, since the functions that it compiles take no neurons"
            raise ModuleNotFoundError(f"No module named {name!r}: {reason}", name=name)
        return __import__(name, globals, locals, names)

    def _instead_of(self, name: str) -> ModuleType | None:
        """Return what the copies get instead of a module; None if they get the module."""
        if name == "math":
            return math
        if name == "builtins":
            return _changed(builtins, self.builtins)
        if name == "importlib":
            return _changed(importlib, {"import_module": self._import_module, "__import__": self.import_})
        return None

    def _import_module(self, name: str, package: str | None = None) -> ModuleType:
        if name.startswith("."):  # relative to a copy
            return importlib.import_module(name, package)
        module: ModuleType = functools.reduce(getattr, name.split(".")[1:], self.import_(name))
        return module


def _changed(module: ModuleType, names: Mapping[str, Any]) -> ModuleType:
    changed = ModuleType(module.__name__, module.__doc__)
    vars(changed).update({**vars(module), **names})
    return changed


class _Loader:
    """Runs a module of a copy, with the built-in names of the copies. A module in C is shared with the original."""

    def __init__(self, own: Any, copies: _Copies) -> None:
        self._own = own
        self._copies = copies

    def __getattr__(self, name: str) -> Any:
        return getattr(self._own, name)

    def create_module(self, spec: ModuleSpec) -> None:
        """Leave it to Python to make an ordinary module."""

    def exec_module(self, module: ModuleType) -> None:
        """Run the module, or put the original in its place."""
        if isinstance(self._own, ExtensionFileLoader):
            original = module.__name__.partition(".")[2]
            self._copies.imports.setdefault(original, set())
            sys.modules[module.__name__] = importlib.import_module(original)
        else:
            vars(module)["__builtins__"] = self._copies.builtins
            changed = with_classes(self._own, module.__name__)
            if changed is None:
                self._own.exec_module(module)
            else:
                exec(changed, vars(module))


class _Finder:
    """Finds the modules of all copies, and nothing else."""

    def __init__(self) -> None:
        self.known: dict[str, _Copies] = {}
        self._lock = threading.Lock()

    def find_spec(self, name: str, path: Any = None, target: object = None) -> ModuleSpec | None:  # noqa: ARG002
        """Find a module of a copy, as `sys.meta_path` asks for it."""
        package, _, original = name.partition(".")
        copies = self.known.get(package)
        if copies is None:
            return None
        spec = PathFinder.find_spec(name, copies.folders.get(original, path))
        if spec is not None and spec.has_location:
            spec.loader = _Loader(spec.loader, copies)  # type: ignore[assignment]
        return spec

    def find_distributions(self, context: Any) -> Iterable[Any]:
        """Find the distribution of a package by the name of its copy, for packages that ask for their own version."""
        package, _, original = (context.name or "").partition(".")
        return (
            importlib.import_module("importlib.metadata").distributions(name=original) if package in self.known else ()
        )

    def copies_of(self, roots: set[str]) -> _Copies:
        """Return the copies of some top-level packages. They are made once."""
        name = f"<adapted {', '.join(sorted(roots))}>"
        with self._lock:
            if name not in self.known:
                self.known[name] = _Copies(name, {root: _folders(root) for root in (*roots, ALWAYS)})
                sys.modules[name] = module_from_spec(ModuleSpec(name, None, is_package=True))
                if self not in sys.meta_path:
                    sys.meta_path.insert(0, self)
            return self.known[name]


_finder = _Finder()


def _folders(root: str) -> list[str]:
    """Find the folders that contain a top-level module or package."""
    try:
        spec = find_spec(root)
    except ValueError:  # something in sys.modules is not a module
        spec = None
    if spec is None:
        raise _missing(root)
    if spec.submodule_search_locations is not None:
        return [str(Path(folder).parent) for folder in spec.submodule_search_locations]
    if not spec.has_location or isinstance(spec.loader, ExtensionFileLoader):
        raise _not_python(root)
    return [str(Path(str(spec.origin)).parent)]


def _missing(name: str) -> ImportError:
    return ModuleNotFoundError(
        f"adapted() found no module {name!r}: is it spelled correctly, and installed?", name=name
    )


def _not_python(name: str) -> ImportError:
    instead = "import gograd_core.math instead" if name == "math" else "what is written in C takes only plain numbers"
    return ImportError(f"adapted() needs a module in Python, and {name!r} has no source: {instead}", name=name)


class Adapted:
    """The class of `adapted`, which is called like a function, and has a `report`."""

    def __call__(self, name: str, /, *helpers: str) -> ModuleType:
        """Import a private copy of a module, in which neurons pass for floats.

        The copy has whatever it imports from its own top-level package, and from those of `helpers`, as copies too. The
        originals stay as they are. Like modules, copies are made once: the same packages give the same copies.

        Args:
            name: the module, such as "sgp4.model".
            helpers: modules of other packages that compute with the numbers of `name`.

        Returns:
            The copy of the module `name`.

        Raises:
            TypeError: something that was given is not a string.
            ValueError: it cannot be the full name of a module, or is gograd's own.
            ModuleNotFoundError: there is no such module.
            ImportError: it is not written in Python.
        """
        for given in (name, *helpers):
            if not isinstance(given, str):
                hint = f"write {given.__name__!r}" if isinstance(given, ModuleType) else "such as 'sgp4.model'"
                raise TypeError(f"adapted() takes names of modules, got {given!r}: {hint}")
            if given.partition(".")[0] in ("", "__main__", "gograd_core"):
                raise ValueError(
                    f"adapted() takes full names of other people's modules, such as 'sgp4.model', not {given!r}"
                )
        copies = _finder.copies_of({each.partition(".")[0] for each in (name, *helpers)})
        module, *_ = [_imported(each, copies) for each in (name, *helpers)]
        return module

    def report(self, module: ModuleType) -> Report:
        """Tell what was adapted with a module, and what it imports that was not.

        Only imports that have run are known: one inside a function is not in the report before the function is called.

        Args:
            module: what `adapted` returned.
        """
        name = getattr(module, "__name__", "")
        package, _, original = name.partition(".")
        if package not in _finder.known:
            raise TypeError(f"adapted.report() takes a module that adapted() returned, got {module!r}")
        prefix = f"{package}."
        imports = sorted(_finder.known[package].imports.items())
        return Report(
            module=original,
            adapted=tuple(sorted(key.removeprefix(prefix) for key in list(sys.modules) if key.startswith(prefix))),
            outside=tuple(outside(each, names) for each, names in imports),
        )


def _imported(name: str, copies: _Copies) -> ModuleType:
    """Import the copy of one module."""
    private = f"{copies.name}.{name}"
    try:
        module = importlib.import_module(private)
    except Exception as error:
        if isinstance(error, ModuleNotFoundError) and f"{private}.".startswith(f"{error.name}."):
            raise _missing(name) from None
        error.add_note(
            f"adapted() was importing a private copy of {name!r}: a package may refuse that if it is partly in C, or "
            "relies on its own name"
        )
        raise
    if module.__name__ != private:
        raise _not_python(name)
    return module


adapted = Adapted()
