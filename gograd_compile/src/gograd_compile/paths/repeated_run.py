"""Runs a function at many points again, in the common case: arrays of known shapes, and a function without branches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gograd_compile.paths.path import Path, Want
from gograd_compile.paths.paths import Paths
from gograd_compile.paths.sort_points import NOTHING, WORTH_A_THREAD
from gograd_compile.trace.tape import Floats
from gograd_core.extend import add_gradients

__all__ = ["RepeatedRun", "shapes_of"]

NO_NUMBERS = np.empty(0)
FLOAT = np.dtype(np.float64)


class RepeatedRun:
    """Adds the derivatives with respect to captured neurons at points whose path is known without looking.

    Args:
        paths: all paths for such arguments.
        path: the only one: it decides nothing.
        want: the derivatives.
        threads: how many threads may work at once.
    """

    def __init__(self, paths: Paths, path: Path, want: Want, threads: int) -> None:
        self._paths, self._path, self._threads = paths, path, threads
        self._program = path.program(want)
        graph = self._program.schedule.graph
        self._slots = np.append(np.arange(path.tape.arguments), np.arange(graph.leaves - graph.seeds, graph.leaves))
        self._summed = np.arange(len(self._program.result_slots))

    def backward(self, args: Sequence[Any], seeds: Floats) -> Any:
        """Return the values, or None, with nothing changed, if something needs a closer look."""
        path = self._path
        if self._paths.is_watched or seeds.shape[1] != path.structure.size:
            return None
        rows = [arg.reshape(len(seeds), -1) for arg in args if arg.size]
        points = np.concatenate([*rows, seeds], axis=1)
        found = self._program.over(
            NO_NUMBERS, path.captured(), points, self._slots, per_point=NOTHING, summed=self._summed,
            threads=self._threads if len(points) * self._program.size >= WORTH_A_THREAD else 1,
        )  # fmt: skip
        if found.status.any():
            return None
        add_gradients(path.tape.captured, found.totals)
        return path.structure.build_batch(found.outputs)


def shapes_of(args: Sequence[Any], points: int) -> tuple[tuple[int, ...], ...] | None:
    """Return the shapes of arguments at one point, if all are arrays of floats with as many points. None if not."""
    shapes = []
    for arg in args:
        if type(arg) is not np.ndarray or arg.dtype is not FLOAT or not arg.ndim or len(arg) != points:
            return None
        shapes.append(arg.shape[1:])
    return tuple(shapes)
