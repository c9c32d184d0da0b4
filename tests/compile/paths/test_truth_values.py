"""A truth value has no derivative: eager and compiled derivatives of functions that return one are refused alike."""

import copy

import numpy as np
import pytest

from gograd_compile import compile
from gograd_core import Op, grad, jacobian, ops, value_and_grad
from round_trips import again, reloaded

FUNCTIONS = {
    "a comparison": lambda x: x > 1.0,
    "an operation": lambda x: ops.greater(x, 1.0),
    "one of two": lambda x: (x > 1.0) & (x < 3.0),
    "not": lambda x: not x > 1.0,
    "a constant": lambda x: True,
    "on one path": lambda x: x > 1.0 if x > 0.0 else x,
}


@pytest.mark.parametrize("f", FUNCTIONS.values(), ids=FUNCTIONS)
@pytest.mark.parametrize("differentiate", [grad, value_and_grad, jacobian])
def test_has_no_derivative(f, differentiate):
    compiled = compile(f)
    assert compiled(2.0) == f(2.0)
    with pytest.raises(TypeError, match="truth value, which has no"):
        differentiate(f)(2.0)
    for asked in (compiled, compiled.batch()):
        with pytest.raises(TypeError, match="truth value, which has no"):
            getattr(asked, differentiate.__name__)(np.array([2.0]) if asked is not compiled else 2.0)


AGAIN = {
    "loaded": reloaded,
    "loaded twice": lambda f, tmp_path: reloaded(reloaded(f, tmp_path), tmp_path),
    "pickled": lambda f, _: again(f),
    "copied": lambda f, tmp_path: copy.deepcopy(reloaded(f, tmp_path)),
}


POINTS, VECTORS = np.array([2.0, 3.0]), np.ones(2)
DERIVATIVES = (
    lambda f: f.grad(2.0),
    lambda f: f.value_and_grad(2.0),
    lambda f: f.backward(2.0),
    lambda f: f.jacobian(2.0),
    lambda f: f.hvp(2.0, 1.0),
    lambda f: f.hessian(2.0),
    lambda f: f.batch().grad(POINTS),
    lambda f: f.batch().backward(POINTS),
    lambda f: f.batch().jacobian(POINTS),
    lambda f: f.batch().hvp(POINTS, VECTORS),
    lambda f: f.batch().hessian(POINTS),
)


@pytest.mark.parametrize("back", AGAIN.values(), ids=AGAIN)
@pytest.mark.parametrize("f", FUNCTIONS.values(), ids=FUNCTIONS)
def test_has_none_in_a_program_either(f, back, tmp_path):
    compiled = compile(f)
    compiled(2.0)
    program = back(compiled, tmp_path)
    assert program(2.0) == compiled(2.0) == f(2.0)
    for one in (compiled, program):
        for derivative in DERIVATIVES:
            with pytest.raises(TypeError, match="truth value, which has no derivative"):
                derivative(one)


def test_a_program_has_derivatives_where_it_gives_numbers(tmp_path):
    compiled = compile(FUNCTIONS["on one path"])
    compiled(2.0), compiled(-2.0), compiled.hessian(-2.0)
    program = reloaded(compiled, tmp_path)
    assert (program.grad(-2.0), program.hessian(-2.0)) == (1.0, 0.0)
    with pytest.raises(TypeError, match="truth value, which has no derivative"):
        program.grad(2.0)


def test_is_found_in_arrays_and_containers():
    def f(x):
        return {"positive": np.array([x > 0.0], dtype=object), "itself": x}

    for differentiate in (jacobian(f), compile(f).jacobian):
        with pytest.raises(TypeError, match="truth value, which has no"):
            differentiate(2.0)


def test_does_not_matter_in_values():
    f = compile(FUNCTIONS["on one path"])
    np.testing.assert_array_equal(f.batch()(np.array([2.0, -2.0])), [1.0, -2.0])


@pytest.mark.parametrize("other", [lambda x: x > 0.0, lambda x: [x, x], lambda x: np.array([x])])
def test_what_one_path_returns_is_nothing_to_another(other):
    f = compile(lambda x: other(x) if x > 0.0 else x * x)
    f(2.0)
    assert f.grad(-2.0) == -4.0
    with pytest.raises(TypeError):
        f.grad(2.0)
    assert f.grad(-3.0) == -6.0


def test_computed_with_is_a_number():
    assert grad(lambda x: (x > 1.0) * x)(2.0) == compile(lambda x: (x > 1.0) * x).grad(2.0) == 1.0


def test_of_a_rule_with_partials_has_no_derivative_either():
    odd = Op("odd", forward=lambda xp, x: x > 1.0, partials=(lambda xp, out, x: 1.0,))
    assert grad(lambda x: odd(x) * x)(2.0) == compile(lambda x: odd(x) * x).grad(2.0) == 1.0
