"""A training in progress."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import attrs
import numpy as np

from gograd_core import Neuron, no_grad
from gograd_core.extend import quoted, read_values, write_values
from gograd_nn.files.checkpoints import Checkpoint
from gograd_nn.metrics import Metric
from gograd_nn.optimisers import Optimiser, clip_gradients
from gograd_nn.optimisers.optimiser import Array
from gograd_nn.training.choice import Choice
from gograd_nn.training.early_stopping import Best, EarlyStopping
from gograd_nn.training.engines import Compiled, Eager, Engine, is_same
from gograd_nn.training.history import Epoch, History
from gograd_nn.training.lbfgs import LBFGS
from gograd_nn.training.problem import Integers, Problem, row_of
from gograd_nn.training.progress import Bar
from gograd_nn.training.seen import Seen
from gograd_nn.training.state_checks import check_setting, check_state

__all__ = ["Callback", "Training"]

VERSION = 3
"""The version of the form of states."""


class Callback(Protocol):
    """What `fit` calls. An object may have one of these methods only. A plain function is called after each epoch."""

    def after_step(self, training: Training) -> Any:
        """Do something after a step."""

    def after_epoch(self, training: Training) -> Any:
        """Do something after an epoch, which is in the history already."""


@attrs.define(eq=False, kw_only=True)
class Training:
    """A training in progress, which `fit` runs, and callbacks get.

    Attributes:
        problem: the model, its loss and the examples.
        optimiser: what changes the parameters.
        history: the epochs that have ended.
        epoch: the number of the epoch that runs. When callbacks are called after an epoch, it is the next one.
        step: how many steps of that epoch were taken.
        first, last: the numbers of the first and of the last epoch of this call of `fit`.
        engine: what computes gradients now: the eager engine, or compiled code.
        best: the best epoch, for early stopping.
        is_stopped: whether it was asked to stop.
    """

    problem: Problem
    optimiser: Optimiser | LBFGS
    history: History
    batch_size: int
    seed: int
    first: int
    last: int
    metrics: Mapping[str, Metric]
    clip: float | None
    early_stopping: EarlyStopping | None
    callbacks: Sequence[Any]
    bar: Bar
    epoch: int = attrs.field(init=False)
    step: int = attrs.field(default=0, init=False)
    choice: Choice = attrs.field(default=Choice(None, ""), init=False)
    best: Best = attrs.field(factory=Best, init=False)
    is_stopped: bool = attrs.field(default=False, init=False)
    _seen: Seen = attrs.field(factory=Seen, init=False)
    engine: Engine = attrs.field(init=False)
    _own: set[Neuron] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.epoch = self.first
        self.engine = Eager(self.problem)
        self._own = set(self._parameters_of_model())

    @property
    def model(self) -> Any:
        """Return the model."""
        return self.problem.model

    @property
    def steps_per_epoch(self) -> int:
        """Count the steps of an epoch."""
        return -(-len(self.problem.examples) // self.batch_size)

    @property
    def is_over(self) -> bool:
        """Say whether no step follows."""
        return self.is_stopped or self.epoch > self.last

    def stop(self, why: str = "a callback stopped it") -> None:
        """End the training after this step."""
        self.is_stopped, self.history.stopped = True, why

    def begin(self, choice: Choice) -> None:
        """Take note of the choice of the engine, and show a line about it if compiled code does not run."""
        self.choice, self.history.engine, self.history.stopped = choice, choice.why, ""
        if choice.switch != 0:
            self.bar.say(choice.why)

    def run(self) -> None:
        """Train up to the end of the last epoch, or until something stops the training."""
        while not self.is_over:
            order = np.random.default_rng([self.seed, self.epoch]).permutation(len(self.problem.examples))
            while self.step < self.steps_per_epoch and not self.is_stopped:
                self._take_step(order)
            if self.step == self.steps_per_epoch:
                self.end_epoch(order)

    def restore_best(self) -> None:
        """Set the parameters to those of the best epoch, if early stopping is to do that."""
        if len(self.best.parameters):
            write_values(self.problem.parameters, self.best.parameters)

    def _take_step(self, order: Integers) -> None:
        begin = self.step * self.batch_size
        losses, outputs = self.learn(order[begin : begin + self.batch_size])
        if self.clip is not None:
            clip_gradients(self.problem.parameters, self.clip)
        assert isinstance(self.optimiser, Optimiser)
        self.optimiser.step()
        self.end_step(order, losses, outputs)

    def learn(self, batch: Integers) -> tuple[Array, Array]:
        """Set the `grad` of the parameters, and return losses and outputs, as engines do: the one whose turn it is."""
        self._prepare_engine()
        return self.engine.learn(batch, (self.seed, self.epoch, self.step))

    def end_step(self, order: Integers, losses: Array, outputs: Array) -> None:
        """Take note of a step, and of the losses and outputs before it."""
        self.step += 1
        self._seen.note(losses, outputs)
        if self.bar.is_due():
            self.report(order)
        self._call("after_step")

    def _prepare_engine(self) -> None:
        """Let compiled code take over if it is time, and take note of changes of the model if there may be any.

        Somebody may have changed it between epochs, or callbacks after each step.
        """
        may_differ = self.callbacks if self.step == 0 else self._has_step_callbacks()
        if may_differ and not self._own.issuperset(self._parameters_of_model()):
            raise ValueError(
                "a callback replaced a parameter of the model by another neuron, which the optimiser does not hold: "
                "set its value instead, as in parameter.value = 0.0"
            )
        taken = (self.epoch - self.first) * self.steps_per_epoch + self.step
        switch = self.choice.switch
        if switch is not None and taken >= switch and isinstance(self.engine, Eager):
            self.engine = compiled = self.choice.compiled or Compiled(self.problem)
            if switch or self.choice.compiled is None:
                compiled.record()
            self.history.engine = "compiled code runs" + (f", from step {switch + 1} on" if switch else "")
        elif self.step == 0 or self._has_step_callbacks():
            self.engine.refresh(8 + len(self.problem.examples) // 256 if may_differ and self.step == 0 else 1)

    def end_epoch(self, order: Integers) -> None:
        """Put the epoch into the history, and prepare for the next one."""
        self._prepare_engine()  # a training that goes on here must not judge with another engine
        problem = self.problem
        loss, accuracy, metrics = self._seen.numbers(problem, problem.examples, order, self.metrics)
        held_out_loss = held_out_accuracy = None
        if problem.held_out is not None:
            judged = Seen()
            judged.note(*self.engine.judge())
            every = np.arange(len(problem.held_out))
            held_out_loss, held_out_accuracy, others = judged.numbers(problem, problem.held_out, every, self.metrics)
            metrics |= {f"held_out_{name}": number for name, number in others.items()}
        if self.bar.is_visible:
            self.report(order)
        epoch = Epoch(self.epoch, loss, accuracy, held_out_loss, held_out_accuracy, metrics)
        self.history.epochs.append(epoch)
        self.epoch, self.step, self._seen = self.epoch + 1, 0, Seen()
        if self.early_stopping is not None and self.best.note(self.early_stopping, epoch, self._parameters()):
            self.stop(f"{self.early_stopping.watch} has not become better for {self.best.waited} epochs")
        self._call("after_epoch")

    def report(self, order: Integers) -> None:
        """Show on the bar what was seen in this epoch so far."""
        loss, accuracy, _ = self._seen.numbers(self.problem, self.problem.examples, order, {})
        shown = "" if accuracy is None else f"  accuracy {accuracy:.1%}"
        seen = (self.epoch - self.first) * len(order) + self._seen.count
        self.bar.show(seen, f"epoch {self.epoch}/{self.last}  loss {loss:.4f}{shown}")

    def _call(self, when: str) -> None:
        for callback in self.callbacks:
            method = getattr(callback, when, None)
            if method is not None:
                method(self)
            elif when == "after_epoch" and not hasattr(callback, "after_step"):
                callback(self)

    def _has_step_callbacks(self) -> bool:
        return any(hasattr(each, "after_step") and not isinstance(each, Checkpoint) for each in self.callbacks)

    def _parameters_of_model(self) -> list[Neuron]:
        listed = getattr(self.model, "parameters", None)  # a function of the user's may keep a list there
        return list(listed()) if callable(listed) else []

    def _parameters(self) -> Array:
        found = np.empty(len(self.problem.parameters))
        read_values(self.problem.parameters, found)
        return found

    def _trial(self) -> list[float] | None:
        """Return the loss and the outputs of the first example. It is None if the model fails, or is not repeatable."""
        try:
            found = [no_grad().run(self.problem.try_example, 0) for _ in range(2)]
            first, second = ([float(getattr(each, "value", each)) for each in (loss, *row_of(y))] for y, loss in found)
        except Exception:  # whatever a model raises when it has diverged
            return None
        return first if np.array_equal(first, second, equal_nan=True) else None

    def _check_trial(self, then: list[float] | None) -> None:
        """Refuse a model, or a loss, that gives something else than it gave before."""
        now = self._trial()
        if then is not None and now is not None and not (len(now) == len(then) and is_same(now, then)):
            raise ValueError(
                f"with its parameters, loss and outputs of the first example were {quoted(then)}, and are "
                f"{quoted(now)}: the model, or the loss, is another one"
            )

    def state(self) -> dict[str, Any]:
        """Return all that the rest of the training depends on: numbers, strings, None, and dicts, lists and arrays.

        The order of examples and the masks are drawn with the seed and the numbers of epoch and step. So there is no
        other random state.
        """
        trial = self._trial()  # which notes the shares of `Dropout`, too
        return {
            "version": VERSION,
            **{name: getattr(self, name) for name in ("seed", "batch_size", "first", "epoch", "step")},
            "examples": len(self.problem.examples),
            **self.problem.digests(),
            "dropout": self.problem.dropout(),
            "switch": self.choice.switch,
            "engine": self.history.engine,
            "stopped": self.history.stopped,
            "parameters": self._parameters(),
            "trial": trial,
            "optimiser": self.optimiser.state(),
            "total_loss": self._seen.total,
            "outputs": self._seen.rows(self.problem),
            "history": [attrs.asdict(epoch) for epoch in self.history.epochs],
            "best": self.best.state(),
            "best_parameters": self.best.parameters.copy(),
        }

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Take over a state that `state` returned. If anything is raised, nothing is changed.

        The last epoch is as many epochs after the first one as before.

        Raises:
            ValueError: it is the state of another training; or the model, or the loss, does something else with the
                first example than it did with these parameters.
        """
        problem = self.problem
        setting = {"version": VERSION, "seed": self.seed, "batch_size": self.batch_size}
        check_setting(
            state, {**setting, "examples": len(problem.examples), "dropout": problem.dropout()}, problem.digests()
        )
        parameters = np.array(state["parameters"], dtype=np.float64)
        if parameters.shape != (len(problem.parameters),):
            raise ValueError(
                f"the optimiser has {len(problem.parameters)} parameters, but the state has {parameters.size}"
            )
        check_state(state, len(problem.parameters), len(problem.examples), self.batch_size, problem.outputs)
        epochs = [Epoch(**epoch) for epoch in state["history"]]
        best = Best(**state["best"], parameters=np.array(state["best_parameters"], dtype=np.float64))
        seen = Seen(float(state["total_loss"]), [np.array(state["outputs"], dtype=np.float64)])
        choice = Choice(state["switch"], state["engine"])
        before = self._parameters()
        write_values(problem.parameters, parameters)
        try:
            self._check_trial(state["trial"])
            self.optimiser.load_state(state["optimiser"])
        except BaseException:
            write_values(problem.parameters, before)
            raise
        self.history.epochs[:] = epochs
        self.last += state["first"] - self.first
        self.first, self.epoch, self.step = state["first"], state["epoch"], state["step"]
        self.best, self._seen = best, seen
        self.begin(choice)
        if state["stopped"]:
            self.stop(state["stopped"])
