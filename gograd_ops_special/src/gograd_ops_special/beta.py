"""The beta function and its logarithm.

SciPy subtracts logarithms of gamma functions, which loses half of the digits where one argument is large. The formula
here does not. It has as many digits as floats need; mpmath has a formula of its own.
"""

from __future__ import annotations

from math import inf
from typing import Any

from gograd_core import Accuracy, Edge, Op

__all__ = ["BETA_FUNCTIONS"]

# B(2k) / (2k) for k = 1, 2, …, with Bernoulli's numbers B. They are the coefficients of x**(-2k) in
# log(x) - 1/(2x) - digamma(x) (DLMF 5.11.2). Divided by 2k - 1 they are those of Stirling's series.
BERNOULLI = ((1, 12), (-1, 120), (1, 252), (-1, 240), (1, 132), (-691, 32760), (1, 12), (-3617, 8160), (43867, 14364))
SHIFT = 12  # from there on these nine terms give 20 digits
NEAR = 0.125  # smaller arguments are considered close to a pole
TERMS = 18  # of a series whose last term has the factor 1/TERMS!

PRODUCT = "the value is computed from a product of about fifty factors"


def stirling(x: Any) -> Any:
    """Compute log(gamma(x)) less (x - 1/2) * log(x) - x + log(2*pi)/2, for x >= SHIFT (DLMF 5.11.1)."""
    total: Any = 0.0
    for k in range(len(BERNOULLI), 0, -1):
        numerator, denominator = BERNOULLI[k - 1]
        total = total / x / x + 1.0 / x * numerator / (denominator * (2 * k - 1))
    return total


def beta_factors(xp: Any, a: Any, b: Any) -> tuple[Any, Any]:
    """Compute t and f in beta(a, b) = exp(t) * f * (1/a + 1/b). Only exp(t) can be tiny, and only 1/a + 1/b huge.

    They come from Stirling's formula for A = a + SHIFT and B = b + SHIFT, and from the recurrence of the
    gamma function, which leads from a to A and from b to B. The powers of A / (A + B) and B / (A + B) are
    distributed among its factors, so that none is large and no term of t exceeds log(beta) by more than SHIFT.
    """
    far_a, far_b = a + SHIFT, b + SHIFT
    share_a, share_b = far_a / (far_a + far_b), far_b / (far_a + far_b)
    exponent = stirling(far_a) + stirling(far_b) - stirling(far_a + far_b)
    exponent = exponent - a * xp.log1p(far_b / far_a) - b * xp.log1p(far_a / far_b)
    factor = xp.sqrt(2.0 * xp.pi / far_a / share_b) * (share_a * far_b) * ((far_a + b) / (far_a + far_b))
    for k in range(1, SHIFT):
        factor = factor * (share_a * ((a + b + k) / (a + k))) * (share_b * ((far_a + b + k) / (b + k)))
    return exponent, factor


def betaln_forward(xp: Any, a: Any, b: Any) -> Any:
    exponent, factor = beta_factors(xp, a, b)
    small, large = xp.minimum(a, b), xp.maximum(a, b)
    log_of_sum = xp.log1p(small / large) - xp.log(small)  # of 1/a + 1/b, which may overflow
    return xp.where(small >= 0.0, exponent + xp.log(factor) + log_of_sum, xp.nan)


def betaln_reference(mp: Any, a: Any, b: Any) -> Any:
    return mp.loggamma(a) + mp.loggamma(b) - mp.loggamma(a + b)


def betaln_in_digits(a: Any, b: Any) -> Any:
    from mpmath import mp  # type: ignore[import-untyped]

    return betaln_reference(mp, a, b)


def log1p_quotient(xp: Any, u: Any, step: Any) -> Any:
    """Compute log1p(u * step) / step, by a series where it is about u, since its derivative would cancel there."""
    product = u * step
    is_small = product < 0.25
    near, far = xp.where(is_small, product, 0.0), xp.where(is_small, 1.0, product)
    t = near / (2.0 + near)  # log1p(near) = 2 * atanh(t)
    series: Any = 0.0
    for k in range(19, 0, -2):
        series = series * t * t + xp.divide(1.0, k)
    return xp.where(is_small, 2.0 * u / (2.0 + near) * series, xp.log1p(far) / xp.where(is_small, 1.0, step))


def digamma_slope(xp: Any, x: Any, step: Any) -> Any:
    """Compute (digamma(1 + x + step) - digamma(1 + x)) / step of positive numbers, even if nothing is left of it.

    The recurrence leads from both to numbers for which the asymptotic series holds. There every difference of powers of
    u = 1/x and v = 1/(x + step) is a product with u - v = step / (x * (x + step)).
    """
    total: Any = 0.0
    for k in range(1, SHIFT):
        total = total + 1.0 / (x + step + k) / (x + k)
    near, far = x + SHIFT, x + step + SHIFT
    u, v = 1.0 / near, 1.0 / far
    series, quotient, power = 0.5, u + v, v * v  # quotient: (u**2k - v**2k) / (u - v)
    for numerator, denominator in BERNOULLI:
        series = series + numerator * quotient / denominator
        quotient, power = u * u * quotient + (u + v) * power, v * v * power
    return total + log1p_quotient(xp, u, step) + u * v * series


def betaln_partial_a(xp: Any, out: Any, a: Any, b: Any) -> Any:
    # The pole of digamma(a + b) - digamma(a). For small b the difference would cancel. For small a the derivative
    # of the product with respect to b would.
    pole = xp.where(8.0 * a < b, 1.0 / a - 1.0 / (a + b), b / (a + b) / a)
    slope = -(pole + b * digamma_slope(xp, a, b))
    # If b is not small, higher derivatives are those of the difference. With respect to b they do not depend on
    # digamma(a).
    difference = xp.digamma(a) - xp.digamma(a + b)
    exact = xp.stop_gradient(slope) + (difference - xp.stop_gradient(difference))
    return xp.where(xp.logical_and(b > 0.5 * a, a > 1e-300), exact, slope)


def betaln_partial_b(xp: Any, out: Any, a: Any, b: Any) -> Any:
    return betaln_partial_a(xp, out, b, a)


BETALN = Op(
    "betaln",
    forward=betaln_forward,
    implementations={"mpmath": betaln_in_digits},
    partials=(betaln_partial_a, betaln_partial_b),
    samples=((0.5, 3.0), (2.0, 2.0), (1e-3, 50.0), (20.0, 0.1), (1e10, 2.0)),
    edges=(Edge((0.0, 1.0), inf, (-inf, 0.0), "a pole, the same for every b"),),
    domain="a > 0 and b > 0",
    accuracy=Accuracy(
        24.0,
        input_ulps=24.0,
        why=f"it has zeros, for example at (1, 1), and {PRODUCT}; slopes are accurate to 4 ulps",
    ),
    reference=betaln_reference,
    doc="The logarithm of the absolute value of the beta function.",
)


def regular_factor(xp: Any, a: Any, b: Any) -> Any:
    """Compute beta(a, b) / (1/a + 1/b), which is gamma(1 + a) * gamma(1 + b) / gamma(1 + a + b)."""
    exponent, factor = beta_factors(xp, a, b)
    return xp.exp(exponent) * factor


def mean_of_increase(xp: Any, a: Any, b: Any) -> tuple[Any, Any]:
    """Compute the mean g of digamma(1 + x + b) - digamma(1 + x) over 0 < x < a, for a < NEAR, and its slope along a.

    a * g is -log(regular_factor(a, b)). Gauss's rule is applied to log(1 + x). Its five nodes give 18 digits, since the
    poles are far away. No quotient is one of small numbers, since its derivatives would cancel.
    """
    mean, slope, length = 0.0, 0.0, log1p_quotient(xp, 1.0, a)
    inner, outer = (xp.sqrt(5.0 + sign * 2.0 * xp.sqrt(xp.divide(10.0, 7.0))) / 6.0 for sign in (-1.0, 1.0))
    rule = [(0.5, 512.0)]
    rule += [(0.5 + side * inner, 322.0 + 13.0 * xp.sqrt(70.0)) for side in (-1.0, 1.0)]
    rule += [(0.5 + side * outer, 322.0 - 13.0 * xp.sqrt(70.0)) for side in (-1.0, 1.0)]
    for node, weight in rule:
        half = 0.5 * node * length * a
        root, q = xp.exp(half), half * half
        sinh_quotient = 1.0 + q / 6.0 * (1.0 + q / 20.0 * (1.0 + q / 42.0 * (1.0 + q / 72.0)))
        part = node * length * root * sinh_quotient  # x / a, where 1 + x = (1 + a)**node
        x, share = 1.0 + a * part, weight / 1800.0 * length * root * root
        mean = mean + share * (xp.digamma(x + b) - xp.digamma(x))
        slope = slope + share * part * (xp.polygamma(1.0, x + b) - xp.polygamma(1.0, x))
    return mean, slope


def decay_beside_pole(xp: Any, u: Any) -> Any:
    """Compute ((1 + u) * exp(-u) - 1) / u**2 for 0 <= u <= 1."""
    total: Any = 1.0
    for k in range(TERMS, 0, -1):
        total = 1.0 - u * (k + 1) / ((k + 2) * k) * total
    return -0.5 * total


def beta_partial_a(xp: Any, out: Any, a: Any, b: Any) -> Any:
    # Near the pole at a = 0 the slope is -1/a**2 plus a remainder, which must depend on b accurately too. If an
    # argument is small, -u is the logarithm of the regular factor r, from an integral that has accurate derivatives.
    # If neither is small, the factors have accurate derivatives.
    is_near = a < NEAR
    small = xp.where(is_near, a, xp.minimum(b, NEAR))
    mean, increase = mean_of_increase(xp, small, xp.where(is_near, b, a))
    u = small * mean
    factor = xp.where(xp.maximum(a, b) > 1.0, out / (1.0 / a + 1.0 / b), regular_factor(xp, a, b))
    factor = xp.where(xp.minimum(a, b) < NEAR, xp.stop_gradient(factor) * xp.exp(xp.stop_gradient(u) - u), factor)
    slope = digamma_slope(xp, a, b)
    rest = mean * mean * decay_beside_pole(xp, xp.minimum(u, 1.0))
    pole = xp.where(u < 1.0, -1.0 / a / a - rest, -factor * ((1.0 + u) / a / a))
    beside = pole - factor * (slope + increase)
    return xp.where(is_near, beside, -factor * (1.0 / a / a + slope + b * slope / a))


def beta_partial_b(xp: Any, out: Any, a: Any, b: Any) -> Any:
    return beta_partial_a(xp, out, b, a)


def beta_forward(xp: Any, a: Any, b: Any) -> Any:
    return xp.where(xp.minimum(a, b) >= 0.0, regular_factor(xp, a, b) * (1.0 / a + 1.0 / b), xp.nan)


BETA = Op(
    "beta",
    forward=beta_forward,
    implementations={"mpmath": "mpmath:beta"},
    partials=(beta_partial_a, beta_partial_b),
    symbol="B",
    samples=((0.5, 3.0), (2.0, 2.0), (1e-3, 50.0), (20.0, 0.1)),
    edges=(Edge((0.0, 1.0), inf, (-inf, -1.6449340668482264), "a pole; with respect to b, the limit -trigamma(b)"),),
    domain="a > 0 and b > 0",
    accuracy=Accuracy(
        64.0,
        input_ulps=2.0,
        why=PRODUCT + ", and the slopes inherit its errors",
        second=Accuracy(96.0, input_ulps=2.0, why="the value is one of their factors, so they inherit its errors"),
    ),
    reference=lambda mp, a, b: mp.beta(a, b),
    doc="The beta function, gamma(a) * gamma(b) / gamma(a + b).",
)

BETA_FUNCTIONS = (BETA, BETALN)
