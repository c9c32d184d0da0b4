"""Computations with more and more digits, until two precisions agree."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath  # type: ignore[import-untyped]
from mpmath.libmp import NoConvergence  # type: ignore[import-untyped]

from gograd_core.errors import NO_NUMBER, InvalidOperationError

__all__ = ["LADDER", "RANGE", "Precisions", "agree"]

LADDER = (90, 175, 350, 700, 1050)  # cos(1e300) needs 300 digits only for its argument
RANGE = 664  # digits from the largest float to the last digit of the smallest: a remainder may need so many
CLIMBS = 40  # how often a special function may be computed with the last two precisions
AGREEMENT = mpmath.mpf("1e-25")


class Precisions:
    """The precisions with which an operation is computed, and the last error.

    Args:
        is_special: whether many digits take long, as for special functions. Then the last two precisions are used less.
    """

    def __init__(self, *, is_special: bool) -> None:
        self.complaint = ""
        """The last error, which explains why a result is undecided."""
        self._is_special = is_special
        self._climbs = 0

    def count(self, digits: int) -> None:
        """Count a computation with `digits` digits."""
        self._climbs += digits >= LADDER[-2]

    def attempt(self, compute: Callable[[int], Any], digits: int) -> Any:
        """Compute with `digits` digits; None if that fails.

        Raises:
            InvalidOperationError: nothing computes the operation in many digits.
        """
        with mpmath.workdps(digits):
            try:
                return compute(digits)
            except InvalidOperationError:
                raise
            except (*NO_NUMBER, TypeError, NoConvergence) as error:
                self.complaint = f"{type(error).__name__}: {error}"
                return None

    def settle(self, compute: Callable[[int], Any], digits_of_zero: int = RANGE) -> Any:
        """Find the first result on which two precisions agree; None if there is none.

        A zero may be a tiny number that was cancelled, so it needs more digits than other results.
        """
        found = None
        # Special functions take too long to compute them with very many digits often.
        is_short = self._is_special and self._climbs >= CLIMBS
        for digits in LADDER[:-2] if is_short else LADDER:
            before, found = found, self.attempt(compute, digits)
            if isinstance(found, bool) or (agree(before, found) and (found != 0 or digits >= digits_of_zero)):
                return found
        return None


def agree(before: Any, found: Any) -> bool:
    """Compare the results of two precisions, to 25 digits; NaN agrees with NaN."""
    if before is None or found is None:
        return False
    if mpmath.isnan(found):
        return bool(mpmath.isnan(before))
    return bool(before == found or abs(before - found) <= AGREEMENT * abs(found))
