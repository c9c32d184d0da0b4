"""Every operation against independent oracles, one test per operation and check."""

from gograd_core.testing import conformance_tests
from gograd_ops_kepler import OPS

test_conformance = conformance_tests(OPS)
