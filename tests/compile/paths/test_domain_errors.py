"""Numbers that are not finite: which error is raised, with which operation, inputs and line of source."""

from __future__ import annotations

import math
import operator
import re

import numpy as np
import pytest

from gograd_core import DomainError, Neuron, errstate, ops
from source_lines import line_of


def quotient(x, y):
    scaled = 2.0 * ops.log(y)
    return x / scaled


def root(x):
    return 3.0 * ops.sqrt(x)


def steps(x):
    if x > 1.0:
        x = x - 1.0
    return 1.0 / x


def total(x):
    return ops.dot(x, x) * 2.0


class TestDomainErrors:
    @pytest.mark.parametrize(
        ("f", "good", "bad", "operation", "inputs", "line", "kind"),
        [
            (quotient, (1.0, 2.0), (1.0, -2.0), ops.log, (-2.0,), 1, ValueError),
            (quotient, (1.0, 2.0), (3.0, 1.0), ops.div, (3.0, 0.0), 2, ZeroDivisionError),
            (steps, (0.5,), (0.0,), ops.div, (1.0, 0.0), 3, ZeroDivisionError),
            (total, ([1.0, 2.0],), ([1e200, 2.0],), ops.dot, (1e200, 2.0, 1e200, 2.0), 1, Exception),
        ],
    )
    def test_values_name_the_operation_its_inputs_and_the_line(
        self, compiled, f, good, bad, operation, inputs, line, kind
    ):
        run = compiled(f)
        run(*good)
        with pytest.raises(DomainError, match=re.escape(f"; recorded at {line_of(f, line)}. Check")) as caught:
            run(*bad)
        assert type(caught.value).__bases__[-1] is kind
        assert caught.value.operation is operation
        assert caught.value.inputs == inputs

    @pytest.mark.parametrize("method", ["__call__", "grad", "batch"])
    @pytest.mark.parametrize(
        ("f", "bad"),
        [
            (operator.add, (1e308, 1e308)),
            (operator.sub, (math.inf, math.inf)),
            (operator.mul, (1e200, -1e200)),
            (lambda x, y: x * y + x, (0.0, math.inf)),
        ],
        ids=["an overflow of a sum", "no difference", "an overflow of a product", "nothing times an infinity"],
    )
    def test_operators_that_floats_let_pass(self, compiled, f, bad, method):
        """Once recorded, too: Python's floats say nothing here, neurons do."""
        c = compiled(f)
        run = getattr(c, method)
        if method == "batch":
            run = lambda x, y: c.batch()(np.array([1.0, x]), np.array([2.0, y]))  # noqa: E731
        run(1.0, 2.0)
        with pytest.raises(DomainError):
            f(*map(Neuron, bad))
        with pytest.raises(DomainError):
            run(*bad)

    def test_derivatives_name_the_operation_that_was_differentiated(self, compiled):
        run = compiled(root)
        assert run.grad(4.0) == 0.75
        assert run(0.0) == 0.0
        with pytest.raises(DomainError, match=re.escape(f"recorded at {line_of(root, 1)}")) as caught:
            run.grad(0.0)
        assert (caught.value.operation, caught.value.inputs) == (ops.sqrt, (0.0,))

    @pytest.mark.parametrize("method", ["hvp", "hessian"])
    def test_second_derivatives_have_the_line_of_the_function(self, compiled, method):
        run = getattr(compiled(root), method)
        vector = (1.0,) if method == "hvp" else ()
        run(4.0, *vector)
        with pytest.raises(DomainError, match=re.escape(line_of(root, 1))):
            run(-1.0, *vector)

    def test_captured_neurons_are_named_by_their_labels(self, compiled):
        speed = Neuron(2.0, label="speed")
        run = compiled(lambda x: x / speed)
        run(1.0)
        speed.value = 0.0
        with pytest.raises(DomainError, match=r"div\(1.0, speed=0.0\) is inf"):
            run(1.0)

    def test_no_line_is_better_than_a_wrong_one(self, compiled):
        """What runs differently when it is recorded again is not looked for in there."""
        calls = []

        def changes(x):
            calls.append(None)
            return ops.log(x) if len(calls) == 1 else ops.log(x * 1.0 + 1.0 - 1.0)

        run = compiled(changes)
        run(1.0)
        with pytest.raises(DomainError) as caught:
            run(-1.0)
        assert "recorded at" not in str(caught.value)

    def test_while_it_is_recorded_the_error_is_the_function_s_own(self, compiled):
        with pytest.raises(DomainError, match=r"log\(-2.0\) is nan") as caught:
            compiled(quotient)(1.0, -2.0)
        assert "quotient" in [entry.name for entry in caught.traceback]

    def test_errstate_lets_the_numbers_of_ieee_stand(self, compiled):
        run = compiled(quotient)
        run(1.0, 2.0)
        with errstate(domain="ignore"):
            assert run(1.0, 1.0) == math.inf
            assert math.isnan(run(1.0, -1.0))

    def test_a_batch_names_the_point_as_well(self, compiled):
        run = compiled(root).batch()
        with pytest.raises(DomainError, match=re.escape(line_of(root, 1))) as caught:
            run(np.array([4.0, 1.0, -1.0, 9.0]))
        assert caught.value.__notes__ == ["at point 2 of the batch"]

    @pytest.mark.parametrize("point", [0, 2])
    def test_so_does_one_that_arises_while_it_is_recorded(self, compiled, point):
        x = np.array([4.0, 1.0, 2.0, 9.0])
        x[point] = -1.0
        with pytest.raises(DomainError, match=r"log\(-1.0\)") as caught:
            compiled(lambda x: ops.log(x) if x < 0.5 else x).batch()(x)
        assert caught.value.__notes__ == [f"at point {point} of the batch"]

    def test_infinite_arguments_are_no_error(self, compiled):
        run = compiled(lambda x: 2.0 * x)
        assert run(1.0) == 2.0
        assert run(math.inf) == math.inf
