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
    out, inputs, scratch = np.empty(CHUNK), np.full(CHUNK, x), np.empty(CHUNK * (found.scratch + 1))
    CALL(found.address)(1, 0, out.ctypes.data, inputs.ctypes.data, scratch.ctypes.data)
    return out[0]
