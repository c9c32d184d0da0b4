"""The command `gograd explore`: a page in which one explores the graph of an expression, a function or a neuron."""

from __future__ import annotations

import ast
import importlib.util
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

import typer

from gograd.commands import Command
from gograd.console import cannot_write, console, fail, in_words
from gograd.expression import ExpressionError, evaluate, require_use
from gograd.variables import read_variables
from gograd_core import DomainError, Neuron, trace
from gograd_core.extend import quoted

__all__ = ["ExploreCommand", "explore_graph"]

IN_A_FILE = re.compile(r"(?P<path>.+\.py):(?P<name>\w+)")
MOST_NAMES = 12
"""How many names a message lists."""


class ExploreCommand(Command):
    """A command whose option --at may have the first argument behind it: --at=-1."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        parts = ([each[:4], each[5:]] if each.startswith("--at=") else [each] for each in args)
        return super().parse_args(ctx, [part for each in parts for part in each])


def explore_graph(
    what: Annotated[
        str,
        typer.Argument(
            help='An expression such as "tanh(w*x + b)", or a function, net or neuron such as model.py:loss.'
        ),
    ],
    values: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME=NUMBER... | --at NUMBER...", help='Such as w=2 x=-1, or --at 2 "[1.0, -1.0]".'),
    ] = None,
    at: Annotated[bool, typer.Option("--at", help="The arguments of the function follow: numbers and lists.")] = False,
    out: Annotated[Path, typer.Option(help="The file to write.")] = Path("graph.html"),
) -> None:
    """Write a page in which you can explore the graph of an expression, a function or a neuron, in a browser."""
    in_a_file = IN_A_FILE.fullmatch(what)
    if in_a_file is None and re.search(r"\.py:?$", what):
        raise fail(f"name the function, as in: gograd explore {what.removesuffix(':')}:FUNCTION --at 1.0 2.0")
    if in_a_file is None and at:
        raise fail("--at is for functions, such as model.py:loss; give the variables of an expression as NAME=NUMBER")
    if in_a_file is None:
        variables = read_variables(values or [])
        _write(lambda **neurons: _evaluated(what, neurons), out, at=variables, title=what, lines=False)
    else:
        found = _load(Path(in_a_file["path"]), in_a_file["name"])
        if not isinstance(found, Neuron):
            _write(found, out, at=_arguments(what, found, values or [], at), title=in_a_file["name"])
        elif at or values:
            raise fail(f"{in_a_file['name']} is a neuron, which takes no arguments: gograd explore {what}")
        else:
            _write(found, out, title=in_a_file["name"])
    console().print(f"wrote {out}", soft_wrap=True)


def _evaluated(expression: str, neurons: dict[str, Neuron]) -> Any:
    result = evaluate(expression, neurons)
    require_use(expression, neurons)
    return result


def _write(what: Any, out: Path, **options: Any) -> None:
    from gograd_draw import explore  # which other commands need not wait for

    try:
        explore(what, out, **options)
    except (ExpressionError, DomainError) as error:
        raise fail(error.fact if isinstance(error, DomainError) else error) from None
    except OSError as error:
        raise fail(cannot_write(error)) from None
    except Exception as error:  # the function, or a rule, may raise anything
        raise fail(in_words(error).replace("at=...", "--at")) from None


def _arguments(what: str, function: Any, texts: Sequence[str], at: bool) -> list[Any]:
    """Read the arguments of a function. It may be called without any if none were given, but only after --at."""
    if not at:
        name = getattr(function, "__name__", type(function).__name__)
        raise fail(f'give the arguments of {name} after --at, as in: gograd explore {what} --at 1.0 "[2.0, 3.0]"')
    return [_argument(text) for text in texts]


def _argument(text: str) -> Any:
    """Read a number, or a nested list, tuple or dict of numbers."""
    try:
        return float(text)
    except ValueError:
        pass
    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        raise fail(f'expected numbers after --at, and lists such as "[1.0, 2.0]", got {quoted(text)}') from None


def _load(path: Path, name: str) -> Any:
    """Import a file as a module, and return a function or a neuron in it."""
    module_name = path.stem if path.stem not in sys.modules else f"_explored_{path.stem}"  # json.py replaces no json
    spec = importlib.util.spec_from_file_location(module_name, path)
    if spec is None or spec.loader is None or not path.is_file():
        raise fail(f"there is no file {path}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    sys.path.insert(0, str(path.parent.resolve()))  # as if Python ran it
    try:
        trace().run(spec.loader.exec_module, module)
    except SystemExit:
        raise fail(f"{path} ends Python when it is imported; put that under: if __name__ == '__main__'") from None
    except Exception as error:
        raise fail(f"{path} cannot be imported: {in_words(error)}") from None
    found = getattr(module, name, None)
    if not callable(found) and not isinstance(found, Neuron):
        raise fail(f"{path} has no function or neuron {name!r}{_offered(module)}")
    return found


def _offered(module: ModuleType) -> str:
    """List what a module has that can be explored: neurons, nets, and the functions that it defines."""
    names = [name for name, value in vars(module).items() if not name.startswith("_") and _is_offered(value, module)]
    more = ", …" if len(names) > MOST_NAMES else ""
    return f". It has {', '.join(names[:MOST_NAMES])}{more}" if names else ""


def _is_offered(value: Any, module: ModuleType) -> bool:
    if isinstance(value, Neuron):
        return True
    is_own = getattr(value, "__module__", "") == module.__name__ or hasattr(value, "parameters")
    return callable(value) and not isinstance(value, type) and is_own
