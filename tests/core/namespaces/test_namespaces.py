"""The namespaces that rules receive: special values, operators that follow IEEE 754, columns."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest

from gograd_core import DomainError, InvalidOperationError, Neuron, Op, Registry, RuleError, errstate
from gograd_core.namespaces import scalar
from gograd_core.namespaces.arrays import ArrayNamespace
from gograd_core.namespaces.columns import Column, ColumnNamespace
from gograd_core.namespaces.ieee import IEEEFloat, IEEENamespace
from gograd_core.testing.multiprecision import MultiprecisionNamespace

ieee = IEEENamespace()
SPECIAL = (0.0, -0.0, 1.0, -1.0, 0.5, -2.0, 3.0, 5e-324, 1e-300, 1e300, -1e300, math.inf, -math.inf, math.nan)
CONSTANTS = {"e", "inf", "nan", "pi"}
REDUCTIONS = {"max", "min", "prod", "sum"}
TERNARY = {"clip", "where"}
BINARY = {
    "add", "atan2", "copysign", "divide", "equal", "floor_divide", "greater", "greater_equal", "hypot", "less",
    "less_equal", "logaddexp", "logical_and", "logical_or", "logical_xor", "maximum", "minimum", "multiply",
    "nextafter", "not_equal", "pow", "remainder", "subtract",
}  # fmt: skip
UNARY = set(scalar.__all__) - CONSTANTS - REDUCTIONS - TERNARY - BINARY
CASES = [(name, (x,)) for name in sorted(UNARY) for x in SPECIAL] + [
    (name, pair) for name in sorted(BINARY) for pair in product(SPECIAL, repeat=2)
]


def same(found, expected):
    if isinstance(found, bool) or math.isnan(expected) or math.isinf(expected) or expected == 0.0:
        return repr(float(found)) == repr(float(expected))
    return math.isclose(found, expected, rel_tol=4 * 2.0**-52, abs_tol=5e-324)  # NumPy's own loops: 4 ulps


@pytest.mark.parametrize("name", sorted(UNARY | BINARY))
@np.errstate(all="ignore")
def test_special_values_are_those_of_the_array_api_standard(name):
    cases = [inputs for case, inputs in CASES if case == name]
    wrong = {
        inputs: (found, expected)
        for inputs in cases
        if not same(found := getattr(scalar, name)(*inputs), expected := getattr(np, name)(*inputs).item())
        and not (name in {"maximum", "minimum"} and found == expected == 0.0)  # the standard leaves the sign open
        and not (name == "pow" and inputs in {(-0.0, 0.5), (-math.inf, 0.5)})  # NumPy takes sqrt, C's pow does not
    }
    assert wrong == {}


@pytest.mark.parametrize("bounds", [(None, None), (0.0, None), (None, 0.5), (-1.0, 1.0)])
def test_clip(bounds):
    for x in SPECIAL:
        expected = x if bounds == (None, None) else float(np.clip(x, *bounds))
        assert scalar.clip(x, *bounds) == expected or math.isnan(x)
        assert math.isnan(scalar.clip(x, *bounds)) is math.isnan(x)


def test_reductions():
    assert (scalar.sum([]), scalar.prod([])) == (0.0, 1.0)
    assert scalar.sum([1e16, 1.0, -1e16]) == 0.0  # from left to right, not compensated
    assert scalar.max([1.0, 3.0, 2.0]) == 3.0
    assert scalar.min([1.0, 3.0, -2.0]) == -2.0
    assert math.isnan(scalar.max([1.0, math.nan, 2.0]))


def test_where_takes_a_truth_value():
    assert (scalar.where(True, 1.0, 2.0), scalar.where(0.0, 1.0, 2.0), scalar.where(-0.5, 1.0, 2.0)) == (1.0, 2.0, 1.0)


def test_every_namespace_has_every_name_of_the_standard():
    for xp in (ieee, ColumnNamespace(scalar), ArrayNamespace(np), MultiprecisionNamespace()):
        missing = [name for name in scalar.__all__ if name != "nextafter" and getattr(xp, name, None) is None]
        assert missing == []


IEEE_OPERATORS = {
    "+": "add", "-": "subtract", "*": "multiply", "/": "divide", "**": "pow", "%": "remainder", "//": "floor_divide",
}  # fmt: skip


class TestIEEEFloat:
    @pytest.mark.parametrize(("symbol", "name"), IEEE_OPERATORS.items())
    def test_operators_never_raise(self, symbol, name):
        for x, y in product(SPECIAL, repeat=2):
            expected = getattr(scalar, name)(x, y)
            for left, right in ((IEEEFloat(x), y), (x, IEEEFloat(y)), (IEEEFloat(x), IEEEFloat(y))):
                found = eval(f"left {symbol} right", {"left": left, "right": right})
                assert type(found) is IEEEFloat
                assert same(found, expected)

    def test_what_the_namespace_gives_goes_on_following_ieee(self):
        assert 1.0 / (ieee.exp(-1000.0)) == math.inf
        assert type(ieee.pi) is IEEEFloat
        assert type(-ieee.tanh(IEEEFloat(1.0))) is IEEEFloat
        assert ieee.isnan(IEEEFloat(math.nan)) is True


class TestRarePoints:
    """A rule runs a second time only where Python's floats do not follow IEEE 754."""

    @pytest.mark.parametrize(
        ("rule", "x", "expected"),
        [
            (lambda xp, x: 1 / x, -0.0, -math.inf),
            (lambda xp, x: x ** (1 / 3), -8.0, math.nan),
            (lambda xp, x: x**400.0, 10.0, math.inf),
            (lambda xp, x: xp.where(x > 0.0, 1.0 / x, 7.0), 0.0, 7.0),
            (lambda xp, x: xp.where(x == 0.0, 0.0, x / xp.abs(x)), 0.0, 0.0),
            (lambda xp, x: xp.exp(x) / xp.exp(x), 1000.0, math.nan),
            (lambda xp, x: 1.0 / xp.exp(x), -1000.0, math.inf),
            (lambda xp, x: 1.0 / xp.reciprocal(xp.sigmoid(x)), -1000.0, 0.0),
            (lambda xp, x: x % 0.0, 1.0, math.nan),
        ],
    )
    def test_the_ieee_result(self, rule, x, expected):
        op = Op("rare", forward=rule, partials=(None,))
        with errstate(domain="ignore"):
            assert same(op(x), expected)
            assert same(op(Neuron(x)).value, expected)

    def test_in_columns_too(self):
        inverses = Op("inverses", forward=lambda xp, x: xp.sum(1.0 / xp.exp(x) / x), partials=(None,), variadic=True)
        with errstate(domain="ignore"):
            assert inverses([0.0, 1.0]) == math.inf
            assert inverses([-1000.0, 1.0]) == -math.inf  # exp gives 0, and the division goes on with it

    def test_runs_once_at_ordinary_points_and_again_at_rare_ones(self):
        runs = []

        def forward(xp, x):
            runs.append(x)
            return 1.0 / x

        op = Op("counted", forward=forward, partials=(None,))
        assert op(2.0) == 0.5
        assert len(runs) == 1
        with errstate(domain="ignore"):
            assert op(0.0) == math.inf
        assert len(runs) > 2

    def test_a_rule_that_fails_both_times_says_where(self):
        op = Op("log_of_math", forward=lambda xp, x: math.log(x), partials=(None,))
        with pytest.raises(ValueError, match="math domain error|positive") as caught:
            op(-1.0)
        assert "log_of_math" in caught.value.__notes__[0]
        with pytest.raises(TypeError) as caught:
            Op("broken", forward=lambda xp, x: x + "1", partials=(None,))(Neuron(1.0))
        assert "broken" in caught.value.__notes__[0]

    @pytest.mark.parametrize("result", [None, "1", [1.0], Column([1.0])])
    def test_a_forward_rule_that_gives_no_number_is_an_error_naming_it(self, result):
        op = Op("odd", forward=lambda xp, x: result, partials=(None,))
        for x in (1.0, Neuron(1.0)):
            with pytest.raises(RuleError, match=r"forward of odd \(not registered\) returned"):
                op(x)

    @pytest.mark.parametrize("result", [1, np.float64(1.0), np.float32(1.0), np.int64(1)])
    def test_other_real_numbers_become_floats(self, result):
        op = Op("one", forward=lambda xp, x: result, partials=(lambda xp, out, x: result,))
        x = Neuron(2.0)
        y = op(x) + 0.0
        y.backward()
        assert type(op(x).value) is type(x.grad) is type(op(1.0)) is float


class TestColumn:
    def test_arithmetic_is_elementwise(self):
        x, y = Column([1.0, 2.0]), Column([3.0, 5.0])
        for found, expected in (
            (x + y, [4.0, 7.0]), (x * 2.0, [2.0, 4.0]), (1.0 - x, [0.0, -1.0]), (y / x, [3.0, 2.5]),
            (-x, [-1.0, -2.0]), (abs(-x), [1.0, 2.0]), (x**2.0, [1.0, 4.0]), (2.0**x, [2.0, 4.0]),
            (x < y, [True, True]), (x == 1.0, [True, False]),
        ):  # fmt: skip
            assert found.entries == expected

    def test_functions_are_elementwise_and_reductions_give_numbers(self):
        xp, x = ColumnNamespace(scalar), Column([0.0, 4.0])
        assert xp.sqrt(x).entries == [0.0, 2.0]
        assert xp.where(x > 1.0, x, -1.0).entries == [-1.0, 4.0]
        assert xp.maximum(3.0, x).entries == [3.0, 4.0]
        assert (xp.sum(x), xp.max(x), xp.sqrt(9.0), xp.pi, len(x)) == (4.0, 4.0, 3.0, math.pi, 2)

    @pytest.mark.parametrize("use", [iter, list, bool, hash, lambda x: x[0]])
    def test_nothing_else_is_allowed(self, use):
        with pytest.raises(TypeError):
            use(Column([1.0]))

    def test_lengths_must_agree(self):
        with pytest.raises(ValueError, match="shorter|longer"):
            Column([1.0]) + Column([1.0, 2.0])


class TestNamesOutsideTheStandard:
    def test_are_the_registered_operation_of_that_name(self):
        with Registry(discover=False) as registry:
            registry.register(Op("half", forward=lambda xp, x: x / 2, partials=(lambda xp, out, x: 0.5,)))
            quarter = registry.register(
                Op("quarter", forward=lambda xp, x: xp.half(xp.half(x)), partials=(lambda xp, out, x: xp.half(0.5),))
            )
            x = Neuron(8.0)
            quarter(x).backward()
            assert (quarter(8.0), x.grad) == (2.0, 0.25)
            np.testing.assert_array_equal(quarter(np.array([8.0, 4.0])), [2.0, 1.0])

    def test_never_the_backends_own_function_of_that_name(self):
        with pytest.raises(AttributeError, match="no installed operation is 'cumsum'"):
            ArrayNamespace(np).cumsum
        with pytest.raises(AttributeError, match="no installed operation is 'factorial'"):
            scalar.factorial

    def test_an_operation_supplies_what_a_backend_lacks(self):
        implementations = {"scalar": math.erf, "numpy": np.vectorize(math.erf)}
        with Registry(discover=False) as registry:
            registry.register(
                Op("erf", forward=lambda xp, x: xp.erf(x), partials=(None,), implementations=implementations)
            )
            assert registry.ops.erf(0.5) == math.erf(0.5)
            np.testing.assert_array_equal(registry.ops.erf(np.array([0.5])), [math.erf(0.5)])

    def test_opaque_operations_refuse_arrays(self):
        op = Op("solver", forward=lambda xp, x: float(x), partials=(None,), opaque=True)
        with pytest.raises(InvalidOperationError, match="solver .* is opaque"):
            op(np.array([1.0]))

    def test_operations_called_by_a_rule_are_not_judged_only_the_result(self):
        with Registry(discover=False) as registry:
            registry.register(Op("ln", forward=lambda xp, x: xp.log(x), partials=(None,)))
            safe = registry.register(
                Op("safe", forward=lambda xp, x: xp.where(x > 0.0, xp.ln(x), 0.0), partials=(None,))
            )
            assert safe(-1.0) == 0.0
            with pytest.raises(DomainError):
                registry.ops.ln(-1.0)
