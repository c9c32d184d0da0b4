"""The nesting of arguments and results as JSON."""

from __future__ import annotations

from collections import OrderedDict, deque, namedtuple

import numpy as np
import pytest

from gograd_compile.errors import ProgramFileError
from gograd_compile.nesting.structure_json import structure_from_json, structure_to_json
from gograd_compile.nesting.trees import flatten

pytestmark = pytest.mark.any_engine

Point = namedtuple("Point", "x y")


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
