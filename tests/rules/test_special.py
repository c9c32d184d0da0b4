"""The operations of gograd-ops-special, gamma and the error functions: what each library provides, and hard points.

What holds for every operation (accuracy, orders, namespaces, pinned edges) is tested by the conformance kit.
"""

from __future__ import annotations

import math
import subprocess
import sys
from math import inf, nan

import mpmath
import numpy as np
import pytest
import scipy.special
from scipy.special import cython_special

import gograd_ops_special
from gograd_core import (
    DomainError,
    InvalidOperationError,
    Neuron,
    Registry,
    UnknownOperationError,
    derivative,
    errstate,
    grad,
    hessian,
    ops,
)
from gograd_core.op.implementations import resolve
from gograd_ops_special.inverses import erfcinv_reference
from gograd_ops_special.scipy_polygamma import polygamma_of_array
from gograd_ops_special.scipy_polygamma import polygamma_of_float as polygamma

ULP = 2.0**-52
OPERATIONS = gograd_ops_special.OPS
PLACES = [
    pytest.param(backend, place, id=f"{op.name}-{backend}")
    for op in OPERATIONS
    for backend, place in op.implementations.items()
]


def places(backend):
    return [case for case in PLACES if case.values[0] == backend]


def within(found, exact, ulps):
    """Whether a float is so close to a number of mpmath."""
    return abs(found - exact) <= ulps * ULP * abs(exact)


@pytest.fixture(autouse=True)
def fifty_digits():
    with mpmath.workdps(50):
        yield


class TestImplementations:
    @pytest.mark.parametrize(("backend", "place"), places("scalar") + places("numpy") + places("mpmath"))
    def test_are_where_they_are_said_to_be(self, backend, place):
        assert callable(resolve(place))

    @pytest.mark.parametrize(("backend", "place"), places("numba"))
    def test_those_for_numba_are_functions_in_c(self, backend, place):
        """Numba finds them by this name, or by one of a variant for each type."""
        module, _, name = place.partition(":")
        assert module == cython_special.__name__
        capsules = {
            variant.rpartition("__pyx_fuse_")[2].lstrip("0123456789") for variant in cython_special.__pyx_capi__
        }
        assert name in capsules

    @pytest.mark.parametrize(("backend", "place"), places("jax"))
    def test_those_for_jax(self, backend, place):
        pytest.importorskip("jax")
        assert callable(resolve(place))

    def test_what_a_namespace_lacks_is_an_error_that_says_so(self):
        class Elsewhere:
            backend = "elsewhere"

        with pytest.raises(
            InvalidOperationError, match=r"j0 \(.*\) has no implementation in elsewhere, only in scalar"
        ):
            ops.j0.bind(Elsewhere())(1.0)

    def test_scipy_is_imported_when_one_runs(self):
        code = "import sys; from gograd_core import ops; ops.j0; print('scipy' in sys.modules); ops.j0(1.0)"
        code += "; print('scipy' in sys.modules)"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout.split() == ["False", "True"]

    @pytest.mark.parametrize("op", OPERATIONS, ids=lambda op: op.name)
    def test_numbers_give_a_float_and_arrays_an_array(self, op):
        assert type(ops[op.name](*op.samples[0])) is float
        grid = ops[op.name](*(np.full((2, 3), x) for x in op.samples[0]))
        assert grid.shape == (2, 3)
        assert grid.dtype == float


class TestGamma:
    """gograd-ops-extra has it; its derivative needs digamma."""

    @pytest.mark.parametrize("name", ["gamma", "lgamma"])
    def test_without_digamma_only_the_derivative_is_missing(self, name):
        with Registry(block=["gograd-ops-special"]) as registry:
            x = Neuron(3.0)
            y = registry.ops[name](x)
            assert y.value == math.exp2(1.0) if name == "gamma" else math.log(2.0)
            with pytest.raises(UnknownOperationError, match=r"'digamma'.*gograd-ops-special.* blocked"):
                y.backward()

    @pytest.mark.parametrize(
        ("x", "gamma", "lgamma"),
        [
            (0.0, inf, inf),
            (-0.0, -inf, inf),
            (1e-320, inf, -math.log(1e-320)),
            (-1e-320, -inf, -math.log(1e-320)),
            (-3.0, nan, inf),
            (-1e300, nan, inf),
            (200.0, inf, math.lgamma(200.0)),
            (-200.5, -0.0, math.lgamma(-200.5)),
            (1e306, inf, inf),
            (inf, inf, inf),
            (-inf, nan, inf),
            (nan, nan, nan),
        ],
    )
    def test_special_values_of_floats_and_arrays(self, x, gamma, lgamma):
        with errstate(domain="ignore"):
            assert repr(ops.gamma(x)) == repr(gamma) == repr(float(ops.gamma(np.array([x]))[0]))
            assert repr(ops.lgamma(x)) == repr(lgamma)
            assert float(ops.lgamma(np.array([x]))[0]) == pytest.approx(lgamma, rel=4 * ULP, abs=0, nan_ok=True)

    @pytest.mark.parametrize("x", [0.3, 1.5, 20.0, -0.5, -7.3])
    def test_derivatives(self, x):
        for order in (1, 2, 3):
            exact = mpmath.diff(lambda t: mpmath.re(mpmath.loggamma(t)), mpmath.mpf(x), order)
            assert within(derivative(ops.lgamma, order=order)(x), exact, 32)


class TestDigamma:
    @pytest.mark.parametrize("x", [-0.5, -2.001, -100.25, -1000.75, 1e-150, 1e300])
    def test_slope_is_trigamma_left_of_0_too(self, x):
        assert within(grad(ops.digamma)(x), mpmath.psi(1, mpmath.mpf(x)), 4)

    def test_the_order_of_polygamma_has_no_derivative(self):
        n, x = Neuron(2.0), Neuron(0.5)
        ops.polygamma(n, x).backward()
        assert (n.grad, x.grad) == (0.0, ops.polygamma(3, 0.5))

    @pytest.mark.parametrize(
        ("n", "x"),
        [
            (2.0, 1e100),
            (24.0, 1170270327.0),
            (50.0, 2e6),
            (113.0, 2035.5),
            (150.0, 127.0),
            (150.0, 140.0),
            (170.0, 100.0),
        ],
    )
    def test_where_zeta_is_too_small_for_a_float(self, n, x):
        with mpmath.workdps(60):  # the first terms, and the rest by the formula of Euler and Maclaurin
            s, start = mpmath.mpf(n + 1.0), mpmath.mpf(x) + 600
            exact = mpmath.fsum((mpmath.mpf(x) + k) ** -s for k in range(600)) + start**-s * (start / (s - 1) + 0.5)
            for j in range(1, 25):
                exact += (
                    mpmath.bernoulli(2 * j)
                    / mpmath.factorial(2 * j)
                    * mpmath.rf(s, 2 * j - 1)
                    / start ** (s + 2 * j - 1)
                )
            exact *= mpmath.factorial(int(n)) * (1 if n % 2.0 else -1)
            assert within(polygamma(n, x), exact, 8)
        both = ops.polygamma(np.array([n, 2.0]), np.array([x, 0.5]))
        assert both.tolist() == pytest.approx([polygamma(n, x), polygamma(2.0, 0.5)], rel=1e-15, abs=0.0)

    def test_a_high_order_overflows(self):
        assert polygamma(170.0, 0.5) == -inf

    @pytest.mark.parametrize(
        ("n", "x", "expected"), [(1.0, 1.7e308, 1.0 / 1.7e308), (2.0, 1e308, -0.0), (3.0, 1e308, 0.0)]
    )
    def test_near_the_largest_float(self, n, x, expected):
        assert polygamma(n, x) == pytest.approx(expected, rel=1e-14, abs=0.0)  # it is subnormal

    def test_order_0_is_digamma(self):
        assert ops.polygamma(0, 0.3) == ops.digamma(0.3)

    @pytest.mark.parametrize("n", [-1.0, 0.5, inf, nan])
    def test_other_orders_give_nan(self, n):
        assert math.isnan(polygamma(n, 1.0))

    @pytest.mark.parametrize("x", [-1e-20, -1e-5, -0.3, -2.25, -7.9999, -100.3])
    @pytest.mark.parametrize("n", [1, 2, 3, 7])
    def test_left_of_0(self, n, x):
        assert within(polygamma(float(n), x), mpmath.psi(n, mpmath.mpf(x)), 8)

    @pytest.mark.parametrize("x", [-1e9 - 0.25, -1e15 + 0.375])
    def test_far_left_of_0_it_has_a_period(self, x):
        """SciPy's sum has as many terms there as x is large."""
        exact = (mpmath.pi / mpmath.sinpi(mpmath.mpf(x))) ** 2 - mpmath.psi(1, 1 - mpmath.mpf(x))
        assert within(polygamma(1.0, x), exact, 4)

    def test_poles_and_limits_left_of_0(self):
        assert [polygamma(1.0, x) for x in (-0.0, -3.0, -1e300)] == [inf, inf, inf]
        assert math.isnan(polygamma(1.0, -inf))

    @pytest.mark.parametrize("n", [0.0, 1.0, 2.0, 170.0, 0.5, -1.0, nan])
    def test_arrays_are_as_floats_on_both_sides(self, n):
        x = np.array([-inf, -1e9 - 0.4, -3.0, -2.5, -1e-20, -0.0, 0.0, 1e-10, 0.5, 1e300, inf, nan])
        np.testing.assert_array_max_ulp(polygamma_of_array(n, x), [polygamma(n, t) for t in x.tolist()], 4)

    @pytest.mark.parametrize("n", [1.0, 2.0, 7.0, 40.0])
    def test_floats_and_arrays(self, n):
        x = np.array([0.5, 3.0, 100.0])
        assert [polygamma(n, t) for t in x.tolist()] == pytest.approx(
            scipy.special.polygamma(int(n), x), rel=8 * ULP, abs=0
        )


class TestBeta:
    FAR = ((1e6, 2.5), (2.5, 1e6), (3e7, 1e-3), (1e-300, 1e300), (1e-305, 1e-305), (500.0, 400.0), (1e4, 0.02))

    @pytest.mark.parametrize(("a", "b"), FAR)
    def test_where_scipy_loses_digits(self, a, b):
        with mpmath.workdps(700):
            a_exact, b_exact = mpmath.mpf(a), mpmath.mpf(b)
            logarithm = mpmath.loggamma(a_exact) + mpmath.loggamma(b_exact) - mpmath.loggamma(a_exact + b_exact)
        # An ulp of the logarithm is as many of the value as the logarithm is large.
        assert within(ops.beta(a, b), mpmath.exp(logarithm), 64 + abs(logarithm))
        assert within(ops.betaln(a, b), logarithm, 24)

    def test_scipy_does(self):
        assert abs(scipy.special.beta(1e6, 2.5) / ops.beta(1e6, 2.5) - 1.0) > 1e-12

    @pytest.mark.parametrize(("a", "b"), [*FAR, (1e15, 1e-3), (0.1, 1e-20), (1e-20, 0.1), (2.0, 3.0)])
    def test_slopes_where_the_difference_of_digammas_has_no_digit(self, a, b):
        with mpmath.workdps(700):
            exact = mpmath.digamma(mpmath.mpf(a)) - mpmath.digamma(mpmath.mpf(a) + mpmath.mpf(b))
        assert within(grad(ops.betaln, 0)(a, b), exact, 4)
        assert within(grad(ops.betaln, 1)(b, a), exact, 4)

    @pytest.mark.parametrize("b", [1e-12, 1e-3, 0.1, 2.5, 50.0])
    @pytest.mark.parametrize("a", [1e-12, 1e-6, 1e-3, 0.0041, 0.1249, 0.1251, 0.3, 20.0])
    @pytest.mark.parametrize(("op", "tolerance"), [(ops.beta, 3e-14), (ops.betaln, 1e-14)])
    def test_second_derivatives_near_the_poles(self, op, tolerance, a, b):
        """Beside the pole they are small against the terms 1/a**2 that cancel in them."""
        with mpmath.workdps(80):
            x, y = mpmath.mpf(a), mpmath.mpf(b)
            slopes = [mpmath.digamma(t) - mpmath.digamma(x + y) for t in (x, y)]
            exact = [[mpmath.psi(1, t) * (i == j) - mpmath.psi(1, x + y) for j in (0, 1)] for i, t in enumerate((x, y))]
            if op is ops.beta:
                exact = [[mpmath.beta(x, y) * (exact[i][j] + slopes[i] * slopes[j]) for j in (0, 1)] for i in (0, 1)]
        for found, row in zip(hessian(lambda v: op(*v))([a, b]), exact, strict=True):
            assert found == pytest.approx([float(entry) for entry in row], rel=tolerance, abs=0)

    def test_a_slope_smaller_than_the_increase_of_digamma(self):
        assert grad(ops.beta, 1)(3.82e-126, 5.12e299) == pytest.approx(-1 / 5.12e299, rel=1e-14, abs=0)

    @pytest.mark.parametrize(("a", "b"), [(-0.5, 2.0), (2.0, -0.5), (-1.0, 3.0), (nan, 1.0), (1.0, nan)])
    def test_positive_arguments_alone(self, a, b):
        with errstate(domain="ignore"):
            assert math.isnan(ops.beta(a, b))
            assert math.isnan(ops.betaln(a, b))

    def test_any_namespace(self):
        a, b = np.array([0.5, 2.0, 1e6]), np.array([3.0, 2.0, 2.5])
        assert ops.beta(a, b) == pytest.approx([ops.beta(*pair) for pair in zip(a, b, strict=True)], rel=1e-14, abs=0)


class TestTails:
    """Where a textbook formula is inf/inf or 0/0, or has lost every digit."""

    @pytest.mark.parametrize("p", [1e-320, 1e-300, 1e-20, 0.01, 0.2])
    def test_slopes_of_quantiles(self, p):
        with mpmath.workdps(400):
            y = mpmath.sqrt(2) * erfcinv_reference(mpmath, 2 * mpmath.mpf(p))
            exact = mpmath.sqrt(2 * mpmath.pi) * mpmath.exp(y * y / 2)
        if p > 1e-308:
            assert within(grad(ops.ndtri)(p), exact, 6)
            assert within(-2.0 * grad(ops.erfcinv)(2.0 * p), exact / mpmath.sqrt(2), 6)
        else:
            with pytest.raises(DomainError, match="derivative"):
                grad(ops.ndtri)(p)

    @pytest.mark.parametrize("x", [-1.0, -3.0, -10.0, -100.0, -1e5, -1e10, -1e150])
    def test_derivatives_of_log_ndtr(self, x):
        """With the ratio h of density and probability they are h and -h * (x + h), which cancels."""
        with mpmath.workdps(700):
            t = -mpmath.mpf(x) / mpmath.sqrt(2)
            ratio = mpmath.sqrt(2 / mpmath.pi) * mpmath.exp(-t * t) / mpmath.erfc(t)
            second = -ratio * (mpmath.mpf(x) + ratio)
        assert within(grad(ops.log_ndtr)(x), ratio, 6)
        assert within(derivative(ops.log_ndtr, order=2)(x), second, 64)

    @pytest.mark.parametrize("x", [-1e300, -40.0, 40.0, 1e300])
    @pytest.mark.parametrize("name", ["erf", "erfc", "ndtr"])
    def test_bells_end_in_0(self, name, x):
        assert grad(ops[name])(x) == 0.0

    @pytest.mark.parametrize("x", [0.1, 5.0, 15.0, 26.0])
    def test_bells_keep_their_digits(self, x):
        """exp(-x*x) of the rounded square would be off by x*x/2 ulps."""
        exact = mpmath.exp(-(mpmath.mpf(x) ** 2))
        assert within(grad(ops.erfc)(x), -2 / mpmath.sqrt(mpmath.pi) * exact, 4)
        assert within(grad(ops.ndtr)(x), mpmath.sqrt(exact) / mpmath.sqrt(2 * mpmath.pi), 4)

    @pytest.mark.parametrize("x", [-800.0, 800.0])
    def test_expit_underflows_smoothly(self, x):
        assert ops.expit(x) == (x > 0.0)
        assert grad(ops.expit)(x) == 0.0


class TestSeams:
    """A rule that chooses between two formulas is as smooth as the function, on either side of the choice."""

    @pytest.mark.parametrize(
        ("name", "seam", "exact"),
        [
            ("i1", 2.0, lambda x: mpmath.besseli(1, x)),
            ("j1", -2.0, lambda x: mpmath.besselj(1, x)),
            ("erfcx", 1.5, lambda x: mpmath.exp(x * x) * mpmath.erfc(x)),
            ("log_ndtr", -1.0, lambda x: mpmath.log(mpmath.ncdf(x))),
            ("erfinv", 0.5, mpmath.erfinv),
            ("erfcinv", 0.25, lambda x: mpmath.erfinv(1 - x)),
            ("ndtri", 0.25, lambda p: mpmath.sqrt(2) * mpmath.erfinv(2 * p - 1)),
            ("digamma", 1e-3, mpmath.digamma),
            ("digamma", -1e-3, mpmath.digamma),
        ],
    )
    def test_derivatives(self, name, seam, exact):
        for x in (math.nextafter(seam, -inf), math.nextafter(seam, inf)):
            for order, ulps in ((1, 12), (2, 100), (3, 1000)):
                found = derivative(ops[name], order=order)(x)
                assert within(found, mpmath.diff(exact, mpmath.mpf(x), order), ulps), (x, order)

    @pytest.mark.parametrize(("name", "sign"), [("i1", 1.0), ("j1", -1.0)])
    def test_bessel_functions_at_0(self, name, sign):
        """Those of x/2 ± x**3/16 + x**5/384."""
        found = [derivative(ops[name], order=order)(0.0) for order in range(1, 6)]
        assert found == pytest.approx([0.5, 0.0, sign * 0.375, 0.0, 0.3125], rel=4 * ULP, abs=0)


class TestZeroTimesLogarithm:
    @pytest.mark.parametrize("y", [0.0, -1.0, inf, 5.0])
    def test_xlogy_of_0_is_0(self, y):
        assert ops.xlogy(0.0, y) == 0.0

    def test_xlogy_passes_nan_on(self):
        assert math.isnan(ops.xlogy(0.0, nan))

    def test_no_slope_along_y_where_x_is_0(self):
        for y in (0.0, 2.0):
            assert grad(ops.xlogy, 1)(0.0, y) == 0.0

    def test_but_a_mixed_derivative(self):
        assert grad(grad(ops.xlogy, 1), 0)(0.0, 4.0) == 0.25

    def test_entropy_is_infinite_outside(self):
        assert ops.entr(0.0) == 0.0
        with errstate(domain="ignore"):
            assert ops.entr(-1e-300) == -inf

    def test_expit_and_logit_are_inverse(self):
        for x in (-30.0, -1.0, 0.0, 0.5):
            assert ops.logit(ops.expit(x)) == pytest.approx(x, rel=1e-15, abs=1e-16)
            assert grad(lambda t: ops.logit(ops.expit(t)))(x) == pytest.approx(1.0, rel=8 * ULP, abs=0)
