"""What an adapted program consists of, and what it imports that was not adapted."""

from __future__ import annotations

import math
import sys
from importlib.machinery import ExtensionFileLoader
from types import BuiltinFunctionType, ModuleType
from typing import Any

import attrs

__all__ = ["HIDDEN", "Outside", "Report", "outside"]

HIDDEN = "numba"  # what it compiles takes no neurons; programs that use it do without, if they can


@attrs.frozen
class Outside:
    """A module that an adapted program imports, and that was not adapted.

    Attributes:
        name: of the module.
        names: what was imported from it by name.
        is_c: whether it is written in C, or belongs to a package that is so in part.
        is_missing: whether it could not be imported, or is hidden.
        uses_math: whether it is written in Python and calls `math`, which refuses neurons.
    """

    name: str
    names: tuple[str, ...]
    is_c: bool
    is_missing: bool
    uses_math: bool

    def __str__(self) -> str:
        return f"{self.name} ({', '.join(self.names)})" if self.names else self.name


@attrs.frozen
class Report:
    """What was adapted with a module, and what was not. Its text lists the same.

    Attributes:
        module: the name of the module.
        adapted: the modules of which there are private copies.
        outside: the other modules that these import.
    """

    module: str
    adapted: tuple[str, ...]
    outside: tuple[Outside, ...]

    @property
    def helpers(self) -> tuple[str, ...]:
        """The packages that call `math` and were not adapted. Name them, too, if they get numbers of the program."""
        return tuple(sorted({each.name.partition(".")[0] for each in self.outside if each.uses_math}))

    def __str__(self) -> str:
        groups = {
            "adapted": self.adapted,
            "not adapted, and calls math": self.helpers,
            "not adapted, in Python": [each for each in self.outside if not (each.is_c or each.is_missing)],
            "not adapted, in C": [each for each in self.outside if each.is_c and not each.is_missing],
            "missing or hidden": [each for each in self.outside if each.is_missing],
        }
        lines = [f"{title}: {', '.join(map(str, group))}" for title, group in groups.items() if group]
        if self.helpers:
            named = ", ".join(map(repr, (self.module, *self.helpers)))
            lines.append(f"math refuses neurons. If these packages get some, write adapted({named})")
        return "\n".join([f"{self.module}, adapted to neurons", *(f"  {line}" for line in lines)])


def outside(name: str, names: set[str]) -> Outside:
    """Describe a module by its name and by what was imported from it."""
    module = sys.modules.get(name)
    root = name.partition(".")[0]
    package = [each for key, each in list(sys.modules.items()) if key == root or key.startswith(f"{root}.")]
    is_c = any(map(_is_c, package))
    uses_math = not is_c and any(map(_uses_math, package))
    return Outside(name, tuple(sorted(names)), is_c, module is None or root == HIDDEN, uses_math)


def _is_c(module: ModuleType) -> bool:
    spec = getattr(module, "__spec__", None)
    return spec is not None and (spec.origin == "built-in" or isinstance(spec.loader, ExtensionFileLoader))


def _uses_math(module: ModuleType) -> bool:
    return any(map(_is_of_math, list(vars(module).values())))


def _is_of_math(entry: Any) -> bool:
    return entry is math or (type(entry) is BuiltinFunctionType and entry.__module__ == "math")
