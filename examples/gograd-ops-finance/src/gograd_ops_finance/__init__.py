"""Operations for finance: the normal distribution, and the price of a call as a single fused operation."""

from __future__ import annotations

from math import inf, nan
from typing import Any

from gograd_core import Accuracy, Edge, Op, hookimpl


def norm_pdf_forward(xp: Any, x: Any) -> Any:
    # x * x is rounded, and the exponential multiplies that error by x * x. So x is rounded to a number whose square
    # is exact, and the small remainder is computed separately. Beyond 40 the density is 0 in floats.
    near = xp.where(xp.abs(x) < 40.0, xp.round(x * 1024.0) / 1024.0, 0.0)
    return xp.exp(-0.5 * near * near) * xp.exp(0.5 * (near - x) * (near + x)) / xp.sqrt(2.0 * xp.pi)


def norm_pdf_partial(xp: Any, out: Any, x: Any) -> Any:
    return -xp.clip(x, -40.0, 40.0) * out  # infinity times 0 would be NaN


def norm_cdf_forward(xp: Any, x: Any) -> Any:
    return 0.5 * xp.erfc(-x / xp.sqrt(2.0))


def norm_cdf_partial(xp: Any, out: Any, x: Any) -> Any:
    return xp.norm_pdf(x)  # the operation of this package


def moneyness(xp: Any, spot: Any, strike: Any, time: Any, rate: Any, volatility: Any) -> tuple[Any, Any]:
    """Compute d1 and d2 of Black and Scholes (1973)."""
    width = xp.maximum(volatility * xp.sqrt(time), 1e-300)  # even where the product underflows
    d1 = (xp.log(spot / strike) + rate * time) / width + 0.5 * width
    return d1, d1 - width


def mills(xp: Any, d: Any) -> Any:
    """Compute norm_cdf(d) / norm_pdf(d) for negative d, which is never large. erfcx is from gograd-ops-special."""
    return xp.sqrt(0.5 * xp.pi) * xp.erfcx(-xp.minimum(d, 0.0) / xp.sqrt(2.0))


def call_forward(xp: Any, spot: Any, strike: Any, time: Any, rate: Any, volatility: Any) -> Any:
    """Compute spot * norm_cdf(d1) - strike * exp(-rate * time) * norm_cdf(d2), from the ratios of `mills`.

    Far out of the money, the two terms nearly cancel. But spot * norm_pdf(d1) equals
    strike * exp(-rate * time) * norm_pdf(d2), so it is a common factor of both.
    """
    d1, d2 = moneyness(xp, spot, strike, time, rate, volatility)
    common, first, second = spot * xp.norm_pdf(d1), mills(xp, -xp.abs(d1)), mills(xp, -xp.abs(d2))
    inside = spot - strike * xp.exp(-rate * time) - common * (first - second)
    between = spot - common * (first + second)
    return xp.where(d1 < 0.0, common * (first - second), xp.where(d2 < 0.0, between, inside))


def exercise(xp: Any, spot: Any, strike: Any, time: Any, rate: Any, volatility: Any) -> Any:
    """Compute exp(-rate * time) * norm_cdf(d2), the value of a payment of 1 if the option is exercised.

    Where norm_cdf(d2) is small, the exponential may be too large for a float, but it is not needed.
    """
    d1, d2 = moneyness(xp, spot, strike, time, rate, volatility)
    unlikely = spot / strike * xp.norm_pdf(d1) * mills(xp, d2)
    return xp.where(d2 < 0.0, unlikely, xp.exp(-rate * time) * xp.norm_cdf(d2))


def call_delta(xp: Any, out: Any, spot: Any, strike: Any, time: Any, rate: Any, volatility: Any) -> Any:
    d1, _ = moneyness(xp, spot, strike, time, rate, volatility)
    return xp.norm_cdf(d1)


def call_by_strike(xp: Any, out: Any, spot: Any, strike: Any, time: Any, rate: Any, volatility: Any) -> Any:
    return -exercise(xp, spot, strike, time, rate, volatility)


def call_by_time(xp: Any, out: Any, spot: Any, strike: Any, time: Any, rate: Any, volatility: Any) -> Any:
    d1, _ = moneyness(xp, spot, strike, time, rate, volatility)
    decay = 0.5 * spot * xp.norm_pdf(d1) * volatility / xp.sqrt(time)
    return decay + rate * (strike * exercise(xp, spot, strike, time, rate, volatility))


def call_rho(xp: Any, out: Any, spot: Any, strike: Any, time: Any, rate: Any, volatility: Any) -> Any:
    # In this order, no intermediate product overflows unless the result does.
    return strike * exercise(xp, spot, strike, time, rate, volatility) * time


def call_vega(xp: Any, out: Any, spot: Any, strike: Any, time: Any, rate: Any, volatility: Any) -> Any:
    d1, _ = moneyness(xp, spot, strike, time, rate, volatility)
    return spot * xp.norm_pdf(d1) * xp.sqrt(time)


def call_reference(mp: Any, spot: Any, strike: Any, time: Any, rate: Any, volatility: Any) -> Any:
    width = volatility * mp.sqrt(time)
    d1 = (mp.log(spot / strike) + rate * time) / width + width / 2
    return spot * mp.ncdf(d1) - strike * mp.exp(-rate * time) * mp.ncdf(d1 - width)


OPS = (
    Op(
        "norm_pdf",
        forward=norm_pdf_forward,
        partials=(norm_pdf_partial,),
        symbol="φ",
        samples=((0.0,), (0.7,), (-2.5,)),
        edges=(Edge((inf,), 0.0, (0.0,), "the limit"),),
        reference=lambda mp, x: mp.npdf(x),
        doc="The density of the standard normal distribution.",
    ),
    Op(
        "norm_cdf",
        forward=norm_cdf_forward,
        partials=(norm_cdf_partial,),
        symbol="Φ",
        samples=((0.0,), (0.7,), (-2.5,), (-20.0,)),
        edges=(Edge((-inf,), 0.0, (0.0,), "the limit"), Edge((inf,), 1.0, (0.0,), "the limit")),
        accuracy=Accuracy(4, input_ulps=2, why="in the tail, erfc magnifies the rounding error of its argument"),
        reference=lambda mp, x: mp.ncdf(x),
        doc="The distribution function of the standard normal distribution.",
    ),
    Op(
        "black_scholes_call",
        forward=call_forward,
        partials=(call_delta, call_by_strike, call_by_time, call_rho, call_vega),
        samples=((100.0, 95.0, 0.5, 0.03, 0.2), (1.0, 1.5, 2.0, -0.01, 0.4)),
        edges=(Edge((100.0, 95.0, 0.0, 0.03, 0.2), 5.0, (1.0, -1.0, nan, 0.0, 0.0), "at expiry: the payoff"),),
        domain="spot > 0 and strike > 0 and time > 0 and volatility > 0",
        accuracy=Accuracy(
            4, input_ulps=4, why="out of the money, the price changes by many ulps for every ulp of spot"
        ),
        reference=call_reference,
        doc="The price of a European call by Black and Scholes, from spot, strike, years, rate and volatility.",
    ),
)


@hookimpl
def gograd_ops() -> tuple[Op, ...]:
    return OPS
