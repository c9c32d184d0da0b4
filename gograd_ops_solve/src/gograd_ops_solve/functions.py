"""`root`, `fixed_point` and `minimize_scalar`."""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import FunctionType
from typing import Any

import attrs

from gograd_core import grad
from gograd_core.extend import require_function
from gograd_ops_solve.implicit import Implicit
from gograd_ops_solve.iterations import fixed_point_solver
from gograd_ops_solve.minima import minimum_solver
from gograd_ops_solve.roots import root_solver

__all__ = ["fixed_point", "minimize_scalar", "root"]

MOST_OPERATIONS = 256
"""How many functions are remembered with their operation."""

Solver = Callable[..., float]


def root(f: Callable[..., Any], guess: Any, *parameters: Any, method: str | Solver = "brentq") -> Any:
    """Find the x for which ``f(x, *parameters)`` is 0, differentiable with respect to the parameters in every order.

    The value is found on floats. The derivatives follow from the implicit-function theorem: the derivative with
    respect to a parameter p is -f_p / f_x at the root. They do not depend on the method, or on the guess.

    Args:
        f: a function of numbers, x first, that returns one number. It computes with Python's operators and
            operations of `ops` or `gograd_core.math`, and gets every neuron that it depends on as a parameter.
        guess: a number near the root, or a pair of numbers at which f has different signs. They may be neurons.
            With one number the bracketing methods search to both sides for a change of sign.
        parameters: numbers, neurons, or arrays of numbers.
        method: SciPy's "brentq", "brenth", "bisect", "ridder" or "toms748"; from one number also "newton", with
            gograd's derivative; or a function ``method(f, *guess)`` of floats that returns x, up to a thousandth. In
            this case Newton's method finds the last digits.

    Returns:
        A float, a neuron if there is one among the numbers, or an array if there is one.

    Raises:
        SolveError: no root was found; or f jumps there, or has a pole. It is a `DomainError`: under
            ``errstate(domain="ignore")`` the result is NaN.
        DomainError: (when differentiated) f_x at the root is 0, or not the slope of f beside it, as at a multiple root,
            a kink or a vertical tangent, which have no derivative.
        TypeError: f does not return one number, or uses a neuron that is not a parameter.
        ValueError: there is no such method, or it does not take such a guess.
    """
    start = _start(guess)
    return _root(_same(f, "root"), method, len(start), len(parameters))(*start, *parameters)


def fixed_point(g: Callable[..., Any], guess: Any, *parameters: Any, method: str | Solver = "steffensen") -> Any:
    """Find the x for which ``g(x, *parameters)`` is x, differentiable with respect to the parameters in every order.

    Args:
        g: a function as for `root`.
        guess: a number near the fixed point.
        parameters: as for `root`.
        method: "steffensen", "iteration" (x becomes g(x) until it no longer changes), or a function
            ``method(g, guess)`` of floats that returns x, up to a thousandth. Newton's method finds the last digits.

    Returns:
        As `root`.

    Raises:
        SolveError, DomainError, TypeError, ValueError: as `root`. There is no derivative where g_x is 1.
    """
    return _fixed_point(_same(g, "fixed_point"), method, len(parameters))(guess, *parameters)


def minimize_scalar(f: Callable[..., Any], guess: Any, *parameters: Any, method: Solver | None = None) -> Any:
    """Find the x for which ``f(x, *parameters)`` is smallest, with derivatives of every order.

    SciPy's `minimize_scalar` finds x, and Newton's method for f_x = 0 finds its last digits. The derivatives are those
    of the root of f_x.

    Args:
        f: a function as for `root`, with two derivatives.
        guess: a number near a minimum, or a pair: the interval in which to search.
        parameters: as for `root`.
        method: a function ``method(f, *guess)`` of floats that returns x, instead of SciPy's. Half of the digits
            are enough.

    Returns:
        As `root`: the place of the minimum. The smallest value is f of that.

    Raises:
        SolveError: no minimum was found; or it is at the end of the interval, at a kink, or where f_xx is not positive,
            or not the slope of f_x beside the minimum.
        DomainError, TypeError: as `root`.
    """
    start = _start(guess)
    return _minimum(_same(f, "minimize_scalar"), method, len(start), len(parameters))(*start, *parameters)


@attrs.frozen(eq=False)
class _Same:
    """A function, equal to another one that does the same because its code is the same and it captures nothing.

    A lambda inside of a loop is a new object every time. Its operation is not.
    """

    function: Callable[..., Any]
    code: Any

    def __hash__(self) -> int:
        return hash(self.code)

    def __eq__(self, other: object) -> bool:
        if type(other) is not _Same:
            return NotImplemented
        one, two = self.function, other.function
        return one is two or (
            type(self.code) is tuple and self.code == other.code and one.__globals__ is two.__globals__
        )

    @property
    def name(self) -> str:
        """What messages call the function. An `Op` has a name, other objects that can be called have a class."""
        f = self.function
        name: str = getattr(f, "__name__", "") or getattr(f, "name", "") or type(f).__name__
        return "lambda" if name == "<lambda>" else name


def _same(f: Callable[..., Any], caller: str) -> _Same:
    require_function(f, caller)
    if type(f) is FunctionType and not (f.__closure__ or f.__defaults__ or f.__kwdefaults__):
        return _Same(f, (f.__code__,))
    return _Same(f, id(f))


def _start(guess: Any) -> tuple[Any, ...]:
    if not isinstance(guess, (tuple, list)):
        return (guess,)
    if len(guess) != 2:
        raise TypeError(f"a guess is a number, or a pair of numbers, got {guess!r}")
    return tuple(guess)


@functools.lru_cache(MOST_OPERATIONS)
def _root(f: _Same, method: str | Solver, starts: int, count: int) -> Implicit:
    title = f"root of {f.name}"
    return Implicit(title, f.function, f.function, f.name, root_solver(method, starts), starts, count)


@functools.lru_cache(MOST_OPERATIONS)
def _fixed_point(g: _Same, method: str | Solver, count: int) -> Implicit:
    function = g.function

    def excess(x: Any, *parameters: Any) -> Any:
        return function(x, *parameters) - x

    return Implicit(f"fixed point of {g.name}", excess, function, g.name, fixed_point_solver(method), 1, count)


@functools.lru_cache(MOST_OPERATIONS)
def _minimum(f: _Same, method: Solver | None, starts: int, count: int) -> Implicit:
    slope = grad(f.function)
    return Implicit(f"minimum of {f.name}", slope, f.function, f.name, minimum_solver(method), starts, count)
