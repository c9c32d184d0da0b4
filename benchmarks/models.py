"""The functions that are measured, written once over any class of numbers.

A class of numbers brings `number(x)`, which makes a parameter, the functions `relu`, `exp` and
`log`, and `value(x)`, a number's value as a float. The operators are Python's. A model is built
with its parameters, the same random ones every time, and called without arguments.
"""

from __future__ import annotations

import math
import random
from itertools import pairwise
from typing import Any

__all__ = ["MODELS", "Chain", "Perceptron", "PerceptronOfDots", "Transformer"]


def moons(rng: random.Random, count: int = 100) -> tuple[list[list[float]], list[float]]:
    """Points of two interleaving half circles with noise, and labels -1 and 1."""
    points, labels = [], []
    for index in range(count):
        angle, lower = rng.uniform(0.0, math.pi), index % 2
        x, y = math.cos(angle), math.sin(angle)
        if lower:
            x, y = 1.0 - x, 0.5 - y
        points.append([x + rng.gauss(0.0, 0.1), y + rng.gauss(0.0, 0.1)])
        labels.append(2.0 * lower - 1.0)
    return points, labels


class Perceptron:
    """A network 2-16-16-1 with relu, its hinge loss over 100 points, and weight decay."""

    title = "MLP 2-16-16-1, 100 points"
    operations = 65_075
    needs: tuple[str, ...] = ("relu",)
    sizes = (2, 16, 16, 1)

    def __init__(self, numbers: Any) -> None:
        rng = random.Random(0)
        self.relu = numbers.relu
        self.layers = [
            [([numbers.number(rng.uniform(-1, 1)) for _ in range(n_in)], numbers.number(0.0)) for _ in range(n_out)]
            for n_in, n_out in pairwise(self.sizes)
        ]
        self.parameters = [p for layer in self.layers for w, b in layer for p in (*w, b)]
        self.points, self.labels = moons(rng)

    def score(self, x: list[Any]) -> Any:
        for index, layer in enumerate(self.layers):
            x = [sum((wi * xi for wi, xi in zip(w, x, strict=True)), b) for w, b in layer]
            if index < len(self.layers) - 1:
                x = [self.relu(unit) for unit in x]
        return x[0]

    def __call__(self) -> Any:
        losses = [
            self.relu(1.0 + -label * self.score(point)) for point, label in zip(self.points, self.labels, strict=True)
        ]
        data = sum(losses[1:], losses[0]) * (1.0 / len(losses))
        squares = [p * p for p in self.parameters]
        return data + 1e-4 * sum(squares[1:], squares[0])


class PerceptronOfDots(Perceptron):
    """The same function with one `dot` per unit, whose bias is the weight of a constant 1."""

    title = "MLP with dot"
    operations = 6_805
    needs = ("relu", "dot", "sum")
    multiply_adds = 100 * (16 * 3 + 16 * 17 + 17)

    def __init__(self, numbers: Any) -> None:
        super().__init__(numbers)
        self.dot, self.sum = numbers.dot, numbers.sum
        self.rows = [[(*w, b) for w, b in layer] for layer in self.layers]

    def score(self, x: list[Any]) -> Any:
        dot, relu = self.dot, self.relu
        *hidden, last = self.rows
        for rows in hidden:
            inputs = (*x, 1.0)
            x = [relu(dot(row, inputs)) for row in rows]
        return dot(last[0], (*x, 1.0))

    def __call__(self) -> Any:
        losses = [
            self.relu(1.0 + -label * self.score(point)) for point, label in zip(self.points, self.labels, strict=True)
        ]
        return self.sum(losses) * (1.0 / len(losses)) + 1e-4 * self.dot(self.parameters, self.parameters)


class Chain:
    """A single long chain of products and sums."""

    needs = ()

    def __init__(self, numbers: Any, operations: int = 1_000_000) -> None:
        self.operations = operations
        self.title = f"chain of {operations:,}"
        self.parameters = [numbers.number(value) for value in (0.5, 1.0 - 1e-6, 1e-6)]

    def __call__(self) -> Any:
        x, w, b = self.parameters
        for _ in range(self.operations // 2):
            x = x * w + b
        return x


class Transformer:
    """A language model of one layer: the mean cross entropy of predicting each token from those before it.

    Every token's vector is embedding plus position. Attention of several heads and a network with
    relu follow, each on normalised vectors and added to them.
    """

    title = "GPT step, 8 predictions"
    operations = 61_513
    needs = ("relu", "exp", "log")
    vocabulary, width, heads, positions = 27, 16, 4, 8

    def __init__(self, numbers: Any) -> None:
        rng = random.Random(0)
        self.numbers = numbers
        self.parameters: list[Any] = []

        def matrix(rows: int, columns: int) -> list[list[Any]]:
            numbers_of_rows = [[numbers.number(rng.gauss(0.0, 0.25)) for _ in range(columns)] for _ in range(rows)]
            self.parameters += [p for row in numbers_of_rows for p in row]
            return numbers_of_rows

        width = self.width
        self.embedding, self.position = matrix(self.vocabulary, width), matrix(self.positions, width)
        self.query, self.key, self.content, self.merge = (matrix(width, width) for _ in range(4))
        self.widen, self.narrow = matrix(4 * width, width), matrix(width, 4 * width)
        self.unembedding = matrix(self.vocabulary, width)
        self.tokens = [rng.randrange(self.vocabulary) for _ in range(self.positions + 1)]

    def __call__(self) -> Any:
        keys: list[list[Any]] = []
        contents: list[list[Any]] = []
        losses = []
        for position, (token, following) in enumerate(pairwise(self.tokens)):
            x = add(self.embedding[token], self.position[position])
            normal = normalise(x)
            keys.append(linear(self.key, normal))
            contents.append(linear(self.content, normal))
            x = add(x, linear(self.merge, self.attend(linear(self.query, normal), keys, contents)))
            hidden = [self.numbers.relu(unit) for unit in linear(self.widen, normalise(x))]
            x = add(x, linear(self.narrow, hidden))
            losses.append(self.cross_entropy(linear(self.unembedding, x), following))
        return sum(losses) * (1.0 / len(losses))

    def attend(self, query: list[Any], keys: list[list[Any]], contents: list[list[Any]]) -> list[Any]:
        """Per head the mean of the contents so far, weighted by how well their keys fit the query."""
        size = self.width // self.heads
        out = []
        for head in range(0, self.width, size):
            part = slice(head, head + size)
            fits = [product(query[part], key[part]) * size**-0.5 for key in keys]
            weights = self.softmax(fits)
            out += [product(weights, column) for column in zip(*(content[part] for content in contents), strict=True)]
        return out

    def softmax(self, logits: list[Any]) -> list[Any]:
        peak = max(map(self.numbers.value, logits))
        powers = [self.numbers.exp(logit - peak) for logit in logits]
        inverse = sum(powers) ** -1.0
        return [power * inverse for power in powers]

    def cross_entropy(self, logits: list[Any], target: int) -> Any:
        peak = max(map(self.numbers.value, logits))
        total = sum(self.numbers.exp(logit - peak) for logit in logits)
        return self.numbers.log(total) + peak - logits[target]


def add(x: list[Any], y: list[Any]) -> list[Any]:
    return [xi + yi for xi, yi in zip(x, y, strict=True)]


def product(x: Any, y: Any) -> Any:
    return sum(xi * yi for xi, yi in zip(x, y, strict=True))


def linear(weights: list[list[Any]], x: list[Any]) -> list[Any]:
    return [product(row, x) for row in weights]


def normalise(x: list[Any]) -> list[Any]:
    """Divided by the root of the mean square."""
    scale = (sum(xi * xi for xi in x) * (1.0 / len(x)) + 1e-5) ** -0.5
    return [xi * scale for xi in x]


MODELS: dict[str, Any] = {"mlp": Perceptron, "chain": Chain, "gpt": Transformer, "dots": PerceptronOfDots}
