"""Values and derivatives of rules in many digits: what floats are measured against.

A derivative found here owes nothing to the partials of an operation: it is the central difference
of the forward rule. Most digits are lost in it, so there are many, and no result counts before a
second computation, with twice the digits and a much smaller step, agrees.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import mpmath  # type: ignore[import-untyped]
from mpmath.libmp import NoConvergence  # type: ignore[import-untyped]

from gograd_core.checked.rules import as_column
from gograd_core.errors import InvalidOperationError
from gograd_core.namespaces.columns import Column, ColumnNamespace
from gograd_core.op import Op
from gograd_core.testing.digits import DERIVATIVES_TOLERANCE, close
from gograd_core.testing.duals import derivative
from gograd_core.testing.multiprecision import MultiprecisionNamespace

__all__ = ["Oracle", "Point", "arguments", "exact_partial", "exact_value"]

Point = tuple[float, ...]
"""The inputs of an operation; of a variadic one, the entries of all its columns in a row."""

LADDER = (90, 175, 350, 700, 1050)  # cos(1e300) needs 300 digits for its argument alone
RANGE = 664  # from the largest float to the last digit of the smallest: a remainder may need so many digits
CLIMBS = 40  # of a special function to the last two precisions
FINEST = 2500  # whose step is below the last digit of any quotient of floats
AGREEMENT = mpmath.mpf("1e-25")

# Central differences: the coefficients of f(x + i * step) in the derivative of each order.
STENCILS: tuple[dict[int, float], ...] = (
    {0: 1.0},
    {-1: -0.5, 1: 0.5},
    {-1: 1.0, 0: -2.0, 1: 1.0},
    {-2: -0.5, -1: 1.0, 1: -1.0, 2: 0.5},
    {-2: 1.0, -1: -4.0, 0: 6.0, 1: -4.0, 2: 1.0},
)


def arguments(op: Op, point: Sequence[Any]) -> list[Any]:
    """The inputs as a call of `op` takes them: numbers, or one list per column."""
    return [list(column) for column in op.columns(point)] if op.variadic else list(point)


def exact_value(op: Op, inputs: Sequence[Any]) -> Any:
    """The forward rule at `inputs` (columns, if `op` is variadic), to 25 digits or more.

    Raises:
        ArithmeticError: no two precisions agree on it.
    """
    return _decided(Oracle(op).value(_flat(op, inputs)), op, inputs)


def exact_partial(op: Op, index: int, inputs: Sequence[Any], *, order: int = 1) -> Any:
    """The derivative of the forward rule by input `index`, to 25 digits or more.

    It is found numerically, without the partials of `op`. For a variadic operation it is a list:
    the derivatives by each entry of that column. `order` is at most 4.

    Raises:
        ArithmeticError: no two precisions agree on it; perhaps there is none.
    """
    point, oracle = _flat(op, inputs), Oracle(op)
    length = len(point) // len(op.partials)
    found = [
        _decided(oracle.derivative(point, unit(len(point), *[entry] * order)), op, inputs)
        for entry in range(index * length, (index + 1) * length)
    ]
    return found if op.variadic else found[0]


def unit(length: int, *entries: int) -> tuple[int, ...]:
    """The orders of a derivative by each of `entries` in turn."""
    return tuple(entries.count(i) for i in range(length))


def _one_more(orders: tuple[int, ...], entry: int) -> tuple[int, ...]:
    return tuple(order + (i == entry) for i, order in enumerate(orders))


def _flat(op: Op, inputs: Sequence[Any]) -> Point:
    return op.flatten(inputs) if op.variadic else tuple(inputs)


def _decided(number: Any, op: Op, inputs: Sequence[Any]) -> Any:
    if number is None or mpmath.isnan(number):
        raise ArithmeticError(f"no real number was found in many digits for {op.title} at {tuple(inputs)}")
    return number


class Oracle:
    """What an operation gives in exact arithmetic; each result is computed once.

    The forward rule of an opaque operation understands floats alone; there the reference serves.
    Every method gives numbers of mpmath (or a bool); NaN where there is no real number; None where
    it is undecided, since no two precisions agree.

    Raises:
        InvalidOperationError: (every method) nothing computes the operation in many digits.
    """

    def __init__(self, op: Op) -> None:
        self.op = op
        xp = MultiprecisionNamespace(op.scope.ops.__getitem__)
        self._xp: Any = ColumnNamespace(xp) if op.variadic else xp
        self.complaint = ""
        """What was raised last where something is undecided."""
        self._known: dict[Any, Any] = {}
        self._forwards: dict[Any, Any] = {}
        self._climbs = 0
        self._is_special = op.formula is None or "mpmath" in op.implementations

    def value(self, point: Point) -> Any:
        """The forward rule."""
        return self._once(("value", point), lambda digits: self._forward(point, digits))

    def reference(self, point: Point) -> Any:
        """`Op.reference`."""
        reference: Callable[..., Any] = self.op.reference  # type: ignore[assignment]
        inputs = arguments(self.op, [mpmath.mpf(x) for x in point])
        return self._once(("reference", point), lambda digits: _number(reference(mpmath.mp, *inputs)))

    def derivative(self, point: Point, orders: tuple[int, ...]) -> Any:
        """The derivative of the forward rule, of these orders (at most 4) by each entry of the point.

        At a kink it is the mean of the two slopes; see `is_doubtful`.
        """
        if (orders, point) not in self._known:
            self._known[orders, point] = self._derivative(point, orders)
        return self._known[orders, point]

    def vanishes(self, point: Point, orders: tuple[int, ...]) -> bool:
        """Whether nothing is seen of a derivative in few digits; to be sure of a zero takes many more."""
        digits = LADDER[0]
        return bool(self._attempt(lambda digits: self._difference(point, orders, _scales(point), digits), digits) == 0)

    def slope(self, point: Point, orders: tuple[int, ...]) -> Any:
        """The size of a derivative, by the first precision that does not give 0 and confirmed by no other."""
        for digits in LADDER:
            found = self._attempt(lambda digits: self._difference(point, orders, _scales(point), digits), digits)
            if found:
                return abs(found) if mpmath.isfinite(found) else mpmath.mpf(0)
        return mpmath.mpf(0)

    def is_doubtful(self, point: Point, *entries: int) -> bool:
        """Whether the derivative by these entries is that of no smooth function, and no rule is bound to it.

        It is the mean of what holds on both sides of a kink (of the function, or of a lower
        derivative), or that of a staircase whose steps are so small that only the smallest
        difference falls on one of them.
        """
        key = ("doubt", point, entries)
        if key not in self._known:
            orders, scales = unit(len(point), *entries), _scales(point)
            rough = self._has_kink(point, orders, scales)
            self._known[key] = rough or not all(
                self._is_steady(point, entry, scales, unsettled=len(entries) > 1) for entry in set(entries)
            )
        return bool(self._known[key])

    def _is_steady(self, point: Point, entry: int, scales: Sequence[float], *, unsettled: bool) -> bool:
        """Whether the smallest difference gives the same slope as others; `unsettled` if these do not agree."""
        orders, digits = unit(len(point), entry), LADDER[-2] if self._is_special else FINEST
        finest = self._attempt(lambda digits: self._difference(point, orders, scales, digits), digits)
        slope = self.derivative(point, orders)
        return unsettled if slope is None else _agree(finest, slope)

    def _has_kink(self, point: Point, orders: tuple[int, ...], scales: Sequence[float]) -> bool:
        """Whether this derivative, or one before it, jumps: the next one grows as steps get smaller."""

        def grows(orders: tuple[int, ...]) -> bool:
            coarse, fine = (
                self._attempt(lambda digits: self._difference(point, orders, scales, digits), digits)
                for digits in LADDER[:2]
            )
            return coarse is not None and fine is not None and bool(0 < abs(coarse) * 1e10 < abs(fine))

        further = (_one_more(orders, entry) for entry, order in enumerate(orders) if order)
        return any(grows(each) for each in further)

    def partial(self, op: Op, index: int, point: Point) -> list[Any]:
        """What partial `index` of an operation with this forward rule gives, by each entry of the column."""
        rule: Callable[..., Any] = op.partials[index]  # type: ignore[assignment]
        length = len(point) // len(op.partials)

        @functools.cache
        def column(digits: int) -> list[Any]:
            found = self._run(rule, self._forward(point, digits), point=point)
            return [_number(entry) for entry in as_column(op, found, length, f"partial {index}")]

        return [self._settle(lambda digits, i=i: column(digits)[i]) for i in range(length)]  # type: ignore[misc]

    def rules(self, point: Point, entries: Sequence[int]) -> Any:
        """The derivative by these entries in turn that the rules give, by the chain rule over their partials."""

        def rules(digits: int) -> Any:
            return _number(derivative(self.op, [mpmath.mpf(x) for x in point], entries))

        few = self._attempt(rules, LADDER[0])
        exact = self.derivative(point, unit(len(point), *entries))
        return few if close(few, exact, DERIVATIVES_TOLERANCE) else self._settle(rules)

    def _compute(self, point: list[Any]) -> Any:
        op = self.op
        if not op.opaque or "mpmath" in op.implementations:
            return self._run(op.forward, point=point)
        if op.reference is None:
            raise InvalidOperationError(f"{op.title} is opaque, and has no reference")
        return op.reference(mpmath.mp, *arguments(op, point))

    def _derivative(self, point: Point, orders: tuple[int, ...]) -> Any:
        ones, scales = [1.0] * len(point), _scales(point)
        found = self._settled_difference(point, orders, scales)
        if scales == ones or (found is not None and found != 0):
            return found
        # Steps in proportion to a tiny x may be too small to be felt, as by cos; larger ones may cross a kink.
        if self._has_kink(point, orders, ones):
            return found
        other = self._settled_difference(point, orders, ones)
        return None if other is None or mpmath.isnan(other) else other

    def _settled_difference(self, point: Point, orders: tuple[int, ...], scales: Sequence[float]) -> Any:
        """A difference that is 0 says only that the derivative is below f / scale**n * 10**-2k."""
        size = self._size(point, orders, scales)
        magnitude = max(0, int(mpmath.log10(size))) if mpmath.isfinite(size) else 0
        digits_of_zero = (sum(orders) + 2) * (RANGE // 2 + magnitude) // 2
        return self._settle(lambda digits: self._difference(point, orders, scales, digits), digits_of_zero)

    def size(self, point: Point, orders: tuple[int, ...]) -> Any:
        """How large a derivative of these orders is apart from its zeros: the value over the scale, once per order."""
        return self._size(point, orders, _scales(point))

    def _size(self, point: Point, orders: tuple[int, ...], scales: Sequence[float]) -> Any:
        powers = (mpmath.mpf(scale) ** order for scale, order in zip(scales, orders, strict=True))
        return abs(mpmath.mpf(self.value(point) or 1)) / mpmath.fprod(powers)

    def _once(self, key: Any, compute: Callable[[int], Any]) -> Any:
        if key not in self._known:
            self._known[key] = self._settle(compute)
        return self._known[key]

    def _settle(self, compute: Callable[[int], Any], digits_of_zero: int = RANGE) -> Any:
        """The first result on which two precisions agree; None if none do.

        A zero may be a tiny number that was cancelled: it needs more digits than others.
        """
        found = None
        for digits in LADDER[: self._rungs()]:
            before, found = found, self._attempt(compute, digits)
            if isinstance(found, bool) or (_agree(before, found) and (found != 0 or digits >= digits_of_zero)):
                return found
        return None

    def _rungs(self) -> int:
        """How much of the ladder to climb: special functions in very many digits take too long to do it often."""
        return len(LADDER) - 2 if self._is_special and self._climbs >= CLIMBS else len(LADDER)

    def _attempt(self, compute: Callable[[int], Any], digits: int) -> Any:
        with mpmath.workdps(digits):
            try:
                return compute(digits)
            except InvalidOperationError:  # it cannot be computed in digits at all
                raise
            except (ArithmeticError, ValueError, TypeError, NoConvergence) as error:
                self.complaint = f"{type(error).__name__}: {error}"
                return None

    def _forward(self, point: Sequence[Any], digits: int) -> Any:
        key = (digits, *point)
        if key not in self._forwards:
            self._climbs += digits >= LADDER[-2]
            self._forwards[key] = _number(self._compute([mpmath.mpf(x) for x in point]))
        return self._forwards[key]

    def _run(self, rule: Callable[..., Any], *out: Any, point: Sequence[Any]) -> Any:
        """What a rule gives in mpmath's arithmetic, in the digits that are asked for now."""
        inputs = arguments(self.op, [mpmath.mpf(x) for x in point])
        return rule(self._xp, *out, *(map(Column, inputs) if self.op.variadic else inputs))

    def _difference(self, point: Point, orders: tuple[int, ...], scales: Sequence[float], digits: int) -> Any:
        """The derivative of f as a central difference; 0 if that is no more than rounding.

        The step is 10**-k of the scale on which f changes. The formula's error is about 10**-2k;
        with n + 2 times k digits as much is lost to rounding.
        """
        fraction = mpmath.mpf(10) ** -(digits // (sum(orders) + 2))
        steps = [fraction * scale for scale in scales]
        difference = largest = mpmath.mpf(0)
        for chosen in itertools.product(*(STENCILS[order].items() for order in orders)):
            shifted = [mpmath.mpf(x) + i * step for x, (i, _), step in zip(point, chosen, steps, strict=True)]
            value = self._forward(shifted, digits)
            difference += value * math.prod(coefficient for _, coefficient in chosen)
            largest = max(largest, abs(value))
        if not mpmath.isfinite(largest):
            return mpmath.nan
        if abs(difference) <= largest * mpmath.mpf(10) ** (2 - digits):
            return mpmath.mpf(0)
        return difference / mpmath.fprod(step**order for step, order in zip(steps, orders, strict=True))


def _scales(point: Point) -> list[float]:
    """On what scale f may change: that of x, so that no step leaves the domain; 1 if x is larger."""
    return [min(abs(x), 1.0) or 1.0 for x in point]


def _agree(before: Any, found: Any) -> bool:
    if before is None or found is None:
        return False
    if mpmath.isnan(found):
        return bool(mpmath.isnan(before))
    return bool(before == found or abs(before - found) <= AGREEMENT * abs(found))


def _number(result: Any) -> Any:
    """A result as a number of mpmath, NaN for a complex one; a bool stays one."""
    if isinstance(result, bool):
        return result
    if isinstance(result, Column):
        raise TypeError(f"forward returns a column of {len(result)} numbers, expected one number")
    return mpmath.nan if isinstance(result, (complex, mpmath.mpc)) else mpmath.mpf(result)
