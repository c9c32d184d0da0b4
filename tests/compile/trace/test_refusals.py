"""What a function may not do while it is recorded: each is refused, and the message says what to do instead."""

from __future__ import annotations

import math
import pickle
import re

import numpy as np
import pytest

from gograd_compile import RecordingError
from gograd_core import Neuron
from source_lines import line_of

OUTSIDE = Neuron(2.0) * 3.0
KEPT = []


def keeps_a_result(x):
    KEPT.append(x * 2.0)
    return KEPT[0] if x > 0.0 else KEPT[0] + x


def keeps_its_argument(x):
    KEPT.append(x)
    return x * KEPT[0] if x > 0.0 else x - KEPT[0]


class TestWhatCannotBeRecorded:
    @pytest.mark.parametrize(
        ("f", "message"),
        [
            (
                lambda x: x * x.value,
                r"test_refusals.py:\d+ in <lambda>: .*<lambda> uses .value .* stop_gradient\(x\)",
            ),
            (lambda x: x * x.grad, "uses .grad"),
            (lambda x: x.backward(), "uses .backward"),
            (lambda x: pickle.loads(pickle.dumps(x)), "cannot be pickled inside a transform"),
            (lambda x: pickle.loads(pickle.dumps(x * 2.0)), "belongs to a graph and cannot be copied"),
            (math.sqrt, "write `from gograd_core import math` instead"),
            (float, "cannot become a plain number"),
            (lambda x: np.asarray([x], dtype=float), "cannot become a plain number"),
            (lambda x: x * OUTSIDE, "which was computed outside of it"),
            (lambda x: (x for _ in range(2)), "the result of .*<lambda> is <generator"),
            (lambda x: {x}, "the result of .*<lambda> is {"),
            (lambda x, *, k: x * k, "missing 1 required keyword-only argument: 'k'"),
        ],
    )
    def test_is_refused(self, compiled, f, message):
        with pytest.raises(TypeError, match=message):
            compiled(f)(1.5)

    @pytest.mark.parametrize(
        ("f", "message"),
        [(keeps_a_result, "computed outside"), (keeps_its_argument, "its argument in an earlier recording")],
    )
    def test_neurons_kept_from_an_earlier_recording_are_refused(self, compiled, f, message):
        KEPT.clear()
        run = compiled(f)
        run(1.0)
        with pytest.raises(RecordingError, match=message):
            run(-1.0)

    def test_a_label_does_not_tell_what_was_kept(self, compiled):
        weight = Neuron(2.0, label=" ".join(["argument of an", "earlier recording"]))
        assert compiled(lambda x: weight * x)(3.0) == 6.0

    def test_a_captured_neuron_cannot_be_set(self, compiled):
        weight = Neuron(1.0)

        def sets(x):
            weight.value = 2.0
            return weight * x

        with pytest.raises(RecordingError, match=re.escape(line_of(sets, 1))):
            compiled(sets)(1.0)

    def test_only_one_number_has_a_gradient(self, compiled):
        pair = compiled(lambda x: [x, 2.0 * x])
        assert pair.jacobian(1.0) == [1.0, 2.0]
        with pytest.raises(TypeError, match=r"the result is \[number, number\]: use jacobian"):
            pair.grad(1.0)
        with pytest.raises(TypeError, match="use jacobian"):
            pair.batch().grad(np.ones(3))

    def test_compiled_functions_with_captured_neurons_do_not_run_as_constants_in_others(self, compiled):
        weight = Neuron(3.0)
        inner = compiled(lambda x: weight * x)
        with pytest.raises(RecordingError, match="Their values would be constants there"):
            compiled(lambda x: x * inner.batch()(np.ones(2))[0])(1.0)
