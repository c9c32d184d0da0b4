"""Arrays of NumPy among arguments and results: those that compute otherwise are refused, none is taken for another."""

import numpy as np
import pytest

from gograd_compile import compile
from gograd_core import check_grad, grad, hessian, hvp, jacobian, jvp, value_and_grad, vjp

SUBCLASSES = {
    "masked": np.ma.array([1.0, 2.0, 3.0], mask=[False, True, False]),
    "matrix": np.ones((2, 2)).view(np.matrix),
    "records": np.rec.fromrecords([(1.0,)], names="a"),
    "another": np.ones(2).view(type("Another", (np.ndarray,), {})),
}
ASKED = {
    "grad": lambda f, x: grad(f)(x),
    "value_and_grad": lambda f, x: value_and_grad(f)(x),
    "jacobian": lambda f, x: jacobian(f)(x),
    "hessian": lambda f, x: hessian(f)(x),
    "hvp": lambda f, x: hvp(f)(x, x),
    "jvp": lambda f, x: jvp(f, (x,), (x,)),
    "vjp": vjp,
    "check_grad": lambda f, x: check_grad(f, (x,)),
    "compile": lambda f, x: compile(f)(x),
    "compiled grad": lambda f, x: compile(f).grad(x),
}


@pytest.mark.parametrize("ask", ASKED.values(), ids=ASKED)
@pytest.mark.parametrize("array", SUBCLASSES.values(), ids=SUBCLASSES)
def test_subclasses_are_refused(array, ask):
    """The sum of squares of a masked array leaves out what is masked; a product of matrices is one of matrices."""
    with pytest.raises(TypeError, match=r"real numbers,? or NumPy arrays of them.*np\.asarray\(x\) may (make|convert)"):
        ask(lambda x: (x * x).sum(), [1.0, array])


@pytest.mark.parametrize("array", [np.array(2.0), np.ones(2), np.memmap])
def test_arrays_are_not(array, tmp_path):
    if array is np.memmap:
        array = np.memmap(tmp_path / "numbers", shape=(2,), mode="w+")
    np.testing.assert_array_equal(grad(lambda x: sum(np.ravel(x * x)))(array), 2.0 * array)


@pytest.mark.parametrize("wrap", [np.array, lambda x: [np.array(x)]])
def test_a_result_may_be_a_number_in_an_array_without_axes(wrap):
    def f(x):
        return wrap(x * x)

    assert jacobian(f)(3.0) == compile(f).jacobian(3.0) == wrap(6.0)
    assert jvp(f, (3.0,), (1.0,)) == (wrap(9.0), wrap(6.0))


def test_so_may_the_one_number_that_has_a_gradient():
    def f(x):
        return np.array(x * x)

    assert grad(f)(3.0) == compile(f).grad(3.0) == 6.0
    assert hessian(f)(3.0) == compile(f).hessian(3.0) == 2.0
