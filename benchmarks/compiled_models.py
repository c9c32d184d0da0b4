"""The functions whose compiled programs are measured: `loss(numbers, x)`, of a list x of numbers of any class.

`numbers` brings the functions `relu`, `exp`, `log`, `tanh` and `peak`; the operators are Python's.
"""

from __future__ import annotations

import functools
import random
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from models import Perceptron, Transformer
from numbers_of import Floats

__all__ = ["MODELS", "Model", "points_of"]

Program = list[tuple[str, int, float]]


class Model(NamedTuple):
    title: str
    loss: Callable[[Any, list[Any]], Any]
    start: Sequence[float]


class Given:
    """Numbers whose parameters are the given ones, in the order in which a model makes them."""

    def __init__(self, numbers: Any, parameters: Sequence[Any]) -> None:
        waiting = iter(parameters)
        self.number = lambda _: next(waiting)
        self.functions = numbers

    def __getattr__(self, name: str) -> Any:
        return getattr(self.functions, name)


class StraightTransformer(Transformer):
    """The same, the largest logit being a number of the graph, so that no value is read while recording."""

    def softmax(self, logits: list[Any]) -> list[Any]:
        peak = self.numbers.peak(logits)
        powers = [self.numbers.exp(logit - peak) for logit in logits]
        inverse = sum(powers) ** -1.0
        return [power * inverse for power in powers]

    def cross_entropy(self, logits: list[Any], target: int) -> Any:
        peak = self.numbers.peak(logits)
        total = sum(self.numbers.exp(logit - peak) for logit in logits)
        return self.numbers.log(total) + peak - logits[target]


def perceptron(numbers: Any, x: list[Any]) -> Any:
    return Perceptron(Given(numbers, x))()


def transformer(numbers: Any, x: list[Any]) -> Any:
    return StraightTransformer(Given(numbers, x))()


def rosenbrock(numbers: Any, x: list[Any]) -> Any:
    """Eight operations for each variable but the first."""
    total = 0.0
    for left, right in pairwise(x):
        valley, slope = right - left * left, 1.0 - left
        total = total + (100.0 * (valley * valley) + slope * slope)
    return total


@functools.cache
def random_program(operations: int = 42_000, inputs: int = 16) -> Program:
    """A random graph: per operation its name, an operand, and the other operand or a factor.

    Operands are any of the numbers before. What nobody uses is added up in the end, so every
    operation matters. A bound of every value is kept, and tanh or a factor chosen where a sum or a
    product could leave it.
    """
    rng = random.Random(0)
    program: Program = []
    bounds, unused = [1.0] * inputs, set(range(inputs))

    def append(name: str, first: int, second: float, bound: float) -> None:
        program.append((name, first, second))
        unused.difference_update((first, second) if name in ("add", "mul") else (first,))
        unused.add(len(bounds))
        bounds.append(bound)

    while len(program) + len(unused) - 1 < operations:
        name = rng.choice(("add", "mul", "tanh", "scale"))
        first, second = rng.randrange(len(bounds)), rng.randrange(len(bounds))
        sum_of_bounds = bounds[first] + bounds[second]
        if name == "add" and sum_of_bounds <= 4.0:
            append("add", first, second, sum_of_bounds)
        elif name == "mul" and bounds[first] * bounds[second] <= 4.0:
            append("mul", first, second, bounds[first] * bounds[second])
        elif name == "scale":
            factor = rng.uniform(0.5, 1.5)
            append("scale", first, factor, bounds[first] * factor)
        else:
            append("tanh", first, 0.0, 1.0)
    total, *others = sorted(unused)
    for other in others:
        program.append(("add", total, other))
        total = inputs + len(program) - 1
    return program


def random_graph(numbers: Any, x: list[Any]) -> Any:
    tanh, values = numbers.tanh, list(x)
    for name, first, second in random_program():
        operand = values[first]
        if name == "tanh":
            values.append(tanh(operand))
        elif name == "scale":
            values.append(operand * second)
        elif name == "add":
            values.append(operand + values[int(second)])
        else:
            values.append(operand * values[int(second)])
    return values[-1]


def uniform(count: int, bound: float) -> list[float]:
    rng = random.Random(0)
    return [rng.uniform(-bound, bound) for _ in range(count)]


MODELS = {
    "mlp": Model("(a) MLP 2-16-16-1 over 100 points", perceptron, Perceptron(Floats).parameters),
    "rosenbrock": Model("(b) Rosenbrock in 5,000 variables", rosenbrock, uniform(5_000, 2.0)),
    "gpt": Model("(c) GPT step, 8 predictions", transformer, Transformer(Floats).parameters),
    "random": Model("(d) a random graph of 16 inputs", random_graph, uniform(16, 1.0)),
}


def points_of(model: Model, count: int) -> list[list[float]]:
    """The start, and points about it."""
    rng = random.Random(1)
    return [[x * rng.uniform(0.9, 1.0) for x in model.start] if i else [*model.start] for i in range(count)]
