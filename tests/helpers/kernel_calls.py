"""Native kernels, made and called as a driver calls them."""

from __future__ import annotations

import ctypes

import numpy as np

from gograd_compile.kernels import CHUNK, expand, kernel
from made_up import operation

CALL = ctypes.CFUNCTYPE(None, ctypes.c_ssize_t, ctypes.c_ssize_t, *[ctypes.c_void_p] * 3)


def made(rule=lambda xp, x: xp.exp(x) * 2.0):
    """The kernel of a rule of one number."""
    rules = expand(operation("made_up", rule, None))
    return kernel(rules.forward, rules.inputs)


def value(found, x=0.0):
    """What a kernel gives at a point."""
    out, inputs, scratch = np.empty(CHUNK), np.full(CHUNK, x), np.empty(found.room() + 1)
    CALL(found.address)(1, 0, out.ctypes.data, inputs.ctypes.data, scratch.ctypes.data)
    return out[0]


def in_lanes(found, rows, length, results):
    """What a kernel of columns gives, a row for each of its results, for inputs that are rows of lanes."""
    rows = np.array(rows, float)
    lanes = rows.shape[1]
    given, out = rows.copy(), np.full((results + 1, lanes), 12345.0)
    scratch = np.full(found.room(length, lanes) + 1, np.nan)
    scratch[-1] = 12345.0
    CALL(found.address)(lanes, length, out.ctypes.data, given.ctypes.data, scratch.ctypes.data)
    assert (out[results] == 12345.0).all()  # it wrote no further
    assert scratch[-1] == 12345.0
    np.testing.assert_array_equal(given, rows)
    return out[:results]
