"""The distributions as a user gets them: what the wheels hold, and an operation that arrives by installing one."""

import json
import zipfile
from email.parser import Parser

import pytest
from packaging.requirements import Requirement

ENTRY_POINTS = {
    "gograd": {"console_scripts": {"gograd": "gograd.__main__:main"}},
    "gograd-compile": {},
    "gograd-core": {"gograd.ops": {"core": "gograd_core.plugins.builtin_ops"}},
    "gograd-draw": {"gograd.display": {"draw": "gograd_draw.notebook:show"}},
    "gograd-nn": {},
    "gograd-ops-basic": {"gograd.ops": {"basic": "gograd_ops_basic"}},
    "gograd-ops-extra": {"gograd.ops": {"extra": "gograd_ops_extra"}},
    "gograd-ops-solve": {},
    "gograd-ops-special": {"gograd.ops": {"special": "gograd_ops_special"}},
}
CORE_NEEDS = ("attrs", "importlib-metadata", "pluggy")
COMPILER_NEEDS = ["attrs", "gograd-core", "numpy"]
pytestmark = pytest.mark.slow  # all are built first
every_distribution = pytest.mark.parametrize("name", ENTRY_POINTS)


@pytest.fixture
def wheel(wheels, name):
    with zipfile.ZipFile(wheels[name]) as archive:
        yield archive


def read(wheel, file):
    (path,) = [path for path in wheel.namelist() if path.endswith(f".dist-info/{file}")]
    return wheel.read(path).decode("utf-8")


def metadata(wheel):
    return Parser().parsestr(read(wheel, "METADATA"))


def needed(requirements, extra=""):
    """The names of those that hold here: outside of the extras, or with one of them."""
    parsed = [Requirement(line) for line in requirements or ()]
    return sorted(found.name for found in parsed if not found.marker or found.marker.evaluate({"extra": extra}))


def test_there_is_a_wheel_of_each(wheels):
    assert sorted(wheels) == sorted(ENTRY_POINTS)


@every_distribution
class TestContents:
    def test_one_package_with_types(self, wheel, name):
        package = name.replace("-", "_")
        tops = {path.partition("/")[0] for path in wheel.namelist()}
        assert tops == {package, f"{package}-0.1.0.dist-info"}
        assert f"{package}/__init__.py" in wheel.namelist()
        assert f"{package}/py.typed" in wheel.namelist()

    def test_every_module_of_the_source(self, wheel, name, request):
        package = name.replace("-", "_")
        source = request.config.rootpath / package / "src"
        modules = {path.relative_to(source).as_posix() for path in source.rglob("*.py")}
        assert modules == {path for path in wheel.namelist() if path.endswith(".py")}

    def test_licence(self, wheel, request):
        assert read(wheel, "licenses/LICENSE") == (request.config.rootpath / "LICENSE").read_text(encoding="utf-8")

    def test_metadata(self, wheel, name):
        found = metadata(wheel)
        assert (found["Name"], found["Version"]) == (name, "0.1.0")
        assert found["Requires-Python"] == ">=3.11"
        assert found["License-Expression"] == ("MIT AND EPL-2.0" if name == "gograd-draw" else "MIT")
        assert found["Summary"]
        assert found.get_payload().strip()

    def test_entry_points(self, wheel, name):
        expected = ENTRY_POINTS[name]
        if not expected:
            assert not any(path.endswith("entry_points.txt") for path in wheel.namelist())
            return
        lines = [line for line in read(wheel, "entry_points.txt").splitlines() if line]
        assert lines == [
            line
            for group, entry_points in expected.items()
            for line in (f"[{group}]", *(f"{key} = {value}" for key, value in entry_points.items()))
        ]


@pytest.mark.parametrize(
    ("name", "needs"),
    [
        ("gograd-core", [*CORE_NEEDS]),
        ("gograd-draw", ["attrs", "gograd-core"]),
        ("gograd-ops-basic", ["gograd-core"]),
        ("gograd-ops-extra", ["gograd-core"]),
        ("gograd-ops-special", ["gograd-core", "scipy"]),
        ("gograd-ops-solve", ["gograd-core", "gograd-ops-basic", "scipy"]),
    ],
)
def test_requirements_of_engine_and_operations(wheel, needs):
    assert needed(metadata(wheel).get_all("Requires-Dist")) == needs


@pytest.mark.parametrize("name", ["gograd-compile"])
def test_the_compiler_needs_no_operations_and_llvmlite_only_if_it_is_wanted(wheel):
    requirements = metadata(wheel).get_all("Requires-Dist")
    assert needed(requirements) == COMPILER_NEEDS
    assert needed(requirements, extra="native") == sorted([*COMPILER_NEEDS, "llvmlite", "numba", "platformdirs"])


def test_whoever_has_the_command_has_everything_but_the_compiler_and_the_solvers(wheels):
    with zipfile.ZipFile(wheels["gograd"]) as wheel:
        ours = {name for name in needed(metadata(wheel).get_all("Requires-Dist")) if name in ENTRY_POINTS}
    assert ours == {*ENTRY_POINTS} - {"gograd", "gograd-compile", "gograd-ops-solve"}


@pytest.fixture
def core(environment):
    """An environment that holds gograd-core, what it needs, and nothing else."""
    environment.bring("gograd-core")
    return environment


ADD = "from gograd_core import Neuron; print((Neuron(1) + 1).value)"
TANH = "from gograd_core import Neuron; print(Neuron(1).tanh().value)"
SLOPE_OF_LGAMMA = (
    "from gograd_core import *\ntry: print(grad(ops.lgamma)(3.0))\nexcept UnknownOperationError as error: print(error)"
)
REPORT = (
    "from gograd_core import load_report; print(*(f'{r.distribution} {r.status}' for r in load_report()), sep=', ')"
)
UNKNOWN = "gograd_core.errors.UnknownOperationError: no installed operation "


class TestInstallingOperations:
    def test_the_core_alone(self, core):
        assert core.run("import gograd_core; print(gograd_core.Neuron(2.0))") == "Neuron(2.0, grad=0.0)"
        assert core.run(REPORT) == "gograd-core loaded"
        message = core.run(ADD)
        assert message.startswith(UNKNOWN + "implements the operator '+' with 2 input(s). ")
        assert message.endswith("Install with: pip install gograd-ops-basic gograd-ops-extra gograd-ops-special")
        assert core.run(TANH).startswith(UNKNOWN + "is 'tanh'. ")

    def test_basic(self, core, wheels):
        core.install(wheels["gograd-ops-basic"])
        assert core.run(ADD) == "2.0"
        assert core.run(REPORT) == "gograd-core loaded, gograd-ops-basic loaded"
        message = core.run(TANH)
        assert message.startswith(UNKNOWN + "is 'tanh'. ")
        assert message.endswith("Install with: pip install gograd-ops-extra gograd-ops-special")

    def test_extra_comes_and_goes(self, core, wheels):
        core.install(wheels["gograd-ops-basic"])
        before = core.run(TANH)
        core.install(wheels["gograd-ops-extra"])
        assert core.run(TANH) == "0.7615941559557649"
        assert core.run(REPORT) == "gograd-core loaded, gograd-ops-basic loaded, gograd-ops-extra loaded"
        core.pip("uninstall", "--yes", "gograd-ops-extra")
        assert core.run(TANH) == before
        assert before.startswith(UNKNOWN)

    def test_a_derivative_that_needs_another_distribution(self, core, wheels):
        """With all that it needs; that it brings SciPy along, the others do not feel."""
        core.install(wheels["gograd-ops-basic"])
        core.install(wheels["gograd-ops-extra"])
        assert core.run("from gograd_core import ops; print(ops.lgamma(2.0))") == "0.0"
        message = core.run(SLOPE_OF_LGAMMA)
        assert message.startswith("no installed operation is 'digamma'. ")
        assert message.endswith("Install with: pip install gograd-ops-special")
        core.bring("gograd-ops-special")
        assert core.run(SLOPE_OF_LGAMMA) == "0.9227843350984671"
        assert core.run(f"{TANH}; import sys; print('scipy' in sys.modules)") == "0.7615941559557649\nFalse"

    def test_the_command_shows_what_is_installed_with_nothing_to_edit(self, environment, wheels):
        def command(*arguments):
            done = environment.execute(environment.scripts / "gograd", *arguments)
            return done.returncode, done.stdout, done.stderr

        def operations():
            return {each["name"]: each["distribution"] for each in json.loads(command("ops", "--json")[1])}

        environment.bring("gograd")
        everything = operations()
        assert everything["tanh"] == "gograd-ops-extra"
        assert command("eval", "tanh(0)") == (0, "┌─────────┬─────┐\n│ tanh(0) │ 0.0 │\n└─────────┴─────┘\n", "")

        environment.pip("uninstall", "--yes", "gograd-ops-extra")
        assert operations() == {name: of for name, of in everything.items() if of != "gograd-ops-extra"}
        assert "gograd-ops-extra" not in command("plugins")[1]
        code, _, error = command("eval", "tanh(0)")
        assert (code, error.partition(". ")[0]) == (1, "gograd: no installed operation is 'tanh'")
        assert error.endswith("Install with: pip install gograd-ops-extra\n")
        assert command("ops", "show", "tanh") == (1, "", error)

        environment.install(wheels["gograd-ops-extra"])
        assert operations() == everything
        assert "gograd-ops-extra" in command("plugins")[1]


SQUARE = """
import sys
from gograd_compile import compile
square = compile(lambda x: x * x)
print(square.backend.name, square.value_and_grad(3.0), "numba" in sys.modules)
"""


class TestCompiling:
    @pytest.mark.parametrize(("wanted", "backend"), [("gograd-compile", "numpy"), ("gograd-compile[native]", "native")])
    def test_runs_natively_where_llvmlite_is(self, environment, tmp_path, wanted, backend):
        environment.variables["GOGRAD_CACHE_DIR"] = str(tmp_path / "cache")
        environment.bring(wanted, "gograd-ops-basic")
        assert environment.run(SQUARE) == f"{backend} (9.0, 6.0) False"


SHOWN = "from gograd_core import Neuron; x = Neuron(2.0, 'x'); print(*(x * x)._repr_mimebundle_())"
PNG = """
from gograd_core import Neuron
from gograd_draw import draw
try: print(draw(Neuron(1.0)).png[1:4])
except ImportError as error: print(error)
"""
EXPLORED = """
from gograd_core import Neuron
from gograd_draw import explore
explore(Neuron(2.0, "x") * 3.0, "page.html")
print(open("page.html").read(15))
"""


class TestPictures:
    def test_notebooks_show_them_once_they_are_installed(self, core, wheels):
        core.install(wheels["gograd-ops-basic"])
        assert core.run(SHOWN) == "text/plain"
        core.bring("gograd-draw")
        assert core.run(SHOWN) == "text/plain image/svg+xml"
        assert core.run(PNG).startswith("PNG needs resvg-py: install it with pip install 'gograd-draw[png]'")
        core.bring("gograd-draw[png]")
        assert core.run(PNG) == "b'PNG'"

    def test_the_explorer_brings_what_its_pages_hold_and_the_licences(self, core, wheels, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        core.bring("gograd-draw", "gograd-ops-basic")
        assert core.run(EXPLORED) == "<!DOCTYPE html>"
        with zipfile.ZipFile(wheels["gograd-draw"]) as wheel:
            assert read(wheel, "licenses/LICENSES/EPL-2.0.txt").startswith("# Eclipse Public License - v 2.0")
            assert "https://gitlab.com/graphviz/graphviz" in read(wheel, "licenses/LICENSES/THIRD-PARTY.md")
