"""The training loop, and what it reports."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

import attrs
import numpy as np
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from gograd_core import Neuron, no_grad, ops
from gograd_core.extend import flatten, quoted
from gograd_nn.layers.dropout import MaskSource, drawn_masks, dropping_out
from gograd_nn.losses import binary_cross_entropy
from gograd_nn.metrics import class_of, is_right, score
from gograd_nn.optimisers import Optimiser

__all__ = ["Epoch", "History", "accuracy", "fit", "predict"]

Model = Callable[[Any], Any]
Loss = Callable[[Any, Any], Any]


@attrs.frozen
class Epoch:
    """The result of one pass over the data.

    Attributes:
        loss: the mean loss. Each example's loss is taken before the step of its batch.
        accuracy: the share of examples that were classified correctly before the step of their batch; None if the
            targets are not classes.
        held_out_accuracy: the accuracy on the held-out data after the epoch; None if there are none.
        held_out_loss: the mean loss on the held-out data after the epoch; None if there are none.
    """

    number: int
    loss: float
    accuracy: float | None
    held_out_accuracy: float | None = None
    held_out_loss: float | None = None


@attrs.define
class History:
    """The epochs of a training, in order. `fit` appends each epoch when it ends."""

    epochs: list[Epoch] = attrs.field(factory=list)


def predict(model: Model, inputs: Sequence[Any]) -> int:
    """Predict the class of one example: the index of the largest output, or the sign (-1 or 1) of a single one."""
    return class_of(no_grad().run(model, inputs))


def accuracy(model: Model, inputs: Sequence[Any], targets: Sequence[Any]) -> float:
    """Compute the share of examples that a model classifies correctly.

    A target is a class index or a one-hot row. For a model with one output, it is 1, or else -1 or 0.

    Raises:
        ValueError: there are no examples, or not as many targets as inputs.
    """
    return score(model, inputs, targets)


def fit(
    model: Model,
    inputs: Sequence[Any],
    targets: Sequence[Any],
    *,
    loss: Loss,
    optimiser: Optimiser,
    epochs: int = 10,
    batch_size: int = 32,
    seed: int = 0,
    held_out: tuple[Sequence[Any], Sequence[Any]] | None = None,
    history: History | None = None,
    progress: bool = True,
) -> History:
    """Train a model by mini-batches, with a progress bar that shows the loss, and the accuracy if targets are classes.

    A training may be continued: with the same `optimiser`, the epochs, and the order of the examples in them, go on
    where the last call of `fit` ended. So ten calls of one epoch do what one call of ten epochs does.

    Args:
        model: a function of one example, whose parameters `optimiser` holds.
        inputs, targets: the examples. Targets are classes if they are indices of one of several outputs, or one-hot
            rows; or, for a model with one output, -1 and 1, or 0 and 1 if the loss is `binary_cross_entropy`.
        loss: a function of the model's output and the target. Its mean over a batch is minimised.
        epochs: how many passes over the data.
        batch_size: the number of examples per step. The last batch of an epoch may be smaller.
        seed: the seed of the shuffling, which is done again in each epoch, and of the masks of `Dropout`.
        held_out: inputs and targets for which loss and accuracy are computed after each epoch.
        history: the history to which epochs are appended. Pass one to keep the epochs that ended before Ctrl-C, or an
            error, ends the training. If it has epochs, the next one follows the last of them.
        progress: whether to draw the bar.

    Returns:
        The history.

    Raises:
        TypeError: `optimiser` is not an `Optimiser`.
        ValueError: there are no examples (or none held out), or not as many targets as inputs; `epochs` or `batch_size`
            is not positive; the loss depends on no neuron, as under `no_grad`, or on no parameter of the optimiser.
    """
    if not isinstance(optimiser, Optimiser):
        raise TypeError(
            f"fit() expects an optimiser, such as SGD(model.parameters(), rate=0.1), got {quoted(optimiser)}"
        )
    _check_examples(inputs, targets)
    if held_out is not None:
        _check_examples(*held_out)
    if epochs < 1 or batch_size < 1:
        raise ValueError(f"epochs and batch_size must be positive, got {epochs} and {batch_size}")
    history = History() if history is None else history
    training = _Training(model, inputs, targets, loss, optimiser)
    rng = random.Random(seed)
    order = list(range(len(inputs)))
    starts = range(0, len(order), batch_size)
    done = history.epochs[-1].number if history.epochs else optimiser.steps // len(starts)
    for _ in range(done):
        rng.shuffle(order)
    with _progress_bar(progress) as bar:
        task = bar.add_task("", total=epochs * len(order), report="")
        for number in range(done + 1, done + epochs + 1):
            rng.shuffle(order)
            seen = _Seen()
            masks = drawn_masks(random.Random(f"masks of epoch {number}, {seed}"))
            for start in starts:
                training.step(order[start : start + batch_size], masks, seen)
                report = f"epoch {number}/{done + epochs}  {seen}"
                bar.update(task, completed=(number - done - 1) * len(order) + seen.examples, report=report)
            history.epochs.append(Epoch(number, seen.loss, seen.accuracy, *training.judge(held_out)))
    return history


@attrs.define
class _Seen:
    """What was seen in an epoch so far."""

    examples: int = 0
    total_loss: float = 0.0
    right: int | None = 0

    @property
    def loss(self) -> float:
        return self.total_loss / self.examples

    @property
    def accuracy(self) -> float | None:
        return None if self.right is None else self.right / self.examples

    def __str__(self) -> str:
        return f"loss {self.loss:.4f}" + ("" if self.accuracy is None else f"  accuracy {self.accuracy:.1%}")


@attrs.define
class _Training:
    """A model that is trained, with what is needed for a step."""

    model: Model
    inputs: Sequence[Any]
    targets: Sequence[Any]
    loss: Loss
    optimiser: Optimiser
    has_classes: bool | None = None  # known after the first outputs

    def step(self, batch: list[int], masks: MaskSource, seen: _Seen) -> None:
        """Take one step of the optimiser on one batch, and note what was seen."""
        targets = [self.targets[i] for i in batch]
        with dropping_out(masks):
            outputs = [self.model(self.inputs[i]) for i in batch]
        mean_loss = ops.sum(list(map(self.loss, outputs, targets))) / len(batch)
        if self.has_classes is None:
            self._check(mean_loss)
            self.has_classes = _are_classes(self.targets, outputs[0], self.loss)
        self.optimiser.zero_grad()
        mean_loss.backward()
        self.optimiser.step()
        seen.examples += len(batch)
        seen.total_loss += mean_loss.value * len(batch)
        if not self.has_classes or seen.right is None:
            seen.right = None
        else:
            seen.right += sum(map(is_right, outputs, targets))

    def _check(self, mean_loss: Any) -> None:
        """Refuse a training that could change nothing."""
        if not isinstance(mean_loss, Neuron) or mean_loss.operation is None:
            raise ValueError(
                "the loss depends on no neuron: is fit() called under no_grad(), or has the model no neurons?"
            )
        if set(flatten([mean_loss], 0).leaves).isdisjoint(self.optimiser.parameters):
            name = type(self.optimiser).__name__
            raise ValueError(
                f"the loss depends on no parameter of the optimiser, so nothing would be learned: make the optimiser "
                f"from the model that is trained, as in {name}(model.parameters(), rate={self.optimiser.rate!r})"
            )

    def judge(self, held_out: tuple[Sequence[Any], Sequence[Any]] | None) -> tuple[float | None, float | None]:
        """Compute accuracy, if targets are classes, and mean loss of held-out examples."""
        if held_out is None:
            return None, None
        inputs, targets = held_out

        def each(example: Any, target: Any) -> tuple[Any, Any]:
            output = self.model(example)
            return output, self.loss(output, target)

        found = [no_grad().run(each, example, target) for example, target in zip(inputs, targets, strict=True)]
        losses = [getattr(loss, "value", loss) for _, loss in found]
        right = [is_right(output, target) for (output, _), target in zip(found, targets, strict=True)]
        return sum(right) / len(right) if self.has_classes else None, sum(losses) / len(losses)


def _are_classes(targets: Sequence[Any], output: Any, loss: Loss) -> bool:
    """Tell whether targets are classes, or else numbers to be approximated."""
    count = len(output) if hasattr(output, "__len__") else 1
    try:
        table = np.array(targets, dtype=np.float64).reshape(len(targets), -1)
    except (TypeError, ValueError):  # not numbers, or rows of different lengths
        return False
    if table.shape[1] == count > 1:
        return bool(np.all((table == 0.0) | (table == 1.0)) and np.all(table.sum(axis=1) == 1.0))
    if table.shape[1] != 1:
        return False
    found = set(table.ravel().tolist())
    if count > 1:
        return all(target in range(count) for target in found)
    return found <= {-1, 1} or (found <= {0, 1} and loss is binary_cross_entropy)


def _progress_bar(visible: bool) -> Progress:
    return Progress(
        TextColumn("training"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[report]}"),
        TimeRemainingColumn(),
        disable=not visible,
    )


def _check_examples(inputs: Sequence[Any], targets: Sequence[Any]) -> None:
    if len(inputs) != len(targets) or len(inputs) == 0:
        raise ValueError(f"expected as many targets as inputs, at least one; got {len(targets)} and {len(inputs)}")
