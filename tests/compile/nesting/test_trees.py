"""Nested arguments and results: the order of their numbers, how they are put together again, what is refused."""

from __future__ import annotations

import fractions
import pickle
from collections import OrderedDict, deque, namedtuple

import numpy as np
import pytest
import scipy.optimize
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from gograd_compile.errors import ProgramFileError
from gograd_compile.nesting.batch_arguments import flatten_batch
from gograd_compile.nesting.structure_json import structure_from_json, structure_to_json
from gograd_compile.nesting.trees import flatten, flatten_result, nest_matrix, numbers_like
from gograd_core import Neuron, jacobian
from gograd_core.derivatives import tree as core_tree

pytestmark = pytest.mark.any_engine

Point = namedtuple("Point", "x y")
MATRIX = np.arange(6.0).reshape(2, 3)


def same(found, expected):
    """Equal in value, structure and type; arrays also in shape and dtype."""
    assert type(found) is type(expected)
    if isinstance(expected, np.ndarray):
        assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
        np.testing.assert_array_equal(found, expected)
    elif isinstance(expected, dict):
        assert list(found) == list(expected)
        for key in expected:
            same(found[key], expected[key])
    elif isinstance(expected, (list, tuple, deque)):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            same(one, other)
    else:
        assert found == expected


# A tree, and its numbers in their order.
TREES = {
    "a number": (2.5, [2.5]),
    "nothing": ([], []),
    "arguments": ((1.0, 2.0), [1.0, 2.0]),
    "whole numbers and others": ([1, True, fractions.Fraction(1, 4)], [1, 1, 0.25]),
    "numbers of NumPy's": ([np.float32(0.5), np.int64(3), np.bool_(True)], [0.5, 3, 1]),
    "a dict, in its own order": ({"b": 1.0, "a": [2.0], 3: (4.0,)}, [1.0, 2.0, 4.0]),
    "names": (Point(1.0, Point(2.0, 3.0)), [1.0, 2.0, 3.0]),
    "other containers": (OrderedDict(b=1.0, a=deque([2.0])), [1.0, 2.0]),
    "an array": (MATRIX, MATRIX.ravel()),
    "an array with its axes exchanged": (MATRIX.T, [0.0, 3.0, 1.0, 4.0, 2.0, 5.0]),
    "every other entry": (np.arange(6.0)[::2], [0.0, 2.0, 4.0]),
    "an array of no dimension": (np.array(2.0), [2.0]),
    "whole numbers": (np.array([1, 2], dtype=np.uint8), [1.0, 2.0]),
    "truth values": (np.array([True, False]), [1.0, 0.0]),
    "another byte order": (np.array([1.5, 2.5], dtype=">f8"), [1.5, 2.5]),
    "no entries": (np.zeros((0, 3)), []),
    "a mixture": ({"s": 1.0, "m": [MATRIX, 7]}, [1.0, *MATRIX.ravel(), 7.0]),
}  # fmt: skip


class TestFlatten:
    @pytest.mark.parametrize(("tree", "numbers"), TREES.values(), ids=TREES)
    def test_gives_the_numbers_in_their_order(self, tree, numbers):
        found, structure = flatten(tree)
        same(found, np.array(numbers, dtype=float))
        assert found.flags.c_contiguous
        assert structure.size == len(numbers)

    @pytest.mark.parametrize("tree", [TREES[name][0] for name in TREES], ids=TREES)
    def test_what_was_built_is_flattened_to_the_same(self, tree):
        numbers, structure = flatten(tree)
        again, found = flatten(structure.build(numbers))
        same(again, numbers)
        assert found == structure
        assert hash(found) == hash(structure)

    def test_an_array_is_not_copied(self):
        x = np.arange(3.0)
        assert np.shares_memory(flatten((x,))[0], x)

    DIFFERENT = (
        (1.0, [1.0]),
        ([1.0], (1.0,)),
        ([1.0, 2.0], np.array([1.0, 2.0])),
        (np.zeros((2, 3)), np.zeros((3, 2))),
        (1.0, np.array([1.0])),
        ({"a": 1.0, "b": 2.0}, {"b": 2.0, "a": 1.0}),  # a function may look at the order of the keys
        (Point(1.0, 2.0), (1.0, 2.0)),
    )

    @pytest.mark.parametrize(("one", "other"), DIFFERENT)
    def test_structures_differ_if_a_function_could_tell(self, one, other):
        assert flatten(one)[1] != flatten(other)[1]

    def test_structures_are_equal_whatever_the_numbers_are(self):
        one, other = flatten(({"a": 1}, np.zeros(2)))[1], flatten(({"a": np.float64(2.0)}, np.ones(2, dtype=int)))[1]
        assert one == other
        assert {one: "kept"}[other] == "kept"

    def test_structures_are_pickled(self):
        structure = flatten(({"b": 1.0, "a": MATRIX}, [2.0]))[1]
        assert pickle.loads(pickle.dumps(structure)) == structure

    REFUSED = (
        ((np.zeros(2), "a"), r"^args\[1\] is 'a' of type str; expected real numbers"),
        (({"w": [1.0, "a"]},), r"^args\[0\]\['w'\]\[1\] is 'a'"),
        ((Point(1.0, 2j),), r"^args\[0\]\.y is 2j of type complex"),
        ((np.array([1j]),), r"^args\[0\] is an array of complex128; expected"),
        ((np.array([1.0], dtype=object),), r"^args\[0\] is an array of object; expected"),
        ((np.array(["a"]),), r"^args\[0\] is an array of <U1"),
        ((np.ma.masked_array([1.0]),), r"of type MaskedArray"),
        ((np.matrix([1.0]),), r"of type matrix"),
        ((Neuron(1.0),), r"^args\[0\] is Neuron.*takes numbers.*live inputs"),
        ((np.array([Neuron(1.0)]),), r"^args\[0\] is an array of object: a compiled function takes numbers"),
        (([1.0, [Neuron(1.0)]],), r"^args\[0\]\[1\]\[0\] is Neuron"),
    )

    @pytest.mark.filterwarnings("ignore:the matrix subclass")
    @pytest.mark.parametrize(("tree", "message"), REFUSED, ids=[str(message) for _, message in REFUSED])
    def test_what_is_no_number_is_named(self, tree, message):
        with pytest.raises(TypeError, match=message):
            flatten(tree)


class TestResults:
    def test_neurons_and_numbers_in_their_order(self):
        x, y = Neuron(1.0), Neuron(2.0)
        numbers, structure = flatten_result({"b": np.array([[x, 3]]), "a": (y, True, np.float64(0.5), MATRIX[0])})
        assert numbers[0] is x
        assert numbers[2] is y
        assert numbers[1:2] + numbers[3:] == [3.0, 1.0, 0.5, 0.0, 1.0, 2.0]
        same(
            structure.build(np.arange(8.0)),
            {"b": np.array([[0.0, 1.0]]), "a": (2.0, 3.0, 4.0, np.array([5.0, 6.0, 7.0]))},
        )

    def test_neurons_are_put_into_arrays_of_objects(self):
        x, y = Neuron(1.0), Neuron(2.0)
        _, structure = flatten({"a": np.zeros(2), "b": 1.0, "c": np.zeros(1)})
        built = structure.build([x, y, x, 4.0])
        assert built["a"].dtype == object
        assert built["a"][0] is x
        assert built["b"] is x
        same(built["c"], np.array([4.0]))

    @pytest.mark.parametrize(
        ("result", "message"),
        [
            ("text", r"^result is 'text'"),
            ([1.0, {"a": "text"}], r"^result\[1\]\['a'\] is 'text'"),
            (np.array([Neuron(1.0), None]), r"^result is an array of object"),
            (np.array([None, np.zeros(2)], dtype=object), r"^result is an array of object"),
            (1j, r"^result is 1j"),
        ],
    )
    def test_anything_else_is_named(self, result, message):
        with pytest.raises(TypeError, match=message):
            flatten_result(result)


class TestSelect:
    ARGUMENTS = ({"b": 1.0, "a": np.zeros(2)}, 5.0, [6.0, 7.0])

    @pytest.mark.parametrize(
        ("wrt", "places", "nested"),
        [
            (0, [0, 1, 2], {"b": 0.0, "a": np.array([1.0, 2.0])}),
            (-1, [4, 5], [4.0, 5.0]),
            ((2, 1), [4, 5, 3], ([4.0, 5.0], 3.0)),
            ((1,), [3], (3.0,)),
            ((), [], ()),
        ],
    )
    def test_gives_the_structure_and_the_places_of_arguments(self, wrt, places, nested):
        structure, found = flatten(self.ARGUMENTS)[1].select(wrt)
        assert found.tolist() == places
        same(structure.build(found.astype(float)), nested)

    def test_the_structure_is_that_of_the_argument_by_itself(self):
        assert flatten(self.ARGUMENTS)[1].select(0)[0] == flatten(self.ARGUMENTS[0])[1]
        assert flatten(self.ARGUMENTS)[1].select((0, 2))[0] == flatten(self.ARGUMENTS[::2])[1]

    @pytest.mark.parametrize(
        ("wrt", "error"), [(3, IndexError), (-4, IndexError), ((0, 3), IndexError), ((0, -3), ValueError)]
    )
    def test_refuses_what_there_is_not(self, wrt, error):
        with pytest.raises(error, match="wrt="):
            flatten(self.ARGUMENTS)[1].select(wrt)


class TestNumbersLike:
    @pytest.mark.parametrize(
        ("example", "tree", "numbers"),
        [
            ([1.0, 2.0], np.array([3.0, 4.0]), [3.0, 4.0]),
            (np.zeros(2), (3, 4), [3.0, 4.0]),
            ({"a": 1.0, "b": 2.0}, {"b": 3.0, "a": 4.0}, [4.0, 3.0]),
            (MATRIX, MATRIX, MATRIX.ravel()),
        ],
    )
    def test_lists_tuples_and_arrays_stand_for_each_other(self, example, tree, numbers):
        same(numbers_like(flatten(example)[1], tree, "the vector"), np.array(numbers))

    @pytest.mark.parametrize(("example", "tree"), [([1.0], [1.0, 2.0]), (1.0, [1.0]), ({"a": 1.0}, {"b": 1.0})])
    def test_anything_else_is_refused(self, example, tree):
        with pytest.raises(ValueError, match="^the vector must be nested like"):
            numbers_like(flatten(example)[1], tree, "the vector")


# Arguments, in_axes, shared and batched numbers, and the arguments at one point.
BATCHES = {
    "every argument": ((np.array([1, 2]), np.array([[3], [4]])), 0, [], [[1, 3], [2, 4]], (0.0, np.zeros(1))),
    "one of two": ((np.array([1, 2]), 7.0), (0, None), [7], [[1], [2]], (0.0, 0.0)),
    "as a list": ((np.array([1, 2]), 7.0), [0, None], [7], [[1], [2]], (0.0, 0.0)),
    "the last axis": ((np.array([[1, 2, 3], [4, 5, 6]]),), -1, [], [[1, 4], [2, 5], [3, 6]], (np.zeros(2),)),
    "a dict in another order": (
        ({"b": np.array([1, 2]), "a": [3.0, 4.0]},),
        ({"a": None, "b": 0},),
        [3, 4],
        [[1], [2]],
        ({"b": 0.0, "a": [0.0, 0.0]},),
    ),
    "the upper part of a tree": (
        ([np.array([1, 2]), (np.array([3, 4]), np.array([[5], [6]]))], np.array([8.0, 9.0])),
        ([None, 0], None),
        [1, 2, 8, 9],
        [[3, 5], [4, 6]],
        ([np.zeros(2), (0.0, np.zeros(1))], np.zeros(2)),
    ),
    "no points": ((np.zeros((0, 2)), 1.0), (0, None), [1.0], np.zeros((0, 2)), (np.zeros(2), 0.0)),
    "points without numbers": ((np.zeros((3, 0)),), 0, [], np.zeros((3, 0)), (np.zeros(0),)),
}  # fmt: skip


class TestBatch:
    @pytest.mark.parametrize(("args", "in_axes", "shared", "batched", "point"), BATCHES.values(), ids=BATCHES)
    def test_tells_what_is_shared(self, args, in_axes, shared, batched, point):
        batch = flatten_batch(args, in_axes)
        same(batch.shared_values, np.array(shared, dtype=float))
        same(batch.batched_values, np.array(batched, dtype=float))
        assert batch.points == len(batched)
        assert batch.structure == flatten(point)[1]
        assert sorted([*batch.shared, *batch.batched]) == list(range(batch.structure.size))

    @pytest.mark.parametrize(("args", "in_axes", "shared", "batched", "point"), BATCHES.values(), ids=BATCHES)
    def test_the_numbers_at_a_point_are_those_of_a_call_there(self, args, in_axes, shared, batched, point):
        batch = flatten_batch(args, in_axes)
        for values in batch.batched_values:
            numbers = np.empty(batch.structure.size)
            numbers[batch.shared], numbers[batch.batched] = batch.shared_values, values
            again, structure = flatten(batch.structure.build(numbers))
            assert structure == batch.structure
            same(again, numbers)

    @pytest.mark.parametrize(
        ("args", "in_axes", "error", "message"),
        [
            ((np.zeros(2), np.zeros(3)), 0, ValueError, r"args\[0\] has 2 along axis 0, args\[1\] has 3 along axis 0"),
            (
                (np.zeros(2),),
                (1,),
                ValueError,
                r"args\[0\] has the shape \(2,\): there is no axis 1; None means that it is shared",
            ),
            ((np.zeros(2), 1.0), 0, ValueError, r"args\[1\] is a number: there is no axis 0"),
            (([1.0, 2.0],), 0, ValueError, r"args\[0\]\[0\] is a number: there is no axis 0"),
            ((np.zeros(2),), (0, None), ValueError, r"in_axes has 2 entries for 1 argument"),
            ((np.zeros(2), 1.0), (None, None), ValueError, "batches none of the arguments"),
            ((), 0, ValueError, "batches none of the arguments"),
            (({"a": np.zeros(2)},), ({"b": 0},), ValueError, r"in_axes\[0\]={'b': 0} does not fit argument 0"),
            ((1.0, np.zeros(2)), (None, (0,)), ValueError, r"in_axes\[1\]=\(0,\) does not fit argument 1"),
            ((np.zeros(2),), (0.0,), TypeError, r"in_axes\[0\] has 0.0; an axis is a whole number, or None"),
            ((np.zeros(2),), "0", TypeError, r"in_axes\[0\] has '0'"),
            ((np.zeros(2), True), (True, None), TypeError, r"in_axes\[0\] has True"),
            ((np.zeros(2), "a"), (0, None), TypeError, r"^args\[1\] is 'a' of type str"),
        ],
    )
    def test_errors_name_the_argument(self, args, in_axes, error, message):
        with pytest.raises(error, match=message):
            flatten_batch(args, in_axes)

    def test_results_have_the_points_as_first_axis(self):
        structure = flatten({"s": 1.0, "v": np.zeros((1, 2))})[1]
        found = structure.build_batch(np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]))
        same(found, {"s": np.array([1.0, 4.0]), "v": np.array([[[2.0, 3.0]], [[5.0, 6.0]]])})


class TestMatrix:
    @pytest.mark.parametrize("shape", [(2,), ()])
    def test_points_come_before_the_axes_of_results_and_arguments(self, shape):
        outputs, inputs = flatten((1.0, np.zeros(2)))[1], flatten({"a": 1.0, "b": np.zeros(3)})[1]
        matrices = np.arange(5.0 * 3 * 4).reshape(5, 3, 4)
        several = nest_matrix(matrices, outputs, inputs)
        for point, matrix in enumerate(matrices):
            one = nest_matrix(matrix, outputs, inputs)
            assert one[0]["a"] == several[0]["a"][point]
            same(one[0]["b"], several[0]["b"][point])
            same(one[1]["b"], several[1]["b"][point])

    @pytest.mark.parametrize(
        "residuals",
        [
            lambda x: [x[0] - 3.0, x[0] * x[1] - 6.0, x[1] - 2.0],
            lambda x: (x[0] - 3.0, x[0] * x[1] - 6.0, x[1] - 2.0),
            lambda x: np.array([x[0] - 3.0, x[0] * x[1] - 6.0, x[1] - 2.0]),
            lambda x: (x[0] - 3.0) * (x[0] - 3.0) + (x[1] - 2.0) * (x[1] - 2.0),
        ],
        ids=["list", "tuple", "array", "number"],
    )
    def test_serves_least_squares_and_is_that_of_the_core(self, residuals):
        def jac(x):
            outputs = flatten_result(residuals(x))[1]
            columns = [jacobian(lambda x, i=i: flatten_result(residuals(x))[0][i])(x) for i in range(outputs.size)]
            found = nest_matrix(np.array(columns), outputs, flatten(x)[1])
            same(found, jacobian(residuals)(x))
            return found

        found = scipy.optimize.least_squares(residuals, np.array([1.0, 1.0]), jac=jac)
        assert found.success
        # the sum of squares as one residual has a derivative of zero there, so it is found to half the digits
        assert found.x == pytest.approx([3.0, 2.0], rel=1e-3)


class TestJSON:
    @pytest.mark.parametrize(
        ("tree", "expected"),
        [
            (1.0, "number"),
            (np.zeros((2, 0)), {"array": [2, 0]}),
            (([1.0], ()), {"tuple": [{"list": ["number"]}, {"tuple": []}]}),
            ({"b": 1.0, -1: {}}, {"dict": [["b", "number"], [-1, {"dict": []}]]}),
        ],
    )
    def test_lists_tuples_dicts_numbers_and_arrays(self, tree, expected):
        structure = flatten(tree)[1]
        assert structure_to_json(structure) == expected
        assert structure_from_json(expected) == structure

    @pytest.mark.parametrize(
        "tree", [Point(1.0, 2.0), OrderedDict(a=1.0), deque([1.0]), {1.5: 1.0}, {True: 1.0}, {(): 1.0}]
    )
    def test_what_only_python_knows_cannot_be_saved(self, tree):
        with pytest.raises(TypeError, match="can be saved"):
            structure_to_json(flatten([tree])[1])

    def test_neither_can_what_is_nested_too_deeply(self):
        tree, value = 1.0, "number"
        for _ in range(101):
            tree, value = [tree], {"list": [value]}
        with pytest.raises(TypeError, match="deeper than 100"):
            structure_to_json(flatten(tree)[1])
        with pytest.raises(ProgramFileError, match="deeper than 100"):
            structure_from_json(value)
        assert structure_to_json(flatten(tree[0])[1]) == value["list"][0]

    INVALID = (
        None, 1, "text", [], {}, {"list": "number"}, {"list": ["number"], "tuple": []}, {"set": []}, {"array": []},
        {"array": [-1]}, {"array": [1.5]}, {"array": [True]}, {"array": [2**31]}, {"array": [2**16, 2**16]},
        {"array": [0, 2**30, 2**30]}, {"array": [1] * 33}, {"array": "number"}, {"dict": {}}, {"dict": ["number"]},
        {"dict": [["a"]]}, {"dict": [[None, "number"]]}, {"dict": [[1.5, "number"]]}, {"dict": [[True, "number"]]},
        {"dict": [[[], "number"]]}, {"dict": [["a", "number"], ["a", "number"]]},
        {"tuple": ["os.system"]}, {"array": [10**400]},
    )  # fmt: skip

    @pytest.mark.parametrize("value", INVALID, ids=repr)
    def test_anything_else_is_refused(self, value):
        with pytest.raises(ProgramFileError, match="structure of arguments or results"):
            structure_from_json(value)


numbers = st.floats(allow_nan=False, width=64)
arrays = hnp.arrays(np.float64, hnp.array_shapes(min_side=0, max_side=3), elements=numbers)
keys = st.text(max_size=2) | st.integers()
trees = st.recursive(
    numbers | arrays,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.dictionaries(keys, inner, max_size=3)
        | st.builds(Point, inner, inner)
    ),
    max_leaves=8,
)
saved = st.recursive(
    numbers | arrays,
    lambda inner: st.lists(inner, max_size=3) | st.tuples(inner, inner) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=8,
)


class TestAnyTree:
    @given(trees)
    def test_is_built_again(self, tree):
        found, structure = flatten(tree)
        same(structure.build(found), tree)
        same(structure.build(found.tolist()), tree)

    @given(trees)
    def test_has_its_numbers_where_the_core_has_them(self, tree):
        found, rebuild = core_tree.flatten(tree)
        numbers, structure = flatten(tree)
        assert numbers.tolist() == found
        same(structure.build(numbers), rebuild(numbers.tolist()))
        assert flatten_result(tree) == (found, structure)
        assert len(core_tree.paths(tree)) == structure.size
        same(numbers_like(structure, tree, "it"), numbers)

    @given(trees, trees)
    def test_matrices_are_nested_as_in_the_core(self, one, other):
        outputs, inputs = flatten(one)[1], flatten(other)[1]
        matrix = np.arange(float(outputs.size * inputs.size)).reshape(outputs.size, inputs.size)
        same(nest_matrix(matrix, outputs, inputs), core_tree.rebuild_matrix(matrix.tolist(), one, other))

    @given(saved)
    def test_is_written_and_read(self, tree):
        structure = flatten(tree)[1]
        assert structure_from_json(structure_to_json(structure)) == structure

    @given(trees, st.integers(1, 3))
    def test_is_batched(self, tree, points):
        structure = flatten((tree,))[1]
        assume(structure.shapes)
        rows = np.arange(float(points * structure.size)).reshape(points, structure.size)
        stacked = structure.build_batch(rows)
        batch = flatten_batch(stacked)
        assert batch.structure == structure
        same(batch.batched_values, rows)
