"""A GPT that learns first names letter by letter and makes up new ones, written with plain numbers.

It is the workload of Andrej Karpathy's microgpt: 4,192 parameters, one name per step, and the same random numbers in
the same order. `loss` computes with single numbers. gograd differentiates it operation by operation (`--engine eager`),
or records it and runs native code (`compiled`), for one name or for 32 of a length at once (`batched`).
Without `--data` it needs the package `names`. It has 5,163 first names, so 10,000 steps go through them about twice.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import operator
import random
import sys
import time
from collections.abc import Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from gograd_core import ops, value_and_grad

LETTERS, BOUNDARY = "abcdefghijklmnopqrstuvwxyz", 26  # the boundary is the token before and after every name
TOKENS, WIDTH, HEAD, BLOCK = len(LETTERS) + 1, 16, 4, 16  # so there are 16 / 4 heads
SHAPES: dict[str, tuple[int, ...]] = {"token": (TOKENS, WIDTH), "position": (BLOCK, WIDTH), "output": (TOKENS, WIDTH)}
SHAPES |= dict.fromkeys(("query", "key", "value"), (WIDTH // HEAD, HEAD, WIDTH))  # a matrix for each head
SHAPES |= {"merge": (WIDTH, WIDTH), "widen": (4 * WIDTH, WIDTH), "narrow": (WIDTH, 4 * WIDTH)}
RATE, DECAY, SQUARE_DECAY, EPSILON, SCALE = 0.01, 0.85, 0.99, 1e-8, HEAD**-0.5
BATCH, NOTHING, ONE_HOT = 32, TOKENS, np.eye(TOKENS + 1, TOKENS)  # the last row is zero
dot, exp, logsumexp, relu = ops.dot, ops.exp, ops.logsumexp, ops.relu  # found once, called often
Vector = Sequence[Any]
Array = np.ndarray[Any, np.dtype[np.float64]]
Rows = tuple[Array, Array]


def matrices(parameters: Any) -> dict[str, Any]:
    """Divide an array of all parameters into the rows of the matrices. The embedding of tokens is transposed."""
    parts = np.split(parameters, np.cumsum([math.prod(shape) for shape in SHAPES.values()])[:-1])
    m = {name: part.reshape(SHAPES[name]).tolist() for name, part in zip(SHAPES, parts, strict=True)}
    return m | {"token": list(zip(*m["token"], strict=True))}  # columns, since a token is one-hot


def linear(rows: list[Vector], x: Vector) -> Vector:
    return list(map(dot, rows, itertools.repeat(x)))


def add(x: Vector, y: Vector) -> Vector:
    return list(map(operator.add, x, y))


def normalised(x: Vector) -> Vector:
    """Divide a vector by the root of its mean square."""
    scale = (dot(x, x) / len(x) + 1e-5) ** -0.5
    return [entry * scale for entry in x]


def attend(queries: list[Vector], keys: list[Any], values: list[Any]) -> Vector:
    """Compute, in each head, the mean of the values so far, weighted by the softmax of how well query and keys fit."""
    out: list[Any] = []
    for query, past, known in zip(queries, zip(*keys, strict=True), zip(*values, strict=True), strict=True):
        fits = [dot(query, key) * SCALE for key in past]
        total = logsumexp(fits)
        weights = [exp(fit - total) for fit in fits]
        out += [dot(weights, column) for column in zip(*known, strict=True)]
    return out


def predict(m: dict[str, Any], token: Vector, position: int, keys: list[Any], values: list[Any]) -> Vector:
    """Compute the logits of the token that follows a one-hot `token`, and append its key and value to those so far."""
    x = normalised(add(linear(m["token"], token), m["position"][position]))
    normal = normalised(x)
    query, key, value = ([linear(rows, normal) for rows in m[name]] for name in ("query", "key", "value"))
    keys.append(key)
    values.append(value)
    x = add(x, linear(m["merge"], attend(query, keys, values)))
    hidden = [relu(unit) for unit in linear(m["widen"], normalised(x))]
    return linear(m["output"], add(x, linear(m["narrow"], hidden)))


def loss(parameters: Any, inputs: Array, targets: Array) -> Any:
    """Compute the cross entropy of predicting each token from those before it.

    Tokens are data, so that a recording serves all names of a length: each row of `inputs` is one-hot, and each row of
    `targets` is one-hot times the weight of that prediction.
    """
    m, keys, values, terms = matrices(parameters), list[Any](), list[Any](), []
    for position, (token, target) in enumerate(zip(inputs.tolist(), targets.tolist(), strict=True)):
        logits = predict(m, token, position, keys, values)
        terms.append(ops.sum(target) * logsumexp(logits) - dot(target, logits))
    return ops.sum(terms)


def read_names(path: Path | None) -> list[str]:
    """Read a name per line, or list the names of the package `names` alphabetically."""
    if path is not None:
        names = [line.strip().lower() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        if wrong := [name for name in names or ["no name"] if not set(LETTERS).issuperset(name)]:
            sys.exit(f"the file of --data must have a name per line, of the letters a to z; got {wrong[0]}")
        return names
    try:
        lists = [files("names") / f"dist.{kind}.first" for kind in ("female", "male")]
    except ModuleNotFoundError:
        sys.exit("no names: pip install names, or pass --data FILE with a name of letters a to z per line")
    return sorted({line.split()[0].lower() for part in lists for line in part.read_text().splitlines()})


def encoded(name: str, multiple: int) -> Rows:
    """Turn a name into the rows that `loss` takes, and rows of weight 0, so that all are a multiple of `multiple`."""
    tokens = [BOUNDARY, *map(LETTERS.index, name), BOUNDARY][: BLOCK + 1]
    rows = ONE_HOT.take(tokens + [NOTHING] * ((1 - len(tokens)) % multiple), axis=0)
    return rows[:-1], rows[1:] / (len(tokens) - 1)


def examples(names: list[str], engine: str) -> Iterator[Rows]:
    """Yield one name after the other, again and again; for `batched`, `BATCH` names of a length once they have come."""
    each = (encoded(name, 4 if engine == "compiled" else 1) for name in itertools.cycle(names))  # 4 recordings, not 16
    if engine != "batched":
        yield from each
    waiting: dict[int, list[Rows]] = {}
    for inputs, targets in each:
        alike = waiting.setdefault(len(inputs), [])
        alike.append((inputs, targets))
        if len(alike) == BATCH:
            yield np.stack([rows for rows, _ in alike]), np.stack([rows for _, rows in alike])
            alike.clear()


def differentiated(engine: str) -> Any:
    """Return a function that computes the loss, or those of a batch, and the gradient of their sum."""
    if engine == "eager":
        return value_and_grad(loss)
    from gograd_compile import compile

    recorded = compile(loss)
    return (recorded.batch((None, 0, 0), threads=1) if engine == "batched" else recorded).value_and_grad


def start(names: list[str]) -> Array:
    """Shuffle the names, and draw the first parameters."""
    random.seed(42)
    random.shuffle(names)
    return np.array([random.gauss(0.0, 0.08) for shape in SHAPES.values() for _ in range(math.prod(shape))])


def train(parameters: Array, data: Iterator[Rows], engine: str, steps: range, planned: int, moments: Any = None) -> Any:
    """Change parameters and `moments` by Adam, whose rate falls to zero over the `planned` steps. Yield loss, rate."""
    step, (momentum, squares) = differentiated(engine), np.zeros((2, len(parameters))) if moments is None else moments
    for number in steps:
        losses, gradient = step(parameters, *next(data))
        if engine == "batched":
            losses, gradient = losses.mean(), gradient / BATCH
        momentum[:] = DECAY * momentum + gradient
        squares[:] = SQUARE_DECAY * squares + gradient * gradient
        scale = math.sqrt((1.0 - SQUARE_DECAY**number) / (1.0 - SQUARE_DECAY))  # these sums become means here
        rate = RATE * max(1.0 - (number - 1) / planned, 0.0)
        parameters -= rate * (1 - DECAY) / (1 - DECAY**number) * scale * momentum / (np.sqrt(squares) + EPSILON * scale)
        yield float(losses), rate


def sample(parameters: Array, temperature: float = 0.5) -> str:
    """Make up a name, letter by letter, until the boundary comes or the block is full."""
    m, keys, values, name, token = matrices(parameters), list[Any](), list[Any](), "", BOUNDARY
    for position in range(BLOCK):
        logits = predict(m, ONE_HOT[token].tolist(), position, keys, values)
        token = random.choices(range(TOKENS), [math.exp((logit - max(logits)) / temperature) for logit in logits])[0]
        if token == BOUNDARY:
            return name
        name += LETTERS[token]
    return name


def main() -> None:
    parser = argparse.ArgumentParser(description="Train a small GPT on names, and make up twenty new ones.")
    parser.add_argument("--engine", choices=("eager", "compiled", "batched"), default="compiled")
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--planned", type=int, help="steps after which the rate would be zero, by default --steps")
    parser.add_argument("--data", type=Path, help="a file with a name per line, by default the package `names`")
    parser.add_argument("--json", action="store_true", help="print a line per step, and one with seconds and samples")
    options = parser.parse_args()
    names, planned = read_names(options.data), options.planned or options.steps
    differentiated(options.engine)  # imports what the engine needs, so that the clock starts after imports
    cpu, wall = time.process_time(), time.perf_counter()
    parameters = start(names)
    training = train(parameters, examples(names, options.engine), options.engine, range(1, options.steps + 1), planned)
    for number, (value, _) in enumerate(training, 1):
        if options.json or number == 1 or number % max(options.steps // 10, 1) == 0:
            print(f'{{"step": {number}, "loss": {value}}}' if options.json else f"step {number}: loss {value:.4f}")
    samples = [sample(parameters) for _ in range(20)]
    seconds = {"seconds": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    print(json.dumps(seconds | {"samples": samples}) if options.json else " ".join(samples))


if __name__ == "__main__":
    main()
