"""Every installed operation conforms: `gograd_core.testing` tells what that means."""

from __future__ import annotations

import pytest

from gograd_core import current
from gograd_core.namespaces import scalar
from gograd_core.testing import conformance_tests

OPERATIONS = current.registry.operations()

test_conformance = conformance_tests(OPERATIONS)


@pytest.mark.parametrize("op", OPERATIONS, ids=lambda op: op.name)
def test_has_samples_a_reference_and_a_sentence(op):
    assert op.samples
    assert op.reference is not None
    assert op.doc.endswith(".")


@pytest.mark.parametrize("op", [op for op in OPERATIONS if not op.variadic], ids=lambda op: op.name)
def test_other_rules_can_call_it(op):
    for sample in op.samples:
        assert op.bind(scalar)(*sample) == op(*sample)
