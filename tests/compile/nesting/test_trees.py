"""Nested arguments and results: the order of their numbers, how they are put together again, what is refused."""

from __future__ import annotations

import fractions
import pickle
from collections import OrderedDict, deque, namedtuple

import numpy as np
import pytest
import scipy.optimize

from comparing import exact
from gograd_compile.nesting.trees import flatten, flatten_result, nest_matrix, numbers_like
from gograd_core import Neuron, jacobian

pytestmark = pytest.mark.any_engine

Point = namedtuple("Point", "x y")
MATRIX = np.arange(6.0).reshape(2, 3)


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
        assert exact(found) == exact(np.array(numbers, dtype=float))
        assert found.flags.c_contiguous
        assert structure.size == len(numbers)

    @pytest.mark.parametrize("tree", [TREES[name][0] for name in TREES], ids=TREES)
    def test_what_was_built_is_flattened_to_the_same(self, tree):
        numbers, structure = flatten(tree)
        again, found = flatten(structure.build(numbers))
        assert exact(again) == exact(numbers)
        assert found == structure
        assert hash(found) == hash(structure)

    def test_arrays_of_objects_may_hold_numbers(self):
        numbers, structure = flatten((np.array([1, 2.5, True], dtype=object),))
        assert (numbers.tolist(), structure.shapes) == ([1.0, 2.5, 1.0], ((3,),))

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
        ((np.array([1.0, None]),), r"^args\[0\] is an array of object; expected"),
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
        assert exact(structure.build(np.arange(8.0))) == exact(
            {"b": np.array([[0.0, 1.0]]), "a": (2.0, 3.0, 4.0, np.array([5.0, 6.0, 7.0]))}
        )

    def test_neurons_are_put_into_arrays_of_objects(self):
        x, y = Neuron(1.0), Neuron(2.0)
        _, structure = flatten({"a": np.zeros(2), "b": 1.0, "c": np.zeros(1)})
        built = structure.build([x, y, x, 4.0])
        assert built["a"].dtype == object
        assert built["a"][0] is x
        assert built["b"] is x
        assert exact(built["c"]) == exact(np.array([4.0]))

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
        assert exact(structure.build(found.astype(float))) == exact(nested)

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
        assert exact(numbers_like(flatten(example)[1], tree, "the vector")) == exact(np.array(numbers))

    @pytest.mark.parametrize(("example", "tree"), [([1.0], [1.0, 2.0]), (1.0, [1.0]), ({"a": 1.0}, {"b": 1.0})])
    def test_anything_else_is_refused(self, example, tree):
        with pytest.raises(ValueError, match="^the vector must be nested like"):
            numbers_like(flatten(example)[1], tree, "the vector")


class TestMatrix:
    @pytest.mark.parametrize("shape", [(2,), ()])
    def test_points_come_before_the_axes_of_results_and_arguments(self, shape):
        outputs, inputs = flatten((1.0, np.zeros(2)))[1], flatten({"a": 1.0, "b": np.zeros(3)})[1]
        matrices = np.arange(5.0 * 3 * 4).reshape(5, 3, 4)
        several = nest_matrix(matrices, outputs, inputs)
        for point, matrix in enumerate(matrices):
            one = nest_matrix(matrix, outputs, inputs)
            assert one[0]["a"] == several[0]["a"][point]
            assert exact(one[0]["b"]) == exact(several[0]["b"][point])
            assert exact(one[1]["b"]) == exact(several[1]["b"][point])

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
            assert exact(found) == exact(jacobian(residuals)(x))
            return found

        found = scipy.optimize.least_squares(residuals, np.array([1.0, 1.0]), jac=jac)
        assert found.success
        # the sum of squares as one residual has a derivative of zero there, so it is found to half the digits
        assert found.x == pytest.approx([3.0, 2.0], rel=1e-3)
