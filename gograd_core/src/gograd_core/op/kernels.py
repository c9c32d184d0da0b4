"""The record of native functions that stand for the rules of an operation."""

from __future__ import annotations

from typing import Any, Literal

import attrs

__all__ = ["Kernels"]


@attrs.frozen(eq=False)
class Kernels:
    """The rules of an operation on floats, as native functions.

    A function is a PyCapsule whose name is its signature in C, a ctypes or cffi function pointer,
    or a cfunc of Numba (SciPy's LowLevelCallable takes the same). Of n inputs:

    - forward: ``double (double, …)``, n times double;
    - a partial: ``double (double, double, …)``, the output and then the inputs.

    Of a variadic operation with n columns:

    - forward: ``double (intptr_t, double *, …)``, the length and then the columns;
    - a partial: ``void (double, intptr_t, double *, …, double *)``, the output, the length, the
      columns, and last where the derivative by each entry goes.

    They return what IEEE 754 says and raise nothing; the engine judges what they return.

    Attributes:
        forward: the function for the value.
        partials: one function per partial of the operation, None where that is None.
        digest: of the rules that they were generated from; empty if they were written by hand.
        origin: "shipped" with the distribution, or "compiled" by `compile_kernels`.
        rules: what they stand for (`Op.rules`), once an operation has them: one with other rules does not take them.
    """

    forward: Any
    partials: tuple[Any, ...]
    digest: str = ""
    origin: Literal["shipped", "compiled"] = "shipped"
    rules: tuple[Any, ...] = ()

    def of(self, rules: tuple[Any, ...]) -> Kernels | None:
        """Note `rules` as what these kernels stand for, and return them; None if they stand for others."""
        if not self.rules:
            return attrs.evolve(self, rules=rules)
        return self if self.rules == rules else None
