"""Comparison of numbers with many digits, and texts that show where they differ."""

from __future__ import annotations

from typing import Any

import mpmath  # type: ignore[import-untyped]

__all__ = ["DERIVATIVES_TOLERANCE", "FORMULA_TOLERANCE", "apart", "close"]

FORMULA_TOLERANCE = mpmath.mpf("1e-18")  # a series is right if it has more digits than a float
DERIVATIVES_TOLERANCE = mpmath.mpf("1e-14")  # its derivatives have fewer digits, one after the other
TOO_SMALL, TOO_LARGE = mpmath.mpf("1e-330"), mpmath.mpf("1e310")


def close(found: Any, exact: Any, tolerance: Any = FORMULA_TOLERANCE) -> bool:
    """Return whether two numbers are equal up to a relative tolerance, or the same as floats.

    NaN is close to nothing. Nor is None, which means that no number was found.
    """
    if found is None or exact is None:
        return False
    with mpmath.workdps(50):
        if found == exact or abs(found - exact) <= tolerance * abs(exact):
            return True
        if max(abs(found), abs(exact)) < TOO_SMALL:
            return True
        return bool(min(abs(found), abs(exact)) > TOO_LARGE and (found > 0) == (exact > 0))


def apart(found: Any, exact: Any) -> tuple[str, str]:
    """Write two numbers with as many digits as distinguish them, and at least those of a float."""

    def text(number: Any, digits: int) -> str:
        beyond_floats = mpmath.isfinite(number) and number and not TOO_SMALL < abs(number) < TOO_LARGE
        if digits > 17 or beyond_floats:
            return str(mpmath.nstr(mpmath.mpf(number), digits))
        return repr(float(number))

    with mpmath.workdps(60):
        pairs = ((text(found, digits), text(exact, digits)) for digits in (17, 25, 50))
        return next((pair for pair in pairs if pair[0] != pair[1]), (text(found, 50), text(exact, 50)))
