"""The demo: a network of neurons that learns real handwriting.

The data are the 1,797 handwritten digits that scikit-learn ships (8 x 8 pixels; E. Alpaydin and C. Kaynak, UCI, 1998).
"""

from __future__ import annotations

import attrs
import numpy as np
import numpy.typing as npt
from sklearn.datasets import load_digits  # type: ignore[import-untyped]

from gograd.train.learning import Examples, split
from gograd_nn.matrices import Matrix

__all__ = ["Readings", "load"]

BRIGHTEST = 16.0

Integers = npt.NDArray[np.int64]


@attrs.frozen
class Readings:
    """What a net read in images.

    Attributes:
        images: rows of 64 brightnesses.
        digits: what the images show.
        logits: the outputs of the net, a row for each image.
    """

    images: Matrix
    digits: Integers
    logits: Matrix

    @property
    def predictions(self) -> Integers:
        found: Integers = self.logits.argmax(axis=1)
        return found

    @property
    def n_wrong(self) -> int:
        """Count the images that were misread."""
        return int(np.sum(self.predictions != self.digits))

    def hardest(self, count: int) -> list[int]:
        """List the images that are furthest from being read correctly: those misread first, then the least certain."""
        rows = np.arange(len(self.digits))
        others = self.logits.copy()
        others[rows, self.digits] = -np.inf
        margins = self.logits[rows, self.digits] - others.max(axis=1)
        return list(np.argsort(margins, kind="stable")[:count])


def load(seed: int) -> Examples:
    """Load the digits, brightnesses from 0 to 1, and hold a quarter back."""
    images, digits = load_digits(return_X_y=True)
    return split(images / BRIGHTEST, digits, seed)
