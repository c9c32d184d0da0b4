"""What is to be learned, and what one example tells about it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from numbers import Real
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

from gograd_core import Neuron, no_grad
from gograd_core.extend import flatten, flatten_numbers, quoted
from gograd_nn.layers.dropout import dropping_out
from gograd_nn.losses import binary_cross_entropy, cross_entropy
from gograd_nn.optimisers.optimiser import Array
from gograd_nn.training.examples import Examples

__all__ = ["Integers", "Loss", "Model", "Problem", "row_of"]

Integers = npt.NDArray[np.int64]
Model = Callable[[Any], Any]
MOST_TRIED = 64
"""How many examples are tried, until the loss of one depends on a parameter."""
CERTAIN = 1e-12
"""How far the sum of shares may be from 1."""
Loss = Callable[[Any, Any], Any]


@attrs.define(eq=False)
class Problem:
    """A model, its loss, and the examples, of which one, or several, are tried when the problem is made.

    Attributes:
        parameters: what is to be changed.
        examples: what is learned from.
        held_out: what the model is judged by after each epoch, if there is any.
        outputs: how many numbers the model returns.
        is_number: whether it returns one number, and not a list.
        shares: for each factor in the masks of one example, with what probability it was 0 when the
            model was last tried.
        inputs: how many numbers all operations for one example take: a measure of the work.

    Raises:
        ValueError: the loss depends on no neuron, as under `no_grad`, or on no parameter, for any example tried; or
            it takes logits, and the model returns shares.
        TypeError: the loss is not one number.
        Whatever the model and the loss raise, for the first input, and for any target.
    """

    model: Model
    loss: Loss
    parameters: list[Neuron]
    examples: Examples
    held_out: Examples | None
    hint: str
    outputs: int = attrs.field(init=False)
    is_number: bool = attrs.field(init=False)
    shares: Array = attrs.field(init=False)
    inputs: int = attrs.field(init=False)
    _classes: dict[int, Integers | None] = attrs.field(factory=dict, init=False)

    def __attrs_post_init__(self) -> None:
        output, graph = self._tried()
        self._check_logits(output)
        self.outputs = len(row_of(output))
        self.is_number = not hasattr(output, "__len__")
        self.inputs = np.frombuffer(graph.inputs, dtype=np.int32).size
        for examples in (self.examples, self.held_out):
            if examples is not None:
                self._classes[id(examples)] = examples.classes(self.outputs, self.loss)
                self._check_targets(output, examples)

    def _tried(self) -> tuple[Any, Any]:
        """Try examples, until the loss of one depends on a parameter. Return the first output, and that loss's graph.

        A loss such as max(0.0, 1.0 - label * score) is a constant for some examples, and this may be the first one.
        """
        first, on_neurons = None, False
        for place in np.linspace(0, len(self.examples) - 1, min(MOST_TRIED, len(self.examples))).astype(int).tolist():
            output, loss = self.try_example(place)
            if not isinstance(loss, Neuron | Real):
                raise TypeError(
                    f"the loss of an example must be one number, got {quoted(loss)} for the output {quoted(output)} "
                    f"and the target {quoted(self.examples.targets[place])}: return its sum or its mean; or, if the "
                    "targets are a column y, give y.ravel()"
                )
            first = output if place == 0 else first
            if isinstance(loss, Neuron) and loss.operation is not None:
                on_neurons, graph = True, flatten([loss], 0)
                if not set(graph.leaves).isdisjoint(self.parameters):
                    return first, graph
        if not on_neurons:
            raise ValueError(
                "the loss depends on no neuron: is fit() called under no_grad(), or has the model no neurons?"
            )
        raise ValueError(
            "the loss depends on no parameter of the optimiser, so nothing would be learned: make the optimiser "
            f"from the model that is trained, as in {self.hint}"
        )

    def _check_logits(self, output: Any) -> None:
        """Refuse shares, such as those of softmax, if the loss takes logits. It would learn, but slowly."""
        row = row_of(output)
        operations = {getattr(getattr(each, "operation", None), "name", "") for each in row}
        if self.loss is cross_entropy and len(row) > 1 and operations == {"div"}:  # as softmax makes them
            shares = [each.value for each in row]
            if min(shares) >= 0.0 and abs(sum(shares) - 1.0) < CERTAIN:
                raise ValueError(
                    "cross_entropy() takes logits, but the outputs of the model are shares, whose sum is 1: leave "
                    "softmax out of the model, and call softmax(model(inputs)) for shares"
                )
        if self.loss is binary_cross_entropy and getattr(getattr(output, "operation", None), "name", "") == "sigmoid":
            raise ValueError(
                "binary_cross_entropy() takes a logit, but the output of the model is a sigmoid: give the last layer "
                "activation=None, and call ops.sigmoid(model(inputs)) for shares"
            )

    def digests(self) -> dict[str, str | None]:
        """Return what identifies the data, for a state or a checkpoint."""
        return {"data": self.examples.digest, "held_out": None if self.held_out is None else self.held_out.digest}

    def try_example(self, place: int) -> tuple[Any, Any]:
        """Run the model on an example, drop nothing out, and note its `shares`. Return the output and the loss."""
        shares: list[float] = []

        def noted(count: int, share: float) -> Sequence[float]:
            shares.extend([share] * count)
            return [1.0] * count

        with dropping_out(noted):
            output = self.model(self.examples.inputs[place])
        self.shares = np.array(shares)
        return output, self.loss(output, self.examples.targets[place])

    def dropout(self) -> list[list[float]]:
        """List, for each `Dropout` in turn, its share and how many numbers it gets. Alike neighbours make one entry."""
        return [[share, len(list(alike))] for share, alike in itertools.groupby(self.shares.tolist())]

    def _check_targets(self, output: Any, examples: Examples) -> None:
        """Let the loss refuse targets. In compiled code they are neurons, in which it cannot see what they are."""
        run = no_grad().run
        for place in examples.distinct_targets():
            if place == 0 and examples is self.examples:
                continue  # it was tried already
            try:
                run(self.loss, output, examples.targets[place])
            except Exception as error:
                error.add_note(f"This is about the target of example {place}: {quoted(examples.targets[place])}")
                raise

    def numbers(self, metrics: Iterable[str]) -> list[str]:
        """List the names of the numbers that an epoch reports, with these metrics."""
        has_classes = self._classes[id(self.examples)] is not None
        names = ["loss", *(["accuracy"] if has_classes else []), *metrics]
        return names if self.held_out is None else [*names, *(f"held_out_{name}" for name in names)]

    def classes_of(self, examples: Examples) -> Integers | None:
        """Return the class of each target of the examples, or of those held out. None if targets are not classes."""
        has_classes = self._classes[id(self.examples)] is not None
        return self._classes[id(examples)] if has_classes else None


def row_of(output: Any) -> list[Any]:
    """List the numbers of an output, which may be nested."""
    numbers: list[Any] = flatten_numbers(output)[0]
    return numbers
