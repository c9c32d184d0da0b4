"""Finite differences, and how wrong they may be."""

from __future__ import annotations

import math

import pytest

from gograd_core.derivatives.finite_differences import compare


class TestEstimates:
    @pytest.mark.parametrize(
        ("f", "x", "exact", "digits"),
        [
            (math.exp, 1.0, math.e, 12),
            (math.sin, 1e-5, math.cos(1e-5), 12),
            (math.tan, 1.5, 1 + math.tan(1.5) ** 2, 11),
            (lambda x: 1e6 + math.sin(x), 1.0, math.cos(1.0), 6),
            (lambda x: x**9, 2.0, 9 * 256.0, 12),
            (lambda x: math.sin(1e11 * x), 1e-5, 1e11 * math.cos(1e6), 6),
        ],
    )
    def test_the_error_is_estimated(self, f, x, exact, digits):
        found = compare(f, x, derivative=-exact, rtol=1e-6)
        assert found.verdict == "differs"
        assert abs(found.estimate - exact) <= found.error + 1e-15 * abs(exact)
        assert found.error <= 10.0**-digits * abs(exact)
