"""Texts from files, quoted in messages: whole or cut."""

from __future__ import annotations

import pytest

from gograd_compile.quoting import LONGEST, quoted, readable

pytestmark = pytest.mark.any_engine


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("tanh", "'tanh'"),
        ("\x1b", r"'\x1b'"),
        (3, "3"),
        (None, "None"),
        ("n" * 90, repr("n" * 90)),
        ({"a": [1, 2]}, "{'a': [1, 2]}"),
    ],
)
def test_what_is_short_is_quoted_whole(value, text):
    assert quoted(value) == text


def test_what_is_long_is_cut():
    assert len(quoted("x" * 10**6)) <= LONGEST
    assert len(quoted([["x" * 100] * 100] * 100)) == LONGEST
    assert readable("x" * LONGEST) == "x" * LONGEST
    assert readable("x" * (LONGEST + 1)) == "x" * (LONGEST - 1) + "…"
