"""What identifies data and functions: equal in every process, different for different data."""

from __future__ import annotations

import functools
import subprocess
import sys

import numpy as np
import pytest

from gograd_nn import CosineDecay, WarmUp, mse
from gograd_nn.files.digests import description, digest

pytestmark = pytest.mark.any_engine


class Opaque:
    pass


EQUAL = [
    ([[1.0, 2.0], [3.0, 4.0]], np.array([[1.0, 2.0], [3.0, 4.0]])),
    ([1, 2], (1.0, 2.0)),
    (np.arange(6.0).reshape(2, 3)[:, ::2], [[0.0, 2.0], [3.0, 5.0]]),
    ([Opaque()], [Opaque()]),
    ([{"goal": [0.5]}], [{"goal": (0.5,)}]),
    (["a", None], ["a", None]),
]
DIFFERENT = [
    [[1.0, 2.0], [3.0, 4.0]],
    [1.0, 2.0, 3.0, 4.0],
    [[1.0, 2.0], [3.0]],
    [[1.0], [2.0, 3.0]],
    [[1.0, 2.0], [3.0, 4.0 + 2**-50]],
    [-0.0],
    [0.0],
    [float("nan")],
    [],
    [[], []],
    ["a", "b"],
    ["ab"],
    [["a"], "b"],
    "ab",
    b"ab",
    [None],
    [{"goal": 1.0}],
    [{"goal": 2.0}],
    [{"aim": 1.0}],
    [{"goal": 1.0, "aim": 2.0}],
    [Opaque()],
    ["\ud800"],
]


@pytest.mark.parametrize(("one", "other"), EQUAL)
def test_equal_data(one, other):
    assert digest(one) == digest(other)


def test_different_data():
    found = [digest(data) for data in DIFFERENT] + [digest([1.0], [2.0]), digest([1.0, 2.0], [])]
    assert len(set(found)) == len(found)


def test_inputs_and_targets_are_not_mixed_up():
    assert digest([1.0], [2.0, 3.0]) != digest([1.0, 2.0], [3.0])


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (mse, "<function mse>"),
        (None, "None"),
        (CosineDecay(90), "CosineDecay(steps=90, lowest=0.0)"),
        (WarmUp(3, mse), f"WarmUp(steps=3, then=<function mse>, first={1 / 3})"),
        (functools.partial(mse, target=1.0), "functools.partial(<function mse>, target=1.0)"),
    ],
)
def test_descriptions_have_no_addresses(value, text):
    assert description(value) == text


def test_long_descriptions_differ_where_they_are_cut():
    texts = {description(functools.partial(mse, target=[0.0] * 500 + [last])) for last in (1.0, 2.0)}
    assert len(texts) == 2
    assert max(map(len, texts)) < 300


def test_it_is_the_same_in_another_process():
    program = "from gograd_nn.files.digests import digest; print(digest([{'b': {1.5}, 'a': 'x'}, object()]))"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == digest([{"b": {1.5}, "a": "x"}, object()])
