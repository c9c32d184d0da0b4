"""Operations that have functions of their own in some namespaces, such as SciPy's on NumPy's arrays.

A rule is written once, for every namespace. But erf is not a formula of the standard's functions:
there the operation says, per backend, what computes it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from gograd_core.errors import InvalidOperationError
from gograd_core.interfaces import Op

__all__ = ["Implemented", "resolve"]

Rule = Callable[..., Any]


class Implemented:
    """The forward rule of such an operation: the function for the namespace in use, else the formula."""

    def __init__(self, op: Op) -> None:
        self.formula = op.formula
        self._op = op
        self._functions: dict[str, Rule | None] = {}

    def __call__(self, xp: Any, *inputs: Any) -> Any:
        backend = xp.backend
        try:
            function = self._functions[backend]
        except KeyError:
            function = self._functions[backend] = self._find(backend)
        if function is not None:
            return function(*inputs)
        if self.formula is not None:
            return self.formula(xp, *inputs)
        known = ", ".join(self._op.implementations)
        raise InvalidOperationError(f"{self._op.title} has no implementation in {backend}, only in {known}")

    def _find(self, backend: str) -> Rule | None:
        """Find the function for a backend, if there is one.

        On NumPy's arrays it may be that of floats, point by point; in mpmath the reference.

        Raises:
            ImportError: the library that has the function of floats is not installed.
        """
        op = self._op
        own = op.implementations.get(backend)
        try:
            if own is not None:
                return resolve(own)
        except ImportError:
            if backend == "scalar":
                raise
        if self.formula is not None:
            return None
        if backend == "numpy":
            return _point_by_point(resolve(op.implementations["scalar"]))
        if backend == "mpmath" and op.reference is not None:
            return functools.partial(op.reference, resolve("mpmath:mp"))
        return None


def resolve(function: Rule | str) -> Rule:
    """Import what "package.module:name" means, now; a function means itself.

    Raises:
        ImportError: there is no such module, or no such name in it.
    """
    if not isinstance(function, str):
        return function
    from importlib import import_module

    module, _, name = function.partition(":")
    try:
        return getattr(import_module(module), name)  # type: ignore[no-any-return]
    except AttributeError as error:
        raise ImportError(f"module {module!r} has no {name!r}") from error


def _point_by_point(function: Rule) -> Rule:
    import numpy as np  # whoever passes an array has it

    def over_arrays(*inputs: Any) -> Any:
        return np.vectorize(function, otypes=[float])(*inputs)[()]

    return over_arrays
