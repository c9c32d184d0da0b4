"""Derivatives from values alone, to compare others with: finite differences, extrapolated to step zero."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from math import inf, isfinite, isnan, nan
from typing import Literal

import attrs

__all__ = ["Comparison", "compare"]

_STEPS = 16  # each half of the one before
_SAFETY = 4.0  # by which the estimated error may be too small


@attrs.frozen
class Comparison:
    """A derivative beside its estimate by finite differences.

    Attributes:
        derivative: what was computed by rules.
        estimate: what values of the function give; NaN if there were none.
        error: how far the estimate may be off.
        rtol: how large the difference may be, relative to the larger of the two.
        kink: whether the slopes to the left and to the right differ, and the derivative lies between.
    """

    derivative: float
    estimate: float
    error: float
    rtol: float
    kink: bool = False

    @property
    def verdict(self) -> Literal["agrees", "differs", "unresolved"]:
        """Unresolved: there is a kink, or the estimate is not accurate enough to tell."""
        size = max(abs(self.derivative), abs(self.estimate))
        if self.kink or isnan(self.estimate):
            return "unresolved"
        if not abs(self.derivative - self.estimate) <= self.rtol * size + self.error:
            return "differs"
        # No change at all in the function agrees with the derivative 0.0, whatever rounding may hide.
        resolved = self.error <= self.rtol * size or self.derivative == self.estimate
        return "agrees" if resolved else "unresolved"

    def __str__(self) -> str:
        kink = ", a kink" if self.kink else ""
        return f"{self.derivative!r}, by finite differences {self.estimate!r} ± {self.error:.1g}{kink}"


def compare(f: Callable[[float], float], x: float, derivative: float, rtol: float) -> Comparison:
    """Compare `derivative` with an estimate of that of `f` at `x`.

    Steps relative to x are tried first, then steps relative to 1. It ends as soon as an accurate
    estimate agrees; else the most accurate one is returned.
    """
    best = Comparison(derivative, nan, inf, rtol)
    for scale in dict.fromkeys((abs(x) or 1.0, 1.0)):
        for estimate, error in _estimates(f, x, scale / 8.0):
            found = Comparison(derivative, estimate, error, rtol)
            if found.verdict == "agrees":
                return found
            if error < best.error:
                best = found
    return attrs.evolve(best, kink=best.verdict == "differs" and _has_kink(f, x, derivative))


def _estimates(f: Callable[[float], float], x: float, step: float) -> Iterator[tuple[float, float]]:
    """Central differences with ever smaller steps, each row extrapolated, with its error.

    Richardson's extrapolation in a tableau whose neighbours give the error: C. J. F. Ridders,
    Accurate computation of F'(x) and F'(x)F''(x), Advances in Engineering Software 4 (1982). Steps
    at which `f` leaves the real numbers are left out.
    """
    previous: list[float] = []
    for _ in range(_STEPS):
        high, low = x + step, x - step
        try:
            above, below = f(high), f(low)
        except (ArithmeticError, ValueError):  # DomainError is both
            above = below = nan
        if not (isfinite(above) and isfinite(below)) or high == low:
            previous = []
        else:
            row = [(above - below) / (high - low)]
            for order, older in enumerate(previous, start=1):
                row.append(row[-1] + (row[-1] - older) / (4.0**order - 1.0))
            rounding = sys.float_info.epsilon * max(abs(above), abs(below)) / step
            errors = [
                max(abs(entry - left), abs(entry - above_left))
                for left, above_left, entry in zip(row, previous, row[1:], strict=False)
            ]
            if errors:
                least = min(range(len(errors)), key=errors.__getitem__)
                yield row[least + 1], _SAFETY * (errors[least] + rounding)
            previous = row
        step /= 2.0


def _has_kink(f: Callable[[float], float], x: float, derivative: float) -> bool:
    """Whether `derivative` lies between one-sided slopes whose distance does not shrink with the step."""
    distances = []
    scale = min(abs(x) or 1.0, 1.0)
    for step in (2.0**-18 * scale, 2.0**-22 * scale):
        try:
            slopes = ((f(x) - f(x - step)) / step, (f(x + step) - f(x)) / step)
        except (ArithmeticError, ValueError):
            return False
        if not min(slopes) <= derivative <= max(slopes):
            return False
        distances.append(max(slopes) - min(slopes))
    return distances[1] > distances[0] / 2.0
