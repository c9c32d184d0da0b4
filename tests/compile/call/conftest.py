"""What the tests of prepared calls share."""

from __future__ import annotations

import pytest

import gograd_compile
from gograd_compile import compiled


@pytest.fixture
def compile_native():
    return lambda f, **settings: gograd_compile.compile(f, backend="native", **settings)


@pytest.fixture
def general_calls(monkeypatch):
    """How many calls took the general way: each takes its arguments apart there."""
    calls = []
    flatten = compiled.flatten
    monkeypatch.setattr(compiled, "flatten", lambda *args: calls.append(args) or flatten(*args))
    return calls
