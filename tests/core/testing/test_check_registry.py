"""Checking many operations: by name, by plugin, in your own registry; and as tests of an author."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from gograd_core import Op, Registry, UnknownOperationError, current, ops
from gograd_core.testing import CHECKS, ConformanceError, check_registry, conformance_tests

pytestmark = pytest.mark.any_engine

HALF = Op("half", forward=lambda xp, x: 0.5 * x, partials=(lambda xp, out, x: 0.5,), samples=((3.0,),))
THIRD = Op("third", forward=lambda xp, x: x / 3.0, partials=(lambda xp, out, x: 3.0,), samples=((3.0,),))
QUARTER = Op("quarter", forward=lambda xp, x: xp.half(xp.half(x)), partials=(lambda xp, out, x: xp.half(0.5),))


@pytest.fixture
def own():
    registry = Registry(discover=False)
    for op in (HALF, THIRD, QUARTER):
        registry.register(op)
    return registry


def names(report):
    return [report.op.name for report in report.reports]


class TestCheckRegistry:
    def test_checks_every_operation(self, own):
        report = check_registry(own)
        assert names(report) == ["half", "quarter", "third"]
        assert report.points == sum(report.points for report in report.reports) > 0

    def test_fails_if_one_does(self, own):
        report = check_registry(own)
        assert [report.passed for report in report.reports] == [True, True, False]
        assert not report.passed
        with pytest.raises(ConformanceError) as caught:
            report.raise_if_failed()
        assert str(caught.value).startswith("third (registered by hand): failed")
        assert "half" not in str(caught.value)
        assert str(caught.value) in str(report)

    def test_passes_if_all_do(self, own):
        report = check_registry(own, ["half", "quarter"])
        assert report.passed
        report.raise_if_failed()

    def test_rules_find_the_operations_of_that_registry(self, own):
        assert check_registry(own, ["quarter"]).passed
        assert "half" not in current.registry

    def test_an_empty_one_passes(self):
        assert check_registry(Registry(discover=False)).reports == ()

    def test_is_plain_data(self, own):
        report = check_registry(own).to_dict()
        assert json.loads(json.dumps(report, allow_nan=False))["passed"] is False
        assert [operation["operation"] for operation in report["operations"]] == ["half", "quarter", "third"]

    @pytest.mark.parametrize(
        ("chosen", "expected"),
        [
            (["neg"], ["neg"]),
            (["negative", "neg"], ["neg"]),
            (["gograd-ops-basic:neg", "identity"], ["neg", "identity"]),
            (["gograd-core"], ["chosen", "identity", "plain", "stop_gradient", "variable"]),
            (["Gograd_Core:core"], ["chosen", "identity", "plain", "stop_gradient", "variable"]),
        ],
    )
    def test_names_choose(self, chosen, expected):
        assert names(check_registry(names=chosen)) == expected

    @pytest.mark.parametrize("name", ["negg", "gograd-ops-none", "gograd-core:none"])
    def test_unknown_names_are_errors(self, name):
        with pytest.raises(UnknownOperationError, match=name):
            check_registry(names=[name])


class TestConformanceTests:
    @staticmethod
    def cases(test):
        (mark,) = test.pytestmark
        return mark.args[1]

    @pytest.mark.parametrize("chosen", [ops.identity, [ops.identity], "identity"])
    def test_make_a_test_per_check(self, chosen):
        cases = self.cases(conformance_tests(chosen))
        assert [case.id for case in cases] == [f"identity-{name}" for name in CHECKS]

    def test_take_a_distribution(self):
        cases = self.cases(conformance_tests("gograd-core"))
        assert len(cases) == 5 * len(CHECKS)

    def test_pass_fail_and_skip(self):
        test = conformance_tests([THIRD, ops.less])
        test(THIRD, "shape")
        with pytest.raises(ConformanceError, match="third .*: partial x is not the derivative of forward"):
            test(THIRD, "formula")
        with pytest.raises(pytest.skip.Exception, match="no derivative"):
            test(ops.less, "orders")

    def test_are_collected_by_pytest(self, tmp_path):
        file = tmp_path / "test_author.py"
        file.write_text(
            "from gograd_core import ops\n"
            "from gograd_core.testing import conformance_tests\n"
            "test_conformance = conformance_tests([ops.tanh, ops.less])\n"
        )
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", file.name]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert "11 passed, 3 skipped" if ops.tanh.kernels else "10 passed, 4 skipped" in done.stdout
