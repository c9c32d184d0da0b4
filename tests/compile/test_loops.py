"""The loops of the passes, compiled and as the Python that they are written in: what either does to arrays is equal."""

from __future__ import annotations

import ast
import importlib.util
import pathlib
import random

import attrs
import numpy as np
import pytest

from gograd_compile import loops
from gograd_compile.lower.derivatives import with_adjoints, with_tangents
from gograd_compile.lower.lowering import lower
from gograd_compile.lower.rules import rules_of
from gograd_compile.lower.schedule import schedule
from gograd_compile.nesting import trees
from gograd_compile.trace.recording import record
from gograd_compile.trace.sources import simplified
from gograd_core import Neuron, Op, ops

FOLDER = pathlib.Path(loops.__file__).parent
MODULES = sorted(path.stem for path in FOLDER.glob("*.pxd"))
STEPS = Op(
    "steps",
    forward=lambda xp, x, y: xp.exp(x) * xp.floor(y),
    partials=(lambda xp, out, x, y: xp.exp(x) * xp.floor(y), None),
)
OPAQUE = Op("opaque", forward=lambda xp, x: x / 2.0, partials=(lambda xp, out, x: 0.5,), opaque=True)


def as_python(name):
    """The module, made from its source, whatever was built."""
    spec = importlib.util.spec_from_file_location(f"loops_{name}_in_python", FOLDER / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PYTHON = {name: as_python(name) for name in MODULES}
LOOPS = [(module, name) for module in MODULES for name in PYTHON[module].__all__ if name.islower()]


def copied(argument):
    if isinstance(argument, tuple):
        return tuple(map(copied, argument))
    return memoryview(np.array(argument)) if isinstance(argument, memoryview) else argument


def differ(argument, copy):
    """Whether a loop has left something else in one of two arrays than in the other."""
    if isinstance(argument, tuple):
        return any(differ(*pair) for pair in zip(argument, copy, strict=True))
    return isinstance(argument, memoryview) and not np.array_equal(argument, copy)


@attrs.frozen
class Compared:
    """The loops that were called, and those that Python runs otherwise: by what is returned, or left in arrays."""

    called: set = attrs.field(factory=set)
    different: set = attrs.field(factory=set)

    def both(self, name, compiled, python):
        def run(*arguments):
            copies = copied(arguments)
            found = compiled(*arguments)
            if python(*copies) != found or differ(arguments, copies):
                self.different.add(name)
            self.called.add(name)
            return found

        return run


@pytest.fixture
def compared(monkeypatch):
    """Has each loop run twice: compiled, and by Python on copies of the arrays."""
    if not loops.COMPILED:
        pytest.skip("the loops are not compiled here")
    compared = Compared()
    for module, name in LOOPS:
        compiled = getattr(loops, module)
        pair = getattr(compiled, name), getattr(PYTHON[module], name)
        monkeypatch.setattr(compiled, name, compared.both(f"{module}.{name}", *pair))
    return compared


def newton(x):
    root = x[0]
    while ops.abs(root * root - x[1]) > 1e-3:
        root = 0.5 * (root + x[1] / root)
    return root


PROGRAMS = {
    "an argument": lambda x: x[0],
    "a constant": lambda x: 2.0,
    "sums within sums": lambda x: (x[0] + x[1]) + (x[2] * x[0] - (x[1] + x[2])),
    "a sum used twice": lambda x: (x[0] + x[1]) * (x[0] + x[1]),
    "factors of one": lambda x: 1.0 * x[0] + x[1] * 1.0 + 0.0 * x[2],
    "constants folded": lambda x: x[0] * (ops.exp(Neuron(0.5)) + 1.0) + ops.tanh(Neuron(0.25)) * x[1],
    "zeros of two signs, constants twice": lambda x: [x[0] * 0.0, x[0] * -0.0, x[1] * 2.5, x[2] * 2.5],
    "dead operations": lambda x: [x[0] * x[1], ops.exp(x[2]) * x[0]][0],
    "duplicates": lambda x: ops.tanh(x[0] * x[1]) + ops.tanh(x[0] * x[1]),
    "fixed inputs": lambda x: x[0] ** 2.0 + x[1] ** 3.0 + 2.0 ** x[2],
    "columns": lambda x: ops.max(x) + ops.sum(x) * ops.dot(x, x[::-1]) + ops.logsumexp(x[:2]),
    "choices": lambda x: ops.where(x[0] > x[1], ops.exp(x[0]), x[1] * x[2]),
    "guards": newton,
    "no derivative by one of the inputs": lambda x: STEPS(x[0] * x[1], x[1]),
    "an opaque call after a guard on another argument": lambda x: OPAQUE(x[0]) if x[1] > 0.0 else x[2],
    "opaque calls after guards": lambda x: OPAQUE(x[0]) if x[0] > 0.0 else OPAQUE(OPAQUE(x[1])),
}


def graph(seed):
    """A random function: each step takes any of the results so far."""

    def f(x):
        chosen, values = random.Random(seed), [*x]
        for _ in range(60):
            one, other = chosen.choice(values), chosen.choice(values)
            step = chosen.choice((ops.add, ops.sub, ops.mul, ops.maximum, ops.dot, ops.tanh, ops.pow, OPAQUE))
            if step is ops.dot:
                values.append(ops.dot(values[-3:], [one, other, 0.5]))
            elif step is ops.pow:
                values.append(one ** float(chosen.randrange(4)))
            elif step in (ops.tanh, OPAQUE):
                values.append(step(one))
            else:
                values.append(step(one, chosen.choice((other, other, other, 1.0, 0.0, 0.25))))
        return values[-1] if values[-1] > 0.0 else values[-2]

    return f


def run_all(f):
    """All passes, and schedules of all kinds of derivatives: at one point, and where points share some arguments."""
    numbers, structure = trees.flatten(([0.75, 1.5, -0.5],))
    tape = simplified(record(f, structure, numbers, "f"))
    graph = lower(tape, {op: rules_of(op) for op in tape.operations})
    wrt = np.arange(3, dtype=np.int32)
    for derived in (with_adjoints(graph, wrt[:2]), with_adjoints(graph, wrt, seeded=True), with_tangents(graph, wrt)):
        schedule(derived)
        schedule(derived, varying=wrt[1:])


@pytest.mark.parametrize("f", PROGRAMS.values(), ids=PROGRAMS)
def test_small_programs(f, compared):
    run_all(f)
    assert compared.called
    assert compared.different == set()


@pytest.mark.parametrize("seed", range(20))
def test_random_graphs(seed, compared):
    run_all(graph(seed))
    assert compared.called
    assert compared.different == set()


def test_all_loops_are_compared(compared):
    for f in PROGRAMS.values():
        run_all(f)
    assert compared.called == {f"{module}.{name}" for module, name in LOOPS}


def test_a_table_that_is_full_forgets_the_oldest(compared):
    """Duplicates that lie further apart than the table is large may stay: the same ones, however the loops run."""

    def f(x):
        values = [x[0] * float(k) + x[1] for k in range(40_000)]
        return ops.sum([*values, *(x[0] * float(k) + x[1] for k in range(0, 40_000, 1000))])

    run_all(f)
    assert compared.different == set()


@pytest.mark.parametrize("name", MODULES)
def test_they_are_plain_python(name):
    """Neither Cython nor Numba nor NumPy is needed to run them."""
    tree = ast.parse((FOLDER / f"{name}.py").read_text(encoding="utf-8"))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Import)]
    assert imported == {"__future__", "typing"}
