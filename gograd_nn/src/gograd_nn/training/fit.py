"""`fit`, which trains a model."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any

from gograd_nn.files.checkpoints import Checkpoint
from gograd_nn.metrics import Metric, accuracy, metric
from gograd_nn.optimisers import Optimiser
from gograd_nn.training.arguments import check_arguments
from gograd_nn.training.choice import Wish, choose, prepare
from gograd_nn.training.early_stopping import EarlyStopping
from gograd_nn.training.examples import Examples
from gograd_nn.training.history import History
from gograd_nn.training.lbfgs import LBFGS
from gograd_nn.training.problem import Loss, Model, Problem
from gograd_nn.training.progress import Bar
from gograd_nn.training.setting import setting_of
from gograd_nn.training.training import Training
from gograd_nn.wrong_arguments import explaining

__all__ = ["fit"]


@explaining
def fit(
    model: Model,
    inputs: Sequence[Any],
    targets: Sequence[Any],
    *,
    loss: Loss,
    optimiser: Optimiser | LBFGS,
    epochs: int = 10,
    batch_size: int = 32,
    seed: int = 0,
    held_out: tuple[Sequence[Any], Sequence[Any]] | float | None = None,
    metrics: Sequence[str | Metric] = (),
    clip: float | None = None,
    early_stopping: EarlyStopping | None = None,
    callbacks: Sequence[Any] = (),
    engine: Wish = "auto",
    resume: Mapping[str, Any] | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    every: int | None = None,
    history: History | None = None,
    progress: bool = True,
) -> History:
    """Train a model by mini-batches, with a progress bar that shows the loss, and the accuracy if targets are classes.

    A training may be continued: with the same `optimiser`, the epochs, and the order of the examples in them, go on
    where the last call of `fit` ended. So ten calls of one epoch do what one call of ten epochs does.

    Args:
        model: a function of one example, whose parameters `optimiser` holds.
        inputs, targets: the examples, as sequences, arrays, or tables of pandas. Targets are classes if they are
            indices of one of several outputs, or one-hot rows; or, for a model with one output, -1 and 1, or 0 and 1 if
            the loss is `binary_cross_entropy`.
        loss: a function of the model's output and the target. Its mean over a batch is minimised.
        optimiser: what changes the parameters after each batch; or `LBFGS`, which takes all examples at once.
        epochs: how many passes over the data.
        batch_size: the number of examples per step. The last batch of an epoch may be smaller.
        seed: what the order of the examples in each epoch, the masks of `Dropout`, and a held-out share depend on.
        held_out: inputs and targets for which loss, accuracy and metrics are computed after each epoch; or the share of
            the examples that is drawn for that, and not learned from.
        metrics: names, as for `score`, or functions of all outputs and targets, which the history gets, too.
        clip: the largest Euclidean norm of the gradients of a step. Longer ones are scaled: see `clip_norm`.
        early_stopping: when the training ends before its last epoch.
        callbacks: functions that are called with the `Training` after each epoch; or objects with the methods
            `after_step` and `after_epoch`, or one of them. `training.stop()` ends the training.
        engine: "compiled" runs the model as compiled code, "eager" on neurons. "auto" chooses compiled code if it is
            faster and can be had, and shows a line that says why if it is not. See `History.engine`.
        resume: the state of a training, from `Training.state`. The training goes on from it, up to epoch `epochs`,
            counted from its beginning.
        checkpoint: the path of a file to which the state of the training is written. If it is there already, the
            training goes on from it, up to epoch `epochs`, counted from the beginning of the training in the file.
        every: after how many steps the file is written. By default, it is written after each epoch.
        history: the history to which epochs are appended. Pass one to keep the epochs that ended before Ctrl-C, or an
            error, ends the training. If it has epochs, the next one follows the last of them.
        progress: whether to draw the bar.

    Returns:
        The history.

    Raises:
        TypeError: an argument is of another kind than it says above, or the loss is not one number.
        ValueError: there are no examples (or none held out), not as many targets as inputs, or one has NaN or infinity;
            `epochs`, `batch_size` or `clip` is not positive, or `seed` negative; there is no such metric or engine; two
            metrics have one name; nothing reports what `early_stopping` watches; the loss depends on no neuron, as
            under `no_grad`, or on no parameter of the optimiser; a callback replaces a parameter of the model by
            another neuron; the loss takes logits, and the model returns shares; `resume` is the state of another
            training, or of one with other data.
        Whatever the model raises for the first input, and the loss for any target.
        ModelFileError: the file belongs to a training with another setting or another model, or was changed.
        OSError: the file cannot be read or written.
        ImportError: compiled code is asked for, and gograd-compile is not installed, or `LBFGS`, and SciPy is not.
    """
    check_arguments(
        model=model, loss=loss, optimiser=optimiser, epochs=epochs, batch_size=batch_size, seed=seed, held_out=held_out,
        metrics=metrics, clip=clip, early_stopping=early_stopping, callbacks=callbacks, engine=engine, resume=resume,
        checkpoint=checkpoint, every=every, history=history,
    )  # fmt: skip
    found, (examples, others) = _named(metrics), _examples(inputs, targets, loss, held_out, seed)
    problem = Problem(model, loss, optimiser.parameters, examples, others, _hint(optimiser))
    _check_numbers(problem, found, early_stopping)
    if isinstance(optimiser, LBFGS):
        batch_size = len(examples)
        optimiser.check(problem, clip)
    history = History() if history is None else history
    per_epoch = -(-len(examples) // batch_size)
    done = history.epochs[-1].number if history.epochs else optimiser.steps // per_epoch
    with Bar(epochs * len(examples), visible=progress) as bar:
        training = Training(
            problem=problem, optimiser=optimiser, history=history, batch_size=batch_size, seed=seed, first=done + 1,
            last=done + epochs, metrics=found, clip=clip, early_stopping=early_stopping, callbacks=callbacks, bar=bar,
        )  # fmt: skip
        if checkpoint is None or not _resumed(training, checkpoint, every, engine):
            if resume is not None:
                training.load_state(resume)
            else:
                training.begin(choose(problem, engine, epochs * per_epoch, batch_size))
        _run(training)
    return history


def _check_numbers(problem: Problem, metrics: Mapping[str, Metric], early_stopping: EarlyStopping | None) -> None:
    """Let the accuracy refuse targets, if it is asked for, and early stopping the numbers that there will be."""
    for examples in (problem.examples, problem.held_out):
        if examples is not None and accuracy in metrics.values():
            accuracy([[0.0] * problem.outputs] * len(examples), examples.targets)
    if early_stopping is not None:
        early_stopping.check(problem.numbers(metrics))


def _run(training: Training) -> None:
    """Train to the end, and go back to the best epoch if early stopping is to do that."""
    if isinstance(training.optimiser, LBFGS):
        training.optimiser.minimise(training, len(training.problem.examples))
    else:
        training.run()
    training.restore_best()
    if (compiled := training.choice.next) is not None:
        training.history.engine = prepare(compiled)


def _resumed(training: Training, path: str | os.PathLike[str], every: int | None, engine: Wish) -> bool:
    """Let a training write a checkpoint again and again. If the file is there, take over the state that is in it."""
    saved = Checkpoint(path, every, training.model, training.optimiser, setting_of(training, engine))
    training.callbacks = [*training.callbacks, saved]
    return saved.resume(training)


def _examples(inputs: Any, targets: Any, loss: Any, held_out: Any, seed: int) -> tuple[Examples, Examples | None]:
    """Return the examples to learn from, and those held out."""
    examples = Examples(inputs, targets)
    examples.check_numbers(loss)
    if held_out is None:
        return examples, None
    if isinstance(held_out, Real):
        return examples.split(float(held_out), seed)
    others = Examples(*held_out)
    others.check_numbers(loss, "of the held-out examples, ")
    return examples, others


def _named(metrics: Sequence[str | Metric]) -> dict[str, Metric]:
    found = {getattr(each, "__name__", str(each)): metric(each) for each in metrics}
    if len(found) < len(metrics):
        raise ValueError(f"metrics need different names, since the history has a column for each; got {list(found)}")
    return found


def _hint(optimiser: Optimiser | LBFGS) -> str:
    rate = f", rate={optimiser.rate!r}" if isinstance(optimiser, Optimiser) else ""
    return f"{type(optimiser).__name__}(model.parameters(){rate})"
