"""What gograd adds to what one calls by hand: `gograd_core.math`, and the NumPy backend at 100,000 points.

`gograd_core.math.sin` is compared with the operation that it calls, and with Python's own function. The NumPy backend
is compared with the same formula over arrays. Each ratio is the median of those of neighbouring measurements.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from processes import note_load
from scipy import special  # type: ignore[import-untyped]

import gograd_core
from gograd_compile import compile
from gograd_core import Neuron, ops

TURNS, CALLS, POINTS = 31, 20_000, 100_000
Call = Callable[[], Any]


def hyperbola(xp: Any, x: Any) -> Any:
    return x * x + 1 / x


def black_scholes(xp: Any, price: Any, strike: Any, deviation: Any) -> Any:
    """What an option is worth without interest. `deviation` is that of the logarithm of the price at its end."""
    d = (xp.log(price / strike) + 0.5 * deviation * deviation) / deviation
    return price * xp.ndtr(d) - strike * xp.ndtr(d - deviation)


def with_digamma(xp: Any, x: Any) -> Any:
    return xp.digamma(x) * x


class Arrays:
    """The functions of NumPy and SciPy that the formulas call."""

    log, ndtr, digamma = np.log, special.ndtr, special.digamma


RANGES: dict[Callable[..., Any], list[tuple[float, float]]] = {
    hyperbola: [(0.5, 2.0)],
    black_scholes: [(80.0, 120.0), (80.0, 120.0), (0.1, 0.4)],
    with_digamma: [(0.5, 2.0)],
}


def ratio(mine: Call, other: Call, calls: int) -> float:
    """Time both in turn, so many calls of each, and return the median of the ratios."""
    found = []
    for _ in range(TURNS):
        start = time.process_time()
        for _ in range(calls):
            mine()
        between = time.process_time()
        for _ in range(calls):
            other()
        found.append((between - start) / (time.process_time() - between))
    return statistics.median(found)


def main() -> None:
    x = Neuron(0.3)
    for name, mine, other in (
        ("gograd_core.math.sin(neuron) / ops.sin(neuron)", partial(gograd_core.math.sin, x), partial(ops.sin, x)),
        ("gograd_core.math.sin(0.3) / math.sin(0.3)", partial(gograd_core.math.sin, 0.3), partial(math.sin, 0.3)),
    ):
        print(f"{name}: {ratio(mine, other, CALLS):.2f}")
    rng = np.random.default_rng(0)
    for formula, ranges in RANGES.items():
        points = [rng.uniform(low, high, POINTS) for low, high in ranges]
        batch = compile(partial(formula, ops), backend="numpy").batch(threads=1)
        compiled, by_hand = partial(batch, *points), partial(formula, Arrays, *points)
        np.testing.assert_allclose(compiled(), by_hand(), rtol=1e-12, atol=1e-12)
        print(f"{formula.__name__}, NumPy backend / by hand: {ratio(compiled, by_hand, 1):.2f}")
    print(note_load())


if __name__ == "__main__":
    main()
