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

    def plugins(*options, **variables):
        command = [sys.executable, "-m", "gograd", "plugins", *options]
        environment = {**os.environ, **chosen, **variables}
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

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
        r"ops good 2.1 2 \d+\.\d ms loaded, 1 refused",
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
        "gograd plugin left out: broken 2.1 (ops) failed: RuntimeError: no licence was found (PATH/plugin_broken.py:1)",
        "gograd plugin good 2.1: 'tanh' belongs to gograd-ops-extra 0.1.0; the operation is ops[\"good:tanh\"]",
        "unwanted 2.1 (ops) blocked: by GOGRAD_DISABLE_PLUGINS",
        "gograd plugin 'nowhere' was chosen or blocked, but is not installed",
    ],
)
def test_reasons_stand_below_once(listed, line):
    lines = [re.sub(r"\(/.*/plugin_", "(PATH/plugin_", each) for each in listed.splitlines()]
    assert lines.count(line) == 1


def test_strict_is_content_with_plugins_that_were_blocked_on_purpose(plugins):
    done = plugins("--strict", GOGRAD_DISABLE_PLUGINS="unwanted, broken")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("blocked: by GOGRAD_DISABLE_PLUGINS") == 2


def test_a_plugin_that_is_not_among_the_chosen_is_blocked_by_that_switch(plugins):
    done = plugins(GOGRAD_DISABLE_PLUGINS="", GOGRAD_ONLY_PLUGINS="good")
    assert "unwanted 2.1 (ops) blocked: by GOGRAD_ONLY_PLUGINS, which does not name it" in done.stdout


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
    assert re.fullmatch(r"RuntimeError: no licence was found \(.*plugin_broken.py:1\)", found["broken"]["reason"])
    assert {"add", "pow"} <= {*found["gograd-ops-basic"]["operations"]}
    complaints = printed["complaints"]
    assert len(complaints) == len({*complaints})
    assert "gograd plugin 'nowhere' was chosen or blocked, but is not installed" in complaints
    assert any(each.startswith("gograd plugin good 2.1: 'tanh' belongs to gograd-ops-extra") for each in complaints)
