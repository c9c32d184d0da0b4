"""`gograd kernels`: C for the operations of a plugin."""

from __future__ import annotations

import sys

import pytest

PLUGIN = """
import math
from gograd_core import Op, hookimpl

def zero(xp, out, x):
    return 0.0

@hookimpl
def gograd_ops():
    return [
        Op("twice", forward=lambda xp, x: 2.0 * x, partials=(lambda xp, out, x: 2.0,)),
        Op("is_positive", forward=lambda xp, x: x > 0.0, partials=(None,)),
        Op("stepped", forward=lambda xp, x: 1.0 if x > 0.0 else 0.0, partials=(zero,)),
        Op("gamma_of", implementations={"scalar": math.gamma}, partials=(zero,)),
    ]
"""


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    """The folder of a plugin, the package my_kernel_ops."""
    folder = tmp_path / "my_kernel_ops"
    folder.mkdir()
    (folder / "__init__.py").write_text(PLUGIN)
    monkeypatch.syspath_prepend(tmp_path)
    yield folder
    sys.modules.pop("my_kernel_ops", None)


def test_writes_beside_the_module(run, plugin):
    code, out, err = run("kernels", "my_kernel_ops")
    assert (code, err) == (0, "")
    text = (plugin / "_kernels.c").read_text()
    assert "static double twice_forward(double x)" in text
    assert "gograd kernels my_kernel_ops" in text
    assert "PyInit__kernels" in text
    assert f"{plugin / '_kernels.c'}: kernels of 1 operation\n" in out


@pytest.mark.parametrize(
    ("operation", "remark"),
    [
        ("twice", "generated"),
        ("is_positive", "it gives a bool"),
        ("stepped", "choose with xp.where"),
        ("gamma_of", "a function of Python computes its value on floats"),
    ],
)
def test_tells_what_got_kernels_and_why_others_did_not(operation, remark, run, plugin):
    _, out, _ = run("kernels", "my_kernel_ops")
    (row,) = [line for line in out.splitlines() if f" {operation} " in line]
    assert remark in row


def test_writes_where_it_is_told(run, plugin, tmp_path):
    target = tmp_path / "native.c"
    assert run("kernels", "my_kernel_ops", "--output", target)[0] == 0
    assert "PyInit_native" in target.read_text()
    assert not (plugin / "_kernels.c").exists()


def test_check_passes_if_the_file_is_current(run, plugin):
    run("kernels", "my_kernel_ops")
    code, out, _ = run("kernels", "my_kernel_ops", "--check")
    assert code == 0
    assert "is current" in out


@pytest.mark.parametrize("text", [None, "an older one"])
def test_check_fails_if_it_is_not_and_writes_nothing(text, run, plugin):
    path = plugin / "_kernels.c"
    if text is not None:
        path.write_text(text)
    code, _, err = run("kernels", "my_kernel_ops", "--check")
    assert code == 1
    assert f"{path} is not current: run gograd kernels my_kernel_ops" in err
    assert (path.read_text() if path.exists() else None) == text


@pytest.mark.parametrize("module", ["gograd_ops_basic", "gograd_ops_extra"])
def test_what_is_shipped_is_current(module, run):
    assert run("kernels", module, "--check")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("no_such_module",),
            "gograd: 'no_such_module' is neither an installed distribution with a plugin nor a module",
        ),
        (("my-ops",), "gograd: 'my-ops' is neither an installed distribution with a plugin nor a module"),
        (
            ("tanh",),
            "gograd: 'tanh' is an operation; kernels are written for all operations of a plugin: gograd-ops-extra. "
            "To see the operation, run gograd ops show tanh",
        ),
        (("math.no_such_part",), "gograd: No module named 'math.no_such_part'"),
        (("math",), "gograd: module 'math' is not a plugin: it has no function gograd_ops"),
        (("gograd_ops_basic", "--output", "no/such/folder/x.c"), "gograd: cannot write no/such/folder/x.c"),
    ],
)
def test_refusals(arguments, message, run):
    code, _, err = run("kernels", *arguments)
    assert code == 1
    assert err.startswith(message)


def test_takes_the_name_of_a_distribution_too(run, plugin):
    info = plugin.parent / "my_kernel_ops-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: My.Kernel-Ops\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[gograd.ops]\nmy = my_kernel_ops\n")
    code, out, err = run("kernels", "my-kernel_ops")
    assert (code, err) == (0, "")
    assert (plugin / "_kernels.c").is_file()
    assert "_kernels.c: kernels of" in out


def test_of_a_distribution_with_several_plugins_it_asks_which(run, plugin):
    info = plugin.parent / "several-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: several\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[gograd.ops]\none = my_kernel_ops\ntwo = my_kernel_ops.more\n")
    code, _, err = run("kernels", "several")
    assert code == 1
    assert err == "gograd: several has several plugins: name the module of one, my_kernel_ops or my_kernel_ops.more\n"
