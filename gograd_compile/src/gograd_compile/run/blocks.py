"""Divides many points into blocks, which run at once, and blocks into strips, which several threads share."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from gograd_compile.trace.tape import Floats

__all__ = ["aligned", "in_threads", "lanes_for", "most_of_a_strip", "strips_of"]

VALUES_IN_PYTHON = 2**20
"""How many values a block has at most, if Python runs steps. Each step has its price, so large blocks are better."""
LANES = ((128, 2**9), (64, 2**11), (32, 2**15), (16, 2**16), (8, np.inf))
"""How many points a block of native code has, and up to how many slots."""
MOST_STRIPS, VALUES_PER_STRIP = 64, 2**21
"""How many strips of points there are at most, and how large they are at least. Each strip has its own totals."""


def lanes_for(slots: int, points: int, *, in_python: bool) -> int:
    """Choose how many points a block has: its memory fits into the cache, or (if Python runs steps) blocks are few."""
    lanes = max(VALUES_IN_PYTHON // slots, 8) if in_python else next(lanes for lanes, most in LANES if slots <= most)
    return -(-min(lanes, points) // 8) * 8


def aligned(slots: int, lanes: int) -> Floats:
    """Allocate memory that begins at a line of the cache."""
    raw = np.zeros(slots * lanes + 8)
    start = -raw.ctypes.data % 64 // 8
    return raw[start : start + slots * lanes].reshape(slots, lanes)


def strips_of(slots: int, points: int, lanes: int) -> list[tuple[int, int]]:
    """Split points into strips of whole blocks, and find where each begins and ends."""
    strips = min(MOST_STRIPS, slots * points // VALUES_PER_STRIP + 1)
    size = max(-(-points // (strips * lanes)) * lanes, 1)
    return [(begin, min(begin + size, points)) for begin in range(0, points, size)]


def most_of_a_strip(slots: int) -> int:
    """Find up to how many points are one strip."""
    return (VALUES_PER_STRIP - 1) // max(slots, 1)


def in_threads(threads: int, strips: int, work: Callable[[Iterator[int]], None]) -> None:
    """Let so many threads work at strips. Each takes the next strip when it is free."""
    left = iter(range(strips))
    if threads == 1 or strips < 2:
        return work(left)
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(work, left) for _ in range(threads)]:
            done.result()
    return None
