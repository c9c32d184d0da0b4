"""`_native.pyi` says what the compiled module offers: no name, method or parameter more, and none less."""

import ast
import inspect
from pathlib import Path

import pytest

import gograd_core

native = pytest.importorskip("gograd_core._native")

STUB = ast.parse((Path(gograd_core.__file__).parent / "_native.pyi").read_text(encoding="utf-8"))
INNER = {
    "COMPARISONS",
    "Constants",
    "Graph",
    "Method",
    "Note",
    "SYMBOLS",
    "Writer",
}  # nothing outside of the module uses them
FUNCTIONS = {each.name: each for each in STUB.body if isinstance(each, ast.FunctionDef)}
CLASSES = {each.name: each for each in STUB.body if isinstance(each, ast.ClassDef)}
VALUES = {each.target.id for each in STUB.body if isinstance(each, ast.AnnAssign)}
SHARED = {"real", "imag", "conjugate", "is_integer", "as_integer_ratio", "hex", "inputs", "line", "_repr_mimebundle_"}
"""What both engines have from Python: it is in the class where this engine runs."""
BOUND = {"__getattr__", *SHARED}  # the slot of __getattr__ is empty after an operation was looked up


def parameters(function):
    """The names of the parameters of a function in the stub, without `self`."""
    arguments = function.args
    starred = [each for each in (arguments.vararg, arguments.kwarg) if each]
    everything = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *starred]
    return [each.arg for each in everything if each.arg != "self"]


def members(stub):
    """The methods and attributes that the stub of a class has."""
    for each in stub.body:
        if isinstance(each, ast.FunctionDef):
            yield each.name
        elif isinstance(each, ast.AnnAssign):
            yield each.target.id


def own_names():
    """What the compiled module defines itself, and does not import."""
    for name, thing in vars(native).items():
        if name.startswith("_") or inspect.ismodule(thing):
            continue
        defined_in = getattr(thing, "__module__", None)
        if defined_in in ("gograd_core._native", "gograd_core") or name in VALUES or isinstance(thing, tuple):
            yield name


def test_the_names():
    assert set(own_names()) - INNER == FUNCTIONS.keys() | CLASSES.keys() | VALUES


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_the_parameters_of(name):
    assert [*inspect.signature(getattr(native, name)).parameters] == parameters(FUNCTIONS[name])


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_the_members_of(name):
    real = getattr(native, name)
    assert [member for member in members(CLASSES[name]) if member not in BOUND and not hasattr(real, member)] == []


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_no_other_members_of(name):
    operations = ("Method", "Misnomer")  # what operations, and names that lead elsewhere, put into the class
    own = {member for member, it in vars(getattr(native, name)).items() if type(it).__name__ not in operations}
    known = {member for member in members(CLASSES[name]) if not member.startswith("__")}
    assert {each for each in own if not each.startswith("__")} - SHARED == known - SHARED
