"""Imports `second`, which imports it."""

import math
from math import sin

import somebody.second as other


def f(x, sine=sin):
    return sine(x) * other.SCALE


def through(x):
    return math.exp(other.g(x))
