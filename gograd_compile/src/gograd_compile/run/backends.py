"""What runs programs: native code where Numba is installed, else NumPy."""

from __future__ import annotations

import functools
import warnings
from typing import Any, Protocol

from gograd_compile.lower.graph import Call
from gograd_compile.lower.schedule import Schedule
from gograd_compile.run.numpy_runner import NumpyRunner

__all__ = ["BACKENDS", "Backend", "Native", "Numpy", "backend"]


NEEDED = ("numba", "llvmlite", "platformdirs")
"""What `gograd-compile[native]` installs."""


class Backend(Protocol):
    """A way of running schedules."""

    name: str

    def can_run(self, call: Call) -> bool:
        """Whether it runs this function itself."""

    def runner(self, schedule: Schedule) -> Any:
        """What runs the steps of a schedule, as `NumpyRunner` does."""


class Numpy:
    """Arrays of NumPy, a step at a time."""

    name = "numpy"

    def can_run(self, call: Call) -> bool:
        """All but opaque operations."""
        return not call.rules.op.opaque

    def runner(self, schedule: Schedule) -> NumpyRunner:
        """A `NumpyRunner`."""
        return NumpyRunner(schedule)


class Native:
    """Native code, compiled by Numba: one driver, and a kernel per rule."""

    name = "native"

    def __init__(self) -> None:
        try:
            from gograd_compile.run.native_runner import NativeRunner  # which needs Numba
        except ModuleNotFoundError as error:
            if error.name not in NEEDED:
                raise
            raise ImportError(
                f"the native backend needs {error.name}: pip install 'gograd-compile[native]'", name=error.name
            ) from error
        self._runner = NativeRunner

    def can_run(self, call: Call) -> bool:
        """What can be written out."""
        return call.symbol is not None

    def runner(self, schedule: Schedule) -> Any:
        """A `NativeRunner`."""
        return self._runner(schedule)


BACKENDS: dict[str, Any] = {"native": Native, "numpy": Numpy}


@functools.cache
def backend(name: str | None = None) -> Backend:
    """A backend by name; the native one, if Numba is installed, unless named.

    Raises:
        ValueError: there is none of that name.
        ImportError: Numba is not installed, and the native one was asked for.
    """
    if name is None:
        try:
            return backend("native")
        except ImportError as error:
            if error.name not in NEEDED:
                warnings.warn(
                    f"Numba is installed but cannot be used ({error}): compiled functions run with NumPy, more slowly. "
                    'Mend or remove Numba, or ask for backend="numpy".',
                    RuntimeWarning,
                    stacklevel=3,
                )
            return backend("numpy")
    if name not in BACKENDS:
        raise ValueError(f"backend must be one of {', '.join(map(repr, BACKENDS))}, got {name!r}")
    chosen: Backend = BACKENDS[name]()
    return chosen
