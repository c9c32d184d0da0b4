"""A planet around a fixed sun, by the classical Runge-Kutta method."""

import math

STEPS = 300


def slope(state):
    x, y, vx, vy = state
    distance = math.sqrt(x * x + y * y)
    pull = -1.0 / math.pow(distance, 3.0)
    return vx, vy, pull * x, pull * y


def moved(state, slopes, time):
    return [value + time * rate for value, rate in zip(state, slopes, strict=True)]


def position(vx, vy, time):
    """Where the planet is that started at (1, 0) with the velocity (vx, vy)."""
    state = [1.0, 0.0, vx, vy]
    step = time / STEPS
    for _ in range(STEPS):
        k1 = slope(state)
        k2 = slope(moved(state, k1, step / 2.0))
        k3 = slope(moved(state, k2, step / 2.0))
        k4 = slope(moved(state, k3, step))
        mean = [(a + 2.0 * b + 2.0 * c + d) / 6.0 for a, b, c, d in zip(k1, k2, k3, k4, strict=True)]
        state = moved(state, mean, step)
    return state[0], state[1]
