"""Native code for operations: what an `Op` may carry, so that the native engine need not call its Python rules."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

import attrs

from gograd_core.errors import PluginWarning
from gograd_core.kernels.fingerprint import fingerprint

if TYPE_CHECKING:
    from gograd_core.op import Op

__all__ = ["Kernels", "with_kernels"]


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
        """These kernels, which stand for `rules` from now on; None if they stand for others."""
        if not self.rules:
            return attrs.evolve(self, rules=rules)
        return self if self.rules == rules else None


def with_kernels(ops: Iterable[Op], module: str) -> tuple[Op, ...]:
    """`ops`, each with its kernels from the extension `module`, if that was built and the native engine runs.

    The operations themselves are changed; those of which the extension has none keep their rules alone.
    So do those whose rules were changed after their kernels were printed, with a warning.

    Such a module is what ``gograd kernels`` generates: its ``KERNELS`` is a dict from the name of
    an operation to ``(digest, fingerprint, forward, partials)``.
    """
    from gograd_core.native import engine

    ops = tuple(ops)
    if engine().name != "native":
        return ops
    try:
        kernels = import_module(module).KERNELS
    except (ImportError, AttributeError) as error:
        absent = getattr(error, "name", None) if isinstance(error, ModuleNotFoundError) else None
        if absent is None or not f"{module}.".startswith(f"{absent}."):  # else it was not built: there was no compiler
            text = f"{module} offers no kernels, so that rules run in Python: {error}"
            warnings.warn(text, PluginWarning, stacklevel=2)
        return ops
    stale = [op.name for op in ops if op.name in kernels and not _attached(op, kernels[op.name])]
    if stale:
        warnings.warn(
            f"{module} was not generated from the rules of {', '.join(stale)} as they are now: they run in Python, "
            f"until 'gograd kernels {module.rpartition('.')[0]}' has been run, and the extension compiled",
            PluginWarning,
            stacklevel=2,
        )
    return ops


def _attached(op: Op, entry: tuple[Any, ...]) -> bool:
    """Whether the entry of the table belongs to the rules of `op`, which has its kernels then."""
    if len(entry) != 4 or fingerprint(op) not in ("", entry[1]):
        return False
    digest, _, forward, partials = entry
    op.attach(Kernels(forward, partials, digest, rules=op.rules))
    return True
