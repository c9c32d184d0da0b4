"""A recorder, and a block in which it watches."""

from __future__ import annotations

import pytest

from gograd_core.recording import observed_by
from recorders import Notes


@pytest.fixture
def notes():
    return Notes()


@pytest.fixture
def watched(notes):
    with observed_by(notes):
        yield notes
