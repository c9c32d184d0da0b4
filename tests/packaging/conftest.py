"""The wheels of all distributions, built once per test run from a copy of the source tree."""

import os
import pathlib
import shutil
import subprocess
import sys
import time

import pytest

ROOT = pathlib.Path(__file__).parents[2]
FOLDERS = ("gograd", "gograd_core", "gograd_nn", "gograd_ops_basic", "gograd_ops_extra")
GENERATED = shutil.ignore_patterns("build", "dist", "*.egg-info", "__pycache__")


def build(place):
    for folder in FOLDERS:
        shutil.copytree(ROOT / folder, place / "source" / folder, ignore=GENERATED)
    pip = [sys.executable, "-m", "pip", "--isolated", "wheel", "--no-deps", "--no-build-isolation", "--no-index"]
    sources = [place / "source" / folder for folder in FOLDERS]
    built = subprocess.run(
        [*pip, "--wheel-dir", place / "wheels", *sources], capture_output=True, text=True, check=False
    )
    return "" if built.returncode == 0 else built.stdout + built.stderr


@pytest.fixture(scope="session")
def wheels(tmp_path_factory):
    """Of each distribution its wheel. The first worker that asks builds; the others wait for it."""
    run = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        run = run.parent
    place = run / "packaging"
    finished = place / "finished"
    try:
        place.mkdir()
    except FileExistsError:
        for _ in range(3000):
            if finished.exists():
                break
            time.sleep(0.1)
    else:
        failure = "the build was interrupted"
        try:
            failure = build(place)
        finally:
            (place / "unfinished").write_text(failure)
            (place / "unfinished").rename(finished)
    failure = finished.read_text()
    assert not failure, failure
    found = sorted((place / "wheels").iterdir())
    return {wheel.name.partition("-")[0].replace("_", "-"): wheel for wheel in found}
