"""The map names every room, tests have their folders, promised paths import, and native files have Python twins."""

import re
import subprocess
import sys
from importlib import import_module, metadata
from pathlib import Path

import pytest

import gograd_core.extend

ROOT = Path(__file__).parents[2]
MAP = (ROOT / "docs" / "map.md").read_text(encoding="utf-8")
PACKAGES = {name: ROOT / name / "src" / name for name in ("gograd_core", "gograd_compile")}
CORE = PACKAGES["gograd_core"]
WITHOUT_TWIN = {"memory", "cpython", "traversal"}


def section(package):
    """The rooms that the map names in the section of a package: the first cell in code of each row."""
    text = MAP.split(f"\n## {package}\n")[1].split("\n## ")[0]
    return {re.findall(r"`([^`]+)`", line)[0] for line in text.splitlines() if re.match(r"\| (\d+ \| )?`", line)}


def rooms(package):
    folders = {f"{path.parent.name}/" for path in PACKAGES[package].glob("*/__init__.py")}
    return folders | {path.name for path in PACKAGES[package].glob("*.py") if not path.name.startswith("__")}


@pytest.mark.parametrize("package", PACKAGES)
def test_the_map_names_every_room_and_no_other(package):
    assert section(package) - {"engines/native/"} == rooms(package)


@pytest.mark.parametrize("package", PACKAGES)
def test_folders_of_tests_are_rooms(package):
    folders = {path.parent.name for path in (ROOT / "tests" / package.removeprefix("gograd_")).glob("*/test_*.py")}
    assert folders
    assert folders <= {room.removesuffix("/").removesuffix(".py") for room in rooms(package)}


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`((?:\w+/)*\w+\.(?:py|pxi))`", MAP))))
def test_every_file_that_the_map_names_is_there(name):
    assert [path for path in ROOT.glob(f"gograd*/src/*/**/{Path(name).name}") if str(path).endswith(name)]


def test_the_picture_has_every_room():
    picture = (ROOT / "docs" / "_static" / "floors.svg").read_text(encoding="utf-8")
    shown = re.findall(r'class="name[^>]*>(\w+)(?:/|\.py)?<', picture)
    assert sorted(shown) == sorted(
        room.removesuffix("/").removesuffix(".py") for name in PACKAGES for room in rooms(name)
    )


@pytest.mark.parametrize("module", ["gograd_core", "gograd_core.math", "gograd_core.testing", "gograd_core.extend"])
def test_promised_modules_have_all_that_they_promise(module):
    promised = import_module(module)
    assert promised.__all__
    assert [name for name in promised.__all__ if not hasattr(promised, name)] == []


@pytest.mark.parametrize("module", ["math.sin(0.5)", "testing.check_op", "extend.flatten"])
def test_promised_modules_are_there_once_the_core_is_imported(module):
    subprocess.run([sys.executable, "-c", f"import gograd_core; gograd_core.{module}"], check=True)


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("gograd_core.checked.neuron", "restore"),  # in pickles of leaves
        ("gograd_core.op", "look_up"),  # in pickles of operations
        ("gograd_core.plugins.builtin_ops", "gograd_ops"),  # an entry point of installed distributions
        ("gograd_core.kernels.libm", "erf"),  # in kernels that were printed
    ],
)
def test_paths_that_outlive_the_process_are_as_they_were(module, name):
    assert callable(getattr(import_module(module), name))


def test_what_pickles_and_entry_points_name_is_what_is_promised():
    leaf = gograd_core.Neuron(1.0).__reduce__()[0]
    operation = gograd_core.ops.tanh.__reduce__()[0]
    (entry,) = [e for e in metadata.entry_points(group="gograd.ops") if e.dist.name == "gograd-core"]
    assert (leaf.__module__, leaf.__name__) == ("gograd_core.checked.neuron", "restore")
    assert (operation.__module__, operation.__name__) == ("gograd_core.op", "look_up")
    assert entry.value == "gograd_core.plugins.builtin_ops"


@pytest.mark.parametrize("stem", sorted(path.stem for path in (CORE / "engines" / "native").glob("*.pxi")))
def test_every_native_file_has_a_python_twin(stem):
    assert stem in WITHOUT_TWIN or list(CORE.rglob(f"{stem}.py"))
