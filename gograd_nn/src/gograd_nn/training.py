"""The training loop, and what it reports."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import attrs
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from gograd_core import Neuron, no_grad, ops
from gograd_nn.optimisers import Optimiser

__all__ = ["Epoch", "History", "accuracy", "fit", "predict"]

Model = Callable[[Any], Any]
Loss = Callable[[Any, Any], Any]


@attrs.frozen
class Epoch:
    """The result of one pass over the data.

    Attributes:
        loss: the mean loss. Each example's loss is taken before the step of its batch.
        accuracy: the share of examples that were classified correctly before the step of their batch.
        held_out_accuracy: the accuracy on the held-out data after the epoch; None if there are none.
    """

    number: int
    loss: float
    accuracy: float
    held_out_accuracy: float | None = None


@attrs.define
class History:
    """The epochs of a training, in order. `fit` appends each epoch when it ends."""

    epochs: list[Epoch] = attrs.field(factory=list)


def _class_of(output: Any) -> int:
    """Find the class that an output means: the index of the largest of several logits, or the sign (-1 or 1) of one."""
    logits = output if hasattr(output, "__len__") else [output]
    if len(logits) == 1:
        return 1 if logits[0] > 0.0 else -1
    return max(range(len(logits)), key=lambda index: logits[index])


def predict(model: Model, inputs: Sequence[Any]) -> int:
    """Predict the class of one example: the index of the largest output, or the sign (-1 or 1) of a single one."""
    return _class_of(no_grad().run(model, inputs))


def accuracy(model: Model, inputs: Sequence[Any], targets: Sequence[Any]) -> float:
    """Compute the share of examples that `predict` classifies correctly.

    Raises:
        ValueError: there are no examples, or not as many targets as inputs.
    """
    _check_examples(inputs, targets)
    right = [bool(predict(model, x) == target) for x, target in zip(inputs, targets, strict=True)]
    return sum(right) / len(right)


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
    """Train a model by mini-batches, with a progress bar that shows loss and accuracy.

    Args:
        model: a function of one example, whose parameters `optimiser` holds.
        inputs, targets: the examples. For the accuracy, a target is a class index, or -1 or 1 for a model with one
            output.
        loss: a function of the model's output and the target. Its mean over a batch is minimised.
        epochs: how many passes over the data.
        batch_size: the number of examples per step. The last batch of an epoch may be smaller.
        seed: the seed of the shuffling, which is done again in each epoch.
        held_out: inputs and targets for which the accuracy is computed after each epoch.
        history: the history to which epochs are appended. Pass one to keep the epochs that ended before Ctrl-C, or an
            error, ends the training.
        progress: whether to draw the bar.

    Returns:
        The history.

    Raises:
        ValueError: there are no examples (or none held out), or not as many targets as inputs; `epochs` or `batch_size`
            is not positive; or the loss depends on no neuron, as under `no_grad`.
    """
    _check_examples(inputs, targets)
    if held_out is not None:
        _check_examples(*held_out)
    if epochs < 1 or batch_size < 1:
        raise ValueError(f"epochs and batch_size must be positive, got {epochs} and {batch_size}")
    history = History() if history is None else history
    rng = random.Random(seed)
    order = list(range(len(inputs)))
    with _progress_bar(progress) as bar:
        task = bar.add_task("", total=epochs * len(order), report="")
        for number in range(1, epochs + 1):
            rng.shuffle(order)
            batches = [order[start : start + batch_size] for start in range(0, len(order), batch_size)]
            for seen, mean_loss, right in _steps(model, inputs, targets, batches, loss, optimiser):
                report = f"epoch {number}/{epochs}  loss {mean_loss:.4f}  accuracy {right:.1%}"
                bar.update(task, completed=(number - 1) * len(order) + seen, report=report)
            held_out_accuracy = None if held_out is None else accuracy(model, *held_out)
            history.epochs.append(Epoch(number, mean_loss, right, held_out_accuracy))
    return history


def _steps(
    model: Model,
    inputs: Sequence[Any],
    targets: Sequence[Any],
    batches: list[list[int]],
    loss: Loss,
    optimiser: Optimiser,
) -> Iterator[tuple[int, float, float]]:
    """Take one step for each batch. Yield how many examples were seen so far, their mean loss, and the accuracy."""
    total_loss, right, seen = 0.0, 0, 0
    for batch in batches:
        batch_loss, batch_right = _step(model, [inputs[i] for i in batch], [targets[i] for i in batch], loss, optimiser)
        total_loss += batch_loss * len(batch)
        right += batch_right
        seen += len(batch)
        yield seen, total_loss / seen, right / seen


def _step(model: Model, inputs: list[Any], targets: list[Any], loss: Loss, optimiser: Optimiser) -> tuple[float, int]:
    """Take one step of the optimiser on one batch. Return the mean loss, and how many predictions were right."""
    outputs = [model(x) for x in inputs]
    mean_loss = ops.sum([loss(output, target) for output, target in zip(outputs, targets, strict=True)]) / len(inputs)
    if not isinstance(mean_loss, Neuron) or mean_loss.operation is None:
        raise ValueError("the loss depends on no neuron: is fit() called under no_grad(), or has the model no neurons?")
    optimiser.zero_grad()
    mean_loss.backward()
    optimiser.step()
    right = sum(bool(_class_of(output) == target) for output, target in zip(outputs, targets, strict=True))
    return mean_loss.value, right


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
