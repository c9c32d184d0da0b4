"""The demo: a network of neurons that learns real handwriting.

The data are the 1,797 handwritten digits that scikit-learn ships (8 x 8 pixels; E. Alpaydin and C. Kaynak, UCI, 1998).
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs
from sklearn.datasets import load_digits  # type: ignore[import-untyped]
from sklearn.model_selection import train_test_split  # type: ignore[import-untyped]

from gograd_nn import MLP, SGD, History, cross_entropy, fit, predict

__all__ = ["N_CLASSES", "Digits", "Outcome", "load", "train"]

N_CLASSES = 10
N_PIXELS = 64
BRIGHTEST = 16.0

Images = list[list[float]]


@attrs.frozen
class Digits:
    """Images, as rows of 64 brightnesses from 0 to 1, and the digits that they show."""

    train_images: Images
    train_digits: list[int]
    held_out_images: Images
    held_out_digits: list[int]


@attrs.frozen
class Outcome:
    """A trained network, the history of its training, and its predictions for the held-out digits."""

    model: MLP
    history: History
    predictions: list[int]

    def accuracy(self, digits: Digits) -> float:
        """Compute the share of held-out digits that were classified correctly."""
        pairs = zip(self.predictions, digits.held_out_digits, strict=True)
        return sum(prediction == digit for prediction, digit in pairs) / len(self.predictions)


def load(seed: int, held_out_share: float = 0.25) -> Digits:
    """Load the digits, and split them at random so that every digit keeps its share."""
    images, digits = load_digits(return_X_y=True)
    train_images, held_out_images, train_digits, held_out_digits = train_test_split(
        (images / BRIGHTEST).tolist(), digits.tolist(), test_size=held_out_share, random_state=seed, stratify=digits
    )
    return Digits(train_images, train_digits, held_out_images, held_out_digits)


def train(
    digits: Digits,
    *,
    hidden: Sequence[int],
    activation: str,
    epochs: int,
    rate: float,
    momentum: float,
    batch_size: int,
    seed: int,
    history: History,
) -> Outcome:
    """Train an MLP. Ctrl-C ends the training early, and keeps what was learned until then."""
    model = MLP([N_PIXELS, *hidden, N_CLASSES], activation, seed=seed)
    try:
        fit(
            model,
            digits.train_images,
            digits.train_digits,
            loss=cross_entropy,
            optimiser=SGD(model.parameters(), rate, momentum=momentum),
            epochs=epochs,
            batch_size=batch_size,
            seed=seed,
            held_out=(digits.held_out_images, digits.held_out_digits),
            history=history,
        )
    except KeyboardInterrupt:
        pass
    return Outcome(model, history, predict(model, digits.held_out_images))
