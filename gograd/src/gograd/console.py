"""How the command prints."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer
from rich.console import Console

from gograd_core.extend import LONGEST

__all__ = ["cannot_write", "console", "cut", "explaining", "fail", "in_words"]


def console(*, stderr: bool = False) -> Console:
    """Make a console that prints text as it is, since names and paths may contain what looks like markup.

    Characters that the encoding of the output does not have are escaped.
    """
    made = Console(stderr=stderr, highlight=False, markup=False, emoji=False)
    if isinstance(made.file, io.TextIOWrapper):
        made.file.reconfigure(errors="backslashreplace")
    return made


def fail(message: object) -> typer.Exit:
    """Print what went wrong, and return an exception to raise."""
    console(stderr=True).print(f"gograd: {message}", style="red", soft_wrap=True)
    return typer.Exit(1)


def in_words(error: Exception) -> str:
    """Return the text of an error with its notes, which say whose rule raised it."""
    kind = "" if isinstance(error, (TypeError, ValueError)) else f"{type(error).__name__}: "
    return "; ".join([f"{kind}{error}", *getattr(error, "__notes__", ())])


def cut(text: str) -> str:
    """Cut a text to the length that messages show."""
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def cannot_write(error: OSError, path: Path | None = None) -> str:
    """Describe in one line why a file could not be written. It is `path`, if the error does not name one."""
    return f"cannot write {error.filename or path}: {error.strerror or error}"


@contextmanager
def explaining(path: Path) -> Iterator[None]:
    """Fail with one line if a file cannot be written in the block."""
    try:
        yield
    except OSError as error:
        raise fail(cannot_write(error, path)) from None
