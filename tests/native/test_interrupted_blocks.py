"""Ctrl-C at any moment of blocks, transforms, sweeps and ``with registry:`` leaves nothing in force.

``interrupted_blocks.py 10000`` does the same more often.
"""

from __future__ import annotations

import json
import signal

import pytest

from gograd_core import engine

pytestmark = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timer gives signals there")

PROMISED_BY_C_ALONE = "with "
"""Kinds that begin so are ``with`` statements, which code in Python cannot make safe."""


def test_nothing_is_left_in_force(execute):
    found = json.loads(execute("interrupted_blocks.py", "250"))
    left = {
        kind: count
        for kind, count in found["left in force"].items()
        if engine().name == "native" or not kind.startswith(PROMISED_BY_C_ALONE)
    }
    assert len(left) >= 10
    assert not any(left.values()), left
    assert not found["operations ask for blocks that nobody is in"]
