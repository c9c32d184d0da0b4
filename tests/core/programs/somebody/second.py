"""Is imported by `first`, and imports it."""

from . import first

SCALE = 2.0


def g(x):
    return x * first.sin(x) if isinstance(x, float) else None
