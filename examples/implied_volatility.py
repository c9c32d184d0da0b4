"""Implied volatilities as roots: which volatility explains a price, and how far a cent in the price moves it.

The quotes are made up: Black and Scholes' prices with the volatilities of `smile`, rounded to whole cents as on an
exchange. So the answer is known, and the derivative of the root by the price says how much of it the rounding hides.

`implied_volatility.py [PICTURE]` prints a table and draws the smiles, with the uncertainty that the rounding leaves::

    $ python examples/implied_volatility.py
    maturity  quotes  largest error  explained by rounding  slope - 1 / vega
         0.1      12        2.3e-03                   100%             7e-15
         0.5      29        8.5e-04                   100%             3e-15
         2.0      29        1.5e-04                   100%             4e-16
    implied_volatility.png
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

import gograd_compile
from gograd_core import ops
from gograd_ops_solve import root

SPOT, RATE, CENT = 100.0, 0.02, 0.01
MATURITIES = (0.1, 0.5, 2.0)  # years
STRIKES = np.linspace(70.0, 140.0, 29)


def smile(strikes: np.ndarray, maturity: float) -> np.ndarray:
    """The volatilities from which the quotes are made: a parabola in the logarithm of the strike, steeper early on."""
    distance = np.log(strikes / SPOT)
    return 0.2 - 0.1 * distance / np.sqrt(maturity + 0.2) + 0.35 * distance**2 / (maturity + 0.4)


def call_price(volatility: Any, strike: Any, maturity: Any) -> Any:
    """Black and Scholes' price of the right to buy."""
    width = volatility * ops.sqrt(maturity)
    d1 = (ops.log(SPOT / strike) + RATE * maturity) / width + 0.5 * width
    return SPOT * ops.ndtr(d1) - strike * ops.exp(-RATE * maturity) * ops.ndtr(d1 - width)


def mispricing(volatility: Any, price: Any, strike: Any, maturity: Any) -> Any:
    return call_price(volatility, strike, maturity) - price


@gograd_compile.compile
def implied_volatility(price: Any, strike: Any, maturity: Any) -> Any:
    return root(mispricing, (0.01, 3.0), price, strike, maturity)


def draw(picture: Path, results: dict[float, tuple[np.ndarray, ...]]) -> None:
    """The implied volatilities with what half a cent is worth, on the smiles; and how far a cent moves them."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.5), layout="constrained")
    fine = np.linspace(STRIKES[0], STRIKES[-1], 300)
    for (maturity, (strikes, volatilities, slopes)), color in zip(
        results.items(), ("tab:blue", "tab:orange", "tab:green"), strict=True
    ):
        left.plot(fine, 100.0 * smile(fine, maturity), color=color, linewidth=1)
        left.errorbar(
            strikes, 100.0 * volatilities, yerr=100.0 * slopes * CENT / 2.0, color=color, fmt="o", markersize=3,
            capsize=2, label=f"{maturity:g} years",
        )  # fmt: skip
        right.semilogy(strikes, 100.0 * slopes * CENT, "o-", color=color, markersize=3, label=f"{maturity:g} years")
    left.set(title="implied volatility, and what rounding to a cent hides", xlabel="strike", ylabel="percent a year")
    right.set(title="how far one cent moves it", xlabel="strike", ylabel="percent a year")
    ticks = (0.02, 0.05, 0.1, 0.2, 0.5)
    right.set_yticks(ticks, list(map(str, ticks)))
    right.minorticks_off()
    for panel in (left, right):
        panel.grid(alpha=0.3)
        panel.legend()
    figure.savefig(picture, dpi=120)
    plt.close(figure)


def main(picture: Path) -> None:
    results = {}
    print(f"{'maturity':>8}{'quotes':>8}{'largest error':>15}{'explained by rounding':>23}{'slope - 1 / vega':>18}")
    for maturity in MATURITIES:
        exact = call_price(smile(STRIKES, maturity), STRIKES, maturity)
        prices = np.round(exact / CENT) * CENT
        # What is worth hardly more than exercising it for sure says nothing about the volatility.
        quoted = prices - np.maximum(SPOT - STRIKES * np.exp(-RATE * maturity), 0.0) >= 5.0 * CENT
        strikes, prices = STRIKES[quoted], prices[quoted]
        volatilities, slopes = implied_volatility.batch((0, 0, None)).value_and_grad(prices, strikes, maturity)
        vega = gograd_compile.compile(call_price).batch((0, 0, None)).grad(volatilities, strikes, maturity)
        errors = np.abs(volatilities - smile(strikes, maturity))
        # To first order a price that is off by half a cent moves the volatility by half a cent times the slope.
        explained = errors <= 1.2 * slopes * CENT / 2.0 + 1e-12
        difference = np.abs(slopes * vega - 1.0).max()
        print(f"{maturity:8}{len(strikes):8}{errors.max():15.1e}{explained.mean():23.0%}{difference:18.0e}")
        assert explained.all()
        assert difference < 1e-10
        results[maturity] = strikes, volatilities, slopes
    draw(picture, results)
    print(picture)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "implied_volatility.png"))
