"""Which rules of an operation compiled code writes out: each by itself, and some if constant inputs are known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gograd_compile.lower.rules import is_exact, rules_of, specialized
from gograd_core import Op, grad


def repeated(step):
    """A rule with a loop over a count, which is an input."""

    def forward(xp, x, n):
        total = 0.0 * x
        for _ in range(int(n)):
            total = step(xp, total, x)
        return total

    return forward


def by_x(xp, out, x, n):
    return out / x


HORNER = Op("horner", forward=repeated(lambda xp, total, x: (total + 1.0) * x), partials=(by_x, None))
WAVES = Op("waves", forward=repeated(lambda xp, total, x: xp.exp(-total) * x), partials=(by_x, None))
BENT = Op(  # only its value can be written out
    "bent",
    forward=lambda xp, x, y: xp.exp(x) * y,
    partials=(lambda xp, out, x, y: out if y > 0.0 else -abs(out), lambda xp, out, x, y: xp.exp(x)),
)
ON_FLOATS = Op("on_floats", implementations={"scalar": math.hypot}, partials=(by_x, lambda xp, out, x, y: y / out))


class TestEachByItself:
    def test_a_value_without_a_slope(self):
        rules = rules_of(BENT)
        assert [rules.forward is None, *(partial.symbol is None for partial in rules.partials)] == [False, True, False]
        assert rules.partials[0].needs == (-1, 0, 1)
        assert "partial 0" in rules.reason

    def test_slopes_without_a_value(self):
        rules = rules_of(ON_FLOATS)
        assert [rules.forward is None, *(partial.symbol is None for partial in rules.partials)] == [True, False, False]

    def test_a_slope_in_python_stays_where_an_input_is_constant(self):
        rules = specialized(rules_of(BENT), {1: 2.0})
        assert rules.partials[0].symbol is None
        assert rules.partials[0].needs == (-1, 0)
        assert rules.partials[1] is None

    def test_of_an_opaque_operation_none(self):
        rules = rules_of(Op("opaque", forward=lambda xp, x: x + 1.0, partials=(lambda xp, out, x: 1.0,), opaque=True))
        assert rules.forward is rules.partials[0].symbol is None


class TestConstantInputs:
    def test_arithmetic_is_written_out(self):
        assert rules_of(HORNER).forward is None
        known = specialized(rules_of(HORNER), {1: 3.0})
        assert is_exact(known.forward)
        assert known.needs == (0,)

    def test_functions_whose_digits_vary_are_not(self):
        """Elsewhere, without the constant, Python computes the value."""
        rules = rules_of(WAVES)
        assert specialized(rules, {1: 3.0}) is rules

    @pytest.mark.parametrize("op", [HORNER, WAVES, BENT, ON_FLOATS], ids=lambda op: op.name)
    def test_every_mode_agrees(self, op, compiled, bits):
        def f(x):
            return op(x, 3.0) * (1.0 + int(x))

        c, xs = compiled(f), np.linspace(0.5, 59.5, 60)
        values = np.array([c(x) for x in xs.tolist()])  # the later ones without a recording
        if op is not BENT:  # which grows large
            assert values == pytest.approx([f(x) for x in xs.tolist()], rel=1e-14, abs=0.0)
        assert min(c.explain()[counted] for counted in ("recorded", "evaluated")) > 9
        recorded = compiled(f, check=True)  # every path
        assert bits(values) == bits(recorded.batch()(xs))
        assert c.grad(1.5) == pytest.approx(grad(f)(1.5), rel=1e-14, abs=0.0)
