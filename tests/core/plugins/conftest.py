"""Registries for the tests of plugins."""

from __future__ import annotations

import pytest

from gograd_core import Registry, current, load_report


@pytest.fixture(autouse=True)
def process_wide():
    """The process-wide registry, with its plugins loaded."""
    load_report()
    return current.registry


@pytest.fixture
def registry():
    """A registry without plugins."""
    return Registry(discover=False)
