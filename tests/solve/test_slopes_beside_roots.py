"""A root has a derivative if F is straight beside it, at whatever distance that shows; not at a bend, nor at a kink."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest

from gograd_compile import compile
from gograd_core import DomainError, Op, errstate, grad, ops
from gograd_ops_solve import root


def jitter(x):
    """Return a factor that moves a value by up to 45 units in the last place, differently at each float."""
    bits = int.from_bytes(np.float64(x).tobytes(), "little") * 0x9E3779B97F4A7C15 >> 20
    return 1.0 + (bits % 91 - 45) * 2.0**-53


def op_with_noise(name, function, slope):
    return Op(
        name,
        implementations={"scalar": lambda x: function(x) * jitter(x)},
        partials=(lambda xp, out, x: slope(xp, x),),
        doc="A function whose values err by up to 45 units in the last place.",
    )


noisy_exp = op_with_noise("noisy_exp", math.exp, lambda xp, x: xp.exp(x))
noisy_root = op_with_noise("noisy_root", math.sqrt, lambda xp, x: 0.5 / xp.sqrt(x))

PLACE = 0.5219423036311368
SMOOTH = {
    "beta": (lambda x, p: ops.beta(PLACE, x) - p, (0.3, 0.95), (2.3, 3.2)),
    "betaln": (lambda x, p: ops.betaln(PLACE, x) - p, (0.3, 0.95), (0.85, 1.15)),
    "lgamma": (lambda x, p: ops.lgamma(x) - p, (2.1, 9.0), (0.2, 9.0)),
    "erfcx": (lambda x, p: ops.erfcx(x) - p, (0.01, 50.0), (0.02, 0.9)),
    "erf": (lambda x, p: ops.erf(x) - p, (-1.0, 2.0), (-0.6, 0.9)),
    "an exponential with noise": (lambda x, p: noisy_exp(x) - p, (0.5, 4.0), (2.0, 50.0)),
    "a square root with noise": (lambda x, p: noisy_root(x) - p, (0.5, 40.0), (1.0, 6.0)),
}  # fmt: skip


@pytest.mark.parametrize("name", SMOOTH)
def test_what_operations_err_by_refuses_no_derivative(name):
    f, pair, ends = SMOOTH[name]
    points = np.linspace(*ends, 200)
    inverse = lambda p: root(f, pair, p)  # noqa: E731
    slopes = compile(inverse).batch(0).grad(points)
    for p, slope in list(zip(points.tolist(), slopes.tolist(), strict=True))[::20]:
        x = inverse(p)
        assert slope == pytest.approx(1.0 / grad(lambda x: f(x, 0.0))(x), rel=1e-13)
        assert grad(inverse)(p) == slope


@pytest.mark.parametrize("scale", [1e-40, 1e-12, 1.0, 1e7, 1e60])
@pytest.mark.parametrize("order", [2, 3, 4, 5])
def test_multiple_roots_bend_at_every_distance(order, scale):
    with mpmath.workdps(40):
        coefficients = [float(mpmath.binomial(order, k) * (-1) ** k) for k in range(order + 1)]

    def power(x, p):
        value = 0.0
        for coefficient in coefficients:
            value = value * (x / scale) + coefficient
        return value + 0.0 * p

    guess = 2.1 * scale if order % 2 == 0 else 0.7 * scale
    f = lambda p: root(power, guess, p, method="newton" if order % 2 == 0 else "brentq")  # noqa: E731
    assert f(1.0) == pytest.approx(scale, rel=40.0 * (2.0**-44) ** (1.0 / order))
    with pytest.raises(DomainError):
        grad(f)(1.0)


BENT = {
    "a kink of an absolute value": lambda x, p: abs(x - p) + 2.0 * (x - p),
    "a kink of a maximum": lambda x, p: ops.maximum(x - p, 0.25 * (x - p)),
    "a vertical tangent": lambda x, p: ops.cbrt(x - p),
}


@pytest.mark.parametrize("name", BENT)
@pytest.mark.parametrize("p", [0.25, 0.3, 0.7, 1.0])
def test_a_kink_or_a_vertical_tangent_has_no_derivative_of_any_order(name, p):
    f = lambda p: root(BENT[name], (-1.0, 2.0), p)  # noqa: E731
    assert f(p) == pytest.approx(p, rel=3e-16)
    for derived in (grad(f), grad(grad(f)), compile(f).grad, compile(f).hessian):
        with pytest.raises(DomainError):
            derived(p)
    with errstate(domain="ignore"):
        for derived in (grad(f), grad(grad(f)), compile(f).grad, compile(f).hessian):
            assert math.isnan(derived(p))


def test_the_message_is_true_for_all_of_them():
    f = lambda p: root(BENT["a kink of a maximum"], (-1.0, 2.0), p)  # noqa: E731
    reason = (
        r"which is 0.25, the derivative of the equation, 0.625, is not its slope beside the root, "
        "as at a multiple root, a kink or a vertical tangent"
    )
    with pytest.raises(DomainError, match=reason):
        grad(f)(0.25)
