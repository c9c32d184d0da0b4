"""Containers of every kind: eager and compiled functions take the same, and nest and type their results alike."""

from __future__ import annotations

import copy
import dataclasses
import itertools
from collections import OrderedDict, defaultdict, deque
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gograd_compile
from comparing import exact
from gograd_core import grad, hessian, hvp, jacobian, register_container, value_and_grad
from round_trips import reloaded


class Point(NamedTuple):
    x: Any
    y: Any


@dataclasses.dataclass
class Plain:
    first: Any
    second: Any = None


@dataclasses.dataclass(frozen=True, slots=True)
class Frozen:
    number: Any
    name: str = dataclasses.field(default="frozen", metadata={"static": True})
    late: Any = dataclasses.field(default=2.0, init=False)

    def __post_init__(self):
        assert type(self.name) is str, "neither __init__ nor __post_init__ is to run on neurons"
        object.__setattr__(self, "late", 3.0)


class Registered:
    def __init__(self, name, parts):
        self.name, self.parts = name, parts


register_container(Registered, lambda each: (each.parts, each.name), Registered)


def children_of(tree):
    """What is in a container, in order; None for a number or array. Knows nothing of gograd."""
    if isinstance(tree, dict):
        return list(tree.values())
    if isinstance(tree, (list, tuple, deque)):
        return list(tree)
    if dataclasses.is_dataclass(tree):
        return [getattr(tree, field.name) for field in dataclasses.fields(tree) if not field.metadata]
    if isinstance(tree, Registered):
        return tree.parts
    return [] if tree is None else None


def with_children(tree, children):
    """A container of the same kind."""
    if type(tree) is defaultdict:
        return defaultdict(tree.default_factory, zip(tree, children, strict=True))
    if isinstance(tree, dict):
        return type(tree)(zip(tree, children, strict=True))
    if type(tree) is deque:
        return deque(children, tree.maxlen)
    if type(tree) is Point:
        return Point(*children)
    if isinstance(tree, (list, tuple)):
        return type(tree)(children)
    if dataclasses.is_dataclass(tree):
        other = copy.copy(tree)
        names = [field.name for field in dataclasses.fields(tree) if not field.metadata]
        for name, child in zip(names, children, strict=True):
            object.__setattr__(other, name, child)
        return other
    return None if tree is None else Registered(tree.name, children)


def mapped(f, tree):
    children = children_of(tree)
    return f(tree) if children is None else with_children(tree, [mapped(f, child) for child in children])


def numbers_in(tree):
    children = children_of(tree)
    if children is None:
        return list(np.asarray(tree, dtype=object).flat)
    return [number for child in children for number in numbers_in(child)]


# Whole numbers, so that sums and products are exact in whatever order they are formed.
numbers = st.integers(-8, 8).map(float)
arrays = st.lists(numbers, max_size=3).map(np.array) | st.lists(numbers, min_size=4, max_size=4).map(
    lambda entries: np.array(entries).reshape(2, 2)
)
keys = st.text(max_size=2) | st.integers(-2, 2) | st.booleans() | st.sampled_from([0.0, -0.0, (1, "a"), None])


def dicts(inner):
    return st.dictionaries(keys, inner, max_size=3)


trees = st.recursive(
    numbers | numbers | arrays | st.none(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | dicts(inner)
        | dicts(inner).map(OrderedDict)
        | dicts(inner).map(lambda entries: defaultdict(list, entries))
        | st.builds(deque, st.lists(inner, max_size=2), st.sampled_from([None, 4]))
        | st.builds(Point, inner, inner)
        | st.builds(Plain, inner, inner)
        | st.builds(Frozen, inner, st.sampled_from(["a", "b"]))
        | st.builds(Registered, st.sampled_from(["net", ("net", 2)]), st.lists(inner, max_size=2))
    ),
    max_leaves=6,
)


def twin(tree):
    """The same with the keys of dicts in another order, or, where there are such, with keys that are merely equal."""
    children = children_of(tree)
    if children is None:
        return tree
    children = [twin(child) for child in children]
    if not isinstance(tree, dict):
        return with_children(tree, children)
    others = [merely_equal(key) for key in tree]
    entries = list(zip(others, children, strict=True))
    if all(one is other for one, other in zip(tree, others, strict=True)):
        entries.reverse()
    copied = copy.copy(tree)
    copied.clear()
    copied.update(entries)
    return copied


def merely_equal(key):
    if isinstance(key, tuple):
        return tuple(map(merely_equal, key))
    if key in (0, 1):
        return bool(key) if type(key) is int else int(key) if type(key) is bool else -key if key == 0 else key
    return key


def total(tree):
    """A number with second derivatives of every kind, which depend on the order of the numbers."""
    found = numbers_in(tree)
    return sum([(k + 1.0) * x * x for k, x in enumerate(found)], 0.0) + sum(
        [x * y for x, y in itertools.pairwise(found)], 0.0
    )


def nested(tree):
    """Results nested as the argument, and otherwise."""
    return {"doubled": mapped(lambda leaf: leaf * 2.0, tree), "total": deque([total(tree), None], maxlen=3)}


def at(tree, point):
    return mapped(lambda leaf: leaf[point] if np.ndim(leaf) > 1 else float(leaf[point]), tree)


COMPILED = {
    (f, backend): gograd_compile.compile(f, backend=backend) for f in (total, nested) for backend in ("native", "numpy")
}


class TestAnyNesting:
    """The compiled functions are kept: so what was recorded for one nesting meets others that are almost equal."""

    @pytest.fixture(autouse=True)
    def _compiled(self, backend):
        self.total, self.nested = COMPILED[total, backend], COMPILED[nested, backend]

    @settings(max_examples=60)
    @given(tree=trees)
    def test_values(self, tree):
        assert exact(self.nested(tree)) == exact(nested(tree))

    @settings(max_examples=60)
    @given(tree=trees)
    def test_those_that_a_function_can_tell_apart_do_not_share_a_recording(self, tree):
        for each in (tree, twin(tree), tree):
            assert exact(self.nested(each)) == exact(nested(each))
            assert exact(self.total.grad(each)) == exact(grad(total)(each))

    @settings(max_examples=60)
    @given(tree=trees)
    def test_gradients(self, tree):
        value, slope = value_and_grad(total)(tree)
        assert value == total(tree)
        found = numbers_in(tree)
        around = [0.0, *found, 0.0]
        slopes = iter([2.0 * (k + 1.0) * x + around[k] + around[k + 2] for k, x in enumerate(found)])
        expected = mapped(
            lambda leaf: (
                np.array([next(slopes) for _ in leaf.flat]).reshape(leaf.shape)
                if isinstance(leaf, np.ndarray)
                else next(slopes)
            ),
            tree,
        )
        assert exact(slope) == exact(expected)
        assert exact(grad(total)(tree)) == exact(expected)
        assert exact(self.total.value_and_grad(tree)) == exact((value, expected))

    @settings(max_examples=30)
    @given(tree=trees)
    def test_jacobians(self, tree):
        expected = jacobian(nested)(tree)
        assert exact(jacobian(nested, mode="forward")(tree)) == exact(expected)
        assert exact(self.nested.jacobian(tree)) == exact(expected)

    @settings(max_examples=30)
    @given(tree=trees)
    def test_second_derivatives(self, tree):
        assert exact(self.total.hessian(tree)) == exact(hessian(total)(tree))
        assert exact(self.total.hvp(tree, tree)) == exact(hvp(total)(tree, tree))

    @settings(max_examples=30)
    @given(tree=trees)
    def test_batches(self, tree):
        if not numbers_in(tree):
            return
        points = mapped(lambda leaf: np.stack([np.asarray(leaf) * k for k in (1.0, -1.0, 2.0)]), tree)
        values, slopes = self.total.batch().value_and_grad(points)
        results, matrices = self.nested.batch()(points), self.nested.batch().jacobian(points)
        for point in range(3):
            here = at(points, point)
            assert exact((float(values[point]), at(slopes, point))) == exact(self.total.value_and_grad(here))
            assert exact(at(results, point)) == exact(self.nested(here))
            assert exact(at(matrices, point)) == exact(self.nested.jacobian(here))


class Scaled:
    """It holds a hashable object, which the function below changes in place."""

    class Unit:
        def __init__(self, factor):
            self.factor = factor

        def __repr__(self):
            return f"Unit({self.factor})"

    def __init__(self, unit, numbers):
        self.unit, self.numbers = unit, numbers


register_container(Scaled, lambda each: (each.numbers, each.unit), Scaled)


def test_what_a_container_holds_may_be_changed_in_place(compiled):
    """It is compared as it was, as far as its repr shows it."""
    c = compiled(lambda scaled: scaled.numbers[0] * scaled.unit.factor)
    scaled = Scaled(Scaled.Unit(2.0), [3.0])
    assert c(scaled) == 6.0
    scaled.unit.factor = 5.0
    assert c(scaled) == 15.0


def test_equal_nesting_is_recorded_once(compiled, count_paths):
    c = compiled(nested)
    for number in (1.0, 2.0):
        c({"w": [Point(number, np.ones(2))], "late": Frozen(number), "none": None, 1: deque([number], maxlen=2)})
    assert count_paths(c) == 1


def test_programs_in_files_know_none(compiled, tmp_path):
    c = compiled(lambda p, x: {"y": p["w"] * x, "none": None})
    p = {"w": 3.0, "bias": None}
    assert exact(c(p, 2.0)) == exact({"y": 6.0, "none": None})
    loaded = reloaded(c, tmp_path)
    assert exact(loaded(p, 2.0)) == exact({"y": 6.0, "none": None})
    assert exact(loaded.jacobian(p, 2.0)) == exact({"y": {"w": 2.0, "bias": None}, "none": None})


@pytest.mark.parametrize(
    "argument", [Point(1.0, 2.0), Plain(1.0), OrderedDict(a=1.0), deque([1.0]), Registered("a", [])]
)
def test_programs_in_files_know_no_other_classes(argument, compiled, tmp_path):
    c = compiled(lambda each: 1.0)
    c(argument)
    with pytest.raises(TypeError, match="only lists, tuples, dicts and None can be saved"):
        c.save(tmp_path / "program")


@pytest.mark.parametrize(
    ("argument", "axes", "expected"),
    [
        (Plain(np.arange(3.0), 2.0), Plain(0, None), Plain(np.full(3, 2.0), np.arange(3.0))),
        (Point(np.arange(3.0), 2.0), (0, None), Point(np.full(3, 2.0), np.arange(3.0))),
        (
            OrderedDict(b=np.arange(3.0), a=2.0), {"a": None, "b": 0},
            OrderedDict(b=np.full(3, 2.0), a=np.arange(3.0)),
        ),
        (deque([np.arange(3.0), 2.0], maxlen=2), [0, None], deque([np.full(3, 2.0), np.arange(3.0)], maxlen=2)),
        ([np.arange(3.0), [2.0, None]], [0, None], [np.full(3, 2.0), [np.arange(3.0), None]]),
    ],
    ids=lambda each: type(each).__name__,
)  # fmt: skip
def test_axes_are_nested_as_the_upper_part_of_an_argument(argument, axes, expected, compiled):
    def product(tree):
        one, other = numbers_in(tree)
        return one * other

    assert exact(compiled(product).batch((axes,)).grad(argument, per_point=True)) == exact(expected)


@pytest.mark.parametrize(
    ("argument", "axes"),
    [
        (Plain(np.ones(3), 2.0), [0, None]),
        ([np.ones(3), 2.0], Plain(0, None)),
        ([np.ones(3), 2.0], [0]),
        (Registered("a", [np.ones(3)]), Registered("b", [0])),
    ],
)
def test_other_axes_are_refused(argument, axes, compiled):
    with pytest.raises(ValueError, match=r"in_axes\[0\]=.* does not fit argument 0, which is nested as "):
        compiled(total).batch((axes,))(argument)


@pytest.mark.parametrize("differentiate", [lambda f, c: grad(f), lambda f, c: c.grad], ids=["eager", "compiled"])
def test_an_array_of_one_number_is_no_number(differentiate, compiled):
    def f(x):
        return np.array([x * x])

    with pytest.raises(TypeError, match="one number"):
        differentiate(f, compiled(f))(2.0)


class TestNeuronsAsKeysOfAResult:
    RESULTS = (lambda x: {x: 1.0}, lambda x: [{"a": {(x, 1): x}}], lambda x: {2.0 * x: x, "a": x})

    @pytest.mark.parametrize("f", RESULTS)
    @pytest.mark.parametrize("max_paths", [1, 256])
    @pytest.mark.parametrize(
        "mode",
        [
            lambda c: c(2.0),
            lambda c: c.grad(2.0),
            lambda c: c.jacobian(2.0),
            lambda c: c.batch()(np.array([2.0, 3.0])),
            lambda c: c.batch().jacobian(np.array([2.0, 3.0])),
        ],
    )
    def test_are_refused(self, f, max_paths, mode, compiled):
        c = compiled(f, max_paths=max_paths)
        for _ in range(2):
            with pytest.raises(
                TypeError, match=r"^the result of .*<lambda> has Neuron\(.*\) as a key, or .*: use a text"
            ):
                mode(c)

    def test_are_refused_where_nothing_is_recorded(self, compiled):
        c = compiled(lambda x: {x: 1.0} if x > 2.0 else {"a": x}, max_paths=1)
        assert c(1.0) == {"a": 1.0}
        for _ in range(2):
            with pytest.raises(TypeError, match="as a key"):
                c(3.0)

    def test_numbers_that_follow_from_neurons_are_keys(self, compiled):
        c = compiled(lambda x: {x > 1.0: x, int(x): x, "a": x})
        for x in (2.5, 3.5, 0.5):
            assert c(x) == {x > 1.0: x, int(x): x, "a": x}
