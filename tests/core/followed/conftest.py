"""What a recorder is told of followed numbers."""

from __future__ import annotations

import pytest

from gograd_core import Neuron
from gograd_core.derivatives.trace import nested
from gograd_core.recording import observed_by
from recorders import Notes


@pytest.fixture
def told():
    """What a recorder is told while a function runs, and what that returns; without that numbers must be finite."""

    def told(f, *numbers):
        notes = Notes()
        with nested(), observed_by(notes):
            result = f(*map(Neuron, numbers))
        return result, [guard for guard in notes.told() if guard[1] != "finite"]

    return told
