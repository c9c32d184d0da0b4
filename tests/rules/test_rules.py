"""Every installed operation conforms: `gograd_core.testing` tells what that means."""

from __future__ import annotations

import pytest

from gograd_core import current
from gograd_core.namespaces import scalar
from gograd_core.testing import conformance_tests

pytestmark = pytest.mark.repeated_later

OPERATIONS = current.registry.operations()
MANY_DIGITS = {"beta", "betaln", "dist", "erfcinv", "logsumexp", "ndtri", "prod"}
"""Operations with which the kit takes seconds each, as long as with all others: mpmath needs a thousand digits."""

test_conformance = conformance_tests(op for op in OPERATIONS if op.name not in MANY_DIGITS)
test_conformance_in_many_digits = pytest.mark.slow(conformance_tests(op for op in OPERATIONS if op.name in MANY_DIGITS))


@pytest.mark.parametrize("op", OPERATIONS, ids=lambda op: op.name)
def test_has_samples_a_reference_and_a_sentence(op):
    assert op.samples
    assert op.reference is not None
    assert op.doc.endswith(".")


@pytest.mark.parametrize("op", [op for op in OPERATIONS if not op.variadic], ids=lambda op: op.name)
def test_other_rules_can_call_it(op):
    for sample in op.samples:
        assert op.bind(scalar)(*sample) == op(*sample)
