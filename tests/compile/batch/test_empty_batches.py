"""Batches of no points, and arguments without numbers: results are nested as ever, whatever was called before."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest

from gograd_compile import RecordingError
from gograd_core import Neuron, math, ops
from source_lines import line_of

POINTS = np.empty((0, 2))
PARAMETERS = {"w": 2.0, "v": np.ones(3), "none": None}


def number(p, x):
    return p["w"] * x[0] + ops.dot(p["v"], p["v"]) * x[1]


def several(p, x):
    return {"a": [p["w"] * x[0], ops.log(x[1])], "b": np.array([x[0], ops.where(x[1] > 0.0, x[0], 1.0)]), "c": None}


def branching(p, x):
    return [x[0]] if x[1] > p["w"] else [-x[0]]


def shapes(tree):
    if isinstance(tree, dict):
        return {key: shapes(child) for key, child in tree.items()}
    if isinstance(tree, (list, tuple)):
        return type(tree)(map(shapes, tree))
    return tree if tree is None else np.shape(tree)


@pytest.fixture(params=[False, True], ids=["fresh", "recorded"])
def batch(request, compiled):
    """A function at the points; with and without a call at one of them before."""

    def batched(f):
        c = compiled(f)
        if request.param:
            c(PARAMETERS, np.ones(2))
        return c.batch((None, 0))

    return batched


SHARED, OWN = {"w": (), "v": (3,), "none": None}, {"w": (0,), "v": (0, 3), "none": None}


class TestNoPoints:
    def test_values(self, batch):
        assert shapes(batch(several)(PARAMETERS, POINTS)) == {"a": [(0,), (0,)], "b": (0, 2), "c": None}
        assert batch(number)(PARAMETERS, POINTS).shape == (0,)

    def test_gradients(self, batch):
        values, slopes = batch(number).value_and_grad(PARAMETERS, POINTS, wrt=(0, 1))
        assert values.shape == (0,)
        assert shapes(slopes) == (SHARED, (0, 2))
        assert slopes[0]["w"] == 0.0
        assert slopes[0]["v"].tolist() == [0.0] * 3
        assert shapes(batch(number).grad(PARAMETERS, POINTS)) == SHARED
        assert shapes(batch(number).grad(PARAMETERS, POINTS, per_point=True)) == OWN
        assert batch(number).grad(PARAMETERS, POINTS, wrt=1).shape == (0, 2)

    @pytest.mark.parametrize("rounded", [math.floor, math.ceil, math.trunc], ids=lambda f: f.__name__)
    def test_of_functions_that_round(self, compiled, rounded):
        f = lambda x: [x - 360.0 * rounded(x / 360.0), 1.0]  # noqa: E731
        assert compiled(f).batch()(np.empty(0))[0].shape == (0,)

    def test_backward(self, compiled):
        leaf = Neuron(2.0)
        assert compiled(lambda x: leaf * x).batch().backward(np.empty(0)).shape == (0,)
        assert leaf.grad == 0.0

    def test_jacobians(self, batch):
        found = batch(several).jacobian(PARAMETERS, POINTS, wrt=(0, 1))
        assert shapes(found["a"]) == [(OWN, (0, 2)), (OWN, (0, 2))]
        assert shapes(found["b"]) == ({"w": (0, 2), "v": (0, 2, 3), "none": None}, (0, 2, 2))
        assert found["c"] is None

    def test_second_derivatives(self, batch):
        assert batch(number).hessian(PARAMETERS, POINTS, wrt=1).shape == (0, 2, 2)
        assert shapes(batch(number).hvp(PARAMETERS, POINTS, PARAMETERS)) == OWN
        assert shapes(batch(number).hessian(PARAMETERS, POINTS)["v"]) == {"w": (0, 3), "v": (0, 3, 3), "none": None}

    def test_a_function_that_decides_by_a_number_may_nest_its_result_otherwise_elsewhere(self, compiled):
        f = compiled(branching)
        c = f.batch((None, 0))
        for call in (c, c.jacobian):
            with pytest.raises(ValueError, match="^there are no points, and how branching nests its result") as caught:
                call(PARAMETERS, POINTS)
            assert f": {line_of(branching, 1)}: bool() of a number decides." in str(caught.value)
            assert str(caught.value).endswith("Call it at a point first, or leave out empty batches")
        c.value_and_grad(PARAMETERS, POINTS)  # whose values are numbers
        f(PARAMETERS, np.ones(2))
        assert shapes(c(PARAMETERS, POINTS)) == [(0,)]
        assert shapes(c.jacobian(PARAMETERS, POINTS, wrt=1)) == [(0, 2)]

    def test_nothing_is_recorded_there(self, compiled, count_paths):
        c = compiled(several)
        c.batch((None, 0))(PARAMETERS, POINTS)
        assert count_paths(c) == 0
        assert c(PARAMETERS, np.array([2.0, 1.0]))["a"] == [4.0, 0.0]

    def test_a_decision_that_the_function_hides_counts(self, compiled):
        def hiding(x):
            try:
                return [x, x] if x > 0.0 else x
            except Exception:
                return x

        with pytest.raises(ValueError, match=r"no points"):
            compiled(hiding).batch()(np.empty(0))

    def test_the_first_decision_is_named_whatever_is_raised_then(self, compiled):
        def hiding(x):
            with contextlib.suppress(RecordingError):
                bool(x > 0.0)
            with contextlib.suppress(RecordingError):
                bool(x > 1.0)
            raise KeyError("another error")

        with pytest.raises(ValueError, match=rf"{line_of(hiding, 2)}: bool\(\) of a number decides"):
            compiled(hiding).batch()(np.empty(0))

    def test_a_function_that_does_not_run_without_numbers(self, compiled):
        with pytest.raises(ValueError, match=r"no points, and how <lambda> nests .*trunc\(\) of a number decides"):
            compiled(lambda x: [x] * int(x)).batch()(np.empty(0))


# Axes of a number, of an array without numbers, and of another number; the shapes of the gradients, and per point.
EMPTY = {
    "batched beside shared": ((None, 0, 0), [(), (4, 0), (4,)], [(4,), (4, 0), (4,)]),
    "shared beside batched": ((0, None, 0), [(4,), (0,), (4,)], [(4,), (4, 0), (4,)]),
    "batched": ((0, 0, 0), [(4,), (4, 0), (4,)], [(4,), (4, 0), (4,)]),
}  # fmt: skip


@pytest.mark.parametrize(("axes", "expected", "per_point"), EMPTY.values(), ids=EMPTY)
@pytest.mark.parametrize("wrt", [(0, 1, 2), (0, 1), (1, 2), (1,), (2, 1)])
def test_gradients_by_arguments_without_numbers(axes, expected, per_point, wrt, compiled):
    args = [np.ones(4) if axes[0] == 0 else 2.0, np.zeros((4, 0)) if axes[1] == 0 else np.zeros(0), np.ones(4)]
    c = compiled(lambda s, e, x: s * x + sum(e)).batch(axes)
    assert [np.shape(c.grad(*args, wrt=wrt)[place]) for place in range(len(wrt))] == [expected[n] for n in wrt]
    found = c.grad(*args, wrt=wrt, per_point=True)
    assert [np.shape(each) for each in found] == [per_point[n] for n in wrt]
