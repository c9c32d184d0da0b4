"""Kepler's equation as a root: what the gradient costs beside the solve, how exact it is, and 100,000 points.

All times are of one process, a step of each in turn, so that whatever else the machine does meets all of them.
The ratio is the median of those of neighbouring steps.

`implicit.py ENGINE` measures one engine and prints JSON.
"""

from __future__ import annotations

import json
import math
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
from processes import gograd_engines, note_load, run
from scipy.optimize import brentq

from gograd_core import Neuron, derivative, hessian, ops, value_and_grad
from gograd_ops_solve import root

CALLS, STEPS, POINTS = 200, 40, 100_000
MEAN, ECCENTRICITY = 1.0, 0.5
ORBITS = [(1.0, 0.5), (3.0, 0.9), (-2.0, 0.6), (40.0, 0.0167), (0.3, 0.8), (6.0, 0.2)]


def kepler(anomaly: Any, mean: Any, eccentricity: Any) -> Any:
    return anomaly - eccentricity * ops.sin(anomaly) - mean


def orbit(mean: Any, eccentricity: Any) -> Any:
    return root(kepler, (0.0, 3.0), mean, eccentricity)


def seconds(f: Callable[[], object]) -> float:
    start = time.perf_counter()
    for _ in range(CALLS):
        f()
    return (time.perf_counter() - start) / CALLS


def times_of_one_point() -> list[list[float]]:
    """Rows of seconds: SciPy's solver on floats, the solve, and value and gradient with respect to both."""
    both = value_and_grad(orbit, wrt=(0, 1))

    def by_scipy() -> float:
        return brentq(lambda x: x - ECCENTRICITY * math.sin(x) - MEAN, 0.0, 3.0, xtol=1e-300, rtol=1e-15)

    def sweep() -> None:
        orbit(Neuron(MEAN), Neuron(ECCENTRICITY)).backward()

    tasks = by_scipy, lambda: orbit(MEAN, ECCENTRICITY), lambda: both(MEAN, ECCENTRICITY), sweep
    return [[seconds(task) for task in tasks] for _ in range(STEPS)]


def largest_errors() -> list[float]:
    """Of the Hessian and of the third derivative by the mean anomaly, relative to closed forms in 40 digits."""
    second = third = 0.0
    with mpmath.workdps(40):
        for point in ORBITS:
            mean, e = map(mpmath.mpf, point)
            x = mpmath.findroot(lambda x, m=mean, e=e: x - e * mpmath.sin(x) - m, mean + e * mpmath.sin(mean))
            s, c = mpmath.sin(x), mpmath.cos(x)
            d = 1 - e * c
            mixed = c / d**2 - e * s**2 / d**3
            exact = [-e * s / d**3, mixed, mixed, 2 * s * c / d**2 - e * s**3 / d**3]
            found = hessian(lambda p: root(kepler, p[0], *p))(list(point))
            second = max(second, *(float(abs(a / b - 1)) for a, b in zip([*found[0], *found[1]], exact, strict=True)))
            exact_third = -e * c / d**4 + 3 * e**2 * s**2 / d**5
            of_mean = derivative(lambda m, e=point[1]: root(kepler, m, m, e), order=3)(point[0])
            third = max(third, float(abs(of_mean / exact_third - 1)))
    return [second, third]


def times_of_batch() -> list[float]:
    """Seconds for values, gradients and second derivatives of many points."""
    from gograd_compile import compile

    c = compile(lambda mean: root(kepler, (mean - 1.0, mean + 1.0), mean, ECCENTRICITY)).batch(threads=1)
    means = np.linspace(0.0, 2.0 * math.pi, POINTS)
    found = []
    for mode in (c, c.value_and_grad, c.hessian):
        mode(means[:10])
        start = time.perf_counter()
        mode(means)
        found.append(time.perf_counter() - start)
    return found


def measure() -> None:
    print(json.dumps({"point": times_of_one_point(), "errors": largest_errors(), "batch": times_of_batch()}))


def main() -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(width=110)
    table = Table(title="Kepler's equation at one point: µs, and the time beside that of the solve")
    for column in ("engine", "scipy brentq", "solve", "value_and_grad", "ratio", "and backward()", "ratio"):
        table.add_column(column, justify="left" if column == "engine" else "right")
    notes = []
    for engine in gograd_engines():
        report = run("implicit.py", engine, engine=engine)
        scipy, solve, both, sweep = (statistics.median(column) * 1e6 for column in zip(*report["point"], strict=True))
        ratios = [statistics.median(row[place] / row[1] for row in report["point"]) for place in (2, 3)]
        row = [f"{time:.1f}" for time in (scipy, solve, both)]
        table.add_row(engine, *row, f"{ratios[0]:.2f}", f"{sweep:.1f}", f"{ratios[1]:.2f}")
        second, third = report["errors"]
        notes.append(f"{engine}: largest relative error {second:.1e} of the Hessian, {third:.1e} of third derivatives")
        values, gradients, curvatures = report["batch"]
        notes.append(
            f"{engine}: {POINTS:,} points on one thread in {values:.1f} s, with gradients {gradients:.1f} s, "
            f"second derivatives {curvatures:.1f} s"
        )
    console.print(table)
    for note in notes:
        console.print(note)
    console.print(note_load())


if __name__ == "__main__":
    if len(sys.argv) > 1:
        measure()
    else:
        main()
