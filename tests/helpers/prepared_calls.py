"""Calls that take the general way, and results with all that tells them apart."""

from __future__ import annotations

from collections import OrderedDict, deque, namedtuple

import numpy as np

Pair = namedtuple("Pair", "x y")


def in_general(f, method, *args, **options):
    """What a call gives that takes the general way."""
    f.store.calls.clear()
    return getattr(f, method)(*args, **options)


def shown(result, bits):
    """A nested result with the types in it, and with its numbers as bits."""
    if isinstance(result, dict):
        return type(result), [(key, shown(entry, bits)) for key, entry in result.items()]
    if isinstance(result, (list, tuple, deque)):
        return type(result), [shown(entry, bits) for entry in result]
    if isinstance(result, np.ndarray):
        return np.ndarray, result.dtype, result.shape, result.flags.writeable, bits(result)
    return type(result), result if result is None else bits(result)


def numbers_in(tree):
    if isinstance(tree, dict):
        tree = list(tree.values())
    if isinstance(tree, (list, tuple, deque, np.ndarray)):
        return [number for entry in tree for number in numbers_in(entry)]
    return [] if tree is None else [tree]


def polynomial(*args):
    """A function of all numbers in its arguments."""
    total = 1.5
    for place, x in enumerate(numbers_in(args)):
        total = total * x + x * x * (place + 1.0)
    return total


ARGUMENTS = {
    "a number": (1.5,),
    "numbers": (1.5, -0.0, 2.0),
    "a list": ([1.5, 2.0, 0.25],),
    "a tuple": ((1.5, 2.0),),
    "nested lists": ([[1.5, [2.0]], (3.0, [0.5, 0.25])], 4.0),
    "an empty list": ([], 1.5),
    "nothing": (None, [1.5, None]),
    "an array": (np.array([1.5, 2.0, 0.25]),),
    "arrays and numbers": ([np.array([[1.5, 2.0], [3.0, 0.5]]), 0.25], np.array([2.0])),
    "an empty array": (np.empty((0, 2)), 1.5),
    "a dict": ({"w": [1.5, 2.0], "b": 0.5},),
    "a dict with other keys": ({1: 1.5, None: np.array([2.0])},),
    "other containers": (Pair(1.5, [2.0]), deque([0.5], maxlen=3), OrderedDict(a=0.25)),
    "integers": (2, [3, True]),
    "scalars of NumPy": (np.float64(1.5), [np.float32(0.1), np.int64(3), np.uint8(7), np.True_, np.float16(0.5)]),
    "deep lists": ([[[[[[[1.5]]]]]]],),
}
