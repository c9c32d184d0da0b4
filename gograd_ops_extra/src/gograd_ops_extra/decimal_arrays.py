"""Rounding to decimal digits, entry by entry as Python does it, and other than `numpy.round`. This imports NumPy."""

from __future__ import annotations

import numpy as np

from gograd_ops_extra.rounding import round_to_of_floats

__all__ = ["round_to"]

round_to = np.vectorize(round_to_of_floats, otypes=[np.float64])
