"""Finite differences, extrapolated to step zero: derivatives from values only, to check other derivatives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import inf, isfinite, isnan, nan, ulp
from typing import Literal

import attrs

from gograd_core.errors import NO_NUMBER

__all__ = ["Comparison", "compare", "has_kink"]

_STEPS = 34  # each half of the one before; the last is about eps ** (2 / 3)
_ORDERS = 15  # of extrapolation
_WITNESSES = 3  # halvings of the step after which an estimate must still hold
_SAFETY = 4.0  # by this factor the estimated error may be too small


@attrs.frozen
class Comparison:
    """A derivative beside its estimate by finite differences.

    Attributes:
        derivative: the derivative that rules gave.
        estimate: the one that values of the function give; NaN if there were none, or if they do not settle.
        error: how far the estimate may be off.
        rtol: how large the difference may be, relative to the larger of the two.
        kink: whether the slopes to the left and to the right differ, and the derivative lies between them.
    """

    derivative: float
    estimate: float
    error: float
    rtol: float
    kink: bool = False

    @property
    def verdict(self) -> Literal["agrees", "differs", "unresolved"]:
        """The verdict: "unresolved" means that there is a kink, or that the estimate is not accurate enough."""
        if self.kink or isnan(self.estimate):
            return "unresolved"
        if not abs(self.derivative - self.estimate) <= self.tolerance:
            return "differs"
        # A function that does not change at all agrees with the derivative 0.0, whatever rounding may hide.
        resolved = self.error <= self.tolerance - self.error or self.derivative == self.estimate
        return "agrees" if resolved else "unresolved"

    @property
    def tolerance(self) -> float:
        """The largest difference that is not a contradiction."""
        return self.rtol * max(abs(self.derivative), abs(self.estimate)) + self.error

    def __str__(self) -> str:
        kink = ", a kink" if self.kink else ""
        return f"{self.derivative!r}, by finite differences {self.estimate!r} ± {self.error:.1g}{kink}"


def compare(f: Callable[[float], float], x: float, derivative: float, rtol: float) -> Comparison:
    """Compare `derivative` with an estimate of the derivative of `f` at `x`.

    Steps relative to x are tried first, then steps relative to 1. They go to both sides, or to one if there are no
    values on the other. The first accurate estimate that agrees is returned. If none does, the result is the most
    accurate estimate that finer steps confirm, if there is one.
    """
    rows: list[_Row] = []
    for side in (0, 1, -1):
        for scale in dict.fromkeys((abs(x) or 1.0, 1.0)):
            for row in _estimates(f, x, scale / 8.0, side):
                found = Comparison(derivative, row.estimate, row.error, rtol)
                if found.verdict == "agrees":
                    return found
                rows.append(row)
        if rows:
            break
    rows.sort(key=lambda row: -row.spacing)
    confirmed = [row for place, row in enumerate(rows) if _is_confirmed(row, rows[:place], rows[place + 1 :])]
    if not confirmed:
        return Comparison(derivative, nan, inf, rtol)
    best = min(confirmed, key=lambda row: row.error)
    found = Comparison(derivative, best.estimate, best.error, rtol)
    return attrs.evolve(found, kink=has_kink(f, x, derivative, rtol))


@attrs.frozen
class _Row:
    """An estimate, its error, how much of that is rounding, and whether both values of the function were equal."""

    spacing: float
    estimate: float
    error: float
    rounding: float
    flat: bool


def _is_confirmed(row: _Row, coarser: list[_Row], finer: list[_Row]) -> bool:
    """Return whether an estimate stays the same for smaller steps.

    An estimate from steps across a pole or many periods does not, however alike two of them may look. The next
    estimates must be within its own error, since errors that grow with every step would excuse anything. Values that no
    longer change, although they did for larger steps, are lost in rounding inside `f`.
    """
    following = [other for other in finer if row.spacing / 2.0**_WITNESSES <= other.spacing < row.spacing]
    return (
        bool(following)
        and following[-1].spacing == row.spacing / 2.0**_WITNESSES
        and all(abs(other.estimate - row.estimate) <= row.error + other.rounding for other in following)
        and all(abs(other.estimate - row.estimate) <= row.error + other.error for other in finer)
        and not (row.flat and sum(not other.flat for other in coarser) >= _WITNESSES)
    )


def _estimates(f: Callable[[float], float], x: float, step: float, side: int) -> Iterator[_Row]:
    """Compute extrapolated differences with ever smaller steps, each with an estimate of its error.

    The differences are central ones (`side` 0), or those between x and points above it (1) or below it (-1). Steps at
    which `f` leaves the real numbers are left out.

    This is Richardson's extrapolation in a tableau whose neighbours give the error: C. J. F. Ridders, Accurate
    computation of F'(x) and F'(x)F''(x), Advances in Engineering Software 4 (1982).
    """
    ratio = 2.0 if side else 4.0  # by which the error shrinks when the step is halved: h, or its square
    previous: list[float] = []
    for _ in range(_STEPS):
        high, low = (x + step if side >= 0 else x), (x - step if side <= 0 else x)
        try:
            above, below = f(high), f(low)
        except NO_NUMBER:
            above = below = nan
        if not (isfinite(above) and isfinite(below)) or high == low:
            previous = []
        else:
            row = [(above - below) / (high - low)]
            for order, older in enumerate(previous[:_ORDERS], start=1):
                row.append(row[-1] + (row[-1] - older) / (ratio**order - 1.0))
            rounding = _SAFETY * ulp(max(abs(above), abs(below))) / step
            errors = [
                max(abs(entry - left), abs(entry - above_left))
                for left, above_left, entry in zip(row, previous, row[1:], strict=False)
            ]
            if errors:
                least = min(range(len(errors)), key=errors.__getitem__)
                yield _Row(step, row[least + 1], _SAFETY * errors[least] + rounding, rounding, above == below)
            previous = row
        step /= 2.0


def has_kink(f: Callable[[float], float], x: float, derivative: float, rtol: float) -> bool:
    """Return whether `derivative` lies between one-sided slopes whose distance counts and stays for smaller steps."""
    scale = min(abs(x) or 1.0, 1.0)
    steps = 2.0**-18 * scale, 2.0**-22 * scale
    try:
        found = [((f(x) - f(x - step)) / step, (f(x + step) - f(x)) / step) for step in steps]
        rounding = _SAFETY * ulp(f(x)) / steps[1]
    except NO_NUMBER:
        return False
    bend = max(abs(one - other) for one, other in zip(*found, strict=True))  # of each side, over these steps
    slack = rtol * max(map(abs, found[1]))  # x and the step are rounded
    if not all(min(slopes) - slack - bend <= derivative <= max(slopes) + slack + bend for slopes in found):
        return False
    coarse, fine = (max(slopes) - min(slopes) for slopes in found)
    return fine > max(coarse / 2.0, slack, rounding)
