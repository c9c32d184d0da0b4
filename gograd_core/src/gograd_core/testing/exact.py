"""Values and derivatives of rules in many digits, with which results on floats are compared.

A derivative found here does not depend on the partials of an operation: it is a central difference of the forward rule.
Most digits are lost in the difference, so it has many. No result counts until a second computation, with twice the
digits and a much smaller step, agrees with it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import mpmath  # type: ignore[import-untyped]

from gograd_core.checked.rules import as_column, as_inputs
from gograd_core.errors import InvalidOperationError
from gograd_core.namespaces.columns import Column, ColumnNamespace
from gograd_core.op import Op
from gograd_core.testing.differences import central_difference, scales_of
from gograd_core.testing.digits import DERIVATIVES_TOLERANCE, close
from gograd_core.testing.duals import derivative
from gograd_core.testing.multiprecision import MultiprecisionNamespace
from gograd_core.testing.precisions import LADDER, RANGE, Precisions, agree

__all__ = ["Oracle", "Point", "arguments", "exact_partial", "exact_value", "flat", "one_more", "unit"]

Point = tuple[float, ...]
"""The inputs of an operation; for a variadic one, the entries of all its columns in a row."""

FINEST = 2500  # digits: the step is then below the last digit of any quotient of floats


def arguments(op: Op, point: Sequence[Any]) -> list[Any]:
    """Return a point as the inputs of a call of `op`: numbers, or one list per column."""
    return [list(column) for column in op.columns(point)] if op.variadic else list(point)


def flat(op: Op, inputs: Sequence[Any]) -> Point:
    """Return the inputs of a call of `op` as a point: the inverse of `arguments`."""
    return op.flatten(inputs) if op.variadic else tuple(inputs)


def exact_value(op: Op, inputs: Sequence[Any]) -> Any:
    """Compute the forward rule at `inputs` (columns, if `op` is variadic), to 25 digits or more.

    Raises:
        ArithmeticError: no two precisions agree on it.
    """
    return _decided(Oracle(op).value(flat(op, inputs)), op, inputs)


def exact_partial(op: Op, index: int, inputs: Sequence[Any], *, order: int = 1) -> Any:
    """Compute the derivative of the forward rule with respect to input `index`, to 25 digits or more.

    It is found numerically, without the partials of `op`. For a variadic operation it is a list: the derivatives with
    respect to the entries of that column. `order` is at most 4.

    Raises:
        ArithmeticError: no two precisions agree on it; perhaps there is none.
    """
    point, oracle = flat(op, inputs), Oracle(op)
    length = len(point) // len(op.partials)
    found = [
        _decided(oracle.derivative(point, unit(len(point), *[entry] * order)), op, inputs)
        for entry in range(index * length, (index + 1) * length)
    ]
    return found if op.variadic else found[0]


def unit(length: int, *entries: int) -> tuple[int, ...]:
    """Return the orders of a derivative with respect to each of `entries` in turn."""
    return tuple(entries.count(i) for i in range(length))


def one_more(orders: tuple[int, ...], entry: int) -> tuple[int, ...]:
    """Return the orders of a derivative, with that for one entry increased by 1."""
    return tuple(order + (i == entry) for i, order in enumerate(orders))


def _decided(number: Any, op: Op, inputs: Sequence[Any]) -> Any:
    if number is None or mpmath.isnan(number):
        raise ArithmeticError(f"no real number was found in many digits for {op.title} at {tuple(inputs)}")
    return number


class Oracle:
    """The results of an operation in exact arithmetic. Each is computed once.

    The forward rule of an opaque operation understands only floats, so its reference is used. All methods return a
    number of mpmath (or a bool): NaN if there is no real number, and None if the result is undecided, since no two
    precisions agree.

    Raises:
        InvalidOperationError: (every method) nothing computes the operation in many digits.
    """

    def __init__(self, op: Op) -> None:
        self.op = op
        xp = MultiprecisionNamespace(op.scope.ops.__getitem__)
        self._xp: Any = ColumnNamespace(xp) if op.variadic else xp
        self._known: dict[Any, Any] = {}
        self._forwards: dict[Any, Any] = {}
        self._is_special = op.formula is None or "mpmath" in op.implementations
        self._precisions = Precisions(is_special=self._is_special)

    @property
    def complaint(self) -> str:
        """The last error, which explains why a result is undecided."""
        return self._precisions.complaint

    def value(self, point: Point) -> Any:
        """Compute the forward rule."""
        return self._once(("value", point), lambda digits: self._forward(point, digits))

    def reference(self, point: Point) -> Any:
        """Compute `Op.reference`."""
        reference: Callable[..., Any] = self.op.reference  # type: ignore[assignment]
        inputs = arguments(self.op, [mpmath.mpf(x) for x in point])
        return self._once(("reference", point), lambda digits: _number(reference(mpmath.mp, *inputs)))

    def derivative(self, point: Point, orders: tuple[int, ...]) -> Any:
        """Compute the derivative of the forward rule, of these orders (at most 4) with respect to each entry.

        At a kink it is the mean of the two slopes; see `is_doubtful`.
        """
        if (orders, point) not in self._known:
            self._known[orders, point] = self._derivative(point, orders)
        return self._known[orders, point]

    def vanishes(self, point: Point, orders: tuple[int, ...]) -> bool:
        """Return whether a derivative looks like 0 in few digits. To be sure of it would take many more."""
        return bool(self._attempt_difference(point, orders, LADDER[0]) == 0)

    def slope(self, point: Point, orders: tuple[int, ...]) -> Any:
        """Estimate the size of a derivative by the first precision that does not give 0, without confirmation."""
        for digits in LADDER:
            found = self._attempt_difference(point, orders, digits)
            if found:
                return abs(found) if mpmath.isfinite(found) else mpmath.mpf(0)
        return mpmath.mpf(0)

    def is_doubtful(self, point: Point, *entries: int) -> bool:
        """Return whether a derivative is not that of a smooth function, so that rules may give something else.

        It is then the mean of the slopes on both sides of a kink (of the function, or of a lower derivative), or that
        of a staircase whose steps are so small that only the smallest difference falls on one of them.
        """
        key = ("doubt", point, entries)
        if key not in self._known:
            orders, scales = unit(len(point), *entries), scales_of(point)
            rough = self._has_kink(point, orders, scales)
            self._known[key] = rough or not all(
                self._is_steady(point, entry, scales, unsettled=len(entries) > 1) for entry in set(entries)
            )
        return bool(self._known[key])

    def _is_steady(self, point: Point, entry: int, scales: Sequence[float], *, unsettled: bool) -> bool:
        """Return whether the smallest difference gives the same slope as others, or `unsettled` if these disagree."""
        orders, digits = unit(len(point), entry), LADDER[-2] if self._is_special else FINEST
        finest = self._attempt_difference(point, orders, digits, scales)
        slope = self.derivative(point, orders)
        return unsettled if slope is None else agree(finest, slope)

    def _has_kink(self, point: Point, orders: tuple[int, ...], scales: Sequence[float]) -> bool:
        """Return whether a derivative, or a lower one, jumps: then the next one grows as steps get smaller."""

        def grows(orders: tuple[int, ...]) -> bool:
            coarse, fine = (self._attempt_difference(point, orders, digits, scales) for digits in LADDER[:2])
            return coarse is not None and fine is not None and bool(0 < abs(coarse) * 1e10 < abs(fine))

        further = (one_more(orders, entry) for entry, order in enumerate(orders) if order)
        return any(grows(each) for each in further)

    def partial(self, op: Op, index: int, point: Point) -> list[Any]:
        """Compute partial `index` of an operation with this forward rule, for each entry of the column."""
        rule: Callable[..., Any] = op.partials[index]  # type: ignore[assignment]
        length = len(point) // len(op.partials)

        @functools.cache
        def column(digits: int) -> list[Any]:
            found = self._run(rule, self._forward(point, digits), point=point)
            return [_number(entry) for entry in as_column(op, found, length, f"partial {index}")]

        return [self._precisions.settle(lambda digits, i=i: column(digits)[i]) for i in range(length)]  # type: ignore[misc]

    def rules(self, point: Point, entries: Sequence[int]) -> Any:
        """Compute the derivative with respect to these entries in turn from the rules, by the chain rule."""

        def rules(digits: int) -> Any:
            return _number(derivative(self.op, [mpmath.mpf(x) for x in point], entries))

        few = self._precisions.attempt(rules, LADDER[0])
        exact = self.derivative(point, unit(len(point), *entries))
        return few if close(few, exact, DERIVATIVES_TOLERANCE) else self._precisions.settle(rules)

    def _compute(self, point: list[Any]) -> Any:
        op = self.op
        if not op.opaque or "mpmath" in op.implementations:
            return self._run(op.forward, point=point)
        if op.reference is None:
            raise InvalidOperationError(f"{op.title} is opaque, and has no reference")
        return op.reference(mpmath.mp, *arguments(op, point))

    def _derivative(self, point: Point, orders: tuple[int, ...]) -> Any:
        ones, scales = [1.0] * len(point), scales_of(point)
        found = self._settled_difference(point, orders, scales)
        if scales == ones or (found is not None and found != 0):
            return found
        # Steps in proportion to a tiny x may be too small to have an effect, as in cos. Larger ones may cross a kink.
        if self._has_kink(point, orders, ones):
            return found
        other = self._settled_difference(point, orders, ones)
        return None if other is None or mpmath.isnan(other) else other

    def _settled_difference(self, point: Point, orders: tuple[int, ...], scales: Sequence[float]) -> Any:
        """Settle a difference. A 0 means only that the derivative is below f / scale**n * 10**-2k."""
        size = self.size(point, orders, scales)
        magnitude = max(0, int(mpmath.log10(size))) if mpmath.isfinite(size) else 0
        digits_of_zero = (sum(orders) + 2) * (RANGE // 2 + magnitude) // 2
        return self._precisions.settle(lambda digits: self._difference(point, orders, scales, digits), digits_of_zero)

    def size(self, point: Point, orders: tuple[int, ...], scales: Sequence[float] | None = None) -> Any:
        """Estimate the size of a derivative of these orders away from its zeros: the value over the scales."""
        powers = (mpmath.mpf(scale) ** order for scale, order in zip(scales or scales_of(point), orders, strict=True))
        return abs(mpmath.mpf(self.value(point) or 1)) / mpmath.fprod(powers)

    def _once(self, key: Any, compute: Callable[[int], Any]) -> Any:
        if key not in self._known:
            self._known[key] = self._precisions.settle(compute)
        return self._known[key]

    def _forward(self, point: Sequence[Any], digits: int) -> Any:
        key = (digits, *point)
        if key not in self._forwards:
            self._precisions.count(digits)
            self._forwards[key] = _number(self._compute([mpmath.mpf(x) for x in point]))
        return self._forwards[key]

    def _run(self, rule: Callable[..., Any], *out: Any, point: Sequence[Any]) -> Any:
        """Run a rule in mpmath's arithmetic, with its current number of digits."""
        return rule(self._xp, *out, *as_inputs(self.op, [mpmath.mpf(x) for x in point]))

    def _difference(self, point: Point, orders: tuple[int, ...], scales: Sequence[float], digits: int) -> Any:
        return central_difference(lambda shifted: self._forward(shifted, digits), point, orders, scales, digits)

    def _attempt_difference(
        self, point: Point, orders: tuple[int, ...], digits: int, scales: Sequence[float] | None = None
    ) -> Any:
        """Compute the difference with `digits` digits; None if that fails."""
        scales = scales or scales_of(point)
        return self._precisions.attempt(lambda digits: self._difference(point, orders, scales, digits), digits)


def _number(result: Any) -> Any:
    """Convert a result to a number of mpmath, NaN for a complex one; a bool stays a bool."""
    if isinstance(result, bool):
        return result
    if isinstance(result, Column):
        raise TypeError(f"forward returns a column of {len(result)} numbers, expected one number")
    return mpmath.nan if isinstance(result, (complex, mpmath.mpc)) else mpmath.mpf(result)
