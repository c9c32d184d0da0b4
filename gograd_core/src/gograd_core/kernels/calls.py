"""The names in C of functions that compute one number from others: of the C library, or of gograd ("xp_")."""

from __future__ import annotations

__all__ = ["CALLS"]

CALLS = {
    **{name: name for name in (
        "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "cbrt", "ceil", "copysign", "cos", "cosh", "erf",
        "erfc", "exp", "exp2", "expm1", "floor", "fma", "hypot", "isfinite", "isinf", "isnan", "log", "log10", "log1p",
        "log2", "nextafter", "pow", "signbit", "sin", "sinh", "sqrt", "tan", "tanh", "trunc",
    )},
    "abs": "fabs", "round": "rint",  # as long as nobody changes how the processor rounds
    "floor_divide": "xp_floor_divide", "maximum": "xp_maximum", "minimum": "xp_minimum",
    "remainder": "xp_remainder", "sign": "xp_sign",
}  # fmt: skip
