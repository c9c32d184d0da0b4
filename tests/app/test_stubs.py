"""`gograd stubs`: what a type checker then accepts, infers and rejects."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import sys
import sysconfig

import attrs
import pytest
from typer.testing import CliRunner

from gograd.cli import app
from gograd.stubs import _class_name, stub_files
from gograd_core import Op, Provider, Registry, ops

HEADER = """
import math
from array_api import Array
from gograd_core import Neuron, Op, Registry, errstate, gradient, ops
from gograd_core import current
from gograd_core import math as like_math

active: Registry = current.registry

x, y, number, numbers, neurons, array = Neuron(1.0), Neuron(2.0), 0.5, [1.0, 2.0], [Neuron(1.0)], Array()
mixed: list[Neuron | float] = [x, 2.0]
either: Neuron | float = x
"""
ARRAY_API = """
from types import ModuleType

class Array:
    def __array_namespace__(self, *, api_version: str | None = None) -> ModuleType: raise NotImplementedError
"""

REVEALED = {
    "ops.tanh(0.5)": "float",
    "ops.tanh(1)": "float",
    "ops.tanh(x)": "Neuron",
    "ops.tanh(either)": "Neuron | float",
    "ops.tanh(array)": "Any",
    "ops.tanh": "_gograd_ops_extra__tanh",
    "ops.tanh.samples": "tuple[tuple[Any, ...], ...]",
    "ops['tanh']": "Op",
    "ops.maximum(1.0, 2.0)": "float",
    "ops.maximum(x, 2.0)": "Neuron",
    "ops.maximum(1.0, y)": "Neuron",
    "ops.maximum(x, array)": "Any",
    "ops.where(x > y, 1.0, 2.0)": "float",
    "ops.where(x > y, x, 2.0)": "Neuron",
    "ops.sum(numbers)": "float",
    "ops.sum(neurons)": "Neuron",
    "ops.sum(mixed)": "Neuron",
    "ops.sum(array)": "Any",
    "ops.sum([x, 2.0])": "Neuron",
    "ops.sum(n * n for n in neurons)": "Neuron",
    "ops.dot(neurons, numbers)": "Neuron",
    "ops.less(1.0, 2.0)": "bool",
    "ops.less(x, 2.0)": "bool",
    "ops.pi": "float",
    "x.tanh()": "Neuron",
    "x.maximum(2.0)": "Neuron",
    "x.maximum(array)": "Any",
    "x.less(y)": "bool",
    "x.value": "float",
    "x.operation": "Op | None",
    "x + y": "Neuron",
    "2 * x - 1.0": "Neuron",
    "2.0 ** x / x": "Neuron",
    "x + array": "Any",
    "-x": "Neuron",
    "abs(x)": "Neuron",
    "x < 1.0": "bool",
    "x == 1.0": "bool",
    "max(x, y)": "Neuron",
    "sum(neurons)": "Neuron | Literal[0]",
    "sorted(neurons)": "list[Neuron]",
    "hash(x)": "int",
    "gradient(x, [y])": "Any",
    "Registry(discover=False).ops.tanhh": "Any",
    "Registry(discover=False).ops['tanh']": "Op",
    "active.ops": "Operations",
    "like_math.sin(x)": "Any",
    "like_math.pi": "Any",
    "len(active)": "int",
}
REJECTED = {
    "ops.tanhh(x)": 'maybe "tanh"',
    "x.tanhh()": 'maybe "tanh"',
    "ops.tanh()": "require at least one argument",
    "ops.tanh(x, y)": 'No overload variant of "__call__"',
    "ops.tanh('1')": 'No overload variant of "__call__"',
    "ops.tanh(x=x)": 'No overload variant of "__call__"',
    "ops.maximum(x)": 'No overload variant of "__call__"',
    "ops.sum(x)": 'No overload variant of "__call__"',
    "ops.sum(['1'])": "incompatible type",
    "x.tanh(y)": "Too many arguments",
    "x.maximum()": "require at least one argument",
    "x.maximum('1')": "No overload variant",
    "x + '1'": "No overload variant",
    "x < '1'": "Unsupported operand",
    "x @ y": "Unsupported left operand",
    "float(x)": "incompatible type",
    "math.sqrt(x)": "incompatible type",
    "ops.sqrt(x).valeu": 'maybe "value"',
}


def write(*arguments):
    result = CliRunner().invoke(app, ["stubs", *map(str, arguments)])
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture(scope="module")
def environment(make_environment, tmp_path_factory):
    """Where gograd's operations are installed, with the stub."""
    environment = make_environment(tmp_path_factory.mktemp("typed") / "environment")
    environment.bring("gograd-ops-extra", "gograd-ops-basic")
    write("--folder", environment.packages)
    return environment


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """A program with a line for each expression; its path, and which expression stands in which line."""
    folder = tmp_path_factory.mktemp("program")
    (folder / "array_api.py").write_text(ARRAY_API)
    head, expressions = HEADER.splitlines(), [*REVEALED, *REJECTED]
    (folder / "program.py").write_text("\n".join([*head, *(f"reveal_type({each})" for each in expressions)]))
    return folder / "program.py", dict(enumerate(expressions, start=len(head) + 1))


@pytest.fixture(scope="module")
def said(environment, program):
    """Of each expression what mypy says about it."""
    path, lines = program
    options = ["--strict", "--python-executable", environment.python, "--cache-dir", path.parent / "cache"]
    command = [sys.executable, "-m", "mypy", *options, path.name]
    done = subprocess.run(command, cwd=path.parent, capture_output=True, text=True, check=False)
    found = {expression: [] for expression in lines.values()}
    for line in done.stdout.splitlines()[:-1]:  # the last one counts them
        where, _, message = line.partition(": ")
        found[lines[int(where.removeprefix("program.py:"))]].append(message.partition(": ")[2])
    return found


@pytest.mark.slow  # mypy reads the core first
@pytest.mark.parametrize(("expression", "kind"), REVEALED.items(), ids=REVEALED)
def test_mypy_infers(said, expression, kind):
    (message,) = said[expression]
    assert re.sub(r"\b[a-z][\w.]*\.(?=\w)", "", message) == f'Revealed type is "{kind}"'


@pytest.mark.slow
@pytest.mark.parametrize(("expression", "message"), REJECTED.items(), ids=REJECTED)
def test_mypy_rejects(said, expression, message):
    assert any(message in each for each in said[expression])


@pytest.mark.skipif(shutil.which("pyright") is None, reason="pyright is not installed")
def test_pyright_agrees(environment, program):
    path, lines = program
    command = ["pyright", "--outputjson", "--pythonpath", environment.python, path]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = json.loads(done.stdout)["generalDiagnostics"]
    wrong = {lines[each["range"]["start"]["line"] + 1] for each in found if each["severity"] == "error"}
    assert wrong == {*REJECTED}


class TestFiles:
    def test_they_go_beside_the_installed_packages(self, tmp_path, monkeypatch):
        monkeypatch.setattr(sysconfig, "get_path", {"purelib": tmp_path}.get)
        output = write()
        assert output == f"{tmp_path / 'gograd_core-stubs'}: {len(ops)} operations\n"
        assert (tmp_path / "gograd_core-stubs" / "py.typed").read_text() == "partial\n"

    def test_they_are_written_anew(self, tmp_path):
        write("--folder", tmp_path)
        with Registry(discover=False):
            write("--folder", tmp_path)
        found = members(
            (tmp_path / "gograd_core-stubs" / "namespaces" / "operations.pyi").read_text(), "InstalledOperations"
        )
        assert "pi" in found
        assert "tanh" not in found

    def test_every_name_is_there_and_no_way_to_other_names(self, known):
        files = stub_files(known)
        assert members(files["namespaces/operations.pyi"], "InstalledOperations") >= {
            "half",
            "halved",
            "total",
            "pi",
            "__getitem__",
        }
        assert members(files["engines/neuron.pyi"], "Neuron") >= {"half", "halved", "value", "__lt__", "__hash__"}
        for stub, name in (("namespaces/operations.pyi", "InstalledOperations"), ("engines/neuron.pyi", "Neuron")):
            assert members(files[stub], name).isdisjoint({"__getattr__", "__float__", "__add__"})
        assert "total" not in members(files["engines/neuron.pyi"], "Neuron")

    def test_the_operation_s_doc_is_the_stub_s(self, known):
        (found,) = [
            each for each in classes(stub_files(known)["namespaces/operations.pyi"]) if each.name.endswith("_half")
        ]
        assert ast.get_docstring(found) == known["half"].doc

    def test_names_that_nobody_has_are_not_there(self, known, monkeypatch):
        monkeypatch.setattr(type(known), "__contains__", lambda self, name: name != "half")
        assert "half" not in members(stub_files(known)["namespaces/operations.pyi"], "InstalledOperations")

    def test_a_registry_s_own_namespace_may_have_any_name(self, known):
        found = members(stub_files(known)["namespaces/operations.pyi"], "Operations")
        assert "__getattr__" in found
        assert "half" not in found

    @pytest.mark.parametrize("error", [ImportError("no scipy"), ZeroDivisionError()])
    def test_an_operation_that_fails_gives_numbers(self, known, error):
        def forward(xp, x):
            raise error

        known.register(Op("failing", forward=forward, partials=(None,), samples=((1.0,),)))
        assert "def failing(self, /) -> Neuron" in stub_files(known)["engines/neuron.pyi"]

    def test_an_input_may_be_called_self(self, known):
        rule = eval("lambda xp, out, self, _self: out")
        known.register(Op("selfish", forward=lambda xp, self, _self: self, partials=(rule, rule)))
        (found,) = [
            each for each in classes(stub_files(known)["namespaces/operations.pyi"]) if each.name.endswith("_selfish")
        ]
        assert [each.arg for each in found.body[-1].args.posonlyargs] == ["__self", "self", "_self"]

    def test_operations_of_different_packages_have_different_classes(self):
        pairs = [("a-b", "c"), ("a", "b_c"), ("a-b-c", "d"), ("a", "b__c_d")]
        made = [attrs.evolve(double(name), provider=Provider(distribution)) for distribution, name in pairs]
        assert len({*map(_class_name, made)}) == len(pairs)

    @pytest.mark.parametrize("folder", ["file", "file/below", "x" * 300])
    def test_where_nothing_can_be_written_it_fails_with_one_line(self, tmp_path, folder):
        (tmp_path / "file").write_text("mine")
        result = CliRunner().invoke(app, ["stubs", "--folder", str(tmp_path / folder)])
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr.startswith(f"gograd: cannot write {tmp_path / folder}")
        assert len(result.stderr.splitlines()) == 1


def double(name):
    return Op(name, forward=lambda xp, x: 2.0 * x, partials=(lambda xp, out, x: 2.0,))


@pytest.fixture
def known():
    known = Registry(discover=False)
    doc = "x / 2, \"half\" of it; a \\ in its doc and ''' too."
    known.register(
        Op("half", forward=lambda xp, x: x / 2, partials=(lambda xp, out, x: 0.5,), doc=doc, aliases=["halved"])
    )
    known.register(Op("total", forward=lambda xp, *c: xp.sum(c[0]), partials=(lambda xp, out, *c: 1.0,), variadic=True))
    return known


def classes(stub):
    return [node for node in ast.parse(stub).body if isinstance(node, ast.ClassDef)]


def members(stub, name):
    (found,) = [each for each in classes(stub) if each.name == name]
    named = {node.name for node in found.body if isinstance(node, ast.FunctionDef)}
    return (
        named
        | {node.target.id for node in found.body if isinstance(node, ast.AnnAssign)}
        | {target.id for node in found.body if isinstance(node, ast.Assign) for target in node.targets}
    )
