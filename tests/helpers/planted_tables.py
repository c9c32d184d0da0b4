"""Random programs in which sums of products make up tables, as source that a failing test can show.

A program is a function of shared parameters `p` and of the data `x` of a point, and returns three numbers. It consists
of a few parts of neural networks, filters and regressions: products of matrices whose entries are parameters, data,
numbers or values; matrices that are transposed, masked, permuted, repeated or used at many steps; causal attention;
triangular systems, where the cells of a table depend on each other; convolutions; sums of rows; regularisations.
"""

from __future__ import annotations

import functools
import operator
import random
from collections.abc import Callable, Sequence
from typing import Any

import attrs
import numpy as np
import pytest

from gograd_core import ops

__all__ = ["DATA", "Planted", "every_program", "planted"]

ALL, QUICK = {"native": 300, "numpy": 60}, 6
"""How many programs each backend runs, and how many of these in the quick tests."""
every_program = pytest.mark.parametrize(
    ("backend", "seed"),
    [
        pytest.param(backend, seed, marks=[pytest.mark.slow] if seed >= QUICK else [])
        for backend, count in ALL.items()
        for seed in range(count)
    ],
    indirect=["backend"],
)

SIZES = (1, 2, 3, 4, 4, 5, 7, 8, 8, 9, 16, 17)
DATA = 12
"""How many numbers a point has."""
MOST_PRODUCTS = 1500
"""How many products the table of one part has at most."""


# Ways to add up products. None of them may lose its order of additions.


def plain(a, b):
    return functools.reduce(operator.add, map(operator.mul, a, b))


def from_zero(a, b):
    return sum(map(operator.mul, a, b))


def by_dot(a, b):
    return ops.dot(list(a), list(b))


def by_sum(a, b):
    return ops.sum([*map(operator.mul, a, b)])


def commuted(a, b):
    return functools.reduce(
        operator.add, (y * x if k % 2 else x * y for k, (x, y) in enumerate(zip(a, b, strict=True)))
    )


def backwards(a, b):
    return plain([*a][::-1], [*b][::-1])


def subtracted(a, b):
    return functools.reduce(operator.sub, map(operator.mul, a, b))


def from_the_right(a, b):
    *products, total = map(operator.mul, a, b)
    for product in reversed(products):
        total = product + total
    return total


STYLES = (plain, plain, plain, from_zero, by_dot, by_sum, commuted, backwards, subtracted, from_the_right)

# What programs are made of. A matrix is a list of rows.


def matrix(numbers, first, rows, columns):
    """Take a matrix out of a row of numbers. Numbers are used again if there are not enough."""
    return [[numbers[(first + i * columns + j) % len(numbers)] for j in range(columns)] for i in range(rows)]


def transposed(m):
    return [*map(list, zip(*m, strict=True))]


def times(m, v, add):
    """Multiply a matrix by a vector."""
    return [add(row, v) for row in m]


def product(a, b, add):
    """Multiply a matrix by another one."""
    return [[add(row, column) for column in transposed(b)] for row in a]


def masked(m, mask):
    return [[entry * kept for entry, kept in zip(*rows, strict=True)] for rows in zip(m, mask, strict=True)]


def where_kept(m, v, mask, bias):
    """Multiply a matrix by a vector, without the products that a mask leaves out, and add it to a bias."""
    sums = []
    for row, kept, start in zip(m, mask, bias, strict=True):
        products = [entry * number for entry, number, keep in zip(row, v, kept, strict=True) if keep]
        sums.append(functools.reduce(operator.add, products, start))
    return sums


def attended(queries, keys, values, add, weigh):
    """Let each position attend to itself and those before it."""
    found = []
    for t, query in enumerate(queries):
        weights = weigh([add(query, key) for key in keys[: t + 1]])
        found.append([add(weights, column) for column in transposed(values[: t + 1])])
    return found


def substituted(m, v):
    """Solve a triangular system. Every number depends on those before it."""
    found = []
    for i, (row, number) in enumerate(zip(m, v, strict=True)):
        total = number
        for k in range(i):
            total = total - row[k] * found[k]
        found.append(total)
    return found


def convolved(filters, v, add):
    """Apply filters at all places of a vector. Each number stands in several rows of the table."""
    width = len(filters[0])
    return [add(w, v[place : place + width]) for w in filters for place in range(len(v) - width + 1)]


def plus(a, b):
    return [*map(operator.add, a, b)]


def soft(scores):
    largest = ops.max(scores)
    powers = [ops.exp(score - largest) for score in scores]
    total = ops.sum(powers)
    return [power / total for power in powers]


EXACT = {
    "itself": lambda y: y,
    "relu": ops.relu,
    "half_square": lambda y: y * y * 0.5,
    "leaky": lambda y: ops.where(y > 0.0, y, 0.125 * y),
    "magnitude": abs,
}
SMOOTH = {"tanh": ops.tanh, "bell": lambda y: ops.exp(-y * y)}
NAMES: dict[str, Any] = {
    each.__name__: each
    for each in (*STYLES, matrix, transposed, times, product, masked, where_kept, attended, substituted, convolved)
} | {"plus": plus, "soft": soft, "ops": ops, **EXACT, **SMOOTH}


@attrs.frozen
class Planted:
    """A function of parameters and data, its source, and whether compiled code gives the engine's bits."""

    source: str
    function: Callable[[Sequence[Any], Sequence[Any]], list[Any]]
    parameters: int
    is_exact: bool
    seed: int

    def __call__(self, p: Sequence[Any], x: Sequence[Any]) -> list[Any]:
        """Compute three numbers."""
        return self.function(p, x)

    def loss(self, p: Sequence[Any], x: Sequence[Any]) -> Any:
        """Compute one number, which depends on all of the program."""
        return self.function(p, x)[0]

    def __str__(self) -> str:
        return self.source

    def point(self) -> np.ndarray:
        """Make the parameters. Some are 0.5, some 0.0, some are equal."""
        return _numbers(np.random.default_rng(self.seed), (self.parameters,)) * 0.5

    def points(self, count: int) -> np.ndarray:
        """Make the data of so many points, a row for each; the first rows do not depend on how many."""
        return _numbers(np.random.default_rng(self.seed + 1), (count, DATA))


def _numbers(chance: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    drawn = chance.uniform(-1.0, 1.0, (*shape, 2))
    special = np.array([1.0, 1.0, 0.0, -1.0, 0.5])[(np.abs(drawn[..., 1]) * 50.0).astype(int) % 5]
    return np.where(np.abs(drawn[..., 1]) < 0.15, special, drawn[..., 0])


class _Writer:
    """Writes a program, part by part."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)
        self.is_exact = seed % 3 > 0
        self.lines: list[str] = []
        self.parameters = 0
        self.matrices: list[tuple[str, int, int]] = []
        self.vectors: list[tuple[str, int]] = [("x", DATA)]
        self.unused: list[str] = ["x"]

    def program(self) -> str:
        parts = self.draw.sample(PARTS, k=self.draw.randint(3, 5))
        for part in parts:
            part(self)
        _layer(self)
        weights = [self.draw.choice((1.0, 1.0, -1.0, 0.5, 2.0)) for _ in self.unused]
        terms = [f"{weight} * plain({name}, {name})" for weight, name in zip(weights, self.unused, strict=True)]
        last = self.vectors[-1][0]
        terms += [] if self.is_exact else [f"ops.logsumexp({last})"]
        self.lines += [f"loss = {' + '.join(terms)}", f"return [loss, {last}[0], plain({last}, {last}[::-1])]"]
        return "\n    ".join(["def program(p, x):", *self.lines])

    def style(self) -> str:
        return self.draw.choice(STYLES).__name__

    def shape(self, name: str, *, is_repeated: bool = False) -> str:
        """Choose a function that gives each number of a vector another shape, and apply it."""
        kinds = sorted(EXACT.keys() - {"half_square"} if is_repeated else EXACT.keys())
        kind = self.draw.choice(kinds if self.is_exact else [*kinds, *SMOOTH, *SMOOTH])
        return f"[{kind}(y) for y in {name}]"

    def vector(self, text: str, size: int, *uses: str) -> str:
        """Write a new vector."""
        name = f"v{len(self.lines)}"
        self.lines.append(f"{name} = {text}")
        self.vectors.append((name, size))
        self.unused = [each for each in self.unused if each not in uses] + [name]
        return name

    def operand(self) -> tuple[str, int]:
        """Choose a vector to use, one that nothing uses more often than others."""
        return self.draw.choice([each for each in self.vectors if each[0] in self.unused] + self.vectors[-2:])

    def table(self, rows: int, columns: int) -> str:
        """Write a matrix of parameters, data, numbers, or of another matrix."""
        found = [each for each in self.matrices if each[1:] in ((rows, columns), (columns, rows))]
        taken = [each for each in self.matrices if each[2] == columns]
        kind = self.draw.random()
        if found and kind < 0.3:
            text, height, _ = self.draw.choice(found)
            text = text if height == rows else f"transposed({text})"
        elif taken and kind < 0.45:
            name, height, _ = self.draw.choice(taken)
            text = f"[{name}[i] for i in {tuple(self.draw.randrange(height) for _ in range(rows))}]"
        elif kind < 0.55:
            numbers = self.draw.choices((1.0, 0.5, -1.0, 0.25, 0.0, 0.75), k=rows * columns)
            text = f"matrix({numbers[:40]}, 0, {rows}, {columns})"
        elif kind < 0.62:
            text = f"matrix(x, {self.draw.randrange(4)}, {rows}, {columns})"
        else:
            text = f"matrix(p, {self.parameters}, {rows}, {columns})"
            self.parameters += rows * columns
        name = f"m{len(self.lines)}"
        self.lines.append(f"{name} = {text}")
        self.matrices.append((name, rows, columns))
        if self.draw.random() < 0.15:
            self.lines[-1] = f"{name} = masked({text}, {self.mask(rows, columns)})"
        return name

    def mask(self, rows: int, columns: int) -> list[list[int]]:
        return [[int(self.draw.random() < 0.7) for _ in range(columns)] for _ in range(rows)]

    def sizes(self, count: int, fixed: int = 1) -> list[int]:
        """Choose the sizes of a table."""
        while True:
            sizes = [self.draw.choice(SIZES) for _ in range(count)]
            if fixed * np.prod(sizes) <= MOST_PRODUCTS:
                return sizes


def _layer(w: _Writer) -> None:
    name, size = w.operand()
    (rows,) = w.sizes(1, size)
    sums = f"times({w.table(rows, size)}, {name}, {w.style()})"
    if w.draw.random() < 0.7:
        bias = w.table(1, rows)
        sums = f"plus({sums}, {bias}[0])" if w.draw.random() < 0.5 else f"plus({bias}[0], {sums})"
    w.vector(w.shape(sums), rows, name)


def _two_layers(w: _Writer) -> None:
    _layer(w)
    _layer(w)


def _steps(w: _Writer) -> None:
    """Write a recurrent layer: a matrix that is used at many steps."""
    name, size = w.operand()
    (rows,) = w.sizes(1, max(size, 17))
    again, given, count = w.table(rows, rows), w.table(rows, size), w.draw.randint(2, 6)
    style = w.style()
    state = w.vector(f"times({given}, {name}, {style})", rows, name)
    step = w.shape(f"plus(times({again}, {state}, {style}), times({given}, {name}, {style}))", is_repeated=True)
    w.lines += [f"for _ in range({count}):", f"    {state} = {step}"]


def _attention(w: _Writer) -> None:
    positions, width, inner = w.draw.choice(((3, 4, 2), (4, 3, 4), (6, 2, 3), (9, 4, 4)))
    name, _ = w.operand()
    rows = f"s{len(w.lines)}"
    w.lines.append(f"{rows} = matrix({name}, 0, {positions}, {width})")
    tables = [w.table(width, inner) for _ in range(3)]
    style = w.style()
    q, k, v = (f"product({rows}, {table}, {style})" for table in tables)
    weigh = "lambda scores: [relu(y) + 0.25 for y in scores]" if w.is_exact else "soft"
    w.vector(f"sum(attended({q}, {k}, {v}, {style}, {weigh}), [])", positions * inner, name)


def _triangular(w: _Writer) -> None:
    name, size = w.operand()
    w.vector(f"substituted({w.table(size, size)}, {name})", size, name)


def _gram(w: _Writer) -> None:
    """Write a matrix times itself, transposed."""
    rows, columns = w.sizes(2, 9)
    m = w.table(rows, columns)
    w.vector(f"[plain(row, row) for row in product({m}, transposed({m}), {w.style()})]", rows)


def _matrices(w: _Writer) -> None:
    rows, inner, columns = w.sizes(3)
    a, b = w.table(rows, inner), w.table(inner, columns)
    name, size = w.operand()
    c = f"product({a}, {b}, {w.style()})"
    w.vector(f"times({c}, matrix({name}, 0, 1, {columns})[0], {w.style()})", rows, *([name] if columns >= size else []))


def _convolution(w: _Writer) -> None:
    name, size = w.operand()
    width, count = min(size, w.draw.randint(1, 4)), w.draw.randint(1, 5)
    sums = f"convolved({w.table(count, width)}, {name}, {w.style()})"
    w.vector(w.shape(sums), count * (size - width + 1), name)


def _sums_of_rows(w: _Writer) -> None:
    rows, columns = w.sizes(2)
    m = w.table(rows, columns)
    w.vector(f"[sum(row) for row in {m}] + [ops.sum(column) for column in transposed({m})]", rows + columns)


def _regularisation(w: _Writer) -> None:
    rows, columns = w.sizes(2)
    m = w.table(rows, columns)
    w.vector(f"[0.01 * sum(y * y for row in {m} for y in row)]", 1)


def _masked(w: _Writer) -> None:
    name, size = w.operand()
    (rows,) = w.sizes(1, size)
    m, bias = w.table(rows, size), w.table(1, rows)
    w.vector(f"where_kept({m}, {name}, {w.mask(rows, size)}, {bias}[0])", rows, name)


def _outer(w: _Writer) -> None:
    """Write the table of all products of two vectors, and multiply it by one of them."""
    name, size = w.operand()
    (rows,) = w.sizes(1, size)
    left = w.table(1, rows)
    w.vector(f"times([[a * b for b in {name}] for a in {left}[0]], {name}, {w.style()})", rows, name)


PARTS = (
    _layer, _two_layers, _two_layers, _steps, _attention, _triangular, _gram, _matrices, _convolution, _sums_of_rows,
    _regularisation, _masked, _outer,
)  # fmt: skip


@functools.cache
def planted(seed: int) -> Planted:
    """Make a program. Two of three only add, subtract, multiply and choose."""
    writer = _Writer(seed)
    source = writer.program()
    scope = dict(NAMES)
    exec(compile(source, f"<planted program {seed}>", "exec"), scope)
    return Planted(source, scope["program"], max(writer.parameters, 1), writer.is_exact, seed)
