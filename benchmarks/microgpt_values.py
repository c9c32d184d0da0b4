"""microgpt with a class of scalars in plain Python: `microgpt_values.py --data FILE [--steps N] [--planned N]`."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import chain, pairwise
from typing import Any

from microgpt_data import HEADS, WIDTH, report, weights


class Value:
    """A number that knows what it was made of, and its derivatives with respect to these numbers."""

    __slots__ = ("data", "grad", "parents", "slopes")

    def __init__(self, data: float, parents: tuple[Value, ...] = (), slopes: tuple[float, ...] = ()) -> None:
        self.data, self.grad, self.parents, self.slopes = data, 0.0, parents, slopes

    def __add__(self, other: Any) -> Value:
        if not isinstance(other, Value):
            return Value(self.data + other, (self,), (1.0,))
        return Value(self.data + other.data, (self, other), (1.0, 1.0))

    def __mul__(self, other: Any) -> Value:
        if not isinstance(other, Value):
            return Value(self.data * other, (self,), (other,))
        return Value(self.data * other.data, (self, other), (other.data, self.data))

    def power(self, exponent: float) -> Value:
        return Value(self.data**exponent, (self,), (exponent * self.data ** (exponent - 1.0),))

    def exp(self) -> Value:
        out = math.exp(self.data)
        return Value(out, (self,), (out,))

    def log(self) -> Value:
        return Value(math.log(self.data), (self,), (1.0 / self.data,))

    def relu(self) -> Value:
        return Value(max(self.data, 0.0), (self,), (float(self.data > 0.0),))

    def backward(self) -> None:
        order, seen, waiting = [], set(), [(self, False)]
        while waiting:
            value, is_done = waiting.pop()
            if is_done:
                order.append(value)
            elif value not in seen:
                seen.add(value)
                waiting.append((value, True))
                waiting += [(parent, False) for parent in value.parents]
        self.grad = 1.0
        for value in reversed(order):
            for parent, slope in zip(value.parents, value.slopes, strict=True):
                parent.grad += slope * value.grad


Vector = Sequence[Value]


def dot(x: Vector, y: Vector) -> Value:
    total = x[0] * y[0]
    for left, right in zip(x[1:], y[1:], strict=True):
        total = total + left * right
    return total


def total(x: Vector) -> Value:
    out = x[0]
    for value in x[1:]:
        out = out + value
    return out


def linear(rows: list[list[Value]], x: Vector) -> list[Value]:
    return [dot(row, x) for row in rows]


def added(x: Vector, y: Vector) -> list[Value]:
    return [left + right for left, right in zip(x, y, strict=True)]


def normalised(x: Vector) -> list[Value]:
    scale = (dot(x, x) * (1.0 / len(x)) + 1e-5).power(-0.5)
    return [value * scale for value in x]


def softmax(logits: Vector) -> list[Value]:
    highest = max(logit.data for logit in logits)
    powers = [(logit + -highest).exp() for logit in logits]
    inverse = total(powers).power(-1.0)
    return [power * inverse for power in powers]


def loss_of(m: dict[str, list[list[Value]]], tokens: list[int]) -> Value:
    keys: list[list[Value]] = []
    values: list[list[Value]] = []
    terms = []
    for place, (token, target) in enumerate(pairwise(tokens)):
        x = normalised(added(m["wte"][token], m["wpe"][place]))
        normal, mixed = normalised(x), []
        query = linear(m["wq"], normal)
        keys.append(linear(m["wk"], normal))
        values.append(linear(m["wv"], normal))
        size = WIDTH // HEADS
        for part in (slice(start, start + size) for start in range(0, WIDTH, size)):
            shares = softmax([dot(query[part], key[part]) * size**-0.5 for key in keys])
            mixed += [dot(shares, column) for column in zip(*(value[part] for value in values), strict=True)]
        x = added(x, linear(m["wo"], mixed))
        x = added(x, linear(m["fc2"], [value.relu() for value in linear(m["fc1"], normalised(x))]))
        terms.append(softmax(linear(m["lm_head"], x))[target].log())
    return total(terms) * (-1.0 / len(terms))


def losses(names: list[list[int]], steps: int, planned: int) -> Iterator[float]:
    m = {name: [[Value(x) for x in row] for row in rows] for name, rows in weights().items()}
    parameters = [*chain.from_iterable(chain.from_iterable(m.values()))]
    first, second = [0.0] * len(parameters), [0.0] * len(parameters)
    for step in range(steps):
        loss = loss_of(m, names[step % len(names)])
        loss.backward()
        rate, unbias, unbias_square = 0.01 * (1 - step / planned), 1 - 0.85 ** (step + 1), 1 - 0.99 ** (step + 1)
        for i, p in enumerate(parameters):
            first[i] = 0.85 * first[i] + 0.15 * p.grad
            second[i] = 0.99 * second[i] + 0.01 * p.grad**2
            p.data -= rate * first[i] / unbias / (math.sqrt(second[i] / unbias_square) + 1e-8)
            p.grad = 0.0
        yield loss.data


if __name__ == "__main__":
    report(losses)
