"""What the kit says about operations that are right."""

from __future__ import annotations

import json
import math

import pytest

from gograd_core import Accuracy, Edge, Op, ops
from gograd_core.testing import CHECKS, check_op
from gograd_core.testing.conformance import examine

pytestmark = pytest.mark.any_engine

OF_RULES = tuple(name for name in CHECKS if name != "kernels")

SOFTPLUS = Op(
    "softplus_of_an_author",
    forward=lambda xp, x: xp.logaddexp(x, 0.0),
    partials=(lambda xp, out, x: xp.sigmoid(x),),
    samples=((0.5,), (-30.0,), (800.0,)),
    edges=(Edge((-math.inf,), 0.0, (0.0,), "the limit"),),
    reference=lambda mp, x: mp.log1p(mp.exp(x)),
)

OPAQUE = {"samples": ((2.0,), (0.3,)), "domain": "x > 0", "opaque": True}


def verdicts(op):
    """Of all checks but that of kernels, which depends on what was built."""
    return {check.name: check.verdict for check in check_op(op).checks if check.name != "kernels"}


def message(op, name):
    return next(examine(op, names=[name])).message


def test_all_checks_are_reported_in_order():
    report = check_op(SOFTPLUS)
    assert tuple(check.name for check in report.checks) == CHECKS
    assert report.passed
    report.raise_if_failed()


def test_points_are_counted_and_the_accuracy_of_each_rule_is_measured():
    report = check_op(SOFTPLUS)
    assert report.points == sum(check.points for check in report.checks) > 150
    accuracy = report.checks[CHECKS.index("accuracy")]
    assert [detail.rule for detail in accuracy.details] == ["forward", "partial x"]
    assert all(0.0 <= detail.ulps <= 4.0 and detail.points > 50 for detail in accuracy.details)
    assert report.worst_ulps == max(detail.ulps for detail in accuracy.details)


def test_the_same_twice():
    assert check_op(SOFTPLUS).to_dict() == check_op(SOFTPLUS).to_dict()


@pytest.mark.parametrize("op", [SOFTPLUS, ops.dot, ops.less, ops.stop_gradient], ids=lambda op: op.name)
def test_a_report_is_plain_data(op):
    report = check_op(op).to_dict()
    assert json.loads(json.dumps(report, allow_nan=False)) == json.loads(json.dumps(report))
    assert report["operation"] == op.name


def test_a_report_is_readable():
    lines = str(check_op(ops.tanh)).splitlines()
    assert lines[0] == f"{ops.tanh.title}: passed"
    assert [line.split()[:2] for line in lines[1:-1]] == [[name, "passed"] for name in OF_RULES]
    assert lines[-1].split()[:2] == ["kernels", "passed" if ops.tanh.kernels else "skipped"]
    assert "ulps at (" in lines[1 + CHECKS.index("accuracy")]


def test_a_predicate_has_no_derivative_to_check():
    expected = dict.fromkeys(OF_RULES, "passed") | {"accuracy": "skipped", "orders": "skipped"}
    assert verdicts(ops.less) == verdicts(ops.isnan) == expected
    assert message(ops.less, "orders") == "no derivative"


def test_stop_gradient_has_none_by_intention():
    assert verdicts(ops.stop_gradient) == dict.fromkeys(OF_RULES, "passed") | {"orders": "skipped"}


@pytest.mark.parametrize("name", ["floor", "sign", "round"])
def test_the_derivative_of_a_piecewise_constant_is_zero(name):
    assert set(verdicts(ops[name]).values()) == {"passed"}


class TestReferences:
    def test_without_one_forward_is_unchecked(self):
        op = Op("double", forward=lambda xp, x: 2.0 * x, partials=(lambda xp, out, x: 2.0,), samples=((1.0,),))
        assert check_op(op).passed
        assert message(op, "formula") == "forward unchecked"

    def test_pinned_values_are_better_than_nothing(self):
        op = Op(
            "double",
            forward=lambda xp, x: 2.0 * x,
            partials=(lambda xp, out, x: 2.0,),
            edges=(Edge((1.5,), 3.0, (2.0,), "an ordinary point"),),
        )
        assert message(op, "formula") == "forward is checked only at its 1 pinned point(s)"


class TestOpaque:
    def test_with_a_reference_floats_are_measured(self):
        op = Op(
            "root",
            forward=lambda xp, x: math.sqrt(x) if x > 0.0 else xp.sqrt(x),
            partials=(lambda xp, out, x: xp.divide(0.5, out),),
            reference=lambda mp, x: mp.sqrt(x),
            **OPAQUE,
        )
        assert verdicts(op) == dict.fromkeys(OF_RULES, "passed") | {"namespaces": "skipped", "orders": "skipped"}
        assert message(op, "formula").startswith("opaque: the rules compute only with floats")
        assert message(op, "orders") == "opaque: its partials cannot be differentiated again"

    def test_without_one_partials_are_compared_with_differences(self):
        op = Op(
            "root",
            forward=lambda xp, x: math.sqrt(x) if x > 0.0 else xp.sqrt(x),
            partials=(lambda xp, out, x: xp.divide(0.5, out),),
            **OPAQUE,
        )
        assert verdicts(op)["formula"] == "passed"
        assert verdicts(op)["accuracy"] == "skipped"
        assert message(op, "formula").endswith("opaque; partials agree with differences of floats to 1e-06")


def test_what_an_operation_admits_is_allowed():
    naive = {"forward": lambda xp, x: xp.exp(x) - 1.0, "partials": (lambda xp, out, x: xp.exp(x),)}
    fields = {"samples": ((0.5,),), "reference": lambda mp, x: mp.expm1(x)}
    assert verdicts(Op("f", **naive, **fields))["accuracy"] == "failed"
    assert verdicts(Op("f", **naive, **fields, accuracy=Accuracy(1e16, why="naive")))["accuracy"] == "passed"


def test_what_rounding_the_inputs_would_do_is_excused():
    periodic = {"forward": lambda xp, x: xp.sin(3.0 * x), "partials": (lambda xp, out, x: 3.0 * xp.cos(3.0 * x),)}
    fields = {"samples": ((0.5,),), "reference": lambda mp, x: mp.sin(3 * x)}
    assert verdicts(Op("f", **periodic, **fields))["accuracy"] == "failed"
    admitted = Accuracy(input_ulps=1.0, why="3 * x is rounded")
    assert verdicts(Op("f", **periodic, **fields, accuracy=admitted))["accuracy"] == "passed"


def test_array_libraries_that_are_not_installed_are_named(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    (check,) = examine(ops.tanh, names=["namespaces"])
    assert (check.verdict, check.message) == ("skipped", "NumPy is not installed; JAX is not installed")


@pytest.mark.parametrize(
    "edge",
    [
        Edge((-0.0,), 0.0, (0.0,), "the sign of a slope that is 0.0 does not matter"),
        Edge((3.0,), 9.0 + 4 * math.ulp(9.0), (6.0 - 4 * math.ulp(6.0),), "as accurate as is allowed"),
    ],
)
def test_pinned_facts_hold_as_closely_as_they_can(edge):
    op = Op("f", forward=lambda xp, x: x * x, partials=(lambda xp, out, x: 2.0 * x,), edges=(edge,), samples=((0.5,),))
    (check,) = examine(op, names=["edges"])
    assert (check.verdict, check.message) == ("passed", "")


def test_nan_twice_is_the_same_twice():
    op = Op("f", forward=lambda xp, x: x, partials=(lambda xp, out, x: xp.nan,), samples=((0.5,),))
    (check,) = examine(op, names=["shape"])
    assert (check.verdict, check.message) == ("passed", "")
