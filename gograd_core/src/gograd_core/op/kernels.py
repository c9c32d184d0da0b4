"""The record of native functions that replace the rules of an operation."""

from __future__ import annotations

from typing import Any, Literal

import attrs

__all__ = ["Kernels", "KernelsInUse"]


@attrs.frozen(eq=False, repr=False)
class Kernels:
    """The rules of an operation on floats, as native functions.

    A function is a PyCapsule whose name is its signature in C, a ctypes or cffi function pointer, or a cfunc of Numba
    (SciPy's LowLevelCallable takes the same). For an operation with n inputs:

    - forward: ``double (double, …)``, n times double;
    - a partial: ``double (double, double, …)``, the output and then the inputs.

    For a variadic operation with n columns:

    - forward: ``double (intptr_t, double *, …)``, the length and then the columns;
    - a partial: ``void (double, intptr_t, double *, …, double *)``, the output, the length, the columns, and last the
      array for the derivatives with respect to the entries.

    The functions return the values of IEEE 754 and raise nothing; the engine judges what they return.

    Attributes:
        forward: the function for the value.
        partials: one function per partial of the operation, None where that is None.
        digest: a digest of the rules from which they were generated; empty if they were written by hand.
        origin: "shipped" with the distribution, or "compiled" by `compile_kernels`.
        rules: the rules that they replace (`Op.rules`), noted by the first operation that takes the kernels. An
            operation with other rules does not take them.
    """

    forward: Any
    partials: tuple[Any, ...]
    digest: str = ""
    origin: Literal["shipped", "compiled"] = "shipped"
    rules: tuple[Any, ...] = ()

    def of(self, rules: tuple[Any, ...]) -> Kernels | None:
        """Return these kernels with `rules` noted as those that they replace; None if they replace others."""
        if not self.rules:
            return attrs.evolve(self, rules=rules)
        return self if self.rules == rules else None


class KernelsInUse:
    """The kernels that an operation runs in place of its rules. Only they may change: the operation is frozen.

    Args:
        kernels: those to begin with. A copy of an operation begins with those of the other one.
    """

    __slots__ = ("kernels",)

    def __init__(self, kernels: Kernels | KernelsInUse | None = None) -> None:
        self.kernels: Kernels | None = kernels.kernels if isinstance(kernels, KernelsInUse) else kernels
