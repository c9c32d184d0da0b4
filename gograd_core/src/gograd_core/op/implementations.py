"""Operations that special functions compute in some namespaces, such as those of SciPy on NumPy's arrays.

A rule is written once, for every namespace. But erf, for example, cannot be written with the standard's functions. Such
an operation names the function that computes it in each backend.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from gograd_core.errors import InvalidOperationError
from gograd_core.interfaces import Op
from gograd_core.recording import outside_transforms

__all__ = ["forward_to_run", "partials_to_run", "resolve"]

Rule = Callable[..., Any]


def forward_to_run(op: Any) -> Rule:
    """Return the forward rule that the engines call."""
    rule = _Implemented(op) if op.implementations else op.formula
    return outside_transforms(rule) if op.opaque else rule


def partials_to_run(op: Any) -> tuple[Rule | None, ...]:
    """Return the partials that the engines call."""
    return tuple(rule and outside_transforms(rule) for rule in op._partials) if op.opaque else op._partials


class _Implemented:
    """The forward rule of such an operation: the function for the namespace in use, or else the formula."""

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

        For NumPy it may be that for floats, called point by point; for mpmath it may be the reference.

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
    """Import the function that "package.module:name" names; a function is returned as it is.

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

    over_arrays = np.vectorize(function, otypes=[float])
    return lambda *inputs: over_arrays(*inputs)[()]
