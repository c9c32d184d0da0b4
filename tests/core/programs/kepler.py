"""Kepler's equation E - e sin(E) = M, by Newton's method."""

import math


def eccentric_anomaly(mean_anomaly, eccentricity):
    anomaly = mean_anomaly if eccentricity < 0.8 else math.pi
    step = 1.0
    while abs(step) > 1e-12:
        step = (anomaly - eccentricity * math.sin(anomaly) - mean_anomaly) / (1.0 - eccentricity * math.cos(anomaly))
        anomaly = anomaly - step
    return anomaly
