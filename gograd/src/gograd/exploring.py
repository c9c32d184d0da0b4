"""The command `gograd explore`: a page in which one explores the graph of an expression or of a function."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from gograd.console import cannot_write, console, fail, in_words
from gograd.expression import ExpressionError, evaluate
from gograd.variables import read_variables
from gograd_core import DomainError

__all__ = ["explore_graph"]

FUNCTION = re.compile(r"(?P<path>.+\.py):(?P<name>\w+)")


def explore_graph(
    what: Annotated[
        str, typer.Argument(help='An expression such as "tanh(w*x + b)", or a function such as model.py:loss.')
    ],
    values: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME=NUMBER... | --at NUMBER...", help="Such as w=2 x=-1, or --at 2 -1."),
    ] = None,
    at: Annotated[bool, typer.Option("--at", help="The arguments of the function follow.")] = False,
    out: Annotated[Path, typer.Option(help="The file to write.")] = Path("graph.html"),
) -> None:
    """Write a page in which you can explore the graph of an expression or a function. Open it in a browser."""
    script = FUNCTION.fullmatch(what)
    if script is None and at:
        raise fail("--at is for functions, such as model.py:loss; give the variables of an expression as NAME=NUMBER")
    if script is not None and not at:
        raise fail(f"give the arguments of {script['name']} after --at, as in: gograd explore {what} --at 1.0 2.0")
    if script is None:
        variables = read_variables(values or [])
        _write(lambda **neurons: evaluate(what, neurons), variables, out, title=what, lines=False)
    else:
        function = _load(Path(script["path"]), script["name"])
        _write(function, _numbers(values or []), out, title=script["name"], lines=True)
    console().print(f"wrote {out}", soft_wrap=True)


def _write(
    function: Callable[..., Any], at: Sequence[float] | Mapping[str, float], out: Path, *, title: str, lines: bool
) -> None:
    from gograd_draw import explore  # which other commands need not wait for

    try:
        explore(function, out, at=at, title=title, lines=lines)
    except (ExpressionError, DomainError) as error:
        raise fail(error.fact if isinstance(error, DomainError) else error) from None
    except OSError as error:
        raise fail(cannot_write(error)) from None
    except Exception as error:  # the function, or a rule, may raise anything
        raise fail(in_words(error)) from None


def _numbers(texts: Sequence[str]) -> list[float]:
    try:
        return [float(text) for text in texts]
    except ValueError:
        raise fail(f"expected numbers after --at, got {' '.join(texts)}") from None


def _load(path: Path, name: str) -> Callable[..., Any]:
    """Import a file as a module, and return a function in it."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None or not path.is_file():
        raise fail(f"there is no file {path}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    sys.path.insert(0, str(path.parent.resolve()))  # as if Python ran it
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise fail(f"{path} cannot be imported: {in_words(error)}") from None
    function = getattr(module, name, None)
    if not callable(function):
        raise fail(f"{path} has no function {name!r}")
    return function  # type: ignore[no-any-return]
