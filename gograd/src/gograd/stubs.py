"""The command `gograd stubs`: writes types of the installed operations, for editors and type checkers.

Operations are found when a program runs, but a checker only reads files. So this command writes files: a partial stub
package (PEP 561) beside gograd_core, in which `ops` and `Neuron` have the installed operations.
"""

from __future__ import annotations

import ast
import copy
import re
import sysconfig
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from gograd.console import cannot_write, console, fail
from gograd_core import Op, Registry, errstate
from gograd_core.extend import BINARY, COMPARISONS, UNARY, current, typed_sources

__all__ = ["stub_files", "write_stubs"]

PACKAGE = "gograd_core-stubs"
INSTALLED = "InstalledOperations"
CONSTANTS = ("e", "inf", "nan", "pi")
NUMBER = "Neuron | float"
ANYTHING = "Neuron | float | Array"
IMPORTS = """
from collections.abc import Iterable
from typing import Any, Protocol, overload
class Array(Protocol):
    def __array_namespace__(self, *, api_version: Any = ...) -> Any: ...
"""
OF_OPERATIONS = """
from gograd_core.engines.neuron import Neuron
from gograd_core.op import Op
"""


def write_stubs(
    folder: Annotated[
        Path | None, typer.Option(help=f"The folder for {PACKAGE}. The default is site-packages of this environment.")
    ] = None,
) -> None:
    """Write typed stubs of the installed operations, so that ``ops.tanh`` and ``x.tanh()`` complete and check."""
    target = (folder or Path(sysconfig.get_path("purelib"))) / PACKAGE
    files = stub_files(current.registry)
    try:
        target.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (target / name).parent.mkdir(exist_ok=True)
            (target / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise fail(cannot_write(error)) from None
    console().print(f"{target}: {len(current.registry)} operations", soft_wrap=True)


def stub_files(known: Registry) -> dict[str, str]:
    """Generate the files of the stub package for the operations of a registry, by their names."""
    names = {name for op in known.operations() for name in (op.name, *op.aliases) if name in known}
    named = {name: known[name] for name in sorted(names)}
    attributes = [f"{name}: float" for name in CONSTANTS] + [f"{name}: {_class_name(op)}" for name, op in named.items()]
    methods = [_method(name, op) for name, op in named.items() if not op.variadic]
    classes = {_class_name(op): _class_of(op) for op in named.values()}
    return {
        "py.typed": "partial\n",
        "namespaces/operations.pyi": _operations_stub(attributes) + "".join(classes.values()),
        "engines/neuron.pyi": _neuron_stub([*_operators(known), *methods]),
    }


def _class_name(op: Op) -> str:
    """Name the class of an operation. Two underscores, which no distribution's name has, separate the two names."""
    return re.sub(r"\W", "_", f"_{op.provider.distribution if op.provider else ''}__{op.name}")


def _class_of(op: Op) -> str:
    """Write a subclass of `Op` that is called with the operation's own inputs."""
    inputs = op.input_names
    of_floats, of_neurons = ("bool", "bool") if _decides(op) else ("float", "Neuron")
    if op.variadic:  # in this order, since arrays are iterable too, and a list of floats is also a list of numbers
        overloads = [
            (["Array"] * len(inputs), "Any"),
            (["Iterable[float]"] * len(inputs), of_floats),
            ([f"Iterable[{NUMBER}]"] * len(inputs), of_neurons),
        ]
    else:  # no two of these overlap: the first neuron is in another place
        overloads = [(["float"] * len(inputs), of_floats)]
        for before, after in zip(range(len(inputs)), reversed(range(len(inputs))), strict=True):
            overloads.append((["float"] * before + ["Neuron"] + [NUMBER] * after, of_neurons))
        overloads.append(([ANYTHING] * len(inputs), "Any"))
    calls = "\n".join("@overload\n" + _signature("__call__", inputs, *each) for each in overloads)
    return f"\nclass {_class_name(op)}(Op):\n    {op.doc!r}\n" + _indented(calls)


def _method(name: str, op: Op) -> str:
    """Write the operation as a method of `Neuron`."""
    result = "bool" if _decides(op) else "Neuron"
    others = op.input_names[1:]
    if not others:
        return _signature(name, (), (), result, op.doc)
    return (
        "@overload\n" + _signature(name, others, [NUMBER] * len(others), result, op.doc)
        + "\n@overload\n" + _signature(name, others, [ANYTHING] * len(others), "Any")
    )  # fmt: skip


def _operators(known: Registry) -> Iterator[str]:
    """Write the operators of `Neuron`: those that an operation implements, and comparisons."""
    for name in COMPARISONS.values():
        other = "object" if name in ("eq", "ne") else NUMBER
        yield _signature(f"__{name}__", ("other",), (other,), "bool")
    for symbol, name in UNARY.items():
        if f"{symbol} 1" in known:
            yield _signature(f"__{name}__", (), (), "Neuron")
    for symbol, name in BINARY.items():
        if f"{symbol} 2" in known:
            for method in (f"__{name}__", f"__r{name}__"):
                yield "@overload\n" + _signature(method, ("other",), (NUMBER,), "Neuron")
                yield "@overload\n" + _signature(method, ("other",), ("Array",), "Any")


def _signature(name: str, inputs: Sequence[str], kinds: Sequence[str], result: str, doc: str = "") -> str:
    itself = "self"
    while itself in inputs:
        itself = f"_{itself}"
    typed = ", ".join([itself, *(f"{each}: {kind}" for each, kind in zip(inputs, kinds, strict=True))])
    return f"def {name}({typed}, /) -> {result}:" + (f"\n    {doc!r}" if doc else " ...")


def _indented(text: str) -> str:
    return "".join(f"    {line}\n" for line in text.splitlines())


def _decides(op: Op) -> bool:
    """Return whether an operation gives a bool, as comparisons do. One that fails for lack of a library does not."""
    try:
        return bool(op.samples) and isinstance(errstate(domain="ignore").run(op, *op.samples[0]), bool)
    except Exception:
        return False


def _operations_stub(attributes: Sequence[str]) -> str:
    """Write `Operations`, which a registry fills at run time. `gograd_core.ops` has what is installed here."""
    tree = _parsed("namespaces/operations", IMPORTS + OF_OPERATIONS)
    installed = copy.deepcopy(_class(tree, "Operations"))
    installed.name = INSTALLED
    _fill(installed, attributes)
    (namespace,) = [i for i, node in enumerate(tree.body) if ast.unparse(node).startswith("ops = ")]
    tree.body[namespace : namespace + 1] = [installed, *ast.parse(f"ops: {INSTALLED}").body]
    return _text(tree)


def _neuron_stub(methods: Sequence[str]) -> str:
    tree = _parsed("engines/neuron", IMPORTS)
    _fill(_class(tree, "Neuron"), methods)
    return _text(tree)


def _parsed(module: str, imports: str) -> ast.Module:
    """Parse the source of a module, and add imports after that from __future__."""
    tree = ast.parse(typed_sources()[module])
    first = next(i for i, node in enumerate(tree.body) if isinstance(node, ast.Import | ast.ImportFrom)) + 1
    tree.body[first:first] = ast.parse(imports).body
    return tree


def _class(tree: ast.Module, name: str) -> ast.ClassDef:
    return next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name)


def _fill(found: ast.ClassDef, members: Sequence[str]) -> None:
    """Replace what is found when a program runs by `members`."""
    found.body = [each for each in found.body if not _is_found_later(each)]
    found.body += ast.parse("\n".join(members)).body


def _text(tree: ast.Module) -> str:
    """Write the stub, in which functions have no bodies."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            doc = ast.get_docstring(node)
            node.body = [ast.Expr(ast.Constant(doc if doc else ...))]
    return ast.unparse(ast.fix_missing_locations(tree)) + "\n"


def _is_found_later(statement: ast.stmt) -> bool:
    """Return whether a statement defines `__getattr__`, also inside ``if TYPE_CHECKING:``, or assigns an operator.

    `__float__` is assigned too. Without it a checker refuses ``math.sqrt(neuron)``, as the neuron itself does.
    """
    if isinstance(statement, ast.Assign):
        targets = [ast.unparse(target) for target in statement.targets]
        return any(target.startswith(("__", "(__")) for target in targets) and targets != ["__hash__"]
    return any(isinstance(node, ast.FunctionDef) and node.name == "__getattr__" for node in ast.walk(statement))
