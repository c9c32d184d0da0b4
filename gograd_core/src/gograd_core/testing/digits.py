"""Numbers of many digits compared, and printed so that they can be told apart."""

from __future__ import annotations

from typing import Any

import mpmath  # type: ignore[import-untyped]

__all__ = ["DERIVATIVES_TOLERANCE", "FORMULA_TOLERANCE", "apart", "close"]

FORMULA_TOLERANCE = mpmath.mpf("1e-18")  # a series with more digits than a float has is right
DERIVATIVES_TOLERANCE = mpmath.mpf("1e-14")  # and its derivatives, which have fewer digits each
TOO_SMALL, TOO_LARGE = mpmath.mpf("1e-330"), mpmath.mpf("1e310")


def close(found: Any, exact: Any, tolerance: Any = FORMULA_TOLERANCE) -> bool:
    """Return whether two numbers are equal, but for a relative tolerance, or the same to floats.

    NaN is close to nothing, and neither is None, which stands for a number that was not found.
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
    """Print two numbers in as many digits as tell them apart, and at least those of a float."""

    def text(number: Any, digits: int) -> str:
        beyond_floats = mpmath.isfinite(number) and number and not TOO_SMALL < abs(number) < TOO_LARGE
        if digits > 17 or beyond_floats:
            return str(mpmath.nstr(mpmath.mpf(number), digits))
        return repr(float(number))

    with mpmath.workdps(60):
        pairs = ((text(found, digits), text(exact, digits)) for digits in (17, 25, 50))
        return next((pair for pair in pairs if pair[0] != pair[1]), (text(found, 50), text(exact, 50)))
