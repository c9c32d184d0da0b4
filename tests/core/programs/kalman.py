"""The likelihood of a local-level model, by a Kalman filter."""

import math

READINGS = [0.3, 0.7, 0.1, 0.9, 1.4, 1.1, 1.9, 1.6, 2.2, 1.7, 2.5, 2.1]


def log_likelihood(level, drift_variance, reading_variance):
    variance = 1.0
    total = 0.0
    for reading in READINGS:
        variance = variance + drift_variance
        surprise = reading - level
        spread = variance + reading_variance
        total = total - 0.5 * (math.log(2.0 * math.pi * spread) + surprise * surprise / spread)
        gain = variance / spread
        level = level + gain * surprise
        variance = (1.0 - gain) * variance
    return total
