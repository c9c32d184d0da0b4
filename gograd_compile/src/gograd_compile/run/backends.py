"""The backends that run programs: native code if what it needs is installed, otherwise NumPy."""

from __future__ import annotations

import functools
import warnings
from typing import Any, Protocol

from gograd_compile.call import LIBRARY, prepared
from gograd_compile.lower.graph import Call
from gograd_compile.lower.schedule import Schedule
from gograd_compile.run.numpy_runner import NumpyRunner
from gograd_compile.run.point_values import Values, by_numpy
from gograd_compile.trace.tape import Floats

__all__ = ["BACKENDS", "Backend", "Native", "Numpy", "Runner", "backend"]

NEEDED = ("llvmlite", "platformdirs", LIBRARY)
"""What the native backend needs: packages of the extra `native`, and the library."""


class Runner(Protocol):
    """Runs the steps of one schedule on a memory with a row per slot and a column per point."""

    runs_whole_schedules: bool
    """Whether it has `steps` and `batch`, which run all steps in one call, as `NativeRunner` does."""

    def run(self, memory: Floats, begin: int, end: int) -> None:
        """Run the steps from `begin` to `end`."""

    def run_carefully(self, memory: Floats, lane: int) -> bool:
        """Run the sums among the derivatives again in one lane, where 0.0 times an infinity or NaN is 0.0.

        Returns whether all sums and first factors (adjoints or tangents) are finite, and the factors of tangents.
        """


class Backend(Protocol):
    """A way of running schedules."""

    name: str
    values: Values
    """What computes the values of operations where a function runs without a recording."""

    def can_run(self, call: Call) -> bool:
        """Say whether it runs this call without Python."""

    def runner(self, schedule: Schedule) -> Any:
        """Make the `Runner` of a schedule."""


class Numpy:
    """Runs programs with arrays of NumPy, a step at a time."""

    name = "numpy"

    def __init__(self) -> None:
        self.values = Values(by_numpy)

    def can_run(self, call: Call) -> bool:
        """Say whether the operation is not opaque."""
        return not call.rules.op.opaque

    runner = NumpyRunner


class Native:
    """Runs programs as native code: one library runs all schedules, and there is a kernel for each rule."""

    name = "native"

    def __init__(self) -> None:
        if prepared is None:
            raise ImportError(
                "the native backend needs the library of gograd_compile, which was not built: install a C compiler, "
                "and then gograd-compile again, from source",
                name=LIBRARY,
            )
        try:
            from gograd_compile.run.native_runner import NativeRunner, by_kernel  # which need llvmlite
        except ModuleNotFoundError as error:
            if error.name not in NEEDED:
                raise
            raise ImportError(
                f"the native backend needs {error.name}, which is not installed: pip install llvmlite platformdirs",
                name=error.name,
            ) from error
        self.runner = NativeRunner
        self.values = Values(by_kernel)

    def can_run(self, call: Call) -> bool:
        """Say whether the rule can be written out."""
        return call.symbol is not None


BACKENDS: dict[str, Any] = {"native": Native, "numpy": Numpy}


@functools.cache
def backend(name: str | None = None) -> Backend:
    """Find a backend by name. Without a name it is the native one if what it needs is installed, otherwise NumPy.

    Raises:
        ValueError: there is no backend of that name.
        ImportError: the native backend was asked for, and something that it needs is not installed.
    """
    if name is None:
        try:
            return backend("native")
        except ImportError as error:
            if error.name not in NEEDED:
                warnings.warn(
                    f"llvmlite is installed but cannot be used ({error}). Compiled functions run with NumPy, "
                    'which is slower. Repair or remove llvmlite, or ask for backend="numpy".',
                    RuntimeWarning,
                    stacklevel=3,
                )
            return backend("numpy")
    if name not in BACKENDS:
        raise ValueError(f"backend must be one of {', '.join(map(repr, BACKENDS))}, got {name!r}")
    chosen: Backend = BACKENDS[name]()
    return chosen
