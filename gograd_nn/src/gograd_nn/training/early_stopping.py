"""Early stopping: a training ends when it no longer gets better."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np

from gograd_nn.optimisers.optimiser import Array
from gograd_nn.training.history import Epoch
from gograd_nn.wrong_arguments import explaining

__all__ = ["Best", "EarlyStopping"]

HIGHER_IS_BETTER = {"loss": False, "mae": False, "mse": False, "rmse": False, "accuracy": True, "r2": True}


@explaining
@attrs.frozen(kw_only=True)
class EarlyStopping:
    """When `fit` ends a training before its last epoch: when a number has not become better for several epochs.

    Args:
        patience: after how many epochs without a better number the training ends.
        minimum_change: by how much a number must differ from the best one so far to be better.
        watch: the name of the number, as in the table of `History`: "held_out_loss", "loss", "held_out_accuracy", or a
            metric.
        higher_is_better: whether a higher number is better. It must be given for a metric that is not gograd_nn's own.
        restore_best: whether the parameters are set to those of the best epoch when `fit` ends.

    Raises:
        ValueError: `patience` is less than 1, `minimum_change` is negative, or it is not known which number is better.
    """

    patience: int = 5
    minimum_change: float = 0.0
    watch: str = "held_out_loss"
    higher_is_better: bool = attrs.field()
    restore_best: bool = True

    @higher_is_better.default
    def _known_direction(self) -> bool:
        name = self.watch.removeprefix("held_out_")
        if name.startswith("val_"):
            raise ValueError(f"write held_out_ for val_: EarlyStopping(watch='held_out_{name.removeprefix('val_')}')")
        if name not in HIGHER_IS_BETTER:
            raise ValueError(f"say whether a higher {self.watch!r} is better: EarlyStopping(…, higher_is_better=…)")
        return HIGHER_IS_BETTER[name]

    def __attrs_post_init__(self) -> None:
        if self.patience < 1 or not self.minimum_change >= 0.0:
            raise ValueError(
                f"patience must be 1 or more and minimum_change 0 or more, got {self.patience} and "
                f"{self.minimum_change!r}"
            )

    def check(self, names: Sequence[str]) -> None:
        """Refuse to watch a number that is not among those of an epoch, which have these names.

        Raises:
            ValueError: it is not.
        """
        if self.watch not in names:
            raise ValueError(
                f"EarlyStopping watches {self.watch!r}, but the epochs have {', '.join(names)}: see held_out= and "
                "metrics="
            )


@attrs.define(eq=False)
class Best:
    """The best epoch so far.

    Attributes:
        number: what is watched, in that epoch. None before the first epoch.
        epoch: the number of the epoch.
        waited: how many epochs have ended since then.
        parameters: the parameters after that epoch. Empty if they are not to be restored.
    """

    number: float | None = None
    epoch: int = 0
    waited: int = 0
    parameters: Array = attrs.field(factory=lambda: np.empty(0))

    def note(self, settings: EarlyStopping, epoch: Epoch, parameters: Array) -> bool:
        """Take note of an epoch that has ended, and say whether the training should end, too.

        Any number is better than NaN.
        """
        found = epoch.numbers()[settings.watch]
        sign = 1.0 if settings.higher_is_better else -1.0
        best = math.nan if self.number is None else self.number
        is_first = self.number is None or (math.isnan(best) and not math.isnan(found))
        if is_first or sign * (found - best) > settings.minimum_change:
            self.number, self.epoch, self.waited = found, epoch.number, 0
            self.parameters = parameters if settings.restore_best else self.parameters
        else:
            self.waited += 1
        return self.waited >= settings.patience

    def state(self) -> dict[str, Any]:
        """Return what is not an array, for a checkpoint."""
        return {"number": self.number, "epoch": self.epoch, "waited": self.waited}
