"""Nothing goes around a frozen class: sources assign to attributes as in ``x.y = z`` and in no other way."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
AROUND = {"__setattr__", "__delattr__", "__set__", "__delete__"}
ALLOWED = {
    "gograd_core/containers.py",  # instances of users' dataclasses, which may be frozen, are made without __init__
    "gograd_core/engines/backward.py",  # gradients of neurons, which are not frozen, are set without interrupts
}


def goes_around(source):
    return any(isinstance(node, ast.Attribute) and node.attr in AROUND for node in ast.walk(ast.parse(source)))


def test_no_source_assigns_to_a_frozen_instance():
    sources = {
        path.relative_to(ROOT).as_posix().partition("/src/")[2]: path for path in ROOT.glob("gograd*/src/**/*.py")
    }
    assert {name for name, path in sources.items() if goes_around(path.read_text(encoding="utf-8"))} == ALLOWED


@pytest.mark.parametrize(
    "source", ["object.__setattr__(op, 'xp', 1)", "set = Op.xp.__set__", "f(type(op).__delattr__)"]
)
def test_what_is_found(source):
    assert goes_around(source)
    assert not goes_around("op.xp = 1")
