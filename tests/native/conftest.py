"""Programs run in a Python of their own, by one engine or the other."""

from __future__ import annotations

import importlib.util
import json
import os
import pathlib
import subprocess
import sys

import pytest

from gograd_core import engine

PROGRAMS = pathlib.Path(__file__).parent
ENGINES = {"native": "0", "python": "1"}


@pytest.fixture(scope="session")
def execute():
    """A function that runs a program; what it prints, a crash being a failure that shows where."""

    def execute(program, *arguments, given="", which=None):
        which = which or engine().name
        done = subprocess.run(
            [sys.executable, "-X", "faulthandler", PROGRAMS / program, *arguments],
            input=given,
            env=os.environ | {"GOGRAD_PURE_PYTHON": ENGINES[which]},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{program} {arguments} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        return done.stdout

    return execute


@pytest.fixture(scope="session")
def both(execute):
    """A function that runs a program with each engine; what the native one, and the Python one, print as JSON."""
    if importlib.util.find_spec("gograd_core._native") is None:
        pytest.skip("the native engine was not built")

    def both(program, given=None):
        return [json.loads(execute(program, given=json.dumps(given), which=which)) for which in ENGINES]

    return both
