"""`summary`: what a net computes for some examples, layer by layer: ranges, and units that are dead."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from inspect import isfunction
from typing import Any

import attrs

from gograd_core import Neuron, gradient, ops
from gograd_nn.layers import Net
from gograd_nn.layers.examples import as_sequence

__all__ = ["LayerSummary", "Summary", "summary"]


@attrs.define
class Range:
    """The smallest and the largest of some numbers; nothing yet if `least` is None."""

    least: float | None = None
    most: float | None = None

    def add(self, numbers: Iterable[float]) -> None:
        """Take in more numbers. NaN stays once it is there."""
        for number in numbers:
            if self.least is None or self.most is None or number != number:
                self.least = self.most = number
            elif self.least == self.least:
                self.least, self.most = min(self.least, number), max(self.most, number)

    def __str__(self) -> str:
        return "-" if self.least is None else f"{self.least:.3g} … {self.most:.3g}"


@attrs.define
class LayerSummary:
    """What a layer computed.

    Attributes:
        name: what the labels of its parameters begin with, such as "layer0"; the name of a function.
        parameters: how many parameters it has.
        units: how many units it has; 0 if it is not a layer of perceptrons.
        activation: the name of the operation or function that its units end with; empty if there is none.
        values: the range of its outputs over all examples.
        gradients: the range of the derivatives of the loss with respect to its outputs.
        dead: the numbers of the units that are dead: for every example the output is 0, and so is the derivative of the
            loss with respect to the bias (without a bias, to all weights). Training cannot change such a unit.
    """

    name: str
    parameters: int
    units: int
    activation: str = ""
    values: Range = attrs.field(factory=Range)
    gradients: Range = attrs.field(factory=Range)
    dead: tuple[int, ...] = ()


@attrs.frozen
class Summary:
    """What `summary` found: a `LayerSummary` for each layer. Its text is a table."""

    layers: tuple[LayerSummary, ...]
    examples: int
    parameters: int

    def __str__(self) -> str:
        head = ("layer", "units", "activation", "parameters", "outputs", "gradients", "dead")
        rows = [
            (
                layer.name,
                str(layer.units or "-"),
                layer.activation or "-",
                f"{layer.parameters:,}",
                str(layer.values),
                str(layer.gradients),
                _numbers(layer.dead),
            )
            for layer in self.layers
        ]
        widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
        lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in (head, *rows)]
        return "\n".join([*lines, f"{self.parameters:,} parameters, {self.examples:,} examples"])


def _numbers(dead: Sequence[int]) -> str:
    shown = ", ".join(map(str, dead[:8]))
    return f"{len(dead)}: {shown}{', …' if len(dead) > 8 else ''}" if dead else "none"


@attrs.define(eq=False)
class _Used:
    """A layer, what was found about it, and what it returned for the present example."""

    layer: Any
    found: LayerSummary
    outputs: list[Any]
    alive: set[int] = attrs.field(factory=set)


def summary(
    net: Any,
    inputs: Sequence[Any],
    targets: Sequence[Any] | None = None,
    loss: Callable[[Any, Any], Any] | None = None,
) -> Summary:
    """Summarise what a net computes for some examples. The `grad` of its parameters stays as it is.

    Args:
        net: a net, a single layer, or one of these that was compiled.
        inputs: the examples.
        targets: a target for each example, if there is a `loss`.
        loss: a function of the output of the net and the target. Without it, gradients are those of the sum of the
            outputs.

    Raises:
        ValueError: there are no examples, or not as many targets; or the loss depends on no neuron.
    """
    inputs, targets = as_sequence(inputs), as_sequence(targets)
    if not len(inputs) or (targets is not None and len(targets) != len(inputs)):
        raise ValueError(f"summary() expects examples, each with a target if there are any; got {len(inputs)} examples")
    if (loss is None) != (targets is None):
        raise ValueError("summary() expects a loss together with targets")
    if not isfunction(net):
        net = getattr(net, "__wrapped__", net)  # a compiled function gives numbers, which have no gradients
    used: dict[str, _Used] = {}
    for number, example in enumerate(inputs):
        output = _run(net, example, "", used)
        whole = ops.sum(_row(output)) if loss is None or targets is None else loss(output, targets[number])
        if type(whole) is not Neuron or whole.operation is None:
            raise ValueError("summary() needs gradients, but the loss depends on no neuron (inside no_grad, perhaps)")
        for each in used.values():
            _note(each, whole)
    for each in used.values():
        each.found.dead = tuple(unit for unit in range(each.found.units) if unit not in each.alive)
    parameters = net.parameters() if hasattr(net, "parameters") else ()
    return Summary(tuple(each.found for each in used.values()), len(inputs), len(parameters))


def _run(module: Any, values: Any, name: str, used: dict[str, _Used]) -> Any:
    """Call a module, and note what each layer in it returned."""
    if isinstance(module, Net) and type(module).__call__ is Net.__call__:
        for index, layer in enumerate(module.layers):
            values = _run(layer, values, f"{name}{'.' * bool(name)}layer{index}", used)
        return module.result(values)
    values = module(values)
    if name not in used:
        shown = name if hasattr(module, "parameters") else getattr(module, "__name__", type(module).__name__)
        parameters = module.parameters() if hasattr(module, "parameters") else ()
        units = getattr(module, "units", ())
        activation = getattr(units[0], "activation", None) if units else None
        name_of_layer = shown or type(module).__name__
        found = LayerSummary(name_of_layer, len(parameters), len(units), _name_of(activation))
        used[name] = _Used(module, found, [])
    used[name].outputs = _row(values)
    return values


def _name_of(activation: Any) -> str:
    """Return the name of an activation: of an operation, which may be given by its name, or a function."""
    if activation is None or isinstance(activation, str):
        return activation or ""
    return str(getattr(activation, "name", getattr(activation, "__name__", type(activation).__name__)))


def _row(values: Any) -> list[Any]:
    """List the numbers of an output, which may be a number, a list, or a list of lists."""
    return [number for value in values for number in _row(value)] if hasattr(values, "__len__") else [values]


def _note(used: _Used, whole: Neuron) -> None:
    """Note what a layer returned for an example, and what the loss depends on there."""
    used.found.values.add(getattr(output, "value", output) for output in used.outputs)
    neurons = [output for output in used.outputs if type(output) is Neuron]
    used.found.gradients.add(gradient(whole, neurons) if neurons else ())
    units = getattr(used.layer, "units", ())
    if not units:
        return
    reached = gradient(whole, [unit.w if unit.b is None else [unit.b] for unit in units])
    for number, (output, adjoints) in enumerate(zip(used.outputs, reached, strict=True)):
        if getattr(output, "value", output) != 0.0 or any(adjoints):
            used.alive.add(number)
