"""An operation that solves an equation: a solver for floats gives the value, and the equation gives the derivatives."""

from __future__ import annotations

import math
from typing import Any

from gograd_core import Accuracy, Edge, Op, hookimpl


def solve_kepler(mean_anomaly: float, eccentricity: float) -> float:
    """Solve E - e sin(E) = M for E, by Newton's method in a bracket, which is halved where a step would leave it."""
    if not 0.0 <= eccentricity < 1.0 or not math.isfinite(mean_anomaly):
        return math.nan  # the orbit is not an ellipse, or M is not finite
    low, high = mean_anomaly - eccentricity, mean_anomaly + eccentricity
    anomaly = mean_anomaly + eccentricity * math.sin(mean_anomaly)
    for _ in range(200):
        excess = anomaly - eccentricity * math.sin(anomaly) - mean_anomaly
        low, high = (low, anomaly) if excess > 0.0 else (anomaly, high)
        step = excess / (1.0 - eccentricity * math.cos(anomaly))
        following = anomaly - step if low <= anomaly - step <= high else 0.5 * (low + high)
        if following == anomaly:
            break
        anomaly = following
    return anomaly


# By the implicit-function theorem, F(E, M, e) = E - e sin(E) - M = 0 gives dE/dM = -F_M / F_E. The solver is never
# differentiated. The partials use the value `out`, so they can be differentiated again, to any order.
def kepler_by_mean_anomaly(xp: Any, out: Any, mean_anomaly: Any, eccentricity: Any) -> Any:
    return 1.0 / (1.0 - eccentricity * xp.cos(out))


def kepler_by_eccentricity(xp: Any, out: Any, mean_anomaly: Any, eccentricity: Any) -> Any:
    return xp.sin(out) / (1.0 - eccentricity * xp.cos(out))


OPS = (
    Op(
        "kepler",
        implementations={"scalar": solve_kepler},
        partials=(kepler_by_mean_anomaly, kepler_by_eccentricity),
        samples=((0.5, 0.1), (3.0, 0.9), (-2.0, 0.6), (40.0, 0.0167)),
        edges=(Edge((0.0, 0.5), 0.0, (2.0, 0.0), "at perihelion the two anomalies are equal"),),
        domain="0 <= eccentricity < 1",
        accuracy=Accuracy(
            4,
            input_ulps=2,
            why="after many turns, or near a parabola, E changes by many ulps for every ulp of the inputs",
        ),
        reference=lambda mp, m, e: mp.findroot(lambda x: x - e * mp.sin(x) - m, m + e * mp.sin(m)),
        doc="The eccentric anomaly E of an orbit, which solves E - e sin(E) = M (Kepler's equation).",
    ),
)


@hookimpl
def gograd_ops() -> tuple[Op, ...]:
    return OPS
