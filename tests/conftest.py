"""Wheels of all distributions, built once per test run, and clean environments to install them in."""

from __future__ import annotations

import importlib.metadata
import os
import pathlib
import shutil
import subprocess
import sys
import time
import venv
import zipfile

import pytest
from packaging.requirements import Requirement

ROOT = pathlib.Path(__file__).parents[1]
OURS = [path.parent for path in sorted(ROOT.glob("gograd*/pyproject.toml"))]
EXAMPLES = [path.parent for path in sorted(ROOT.glob("examples/*/pyproject.toml"))]
GENERATED = shutil.ignore_patterns(
    "build", "dist", "*.egg-info", "__pycache__", ".*_cache", "*.so", "*.pyd", "_native.c"
)


def copies(folders, place):
    """Copies of the distributions in `folders`, as a clean checkout has them."""
    return [shutil.copytree(folder, place / folder.name, ignore=GENERATED) for folder in folders]


def build(sources, place, **variables):
    """Of each of `sources`, folders or archives, its wheel, made without network in an environment with `variables`."""
    pip = [sys.executable, "-m", "pip", "--isolated", "wheel", "--no-deps", "--no-build-isolation", "--no-index"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GOGRAD_")} | variables
    built = subprocess.run(
        [*pip, "--wheel-dir", place, *sources], env=environment, capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stdout + built.stderr
    return {wheel.name.partition("-")[0].replace("_", "-"): wheel for wheel in sorted(place.iterdir())}


@pytest.fixture(scope="session")
def copy_sources():
    """A function that copies some of gograd's distributions into a folder."""
    return lambda names, place: copies([ROOT / name.replace("-", "_") for name in names], place)


@pytest.fixture(scope="session")
def build_wheels():
    """A function that makes wheels."""
    return build


@pytest.fixture(scope="session")
def all_wheels(tmp_path_factory):
    """Of each distribution, examples too, its wheel. The first worker that asks builds; the others wait for it."""
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
            build(copies(OURS + EXAMPLES, place / "source"), place / "wheels")
            failure = ""
        except AssertionError as error:
            failure = str(error)
        finally:
            (place / "unfinished").write_text(failure)
            (place / "unfinished").rename(finished)
    failure = finished.read_text()
    assert not failure, failure
    found = sorted((place / "wheels").iterdir())
    return {wheel.name.partition("-")[0].replace("_", "-"): wheel for wheel in found}


@pytest.fixture(scope="session")
def wheels(all_wheels):
    """Of each of gograd's own distributions its wheel."""
    examples = {folder.name for folder in EXAMPLES}
    return {name: wheel for name, wheel in all_wheels.items() if name not in examples}


class Environment:
    """A Python of its own, without pip and without network."""

    def __init__(self, folder, wheels):
        venv.create(folder, with_pip=False, symlinks=os.name != "nt")
        self.scripts = folder / ("Scripts" if os.name == "nt" else "bin")
        self.python = self.scripts / "python"
        self.variables = {
            name: value for name, value in os.environ.items() if not name.startswith(("GOGRAD_", "PIP_", "PYTHON"))
        }
        self.variables["PATH"] = f"{self.scripts}{os.pathsep}{self.variables['PATH']}"
        self.packages = pathlib.Path(self.run("import sysconfig; print(sysconfig.get_path('purelib'))"))
        self._wheels = wheels

    def run(self, code):
        """What `code` prints, the last line of its traceback included."""
        done = self.execute(self.python, "-I", "-c", code)
        return (done.stdout + done.stderr.strip().rpartition("\n")[2]).strip()

    def pip(self, *arguments):
        done = self.execute(
            sys.executable, "-m", "pip", "--python", self.python, "--disable-pip-version-check", *arguments
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def install(self, wheel):
        self.pip("install", "--no-index", "--no-deps", "--no-compile", str(wheel))
        assert "No broken requirements" in self.pip("check")

    def bring(self, *requirements):
        """What they ask for, directly and not: gograd's own by its wheels, the rest from the tests' environment."""
        wheels, others, queue = {}, {}, [*map(Requirement, requirements)]
        for requirement in queue:  # it grows
            name = requirement.name
            if name in self._wheels:
                wheels[name], found = self._wheels[name], from_wheel(self._wheels[name])
            else:
                others[name] = found = importlib.metadata.distribution(name)
            queue += [each for each in wanted(found, requirement.extras) if each not in queue]
        for distribution in others.values():
            self._borrow(distribution)
        self.pip("install", "--no-index", "--no-deps", "--no-compile", *map(str, wheels.values()))
        assert "No broken requirements" in self.pip("check")

    def _borrow(self, distribution):
        for top in {file.parts[0] for file in distribution.files} - {"..", "__pycache__"}:
            source, target = pathlib.Path(distribution.locate_file(top)), self.packages / top
            if target.exists():
                continue
            if os.name != "nt":
                target.symlink_to(source)
            elif source.is_dir():
                shutil.copytree(source, target)
            else:
                shutil.copy(source, target)

    def execute(self, *command, cwd=None):
        return subprocess.run(command, env=self.variables, cwd=cwd, capture_output=True, text=True, check=False)


def from_wheel(wheel):
    """The distribution in a wheel."""
    (info,) = [path for path in zipfile.Path(wheel).iterdir() if path.name.endswith(".dist-info")]
    return importlib.metadata.PathDistribution(info)


def wanted(distribution, extras=()):
    """What a distribution requires here, with some of its extras."""
    parsed = map(Requirement, distribution.requires or ())
    return [
        each
        for each in parsed
        if not each.marker or any(each.marker.evaluate({"extra": extra}) for extra in ("", *extras))
    ]


@pytest.fixture(scope="session")
def make_environment(all_wheels):
    """A function that makes an empty environment in a folder; `bring` takes gograd's own from `wheels`."""
    return lambda folder, wheels=all_wheels: Environment(folder, wheels)


@pytest.fixture
def environment(make_environment, tmp_path):
    """An empty environment."""
    return make_environment(tmp_path / "environment")
