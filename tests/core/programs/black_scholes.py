"""The price of a European call by Black and Scholes."""

import math


def normal_cdf(x):
    return 0.5 * (1.0 + math.erf(x / math.sqrt(2.0)))


def call(spot, strike, rate, volatility, time):
    spread = volatility * math.sqrt(time)
    d1 = (math.log(spot / strike) + (rate + volatility**2 / 2.0) * time) / spread
    return spot * normal_cdf(d1) - strike * math.exp(-rate * time) * normal_cdf(d1 - spread)
