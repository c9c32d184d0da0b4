"""What two results are compared by, where ``==`` says too little."""

from __future__ import annotations

import dataclasses
import math
import struct
from collections import deque

import numpy as np


def bits(numbers):
    """Numbers as bits, in a row: any NaN is the same, and -0.0 is not 0.0."""
    flat = np.asarray(numbers, dtype=np.float64).ravel().tolist()
    return ["nan" if math.isnan(x) else struct.pack("d", x).hex() for x in flat]


def exact(tree):
    """Numbers with all that ``==`` passes over: classes, order and kind of keys, lengths, and what arrays are."""
    if isinstance(tree, np.ndarray):
        return type(tree), tree.shape, tree.dtype, tree.tolist()
    if isinstance(tree, dict):
        entries = [(repr(key), exact(child)) for key, child in tree.items()]
        return type(tree), getattr(tree, "default_factory", None), entries
    if isinstance(tree, (list, tuple, deque)):
        return type(tree), getattr(tree, "maxlen", None), [exact(child) for child in tree]
    if dataclasses.is_dataclass(tree):
        return type(tree), [exact(getattr(tree, field.name)) for field in dataclasses.fields(tree)]
    return type(tree), exact(vars(tree)) if hasattr(tree, "__dict__") else tree


def assert_near(found, expected, room):
    """Compare arrays, to a fraction of the largest number."""
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.shape == expected.shape
    assert np.abs(found - expected).max(initial=0.0) <= room * np.abs(expected).max(initial=0.0)


def assert_sum_of(total, each):
    """Compare with the sum of rows, added in another order: at most an ulp per row of the magnitudes.

    Where the sum is not finite, the other one must be the same.
    """
    with np.errstate(invalid="ignore"):
        expected = each.sum(axis=0)
    finite = np.isfinite(expected)
    assert np.array_equal(total[~finite], expected[~finite], equal_nan=True)
    room = len(each) * 2.0**-52 * np.abs(each[:, finite]).sum(axis=0)
    assert (np.abs(total[finite] - expected[finite]) <= room).all()
