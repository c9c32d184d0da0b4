"""What numbers may be nested in: every kind, taken apart and put together again, and your own classes."""

from __future__ import annotations

import dataclasses
import decimal
import fractions
import pickle
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple

import numpy as np
import pytest

from gograd_core import (
    Neuron,
    check_grad,
    grad,
    gradient,
    hvp,
    jacobian,
    jvp,
    register_container,
    value_and_grad,
    vjp,
    zero_grad,
)
from gograd_core.containers import MOST_CLASSES, container_of, kinds
from gograd_core.derivatives.tree import MOST_TOKENS, _form, flatten, flatten_like, paths, take_apart

Point = namedtuple("Point", "x y")


@dataclasses.dataclass
class Line:
    slope: object
    offset: object = 0.0


@dataclasses.dataclass(frozen=True, slots=True)
class Layer:
    weights: object
    bias: object = None
    activation: str = dataclasses.field(default="tanh", metadata={"static": True})
    norm: object = dataclasses.field(init=False, default=1.0)

    def __post_init__(self):
        assert isinstance(self.weights, list)


class Vector:
    """Your own class; it refuses what is not a number."""

    def __init__(self, name, *entries):
        assert all(isinstance(entry, float) for entry in entries)
        self.name, self.entries = name, entries


def put_together(name, entries):
    vector = Vector(name)
    vector.entries = tuple(entries)
    return vector


register_container(Vector, lambda vector: (vector.entries, vector.name), put_together)


def layer(weights, norm, activation="tanh"):
    made = Layer(list(weights), activation=activation)
    object.__setattr__(made, "norm", norm)
    return made


# A container, the sum of twice its numbers as Python has it, and the gradient of that.
KINDS = {
    "a list": ([1.0, 2.0], lambda t: t[0] + t[1], [2.0, 2.0]),
    "a tuple": ((1.0, (2.0,)), lambda t: t[0] + t[1][0], (2.0, (2.0,))),
    "a dict": ({"b": 1.0, "a": 2.0}, lambda t: t["a"] + t["b"], {"b": 2.0, "a": 2.0}),
    "an ordered dict": (
        OrderedDict(b=1.0, a=2.0),
        lambda t: t.popitem()[1] + t.popitem(last=False)[1],
        OrderedDict(b=2.0, a=2.0),
    ),
    "a dict with a default": (
        defaultdict(float, a=1.0),
        lambda t: t["a"] + t["b"],  # which is 0.0, and no number of the argument
        defaultdict(float, a=2.0),
    ),
    "a deque": (deque([1.0, 2.0], maxlen=2), lambda t: t.popleft() + t.pop(), deque([2.0, 2.0], maxlen=2)),
    "a named tuple": (Point(1.0, Point(2.0, 3.0)), lambda t: t.x + t.y.x + t.y.y, Point(2.0, Point(2.0, 2.0))),
    "a dataclass": (Line(1.0, [2.0]), lambda t: t.slope + t.offset[0], Line(2.0, [2.0])),
    "one that is frozen, with slots": (
        layer([1.0, 2.0], 3.0, "relu"),
        lambda t: t.weights[0] + t.weights[1] + t.norm * (t.activation == "relu") + (0.0 if t.bias is None else 9.0),
        layer([2.0, 2.0], 2.0, "relu"),
    ),
    "None": ({"a": 1.0, "none": None}, lambda t: t["a"], {"a": 2.0, "none": None}),
}  # fmt: skip


@pytest.mark.parametrize(("tree", "f", "slope"), KINDS.values(), ids=KINDS)
class TestKinds:
    def test_gradients_are_nested_alike(self, tree, f, slope):
        found = grad(lambda t: 2.0 * f(t))(tree)
        assert (type(found), found) == (type(slope), slope)
        assert getattr(found, "maxlen", None) == getattr(slope, "maxlen", None)
        assert getattr(found, "default_factory", None) == getattr(slope, "default_factory", None)

    def test_in_every_transform(self, tree, f, slope):
        twice = lambda t: 2.0 * f(t)  # noqa: E731
        assert value_and_grad(twice)(tree)[1] == slope
        assert jacobian(twice)(tree) == jacobian(twice, mode="forward")(tree) == slope
        assert vjp(twice, tree)[1](1.0) == (slope,)
        assert jvp(twice, (tree,), (slope,))[1] == sum(np.ravel(flatten(slope)[0])) * 2.0
        assert flatten(hvp(lambda t: f(t) ** 2)(tree, slope))[0] == [4.0 * len(flatten(slope)[0])] * len(
            flatten(tree)[0]
        )

    def test_results_are_nested_alike(self, tree, f, slope):
        numbers, rebuild = flatten(tree)
        value, tangent = jvp(lambda x: rebuild([x * number for number in numbers]), (1.0,), (2.0,))
        assert (type(value), value) == (type(tree), tree)
        assert (type(tangent), tangent) == (type(tree), rebuild([2.0 * number for number in numbers]))

    def test_forms_are_equal_and_pickled(self, tree, f, slope):
        form = take_apart(tree)[1]
        assert form == take_apart(slope)[1]
        assert hash(form) == hash(take_apart(slope)[1])
        assert pickle.loads(pickle.dumps(form)) == form
        assert form != take_apart([tree])[1]

    def test_every_number_has_a_path(self, tree, f, slope):
        names = {"tree": tree}
        assert [eval(path, names) for path in paths(tree, "tree")] == flatten(tree)[0]
        assert check_grad(lambda t: 2.0 * f(t), (tree,)).passed


class TestOwnClasses:
    def test_are_nested_like_others(self):
        found = grad(lambda t: t["v"].entries[0] * t["v"].entries[1])({"v": Vector("v", 3.0, 4.0)})
        assert (type(found["v"]), found["v"].name, found["v"].entries) == (Vector, "v", (4.0, 3.0))
        assert paths([Vector("v", 1.0)], "t") == ["t[0][0]"]

    def test_what_they_hold_besides_is_part_of_the_form(self):
        assert take_apart(Vector("v", 1.0))[1] == take_apart(Vector("v", 2.0))[1]
        assert take_apart(Vector("v", 1.0))[1] != take_apart(Vector("w", 1.0))[1]

    def test_which_must_be_hashable(self):
        with pytest.raises(TypeError, match=r"a Vector holds besides its children must be hashable.*got \['a'\]"):
            grad(lambda v: v.entries[0])(Vector(["a"], 1.0))

    def test_a_dataclass_may_be_taken_apart_otherwise(self):
        @dataclasses.dataclass
        class Named:
            name: str
            value: float

        register_container(Named, lambda each: ([each.value], each.name), lambda name, values: Named(name, *values))
        assert grad(lambda each: each.value**2)(Named("a", 3.0)) == Named("a", 6.0)

    @pytest.mark.parametrize(
        ("cls", "error", "message"),
        [
            ("Vector", TypeError, "expects a class, got 'Vector'"),
            (list, TypeError, "list, which gograd already knows"),
            (float, TypeError, "float, which gograd already knows"),
            (Neuron, TypeError, "Neuron, which gograd already knows"),
            (np.ndarray, TypeError, "ndarray, which gograd already knows"),
            (Vector, ValueError, "Vector is already registered as a container"),
        ],
    )
    def test_registration_is_refused(self, cls, error, message):
        with pytest.raises(error, match=message):
            register_container(cls, lambda value: ([], None), lambda rest, children: None)

    @pytest.mark.parametrize("base", [list, tuple, dict, deque, OrderedDict])
    def test_subclasses_are_refused_until_they_are_registered(self, base):
        """Nobody knows what else they hold, nor what their constructors do."""
        derived = type("Derived", (base,), {})
        value = derived({"a": 1.0} if issubclass(base, dict) else [1.0])
        with pytest.raises(TypeError, match=rf"Derived is a subclass of {base.__name__}.*register_container\(Derived"):
            grad(lambda x, value: x)(value, value)
        register_container(derived, lambda value: (list(value), None), lambda rest, children: derived())
        assert type(grad(lambda value: 1.0)(derived())) is derived

    @pytest.mark.parametrize("base", [list, dict, deque])
    def test_so_are_those_that_are_dataclasses(self, base):
        """The fields are not all that they hold."""
        derived = dataclasses.make_dataclass("Derived", [("number", float)], bases=(base,))
        with pytest.raises(TypeError, match=f"Derived is a subclass of {base.__name__}"):
            grad(lambda value: value.number)(derived(1.0))

    def test_a_counter_is_refused_too(self):
        with pytest.raises(TypeError, match="pass a dict"):
            grad(lambda c: c["a"])([Counter("a")])

    def test_their_children_may_be_any_row(self):
        class Row:
            def __init__(self, *entries):
                self.entries = entries

        register_container(Row, lambda row: ((entry for entry in row.entries), None), lambda _, entries: Row(*entries))
        assert grad(lambda row: row.entries[0] ** 2)(Row(3.0, 1.0)).entries == (6.0, 0.0)
        assert jvp(lambda row: row.entries[0] ** 2, (Row(3.0, 1.0),), (Row(1.0, 5.0),)) == (9.0, 6.0)

    def test_a_class_that_was_refused_may_be_registered(self):
        class Late:
            def __init__(self, entries):
                self.entries = entries

        f = grad(lambda late: late.entries[0] ** 2)
        with pytest.raises(TypeError, match="expects real numbers"):
            f(Late([3.0]))
        register_container(Late, lambda late: (late.entries, None), lambda _, entries: Late(list(entries)))
        assert f(Late([3.0])).entries == [6.0]

    def test_classes_that_come_and_go_are_forgotten(self):
        for _ in range(MOST_CLASSES + 10):
            container_of(type("Passing", (), {}))
        assert len(kinds) <= MOST_CLASSES


class TestForms:
    ALIKE = (
        (1, True), (0.0, -0.0), (1, 1.0), ((1, "a"), (True, "a")), (frozenset([1]), frozenset([True])),
        (decimal.Decimal("1"), decimal.Decimal("1.0")), (fractions.Fraction(1), 1), (np.float64(1.0), 1.0),
    )  # fmt: skip

    @pytest.mark.parametrize(("one", "other"), ALIKE, ids=[f"{one!r}, {other!r}" for one, other in ALIKE])
    def test_keys_that_are_merely_equal_make_another_form(self, one, other):
        assert take_apart({one: 1.0})[1] != take_apart({other: 1.0})[1]
        assert take_apart({one: 1.0})[1] == take_apart({one: 2.0})[1]
        assert list(grad(lambda t: t[one])({one: 1.0})) == [one]

    def test_are_written_shortly_where_all_children_are_leaves(self):
        assert take_apart([1.0, 2.0])[1].tokens == (list, ~2, None)
        assert take_apart([1.0, (2.0,)])[1].tokens == (list, 2, None, None, tuple, ~1, None)

    def test_long_ones_are_not_remembered(self):
        before = _form.cache_info()
        take_apart([[1.0]] * MOST_TOKENS)
        assert _form.cache_info() == before

    def test_the_order_of_keys_is_part_of_the_form(self):
        """A function may depend on it: this one gives the first value."""
        first = grad(lambda t: next(iter(t.values())))
        assert first({"a": 1.0, "b": 2.0}) == {"a": 1.0, "b": 0.0}
        assert first({"b": 2.0, "a": 1.0}) == {"b": 1.0, "a": 0.0}
        assert take_apart({"a": 1.0, "b": 2.0})[1] != take_apart({"b": 2.0, "a": 1.0})[1]

    @pytest.mark.parametrize(
        "trees",
        [
            ([], (), {}, None, deque(), OrderedDict(), defaultdict(float), defaultdict(int)),
            (deque([1.0]), deque([1.0], maxlen=1), deque([1.0], maxlen=2), [1.0]),
            ([[1.0], 1.0], [1.0, [1.0]], [[1.0, 1.0]], [[1.0], [1.0]]),
            (Layer([1.0]), Layer([1.0], activation="relu"), Layer([1.0], bias=1.0)),
        ],
    )
    def test_that_differ(self, trees):
        forms = [take_apart(tree)[1] for tree in trees]
        assert len(set(forms)) == len(trees)


class TestOneThatStandsForAnother:
    """Vectors, tangents and weights may be given in other containers than what they belong to."""

    @pytest.mark.parametrize(
        ("example", "tree", "numbers"),
        [
            ([1.0, 2.0], deque([3.0, 4.0]), [3.0, 4.0]),
            (deque([1.0, 2.0], maxlen=2), (3.0, 4.0), [3.0, 4.0]),
            (Point(1.0, 2.0), np.array([3.0, 4.0]), [3.0, 4.0]),
            (OrderedDict(a=1.0, b=2.0), {"b": 4.0, "a": 3.0}, [3.0, 4.0]),
            (defaultdict(float, a=1.0), {"a": 3.0}, [3.0]),
            (Line(1.0, None), Line(3.0, None), [3.0]),
            (Vector("v", 1.0), Vector("v", 3.0), [3.0]),
            (None, None, []),
        ],
    )
    def test_is_taken(self, example, tree, numbers):
        assert flatten_like(example, tree, "it") == numbers

    @pytest.mark.parametrize(
        ("example", "tree"),
        [
            (Line(1.0), [1.0, 0.0]), ([1.0, 0.0], Line(1.0)), (Vector("v", 1.0), Vector("w", 1.0)), (None, 0.0),
            (None, []), (1.0, None), ({"a": 1.0}, [1.0]), ([1.0], {0: 1.0}), (defaultdict(float, a=1.0), {}),
        ],
    )  # fmt: skip
    def test_is_refused(self, example, tree):
        with pytest.raises(ValueError, match="it must be nested like"):
            flatten_like(example, tree, "it")


@pytest.mark.parametrize("make", [lambda each: [each], lambda each: deque([each]), lambda each: {"a": each}])
def test_what_holds_itself_is_an_error(make):
    inner = []
    tree = make(inner)
    inner.append(tree)
    with pytest.raises(RecursionError):
        grad(lambda tree: 1.0)(tree)


def test_neurons_in_containers_are_found():
    x, y = Neuron(2.0), Neuron(3.0)
    assert gradient(x * y, Line(x, {"y": deque([y]), "none": None})) == Line(3.0, {"y": deque([2.0]), "none": None})
    (x * y).backward()
    zero_grad(Line(x, deque([y])))
    assert (x.grad, y.grad) == (0.0, 0.0)


@pytest.mark.parametrize("make", [set, iter, deque, tuple, lambda each: dict(enumerate(each)), np.array])
def test_zero_grad_takes_iterables_and_containers(make):
    x, y = Neuron(2.0), Neuron(3.0)
    (x * y).backward()
    zero_grad(make([x, y]))
    assert (x.grad, y.grad) == (0.0, 0.0)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: {x: 1.0},
        lambda x: {2.0 * x: x},
        lambda x: [{"a": {(x, 1): x}}],
        lambda x: defaultdict(float, {x: x}),
        lambda x: {frozenset([x]): x},
    ],
)
class TestNeuronsAsKeysOfAResult:
    MESSAGE = r"the result of <lambda> has Neuron\(.*\) as a key, or .*: use a text or a number as the key"

    @pytest.mark.parametrize(
        "transform", [lambda f: jacobian(f)(2.0), lambda f: jvp(f, (2.0,), (1.0,)), lambda f: vjp(f, 2.0)]
    )
    def test_are_refused(self, f, transform):
        with pytest.raises(TypeError, match=self.MESSAGE):
            transform(f)
