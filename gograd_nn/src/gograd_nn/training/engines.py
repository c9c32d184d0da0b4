"""What computes the gradients of a step: the eager engine, or compiled code. Both offer the same methods."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any, Protocol

import numpy as np

from gograd_core import Neuron, no_grad, ops
from gograd_core.extend import read_values, write_gradients
from gograd_nn.layers.dropout import MaskSource, dropping_out
from gograd_nn.optimisers.optimiser import Array
from gograd_nn.training.problem import Integers, Problem, row_of

__all__ = ["Compiled", "Eager", "Engine", "Unsuitable", "is_same"]

Key = Sequence[int]
"""What masks are drawn with: a seed, the number of the epoch, and that of the step in it."""

SAME = 1e-9
"""How much the results of an example may differ between the engines, relative to the largest."""
MOST_COMPARED = 8
"""With how many examples a model and its recording are compared at first."""
MOST_PATHS = 4
"""How many paths the examples of a batch may take, or a quarter of them, if that is more."""


class Unsuitable(Exception):  # noqa: N818 - it is a reason, and no error if another engine runs
    """A model is not suitable for compiled code."""


class Engine(Protocol):
    """Computes losses, outputs and gradients."""

    def learn(self, batch: Integers, key: Key) -> tuple[Array, Array]:
        """Set the `grad` of the parameters to the derivatives of the mean loss of some examples.

        Masks are drawn with the key as seed. Returns the loss of each example, and a row of outputs for each.
        """

    def refresh(self, count: int) -> None:
        """Make sure that the model runs as it is now, by so many examples: somebody may have changed it."""

    def judge(self) -> tuple[Array, Array]:
        """Compute the loss of each held-out example, and a row of outputs for each. Nothing is dropped out."""


class Eager:
    """Runs the model on neurons, one example after the other."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem

    def refresh(self, count: int) -> None:
        """Do nothing, since the model itself runs."""

    def learn(self, batch: Integers, key: Key) -> tuple[Array, Array]:
        problem = self.problem
        inputs, targets = problem.examples.inputs, problem.examples.targets
        write_gradients(problem.parameters, np.zeros(len(problem.parameters)))
        with dropping_out(_drawn(key)):
            outputs = [problem.model(inputs[i]) for i in batch.tolist()]
        losses = [problem.loss(output, targets[i]) for output, i in zip(outputs, batch.tolist(), strict=True)]
        mean = ops.sum(losses) / len(batch)
        if type(mean) is Neuron:
            mean.backward()
        return _rows(losses)[:, 0], _rows(outputs)

    def judge(self) -> tuple[Array, Array]:
        problem, examples = self.problem, self.problem.held_out
        assert examples is not None

        def each(example: Any, target: Any) -> tuple[Any, Any]:
            output = problem.model(example)
            return problem.loss(output, target), output

        run = no_grad().run
        found = [run(each, *pair) for pair in zip(examples.inputs, examples.targets, strict=True)]
        losses, outputs = zip(*found, strict=True)
        return _rows(losses)[:, 0], _rows(outputs)


class Compiled:
    """Runs the model as compiled code, a batch at a time. Inputs, targets and masks are data of one recording.

    `record` must be called first.

    Raises:
        NotNumbers: the examples cannot be data.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self._read()

    def _read(self) -> None:
        """Make arrays of the examples."""
        problem = self.problem
        self._data = problem.examples.data(problem.outputs, problem.loss)
        self._held_out = problem.held_out and problem.held_out.data(problem.outputs, problem.loss)

    def record(self, backend: str | None = None) -> None:
        """Forget any recordings, so that the model is recorded, for that backend, when it is next run."""
        from gograd_compile import compile

        def judged(x: Any, target: Any) -> Any:
            return self._example(self._held_out, x, target)

        self._judge = compile(judged, backend=backend).batch()
        self.program = compile(self._learned, backend=backend)
        self._learn = self.program.batch()

    def _learned(self, x: Any, target: Any, masks: Any) -> Any:
        left = iter(masks)
        with dropping_out(lambda count, _: list(islice(left, count))):
            return self._example(self._data, x, target)

    def _example(self, data: Any, x: Any, target: Any) -> Any:
        """Return the loss of an example, and then its outputs."""
        output = self.problem.model(data.input_of(x))
        return np.array([self.problem.loss(output, data.target_of(target)), *row_of(output)], dtype=object)

    def arguments(self, batch: Integers, key: Key) -> tuple[Array, ...]:
        """Return inputs, targets and masks of some examples."""
        shares = self.problem.shares
        masks = np.empty((len(batch), len(shares)))
        if len(shares):
            dropped = np.random.default_rng(key).random(masks.shape) < shares
            masks = np.where(dropped, 0.0, 1.0 / (1.0 - shares))
        return self._data.inputs[batch], self._data.targets[batch], masks

    def seeds(self, count: int, weight: float) -> Array:
        """Return factors for so many examples: the weight of the loss, and 0 for each output."""
        found = np.zeros((count, 1 + self.problem.outputs))
        found[:, 0] = weight
        return found

    def learn(self, batch: Integers, key: Key) -> tuple[Array, Array]:
        parameters = self.problem.parameters
        write_gradients(parameters, np.zeros(len(parameters)))
        arguments = self.arguments(batch, key)
        found = self._learn.backward(*arguments, seeds=self.seeds(len(batch), 1.0 / len(batch)))
        return found[:, 0], found[:, 1:]

    def try_out(self, count: int, backend: str | None = None) -> None:
        """Record everything, run the first examples, and change nothing.

        Raises:
            Unsuitable: the model takes many paths, or does something else each time it runs.
            Whatever recording the model raises.
        """
        self.record(backend)
        batch = np.arange(min(count, len(self.problem.examples)))
        agrees = self._agrees(batch, MOST_COMPARED)
        if self._held_out is not None and backend is None:
            self._judge(self._held_out.inputs[:1], self._held_out.targets[:1])
        paths = self.program.explain()
        if paths["kept"] + paths["evaluated"] > max(MOST_PATHS, len(batch) // 4):
            raise Unsuitable("almost every example takes another path through the model")
        if not agrees:
            raise Unsuitable("the model does something else each time it runs")

    def compile_ahead(self) -> None:
        """Let another process compile the native code of what was recorded, or of a recording of the first example.

        Raises:
            OSError: the process cannot be started.
            Whatever recording the model raises.
        """
        from gograd_compile import compile_ahead

        arguments = self.arguments(np.arange(1), (0,))
        no_grad().run(self.program, *(rows[0] for rows in arguments))
        compile_ahead(self.program, *arguments, seeds=self.seeds(1, 0.0))

    def refresh(self, count: int) -> None:
        """Read the examples again, and record the model anew, if one of so many examples does not give what it gave."""
        few = np.linspace(0, len(self.problem.examples) - 1, count).astype(np.int64)
        if not self._agrees(few, count):
            self._read()
            self.record()

    def _agrees(self, batch: Integers, count: int) -> bool:
        """Run some examples without changing anything, and say whether the first ones give what the model gives now.

        Nothing is dropped out of these.
        """
        results = [no_grad().run(self.problem.try_example, place) for place in batch[:count].tolist()]
        expected = _rows([[loss, *row_of(output)] for output, loss in results])
        inputs, targets, masks = self.arguments(batch, (0,))
        masks[:count] = 1.0
        found = self._learn.backward(inputs, targets, masks, seeds=self.seeds(len(batch), 0.0))[:count]
        return found.shape == expected.shape and is_same(found, expected)

    def judge(self) -> tuple[Array, Array]:
        assert self._held_out is not None
        found = self._judge(self._held_out.inputs, self._held_out.targets)
        return found[:, 0], found[:, 1:]


def is_same(found: Any, expected: Any) -> bool:
    """Say whether two rows of results, or rows of them, differ in their last digits only, relative to the largest."""
    largest = np.max(np.abs(np.nan_to_num(expected)), axis=-1, keepdims=True)
    return np.allclose(found, expected, rtol=0.0, atol=SAME * largest, equal_nan=True)


def _drawn(key: Key) -> MaskSource:
    """Make a source of masks, which draws what `Compiled` draws for a whole batch at once."""
    rng: list[np.random.Generator] = []

    def draw(count: int, share: float) -> list[float]:
        if not rng:
            rng.append(np.random.default_rng(key))
        found: list[float] = np.where(rng[0].random(count) < share, 0.0, 1.0 / (1.0 - share)).tolist()
        return found

    return draw


def _rows(results: Any) -> Array:
    """Make an array with a row of numbers for each result."""
    flat = [number for result in results for number in (result if type(result) is list else (result,))]
    found = np.empty(len(flat))
    try:
        read_values(flat, found)
    except TypeError:  # some are plain numbers, or nested
        return np.array([[getattr(number, "value", number) for number in row_of(result)] for result in results])
    return found.reshape(len(results), -1)
