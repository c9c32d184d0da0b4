"""The compiled parts: in the wheels where they could be built, and without a trace where they could not."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import sysconfig
import tarfile
import zipfile

import pytest

pytestmark = pytest.mark.slow  # everything is compiled several times

MODULES = {
    "gograd-compile": [
        "gograd_compile/call/prepared",
        *(f"gograd_compile/loops/{name}" for name in ("derivatives", "schedules", "sums", "tapes")),
    ],
    "gograd-core": ["gograd_core/_native"],
    "gograd-ops-basic": ["gograd_ops_basic/_kernels"],
    "gograd-ops-extra": ["gograd_ops_extra/_kernels"],
}
SUFFIX = sysconfig.get_config_var("EXT_SUFFIX")
SOURCES = (".c", ".h", ".o", ".pxd", ".pxi", ".pyx", "setup.py")
LIBRARIES = {name: {f"{module}{SUFFIX}" for module in modules} for name, modules in MODULES.items()}
BUILD_FOLDERS = ("src", "build/lib", f"build/lib.{sysconfig.get_platform()}-{sys.implementation.cache_tag}")
each_distribution = pytest.mark.parametrize("name", MODULES)
needs_posix = pytest.mark.skipif(os.name == "nt", reason="no environment variable names the compiler there")


def files(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return {*archive.namelist()}


def tag(wheel):
    return wheel.stem.split("-", 2)[2]


def leave_behind(folders):
    """What earlier builds may have left: libraries newer than their source, and a module that is no more."""
    for source in folders:
        for folder, name in itertools.product(BUILD_FOLDERS, LIBRARIES[source.name.replace("_", "-")]):
            library = source / folder / name
            library.parent.mkdir(parents=True, exist_ok=True)
            library.write_text("stale")
            if folder != "src":
                (library.parent / "gone.py").touch()
    return folders


@pytest.fixture(scope="module")
def compiles(tmp_path_factory):
    """Whether extension modules can be built here at all."""
    place = tmp_path_factory.mktemp("probe")
    (place / "probe.c").write_text("#include <Python.h>\nPyMODINIT_FUNC PyInit_probe(void) { return NULL; }\n")
    program = (
        "from setuptools import Extension, setup; setup(name='probe', ext_modules=[Extension('probe', ['probe.c'])])"
    )
    command = [sys.executable, "-c", program, "build_ext"]
    return subprocess.run(command, cwd=place, capture_output=True, check=False).returncode == 0


PASSES = """
from gograd_compile import compile
square = compile(lambda x: x * x)
slope = square.grad(3.0)
print(square.explain()["passes"], slope)
"""


class TestBuiltHere:
    @each_distribution
    def test_a_wheel_for_this_platform_has_the_library(self, wheels, name, compiles):
        expected = LIBRARIES[name] if compiles else set()
        assert {file for file in files(wheels[name]) if file.endswith((SUFFIX, ".so", ".pyd"))} == expected
        assert (tag(wheels[name]) != "py3-none-any") is compiles

    def test_the_others_are_for_every_platform(self, wheels):
        assert {tag(wheel) for name, wheel in wheels.items() if name not in MODULES} == {"py3-none-any"}

    def test_no_source_of_a_library_is_in_a_wheel(self, all_wheels):
        assert [file for wheel in all_wheels.values() for file in files(wheel) if file.endswith(SOURCES)] == []

    def test_the_libraries_are_what_runs(self, environment, compiles):
        environment.bring("gograd-ops-extra", "gograd-ops-basic")
        program = "from gograd_core import *; x = Neuron(3.0); (x * x).backward(); print(engine().name, x.grad)"
        assert environment.run(program) == ("native 6.0" if compiles else "python 6.0")

    def test_so_are_the_loops_of_the_compiler(self, environment, compiles):
        environment.bring("gograd-compile", "gograd-ops-basic")
        assert environment.run(PASSES) == ("compiled 6.0" if compiles else "Python 6.0")


WITHOUT = {"not-wanted": {"GOGRAD_NO_EXTENSION": "1"}, "compiler-fails": {"CC": "false"}}


@pytest.fixture(scope="module", params=["not-wanted", pytest.param("compiler-fails", marks=needs_posix)])
def pure(request, tmp_path_factory, copy_sources, build_wheels):
    """Wheels made without extensions where earlier builds have left some."""
    place = tmp_path_factory.mktemp("pure")
    sources = leave_behind(copy_sources(MODULES, place / "source"))
    return build_wheels(sources, place / "wheels", **WITHOUT[request.param])


@pytest.mark.slow
@needs_posix
def test_where_one_loop_of_several_cannot_be_compiled_no_library_is_left(tmp_path, copy_sources, build_wheels):
    compiler = tmp_path / "cc"
    compiler.write_text('#!/bin/sh\ncase "$*" in *loops/sums*) exit 1 ;; esac\nexec cc "$@"\n')
    compiler.chmod(0o755)
    sources = copy_sources(["gograd-compile"], tmp_path / "source")
    (wheel,) = build_wheels(sources, tmp_path / "wheels", CC=str(compiler)).values()
    assert tag(wheel) == "py3-none-any"
    assert not [file for file in files(wheel) if file.endswith((".so", ".pyd"))]


class TestWithoutLibrary:
    def test_the_wheels_are_for_every_platform(self, pure):
        assert {name: tag(wheel) for name, wheel in pure.items()} == dict.fromkeys(MODULES, "py3-none-any")

    def test_they_differ_only_in_the_library(self, pure, wheels):
        for name, libraries in LIBRARIES.items():
            assert files(pure[name]) == files(wheels[name]) - libraries

    def test_they_work(self, pure, make_environment, tmp_path):
        environment = make_environment(tmp_path / "environment", pure)
        environment.bring("gograd-ops-extra", "gograd-ops-basic")
        program = (
            "from gograd_core import *; x = Neuron(0.0); (x * x + x.tanh()).backward(); print(engine().name, x.grad)"
        )
        assert environment.run(program) == "python 1.0"
        environment.bring("gograd-compile")
        assert environment.run(PASSES) == "Python 6.0"


@pytest.mark.parametrize("name", ["gograd-compile", "gograd-core"])
def test_without_cython_nothing_is_compiled_that_needs_it(name, tmp_path, copy_sources, build_wheels):
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.modules['Cython'] = None\n")
    sources = leave_behind(copy_sources([name], tmp_path / "source"))
    (wheel,) = build_wheels(sources, tmp_path / "wheels", PYTHONPATH=str(tmp_path)).values()
    assert tag(wheel) == "py3-none-any"


COMPILER = """#!/bin/sh
arguments="$*"
while [ "$1" != -o ]; do shift; done
echo "$arguments" | tee "$2" >> "$0.log"
"""


@pytest.fixture(scope="module")
def compiler(tmp_path_factory):
    """One that is quick: what it writes is how it was called."""
    program = tmp_path_factory.mktemp("compiler") / "cc"
    program.write_text(COMPILER)
    program.chmod(0o755)
    return program


@pytest.fixture(scope="module")
def as_if_compiled(tmp_path_factory, copy_sources, build_wheels, compiler):
    """Wheels made by that compiler where earlier builds have left something."""
    place = tmp_path_factory.mktemp("compiled")
    sources = leave_behind(copy_sources(MODULES, place / "source"))
    return build_wheels(sources, place / "wheels", CC=str(compiler), LDSHARED=f"{compiler} -shared")


@needs_posix
class TestWithLibrary:
    @each_distribution
    def test_it_is_the_one_just_built(self, as_if_compiled, wheels, name):
        assert files(as_if_compiled[name]) == files(wheels[name]) | LIBRARIES[name]
        with zipfile.ZipFile(as_if_compiled[name]) as wheel:
            assert all(wheel.read(library).startswith(b"-shared ") for library in LIBRARIES[name])

    def test_cython_leaves_no_c_among_the_sources(self, as_if_compiled):
        place = as_if_compiled["gograd-core"].parents[1]
        assert [*place.glob("source/gograd_core/src/**/native.pyx")] != []
        assert [*place.glob("source/gograd_co*/src/**/*.c")] == []

    @pytest.mark.usefixtures("as_if_compiled")
    def test_it_calculates_as_ieee_754_says(self, compiler):
        """The same bits as Python's floats, on every machine: nothing is fused or reordered."""
        calls = [line.split() for line in compiler.with_name("cc.log").read_text().splitlines()]
        options = [call for call in calls if "-c" in call]
        assert len(options) >= sum(map(len, MODULES.values()))
        for call in options:
            assert "-ffp-contract=off" in call
            assert not [option for option in call if option.startswith(("-march", "-Ofast", "-ffast-math"))]


@pytest.fixture(scope="module")
def sdists(tmp_path_factory, copy_sources):
    """Of each distribution its tree and its archive of source, made where no extension is wanted."""
    place = tmp_path_factory.mktemp("sdists")
    folders = copy_sources(MODULES, place)
    program = "import sys; from setuptools import build_meta; print(build_meta.build_sdist(sys.argv[1]))"
    for folder in folders:
        command = [sys.executable, "-c", program, place]
        variables = os.environ | {"GOGRAD_NO_EXTENSION": "1"}
        done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    return {
        name: (folder, next(place.glob(f"{folder.name}-*.tar.gz")))
        for name, folder in zip(MODULES, folders, strict=True)
    }


class TestSourceDistribution:
    @each_distribution
    def test_it_is_the_whole_tree(self, sdists, name):
        folder, archive = sdists[name]
        with tarfile.open(archive) as opened:
            packed = {member.name.partition("/")[2] for member in opened if member.isfile()}
        tree = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
        assert packed - {"PKG-INFO", "setup.cfg"} == tree

    @needs_posix
    def test_wheels_made_from_it_are_those_made_from_the_tree(
        self, sdists, as_if_compiled, build_wheels, compiler, tmp_path
    ):
        archives = [archive for _, archive in sdists.values()]
        made = build_wheels(archives, tmp_path, CC=str(compiler), LDSHARED=f"{compiler} -shared")
        assert {wheel.name: files(wheel) for wheel in made.values()} == {
            wheel.name: files(wheel) for wheel in as_if_compiled.values()
        }
