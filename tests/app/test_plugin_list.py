"""`gograd plugins`: what became of every installed plugin, in a process of its own as a user has it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import pytest

PLUGINS = {
    "good": """
        from gograd_core import Op, hookimpl
        @hookimpl
        def gograd_ops():
            return [Op(name, forward=lambda xp, x: x, partials=(None,)) for name in ("same", "tanh")]
    """,
    "broken": "raise RuntimeError('no licence was found')",
    "unwanted": "raise SystemExit('must not be imported')",
}


@pytest.fixture(scope="module")
def plugins(tmp_path_factory):
    """A function that runs the command where three strangers' plugins are installed, one of them blocked."""
    folder = tmp_path_factory.mktemp("plugins")
    for name, source in PLUGINS.items():
        info = folder / f"{name}-2.1.dist-info"
        info.mkdir()
        (folder / f"plugin_{name}.py").write_text(re.sub("^        ", "", source, flags=re.MULTILINE))
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 2.1\n")
        (info / "entry_points.txt").write_text(f"[gograd.ops]\nops = plugin_{name}\n")
    chosen = {"GOGRAD_DISABLE_PLUGINS": "unwanted, nowhere", "PYTHONPATH": str(folder), "COLUMNS": "100"}

    def plugins(*options):
        command = [sys.executable, "-m", "gograd", "plugins", *options]
        return subprocess.run(command, env={**os.environ, **chosen}, capture_output=True, text=True, check=False)

    return plugins


@pytest.fixture(scope="module")
def listed(plugins):
    done = plugins()
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.parametrize(
    "row",
    [
        "plugin distribution version operations load time status",
        r"ops broken 2.1 0 \d+\.\d ms failed",
        r"ops good 2.1 2 \d+\.\d ms loaded",
        "ops unwanted 2.1 0 0.0 ms blocked",
        r"basic gograd-ops-basic 0.1.0 \d+ \d+\.\d ms loaded",
    ],
)
def test_there_is_a_row_of_each_plugin(listed, row):
    rows = [" ".join(re.sub("[│┃]", " ", line).split()) for line in listed.splitlines()]
    assert any(re.fullmatch(row, found) for found in rows)


@pytest.mark.parametrize(
    "line",
    [
        "gograd plugin left out: broken 2.1 (ops) failed: RuntimeError: no licence was found",
        "gograd plugin good 2.1: 'tanh' belongs to gograd-ops-extra 0.1.0",
        "unwanted 2.1 (ops) blocked: by GOGRAD_DISABLE_PLUGINS, GOGRAD_ONLY_PLUGINS or block/only",
        "gograd plugin 'nowhere' was chosen or blocked, but is not installed",
    ],
)
def test_reasons_stand_below_once(listed, line):
    assert listed.splitlines().count(line) == 1


def test_strict_exits_with_1_if_a_plugin_failed(plugins):
    done = plugins("--strict")
    assert (done.returncode, done.stderr) == (1, "")
    assert "no licence was found" in done.stdout


def test_strict_is_content_if_none_failed(run):
    code, output, _ = run("plugins", "--strict")
    assert code == 0
    assert "loaded" in output
    assert "failed" not in output


def test_json_has_everything(plugins):
    printed = json.loads(plugins("--json").stdout)
    found = {each["distribution"]: each for each in printed["plugins"]}
    assert {each["entry_point"] for each in found.values()} >= {"ops", "basic", "core"}
    assert {name: each["status"] for name, each in found.items() if name in PLUGINS} == {
        "good": "loaded",
        "broken": "failed",
        "unwanted": "blocked",
    }
    good = found["good"]
    assert (good["version"], good["operations"], [*good["refused"]]) == ("2.1", ["same", "tanh"], ["tanh"])
    assert good["seconds"] > 0.0 == found["unwanted"]["seconds"]
    assert found["broken"]["reason"] == "RuntimeError: no licence was found"
    assert {"add", "pow"} <= {*found["gograd-ops-basic"]["operations"]}
    complaints = printed["complaints"]
    assert len(complaints) == len({*complaints})
    assert "gograd plugin 'nowhere' was chosen or blocked, but is not installed" in complaints
    assert "gograd plugin good 2.1: 'tanh' belongs to gograd-ops-extra 0.1.0" in complaints
