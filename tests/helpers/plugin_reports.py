"""What a registry says of the plugins that it loads."""

from __future__ import annotations

import pytest

from gograd_core import PluginWarning


def load(registry):
    """What it warns of while it loads; a second look-up must not warn again."""
    with pytest.warns(PluginWarning) as caught:
        registry.load()
    assert "stop_gradient" in registry.ops
    return [str(warning.message) for warning in caught]


def record(registry, distribution):
    (found,) = [record for record in registry.report() if record.distribution == distribution]
    return found
