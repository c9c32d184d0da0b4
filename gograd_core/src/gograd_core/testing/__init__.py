"""Oracles for testing rules: the extra ``gograd-core[testing]``, which brings mpmath."""

from __future__ import annotations

from gograd_core.testing.multiprecision import MultiprecisionNamespace, exact_partial

__all__ = ["MultiprecisionNamespace", "exact_partial"]
