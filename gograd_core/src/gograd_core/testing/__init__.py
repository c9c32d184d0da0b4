"""The conformance kit and its oracles. The extra ``gograd-core[testing]`` installs mpmath, which they need."""

from __future__ import annotations

from gograd_core.testing.conformance import check_op, check_registry, conformance_tests
from gograd_core.testing.exact import exact_partial, exact_value
from gograd_core.testing.multiprecision import MultiprecisionNamespace
from gograd_core.testing.reports import CHECKS, Check, ConformanceError, OpReport, RegistryReport, RuleAccuracy

__all__ = [
    "CHECKS",
    "Check",
    "ConformanceError",
    "MultiprecisionNamespace",
    "OpReport",
    "RegistryReport",
    "RuleAccuracy",
    "check_op",
    "check_registry",
    "conformance_tests",
    "exact_partial",
    "exact_value",
]
