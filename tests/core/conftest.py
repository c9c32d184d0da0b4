"""Real distributions for the tests of discovery: each a folder on sys.path, holding what pip would install."""

import re
import sys
import textwrap

import pytest

from gograd_core import load_report

HEADER = """
from gograd_core import Op, hookimpl, ops, register

def unary(name, **fields):
    return Op(name, forward=lambda xp, x: x / 2, partials=(lambda xp, out, x: 0.5,), **fields)

def binary(name, **fields):
    return Op(name, forward=lambda xp, x, y: 0.0, partials=(None, None), **fields)

SPOILT = unary("spoilt")
"""
HOOK = """
@hookimpl
def gograd_ops():
    return [{}]
"""


@pytest.fixture
def install(tmp_path, monkeypatch):
    """A function that makes the distribution NAME 1.0, and gives the name of the module that is its entry point.

    The module returns the operations that the expression `provides` lists, or consists of `source`,
    or is missing. The process-wide registry, loaded before, does not see it.
    """
    monkeypatch.delenv("GOGRAD_DISABLE_PLUGINS", raising=False)
    monkeypatch.delenv("GOGRAD_ONLY_PLUGINS", raising=False)
    load_report()
    modules = []

    def install(name, provides=None, *, source=None, entry_point="ops", entry_points=None, metadata=None):
        module = f"plugin_{re.sub(r'[-._]+', '_', name).lower()}"
        folder = tmp_path / name
        info = folder / f"{module}-1.0.dist-info"
        info.mkdir(parents=True)
        if provides is not None:
            source = HOOK.format(provides)
        if source is not None:
            (folder / f"{module}.py").write_text(HEADER + textwrap.dedent(source))
        if metadata is None:
            metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
        if metadata:
            (info / "METADATA").write_text(metadata)
        (info / "entry_points.txt").write_text(entry_points or f"[gograd.ops]\n{entry_point} = {module}\n")
        monkeypatch.syspath_prepend(folder)
        modules.append(module)
        return module

    yield install
    for module in modules:
        sys.modules.pop(module, None)
