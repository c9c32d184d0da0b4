"""Writes out rules for kernels: more of them than for C, and with known numbers in the place of inputs."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from types import FunctionType
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from gograd_compile.kernels.generate import NUMBA
from gograd_compile.kernels.ufuncs import inner_loop
from gograd_core.extend import Expansion, ExpansionError, Symbol, SymbolLibrary, expand_with, postorder, resolve, scalar
from gograd_core.extend import expand as expand_for_c

if TYPE_CHECKING:
    from gograd_core import Op

__all__ = ["POWERS", "expand", "specialize"]

HOMES = ("numpy", "scipy.special", "scipy.special._ufuncs")
"""Modules in which ufuncs are looked up by name."""


class UFuncSymbol(Symbol):
    """A symbol to which ufuncs can be applied, as to arrays."""

    __slots__ = ()

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        if method != "__call__" or options:
            raise TypeError(f"ufunc {ufunc.__name__!r} is called with something other than numbers")
        given = map(_plain, inputs)
        if ufunc.__name__ in scalar.__all__:
            return self.library.apply(ufunc.__name__, *given)
        inner_loop(ufunc)
        return self.library.call(_name(ufunc), *given)

    def __array_function__(self, function: Any, types: Any, args: Any, options: Any) -> Any:
        if function is not np.where or options:
            return NotImplemented
        return self.library.apply("where", *map(_plain, args))


def _plain(number: Any) -> Any:
    """Make a number of Python of what NumPy made of numbers."""
    return number.item() if isinstance(number, (np.generic, np.ndarray)) and number.ndim == 0 else number


class UFuncLibrary(SymbolLibrary):
    """The functions of the array API standard, on symbols to which ufuncs can be applied."""

    def _unique(self, function: str, arguments: tuple[Symbol, ...] = (), **facts: Any) -> Symbol:
        found = super()._unique(function, arguments, **facts)
        found.__class__ = UFuncSymbol
        return found


def expand(op: Op, only: int | None = None) -> Expansion:
    """Expand the rules of `op`, or `only` one of them, to expressions that a kernel can compute.

    If the value on floats comes from a Python function, the operation's function for Numba takes its place. If there is
    none, its ufunc of SciPy or NumPy does.

    Raises:
        ExpansionError: a rule cannot be written out, as in `gograd_core.extend.expand`.
    """
    try:
        return _with_products(expand_for_c(op, only=only))
    except ExpansionError as error:
        function = _for_numba(op)
        if function is not None:
            return _with_numba(op, function, only)
        if op.variadic:
            raise
        try:
            return _with_products(expand_with(op, UFuncLibrary("numpy"), only))
        except ExpansionError:
            raise error from None


def _for_numba(op: Op) -> FunctionType | None:
    """Find the Python function that the operation provides for Numba, if that is installed.

    Functions of a library are ufuncs as well.
    """
    if op.opaque or "numba" not in op.implementations or not _has_numba():
        return None
    try:
        function = resolve(op.implementations["numba"])
    except ImportError:
        return None
    return function if isinstance(function, FunctionType) else None


def _has_numba() -> bool:
    try:
        return find_spec("numba") is not None
    except ValueError:  # somebody hides it
        return False


def _with_numba(op: Op, function: FunctionType, only: int | None) -> Expansion:
    """Write out the partials. The value is a call of the operation's function for Numba."""
    from hashlib import sha256  # for few operations

    bare = attrs.evolve(op, forward=op.formula or (lambda xp, *inputs: 0.0), implementations={})
    expansion = expand_for_c(bare, only=only)
    name = f"{function.__module__}:{function.__qualname__}"
    try:
        if resolve(name) is not function:
            raise ImportError("its module has another function of that name")
        source = inspect.getsource(sys.modules[function.__module__])
    except (ImportError, OSError, TypeError) as error:
        raise ExpansionError(op, f"its function for Numba cannot be found again: {error}") from error
    digest = sha256(source.encode()).hexdigest()[:16]
    forward = Symbol(expansion.out.library, f"{NUMBA}{name} {digest}", expansion.inputs)
    return attrs.evolve(expansion, forward=forward)


def _with_products(expansion: Expansion) -> Expansion:
    """Compute powers in the value as products where the exponent is simple, as `specialize` does if it is known."""
    return attrs.evolve(expansion, forward=_remade(expansion.forward, {}, _product_or_power))


def _product_or_power(library: SymbolLibrary, function: str, args: list[Any]) -> Any:
    made = _applied(library, function, args)
    if function == "pow" and isinstance(args[1], Symbol):
        for exponent, product in POWERS.items():
            made = library.apply("where", library.apply("equal", args[1], exponent), product(library, args[0]), made)
    return made


def specialize(root: Symbol, known: Mapping[Symbol, float]) -> Symbol:
    """Put numbers in the place of some inputs of `root`, and simplify what follows from them: x**2.0 becomes x * x.

    A power may differ in its last place from that of the C library.
    """
    return _remade(root, known, _applied)


def _remade(
    root: Symbol, known: Mapping[Symbol, float], apply: Callable[[SymbolLibrary, str, list[Any]], Any]
) -> Symbol:
    """Make the same expression again, with `apply` for functions, and with numbers for some inputs."""
    library = root.library
    made: dict[Symbol, Any] = {}
    for symbol in postorder([root]):
        if symbol in known:
            made[symbol] = float(known[symbol])
        elif symbol.function == "constant":
            made[symbol] = bool(symbol.value) if symbol.is_truth else symbol.value
        elif symbol.is_leaf:
            made[symbol] = symbol
        else:
            made[symbol] = apply(library, symbol.function, [made[argument] for argument in symbol.arguments])
    return library.as_number(library.lift(made[root]))


def _applied(library: SymbolLibrary, function: str, args: list[Any]) -> Any:
    if function == "where" and args[1] is args[2]:
        return args[1]
    if function in DECIDED_BY and isinstance(args[0], bool):
        return args[0] if args[0] is DECIDED_BY[function] else args[1]
    if function == "pow" and isinstance(args[1], float) and args[1] in POWERS:
        return POWERS[args[1]](library, args[0])
    if function in scalar.__all__:
        return library.apply(function, *args)
    return library.call(function, *args)


DECIDED_BY = {"logical_and": False, "logical_or": True}
"""The first input with which the other one does not matter."""
POWERS: dict[float, Callable[[SymbolLibrary, Any], Any]] = {
    -1.0: lambda library, x: library.apply("divide", 1.0, x),
    0.0: lambda library, x: 1.0,
    1.0: lambda library, x: x,
    2.0: lambda library, x: library.apply("multiply", x, x),
}


def _name(ufunc: np.ufunc) -> str:
    """Find the name by which `resolve` finds a ufunc.

    Raises:
        TypeError: there is no such name.
    """
    for home in HOMES:
        name = f"{home}:{ufunc.__name__}"
        try:
            if resolve(name) is ufunc:
                return name
        except ImportError:
            continue
    raise TypeError(f"{ufunc!r} cannot be found by its name")
