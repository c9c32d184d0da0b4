"""The kit proves itself: broken versions of every installed operation are rejected.

Those that are not must be no worse than the original. Of the few operations that have more than
AT_MOST mutants (beta has 364), so many are tried here; `python -m mutation_tester`
tries all, and prints them by name. So do these tests, with -rP; their counts stand at the end of the run.
"""

from __future__ import annotations

import math
from collections import Counter

import pytest
from mutation_tester.mutants import mutants
from mutation_tester.trials import main, trials

from gograd_core import Accuracy, Op, current, ops

pytestmark = pytest.mark.any_engine

OPERATIONS = current.registry.operations()
AT_MOST = 70
QUICK = ("mul", "div", "tanh", "maximum", "where", "dot", "log1p")
"""Those that `make test` tries; all of them take minutes, and `make test-slow` has time for that."""


@pytest.mark.parametrize(
    "op",
    [pytest.param(op, id=op.name, marks=[pytest.mark.slow] if op.name not in QUICK else []) for op in OPERATIONS],
)
def test_no_mutant_survives(op, record_property):
    found = list(trials(op, AT_MOST))
    for trial in found:
        if trial.fate != "rejected":
            print(f"{op.name}: {trial.fate}: {trial.mutant.what}")
    record_property("mutants", dict(Counter(trial.fate for trial in found)))
    assert [trial.mutant.what for trial in found if trial.fate == "survived"] == []
    assert any(trial.fate == "rejected" for trial in found)


def halved(xp, x):
    return 0.5 * x


def difference(xp, out, x, y):
    return halved(xp, x) - y


def product(xp, out, x, y):
    return x * y


def what(op):
    return {mutant.what for mutant in mutants(op)}


class TestMutants:
    def test_of_a_lambda(self):
        op = Op("f", forward=lambda xp, x: x * x + 1.0, partials=(lambda xp, out, x: 2.0 * x,))
        assert what(op) == {
            "forward: negated",
            "forward: rounded to 15 digits",
            "forward: x * x + 1.0 → x * x",
            "forward: x * x + 1.0 → 1.0",
            "forward: x * x + 1.0 → x * x - 1.0",
            "forward: x * x → x",
            "partial x: zeroed",
            "partial x: negated",
            "partial x: rounded to 15 digits",
            "partial x: 2.0 * x → 2.0",
            "partial x: 2.0 * x → x",
        }

    def test_of_two_inputs(self):
        op = Op("f", forward=lambda xp, x, y: xp.atan2(x, y), partials=(difference, difference))
        assert {
            "forward: inputs x and y swapped",
            "forward: xp.atan2(x, y) → xp.atan2(y, x)",
            "partial y: inputs x and y swapped",
            "partial x, partial y: halved(xp, x) - y → halved(xp, x) + y",
            "partial x, partial y: halved(xp, x) - y → y - halved(xp, x)",
            "halved: 0.5 * x → x",
            "partial x and partial y swapped",
        } <= what(op)

    def test_the_condition_of_where_is_no_operand(self):
        op = Op("f", forward=lambda xp, x: xp.where(x < 0.0, -x, x), partials=(None,))
        assert {
            "forward: xp.where(x < 0.0, -x, x) → xp.where(x < 0.0, x, -x)",
            "forward: x < 0.0 → 0.0 < x",
            "forward: -x → x",
        } == {mutant for mutant in what(op) if "→" in mutant}

    def test_of_functions_that_have_no_source(self):
        op = Op("f", implementations={"scalar": math.sin}, partials=(lambda xp, out, x: xp.cos(x),))
        assert what(op) == {
            "forward of floats: negated",
            "forward of floats: rounded to 15 digits",
            "partial x: zeroed",
            "partial x: negated",
            "partial x: rounded to 15 digits",
        }

    def test_of_rules_made_by_a_function(self):
        def scaled(factor):
            return Op("f", forward=lambda xp, x: factor * x, partials=(lambda xp, out, x: factor,))

        (rewritten,) = [mutant.op for mutant in mutants(scaled(3.0)) if mutant.what == "forward: factor * x → factor"]
        assert rewritten(5.0) == 3.0

    def test_differ_in_one_place_and_leave_the_original_alone(self):
        op = Op("f", forward=lambda xp, x, y: x * y, partials=(difference, product))
        found = {mutant.what: mutant.op for mutant in mutants(op)}
        broken = found["halved: 0.5 * x → 0.5"]
        assert broken.partials[0](None, 0.0, 8.0, 3.0) == -2.5
        assert op.partials[0](None, 0.0, 8.0, 3.0) == 1.0
        assert broken.partials[1] is op.partials[1]
        assert broken.forward is op.forward

    def test_a_mistake_in_a_function_is_in_all_rules_that_call_it(self):
        op = Op("f", forward=halved, partials=(lambda xp, out, x: halved(xp, 1.0),))
        (broken,) = [mutant.op for mutant in mutants(op) if mutant.what == "forward: 0.5 * x → x"]
        assert broken(8.0) == 8.0
        assert broken.partials[0](None, 4.0, 8.0) == 1.0

    @pytest.mark.parametrize(("ulps", "digits"), [(1.0, 15), (4.0, 15), (5.0, 14), (40.0, 14), (64.0, 13)])
    def test_lose_more_digits_than_the_operation_may(self, ulps, digits):

        op = Op("f", forward=lambda xp, x: x, partials=(None,), accuracy=Accuracy(ulps, why="some"))
        (shortened,) = [mutant.op for mutant in mutants(op) if "digits" in mutant.what]
        assert shortened(1.0 / 3.0) == float(f"0.{'3' * digits}")


class TestFates:
    @staticmethod
    def fates(op):
        return {trial.mutant.what: trial.fate for trial in trials(op)}

    def test_a_swap_in_hypot_is_equivalent(self):
        assert self.fates(ops.hypot)["forward: inputs x and y swapped"] == "equivalent"

    def test_so_is_a_negated_zero(self):
        assert self.fates(ops.floor)["partial x: negated"] == "equivalent"

    def test_all_others_are_rejected(self):
        assert set(self.fates(ops.tanh).values()) == {"rejected"}


def test_the_command_prints_counts_and_names(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["mutation", "identity", "stop_gradient"])
    main()
    assert capsys.readouterr().out.splitlines() == [
        "identity: 4 rejected, 1 equivalent",
        "  equivalent: partial x: rounded to 15 digits",
        "stop_gradient: 2 rejected",
        "all: 6 rejected, 1 equivalent",
    ]
