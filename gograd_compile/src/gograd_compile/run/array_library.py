"""NumPy as the `xp` of compiled functions: `maximum` and `minimum` tell 0.0 from -0.0, and sums are added in order."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["LIBRARY"]


class _Library:
    """NumPy, except that of equal numbers the first is taken. Whether NumPy takes 0.0 or -0.0 depends on the processor.

    Columns are added up from left to right, as in the engine.
    """

    __name__ = np.__name__

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)

    @staticmethod
    def maximum(x: Any, y: Any) -> Any:
        return _first_of_equal(x, y, np.maximum(x, y))

    @staticmethod
    def minimum(x: Any, y: Any) -> Any:
        return _first_of_equal(x, y, np.minimum(x, y))

    def clip(self, x: Any, min: Any = None, max: Any = None) -> Any:
        bounded = x if min is None else self.maximum(x, min)
        return bounded if max is None else self.minimum(bounded, max)

    @staticmethod
    def sum(x: Any) -> Any:
        return 0.0 + np.add.accumulate(x, dtype=np.float64)[-1]

    @staticmethod
    def max(x: Any) -> Any:
        return np.ravel(x)[np.argmax(x)]

    @staticmethod
    def min(x: Any) -> Any:
        return np.ravel(x)[np.argmin(x)]


def _first_of_equal(x: Any, y: Any, found: Any) -> Any:
    found = np.asarray(found)
    np.copyto(found, x, where=np.equal(x, y))
    return found


LIBRARY = _Library()
