"""Rules that combine choices, truth values and arithmetic. All are exact."""

from __future__ import annotations

COMPOSITIONS = {
    "either but not both": lambda xp, x: xp.where(xp.logical_xor(x, x < 1.0), 1.0, x),
    "not both": lambda xp, x: xp.where(xp.logical_not(xp.logical_and(x, x < 1.0)), 1.0, x),
    "one of two": lambda xp, x: xp.where(xp.logical_or(xp.isnan(x), x), 1.0, x),
    "a choice between truth values": lambda xp, x: xp.where(xp.where(x > 0.0, True, x < -1.0), 1.0, 0.5),
    "truth values compared": lambda xp, x: xp.where((x < 0.0) == (x < 1.0), 1.0, x),
    "a truth value in arithmetic, and signs": lambda xp, x: 2.0 * (x > 0.0) - -x * -0.0,
    "constants that are not finite": lambda xp, x: xp.where(x, xp.nan, -xp.inf),
    "brackets": lambda xp, x: x - (x - (1.0 - x)) / (x / (2.0 * x)),
}
