"""polygamma in native code, which computes both arms of every choice: it agrees with the function of floats."""

from __future__ import annotations

import math

import numpy as np
import pytest

import gograd_compile
from gograd_core import DomainError, grad, ops
from gograd_ops_special.scipy_polygamma import polygamma_of_float

pytest.importorskip("numba")

ORDERS = (0.0, 1.0, 2.0, 3.0, 11.0, 12.0, 40.0, 110.0, 169.0, 170.0, 171.0)
POINTS = np.array(
    [1e-300, 1e-10, 0.3, 1.0, 2.5, 49.0, 60.5, 352.1, 1e5, 1e25, 1e100, 1e295, -0.3, -1.5, -2.9, -1e9 - 0.5]
)


@pytest.mark.parametrize("n", ORDERS)
@pytest.mark.parametrize("is_constant", [True, False])
def test_values_are_those_of_floats(compiled, n, is_constant):
    found = compiled(lambda x: ops.polygamma(n, x)).batch() if is_constant else compiled(ops.polygamma).batch((None, 0))
    exact = np.array([polygamma_of_float(n, x) for x in POINTS.tolist()])
    finite = np.isfinite(exact)
    args = (POINTS[finite],) if is_constant else (n, POINTS[finite])
    # Where zeta is below 1e-290, powers and exponentials of NumPy have other last digits.
    np.testing.assert_array_max_ulp(found(*args), exact[finite], 4)
    for x in POINTS[~finite]:
        with pytest.raises(DomainError, match="polygamma"):
            found(*((np.array([x]),) if is_constant else (n, np.array([x]))))


@pytest.mark.parametrize("n", [0.5, -1.0, math.nan])
def test_wrong_orders(compiled, n):
    f = compiled(ops.polygamma)
    f(1.0, 2.0)
    if math.isnan(n):
        assert math.isnan(f(n, 2.0))
    else:
        with pytest.raises(DomainError, match="polygamma"):
            f(n, 2.0)


@pytest.mark.parametrize("function", ["digamma", "polygamma of order 2", "gamma", "beta"])
@pytest.mark.parametrize("x", [0.05, 0.7, 2.5, 30.0])
def test_slopes_are_native_and_those_of_eager_mode(function, x):
    name, _, order = function.partition(" of order ")
    f = (
        (lambda x: ops.polygamma(float(order), x))
        if order
        else lambda x: ops[name](*([x] if name != "beta" else [x, 2.5]))
    )
    compiled = gograd_compile.compile(f, backend="native")
    assert compiled.grad(x) == pytest.approx(grad(f)(x), rel=1e-14, abs=0.0)
    assert "Python" not in str(compiled.explain())
