"""An operation that solves an equation: opaque to everything but floats, and differentiable all the same."""

from __future__ import annotations

from typing import Any

from gograd_core import Accuracy, Edge, Op, hookimpl


def kepler_forward(xp: Any, mean_anomaly: Any, eccentricity: Any) -> Any:
    """The E with E - e sin(E) = M, by Newton's method within a bracket that halves where Newton leaves it."""
    if not 0.0 <= eccentricity < 1.0:
        return xp.nan  # no ellipse
    low, high = mean_anomaly - eccentricity, mean_anomaly + eccentricity
    anomaly = mean_anomaly + eccentricity * xp.sin(mean_anomaly)
    for _ in range(200):
        excess = anomaly - eccentricity * xp.sin(anomaly) - mean_anomaly
        low, high = (low, anomaly) if excess > 0.0 else (anomaly, high)
        step = excess / (1.0 - eccentricity * xp.cos(anomaly))
        following = anomaly - step if low <= anomaly - step <= high else 0.5 * (low + high)
        if following == anomaly:
            break
        anomaly = following
    return anomaly


# The implicit-function theorem: F(E, M, e) = E - e sin(E) - M = 0, so dE/dM = -F_M / F_E. No iteration is
# differentiated, and the solver may be any.
def kepler_by_mean_anomaly(xp: Any, out: Any, mean_anomaly: Any, eccentricity: Any) -> Any:
    return 1.0 / (1.0 - eccentricity * xp.cos(out))


def kepler_by_eccentricity(xp: Any, out: Any, mean_anomaly: Any, eccentricity: Any) -> Any:
    return xp.sin(out) / (1.0 - eccentricity * xp.cos(out))


OPS = (
    Op(
        "kepler",
        forward=kepler_forward,
        partials=(kepler_by_mean_anomaly, kepler_by_eccentricity),
        samples=((0.5, 0.1), (3.0, 0.9), (-2.0, 0.6), (40.0, 0.0167)),
        edges=(Edge((0.0, 0.5), 0.0, (2.0, 0.0), "at perihelion the two anomalies meet"),),
        domain="0 <= eccentricity < 1",
        accuracy=Accuracy(
            4, input_ulps=2, why="after many turns, or near a parabola, an ulp of the inputs means many of E"
        ),
        opaque=True,
        reference=lambda mp, m, e: mp.findroot(lambda x: x - e * mp.sin(x) - m, m + e * mp.sin(m)),
        doc="The eccentric anomaly E of an orbit, which solves E - e sin(E) = M (Kepler's equation).",
    ),
)


@hookimpl
def gograd_ops() -> tuple[Op, ...]:
    return OPS
