"""Arguments of a batch: which numbers are shared, and which differ from point to point."""

from __future__ import annotations

import numpy as np
import pytest

from comparing import exact
from gograd_compile.nesting.batch_arguments import flatten_batch
from gograd_compile.nesting.trees import flatten

pytestmark = pytest.mark.any_engine


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
        assert exact(batch.shared_values) == exact(np.array(shared, dtype=float))
        assert exact(batch.batched_values) == exact(np.array(batched, dtype=float))
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
            assert exact(again) == exact(numbers)

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
        assert exact(found) == exact({"s": np.array([1.0, 4.0]), "v": np.array([[[2.0, 3.0]], [[5.0, 6.0]]])})
