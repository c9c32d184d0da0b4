"""Inside `trace`, every neuron that an operation makes knows the user's line, in every way to call an operation."""

from __future__ import annotations

import contextlib
import copy
import os
import pickle
import sys
import threading
import weakref

import numpy as np
import pytest

from gograd_core import (
    DomainError,
    Line,
    Neuron,
    Op,
    Registry,
    StaleGraphError,
    errstate,
    grad,
    gradient,
    jvp,
    math,
    no_grad,
    ops,
    settings,
    stop_gradient,
    trace,
)
from gograd_core.lines import running_line
from gograd_core.recording import observed_by
from recorders import Notes

HERE = os.path.basename(__file__)
ALONE = Registry()
UNCOMPILED = ALONE.register(Op("uncompiled", forward=lambda xp, x: x + 1.0, partials=(lambda xp, out, x: 1.0,)))

USES = [
    (lambda x, y: x * y, "x * y"),
    (lambda x, y: x + 2.0, "x + 2.0"),
    (lambda x, y: 2.0 - x, "2.0 - x"),
    (lambda x, y: x / 3, "x / 3"),
    (lambda x, y: 3**x, "3**x"),
    (lambda x, y: x + np.float64(2.0), "x + np.float64(2.0)"),
    (lambda x, y: -x, "-x"),
    (lambda x, y: abs(x), "abs(x)"),
    (lambda x, y: x.tanh(), "x.tanh()"),
    (lambda x, y: ops.exp(x), "ops.exp(x)"),
    (lambda x, y: ops.exp(x=x), "ops.exp(x=x)"),
    (lambda x, y: math.exp(x), "math.exp(x)"),
    (lambda x, y: math.hypot(x, 2), "math.hypot(x, 2)"),
    (lambda x, y: ops.fma(x, y, 1.0), "ops.fma(x, y, 1.0)"),
    (lambda x, y: ops.dot([x, y], [2.0, y]), "ops.dot([x, y], [2.0, y])"),
    (lambda x, y: ops.sum((x, 2, y)), "ops.sum((x, 2, y))"),
    (lambda x, y: sum([x, y]), "sum([x, y])"),
    (lambda x, y: (np.array([x]) * 2.0)[0], "np.array([x]) * 2.0"),
    (lambda x, y: stop_gradient(x), "stop_gradient(x)"),
    (lambda x, y: UNCOMPILED(x), "UNCOMPILED(x)"),
]
BLOCKS = {
    "alone": [],
    "without graphs": [no_grad()],
    "errors ignored": [errstate(domain="ignore")],
    "nested": [trace()],
    "watched": [observed_by(Notes(wants_nodes=True))],
    "watched without graphs": [observed_by(Notes(wants_nodes=True)), no_grad()],
}


def traced(f, *args):
    with trace():
        return f(*args)


@pytest.mark.parametrize(("f", "text"), USES, ids=[text for _, text in USES])
@pytest.mark.parametrize("blocks", BLOCKS.values(), ids=BLOCKS)
def test_every_use_of_an_operation(f, text, blocks):
    with contextlib.ExitStack() as stack:
        for block in blocks:
            stack.enter_context(block)
        made = traced(f, Neuron(1.5), Neuron(2.5))
    line = made.line
    assert (line.number, line.function) == (f.__code__.co_firstlineno, "<lambda>")
    assert line.expression == text
    assert str(line) == f"{HERE}:{line.number} in <lambda>"


DERIVATIVES = [
    (lambda x: gradient(x * x, x, create_graph=True), "gradient(x * x, x, create_graph=True)"),
    (lambda x: grad(ops.exp, create_graph=True)(x) * x, "grad(ops.exp, create_graph=True)(x) * x"),
    (lambda x: jvp(ops.tanh, (x,), (1.0,), create_graph=True)[1], "jvp(ops.tanh, (x,), (1.0,), create_graph=True)"),
]


@pytest.mark.parametrize(("f", "text"), DERIVATIVES)
def test_what_a_derivative_is_made_of_has_the_line_that_asked_for_it(f, text):
    assert traced(f, Neuron(1.5)).line.expression == text


def test_is_nothing_outside_of_the_block():
    x = Neuron(2.0)
    with trace():
        inside = x * x
        assert bool(settings.pauses)
    outside = x * x
    assert (x.line, outside.line) == (None, None)
    assert isinstance(inside.line, Line)
    assert sys.getsizeof(inside) == sys.getsizeof(outside) == sys.getsizeof(x)


def test_a_leaf_has_the_line_that_made_it():
    with trace():
        leaf = Neuron(2.0, "x")
    assert (leaf.line.expression, leaf.label) == ('Neuron(2.0, "x")', "x")


def test_a_line_says_what_stands_there():
    x = Neuron(2.0)
    with trace():
        y = (x *
             x)  # fmt: skip
    line = y.line
    assert line.source == line.expression == "y = (x *"
    assert line.end_number == line.number + 1
    assert os.path.isabs(line.filename)
    assert not os.path.isabs(line.path)
    assert line.path.endswith(HERE)


def test_what_is_not_in_a_file():
    names = {"x": Neuron(2.0)}
    with trace():
        exec(compile("y = x * x", "/secret/place/cell.py", "exec"), names)
    line = names["y"].line
    assert (str(line), line.path, line.source) == ("cell.py:1 in <module>", "cell.py", "")


@pytest.mark.parametrize("label", ["", "y"])
def test_a_label_stands_beside_the_line(label):
    x = Neuron(2.0, label=label)
    with trace():
        y = x * x
    assert y.label == ""
    before = y.line
    y.label = "other"
    y.label = label
    assert (y.label, y.line, x.label) == (label, before, label)
    assert repr(y) == repr(y)


def test_copies_and_pickles_have_no_line():
    with trace(), no_grad():
        leaf = Neuron(2.0) * 2.0
    leaf.label = "leaf"
    assert leaf.line is not None
    for made in (copy.copy(leaf), copy.deepcopy(leaf), pickle.loads(pickle.dumps(leaf))):
        assert (made.value, made.label, made.line) == (4.0, "leaf", None)


class TestBlocks:
    def test_decorates_a_function(self):
        @trace()
        def square(x):
            return x * x

        assert square(Neuron(2.0)).line.function == "square"
        assert not settings.now().tracing

    def test_nested_blocks_end_one_by_one(self):
        x = Neuron(2.0)
        with trace():
            with trace():
                pass
            assert (x * x).line is not None
        assert (x * x).line is None

    def test_a_generator_holds_the_block_open(self):
        def values(x):
            with trace():
                yield x * x
                yield x + x

        found = list(values(Neuron(2.0)))
        assert [each.line.function for each in found] == ["values", "values"]
        assert not settings.now().tracing

    def test_holds_for_its_own_thread(self):
        x, found = Neuron(2.0), {}

        def compute(name, run):
            found[name] = run(lambda: x * x).line is not None

        with trace():
            for name, run in (("plain", lambda f: f()), ("block", trace().run)):
                thread = threading.Thread(target=compute, args=(name, run))
                thread.start()
                thread.join()
        assert found == {"plain": False, "block": True}

    def test_ends_after_an_error(self):
        with pytest.raises(ZeroDivisionError), trace():
            _ = 1 / 0
        assert not settings.now().tracing


class TestMemory:
    def test_a_note_dies_with_its_neuron(self):
        names = {"x": Neuron(2.0)}
        exec("def square():\n    return x * x", names)
        code = names["square"].__code__
        gone, before = weakref.ref(code), sys.getrefcount(code)
        with trace():
            made = [names["square"]() for _ in range(1000)]
        assert sys.getrefcount(code) == before + 1000
        del made[1:]
        assert sys.getrefcount(code) == before + 1
        del code, names["square"]
        assert made[0].line.function == "square"
        made.clear()
        assert gone() is None

    def test_a_long_chain_is_freed(self):
        x = Neuron(1.0)
        y = x
        with trace():
            for _ in range(100_000):
                y = y + 1.0
        y.backward()
        assert (x.grad, y.line.number) == (1.0, y.constituents[0].line.number)
        del y


class TestMessages:
    def test_a_sweep_names_the_line(self):
        x = Neuron(0.0, "x")
        with trace():
            root = ops.sqrt(x)
        line = root.line
        with pytest.raises(DomainError, match=rf"sqrt\(x=0.0\) at {HERE}:{line.number} in test_a_sweep_names_the_line"):
            root.backward()
        with pytest.raises(DomainError, match=rf"at {HERE}:{line.number} in "):
            gradient(root, x)

    def test_a_stale_graph_names_the_line(self):
        x = Neuron(2.0, "x")
        with trace():
            y = x * 3.0
        x.value = 1.0
        with pytest.raises(StaleGraphError, match=rf"to 1.0 after mul at {HERE}:{y.line.number} in "):
            y.backward()

    def test_no_line_is_no_text(self):
        with pytest.raises(DomainError, match=r"sqrt\(0.0\) with respect to input 0"):
            ops.sqrt(Neuron(0.0)).backward()


def test_the_line_that_runs():
    def code_that_runs(f):
        return f()

    line = running_line()
    assert (line.function, line.expression) == ("test_the_line_that_runs", "running_line()")
    assert code_that_runs(running_line).function == "code_that_runs"
