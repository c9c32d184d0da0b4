"""Laws of any nesting: it is taken apart and put together again as by the core, in files and in batches too."""

from __future__ import annotations

from collections import namedtuple

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from comparing import exact
from gograd_compile.nesting.batch_arguments import flatten_batch
from gograd_compile.nesting.structure_json import structure_from_json, structure_to_json
from gograd_compile.nesting.trees import flatten, flatten_result, nest_matrix, numbers_like
from gograd_core.derivatives import tree as core_tree

pytestmark = pytest.mark.any_engine

Point = namedtuple("Point", "x y")


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
        assert exact(structure.build(found)) == exact(tree)
        assert exact(structure.build(found.tolist())) == exact(tree)

    @given(trees)
    def test_has_its_numbers_where_the_core_has_them(self, tree):
        found, rebuild = core_tree.flatten(tree)
        numbers, structure = flatten(tree)
        assert numbers.tolist() == found
        assert exact(structure.build(numbers)) == exact(rebuild(numbers.tolist()))
        assert flatten_result(tree) == (found, structure)
        assert len(core_tree.paths(tree)) == structure.size
        assert exact(numbers_like(structure, tree, "it")) == exact(numbers)

    @given(trees, trees)
    def test_matrices_are_nested_as_in_the_core(self, one, other):
        outputs, inputs = flatten(one)[1], flatten(other)[1]
        matrix = np.arange(float(outputs.size * inputs.size)).reshape(outputs.size, inputs.size)
        assert exact(nest_matrix(matrix, outputs, inputs)) == exact(
            core_tree.rebuild_matrix(matrix.tolist(), one, other)
        )

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
        assert exact(batch.batched_values) == exact(rows)
