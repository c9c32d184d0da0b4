"""Derivatives of batches where there is nothing, or something wrong: no points, errors, programs that were loaded."""

from __future__ import annotations

import numpy as np
import pytest

from gograd_compile import PathNotRecorded, RecordingError
from gograd_core import DomainError, Neuron, errstate, ops
from round_trips import reloaded

X, PARAMETERS = np.arange(1.0, 13.0).reshape(4, 3), {"w": np.array([0.5, -0.25, 0.125]), "scale": 2.0}
SIGNED = np.linspace(-2.0, 2.5, 11)


def branching(x):
    return x**3 if x > 0.0 else ops.sin(x) * x


METHODS = {
    "jacobian": lambda c, x: c.jacobian(x),
    "hessian": lambda c, x: c.hessian(x),
    "hvp": lambda c, x: c.hvp(x, np.ones_like(x)),
}
each_method = pytest.mark.parametrize("call", METHODS.values(), ids=METHODS)


class TestNoPoints:
    none, parameters = np.empty((0, 2)), {"a": 2.0, "b": np.ones(3)}

    def test_jacobians_have_the_form_that_is_known(self, compiled):
        c = compiled(lambda p, x: [p["a"] * x[0], p["b"] * x[1]])
        c(self.parameters, [1.0, 2.0])
        c(self.parameters, np.ones(2))
        first, second = c.batch((None, 0)).jacobian(self.parameters, self.none, wrt=(0, 1))
        assert (first[0]["a"].shape, first[0]["b"].shape, first[1].shape) == ((0,), (0, 3), (0, 2))
        assert (second[0]["a"].shape, second[0]["b"].shape, second[1].shape) == ((0, 3), (0, 3, 3), (0, 3, 2))

    def test_second_derivatives_are_nested_as_the_argument(self, compiled):
        c = compiled(lambda p, x: p["a"] * x[0] * p["b"][1]).batch((None, 0))
        product = c.hvp(self.parameters, self.none, self.parameters)
        assert (product["a"].shape, product["b"].shape) == ((0,), (0, 3))
        assert c.hessian(self.parameters, self.none, wrt=1).shape == (0, 2, 2)


class TestErrors:
    @pytest.mark.parametrize(
        ("call", "error", "message"),
        [
            (lambda c: c.hvp(X), TypeError, r"hvp\(\) takes the arguments of f, then a vector"),
            (lambda c: c.hvp(PARAMETERS, X), ValueError, "2 entries for 1 argument"),
            (lambda c: c.hvp(PARAMETERS, X, {"w": X[0]}), ValueError, "the vector must be nested like {'scale'"),
            (lambda c: c.hvp(PARAMETERS, X, X[1:], wrt=1), ValueError, "the vector must be nested like array"),
            (lambda c: c.hvp(PARAMETERS, X, X[0], wrt=1), ValueError, "the vector must be nested like array"),
            (lambda c: c.hvp(PARAMETERS, X, "x", wrt=1), TypeError, "the vector is 'x' of type str"),
            (lambda c: c.hvp(PARAMETERS, X, X, wrt=(0, 1)), ValueError, "the vector must be nested like"),
            (lambda c: c.jacobian(PARAMETERS, X, wrt=2), IndexError, "2 positional"),
            (lambda c: c.hessian(PARAMETERS, X, wrt=(1, -1)), ValueError, "twice"),
            (lambda c: c.jacobian(PARAMETERS, X, wrt="w"), TypeError, "wrt must be the number"),
            (lambda c: c.jacobian(PARAMETERS, Neuron(1.0)), TypeError, "takes numbers"),
            (lambda c: c.hessian(PARAMETERS, 1.0), ValueError, "None means that it is shared"),
        ],
    )
    def test_arguments(self, call, error, message, compiled):
        def f(p, x):
            return p["scale"] * ops.dot(p["w"], x) ** 2

        with pytest.raises(error, match=message):
            call(compiled(f).batch((None, 0)))

    @pytest.mark.parametrize("method", ["hessian", "hvp"])
    def test_only_one_number_has_second_derivatives(self, method, compiled):
        c = compiled(lambda x: [x, x * x])
        assert [part.tolist() for part in c.batch().jacobian(np.array([3.0, 4.0]))] == [[1.0, 1.0], [6.0, 8.0]]
        with pytest.raises(TypeError) as alone:
            getattr(c, method)(*([3.0, 1.0] if method == "hvp" else [3.0]))
        with pytest.raises(TypeError) as together:
            METHODS[method](c.batch(), np.array([3.0, 4.0]))
        assert str(together.value) == str(alone.value)

    def test_gradients_point_to_jacobians(self, compiled):
        with pytest.raises(TypeError, match="use jacobian$"):
            compiled(lambda x: [x, x]).batch().grad(np.ones(3))

    def test_results_nested_differently_at_different_points(self, compiled):
        c = compiled(lambda x: [x] if x > 0.0 else (x, x)).batch()
        with pytest.raises(ValueError, match=r"differently nested .* at point 2 "):
            c.jacobian(np.array([1.0, 2.0, -1.0]))

    @each_method
    @pytest.mark.parametrize(
        ("f", "message"),
        [
            (lambda x: x * ops.log(x), r"log\(-1.0\)"),
            (lambda x: x * ops.log(x) if x > 1.5 else ops.log(x + 1.0) * x * x, r"log\(0.0\)"),
            (lambda x: ops.sqrt(x + 1.0) * x, "sqrt"),
        ],
        ids=["a value", "on a path of its own", "a derivative"],
    )
    def test_say_at_which_point(self, call, f, message, compiled):
        c = compiled(f)
        x = np.linspace(1.0, 2.0, 50)
        x[37] = -1.0
        with pytest.raises(DomainError, match=message) as caught:
            call(c.batch(), x)
        assert caught.value.__notes__ == ["at point 37 of the batch"]

    def test_depend_on_the_vector_of_each_point(self, compiled):
        """The second derivative by the second number is infinite at 0, which matters in that direction alone."""
        c = compiled(lambda x: x[0] ** 3 + x[1] ** 1.5).batch()
        x, across = np.array([[1.0, 4.0], [2.0, 0.0], [3.0, 0.0]]), np.array([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0]])
        assert c.hvp(x, across).tolist() == [[6.0, 0.0], [12.0, 0.0], [18.0, 0.0]]
        across[2, 1] = 1.0
        with pytest.raises(DomainError) as caught:
            c.hvp(x, across)
        assert caught.value.__notes__ == ["at point 2 of the batch"]

    @each_method
    def test_errstate_lets_the_numbers_of_ieee_stand(self, call, compiled, bits):
        c = compiled(lambda x: x * ops.log(x))
        x = np.linspace(1.0, 2.0, 50)
        expected = call(c.batch(), x)
        x[37] = -1.0
        with errstate(domain="ignore"):
            found = call(c.batch(), x)
        assert np.flatnonzero(~np.isfinite(found) | (found != expected)).tolist() == [37]

    @each_method
    def test_numbers_that_are_infinite_by_themselves_are_none(self, call, compiled, bits):
        c = compiled(lambda x: x**3)
        x = np.array([1.0, np.inf, 2.0])
        assert bits(call(c.batch(), x)) == bits([call(c, point) for point in x])


class TestPrograms:
    """Those that were loaded."""

    @pytest.fixture
    def loaded(self, compiled, tmp_path):
        def loaded(f, *points):
            c = compiled(f)
            for call, point in points:
                call(c, point)
            return c, reloaded(c, tmp_path)

        return loaded

    @each_method
    def test_give_the_same(self, call, loaded, bits):
        c, program = loaded(branching, (call, 1.0), (call, -1.0))
        assert bits(call(program.batch(), SIGNED)) == bits(call(c.batch(), SIGNED))

    @each_method
    def test_know_the_paths_that_were_saved(self, call, loaded):
        _, program = loaded(branching, (call, 1.0))
        with pytest.raises(PathNotRecorded, match="in branching"):
            call(program.batch(), SIGNED)

    @pytest.mark.parametrize("method", ["hessian", "hvp"])
    def test_have_second_derivatives_if_these_were_saved(self, method, loaded):
        _, program = loaded(branching, (METHODS["jacobian"], 1.0))
        for points in (SIGNED, np.empty(0)):
            with pytest.raises(PathNotRecorded, match="saved without second derivatives"):
                METHODS[method](program.batch(), points)


@each_method
def test_inside_of_a_recording_they_are_constants_unless_they_capture_neurons(call, compiled):
    """As values and gradients of batches are."""
    points, leaf = np.array([1.0, 2.0]), Neuron(3.0)
    c, captures = compiled(lambda x: x**3), compiled(lambda x: leaf * x**3)
    assert compiled(lambda y: y * call(c.batch(), points)[1])(2.0) == 2.0 * call(c, 2.0)
    call(captures.batch(), points)
    with pytest.raises(RecordingError, match="captures neurons runs while another one is recorded"):
        compiled(lambda y: y * call(captures.batch(), points)[1])(2.0)
