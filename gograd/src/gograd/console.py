"""Printing for the command."""

from __future__ import annotations

import io

import typer
from rich.console import Console

__all__ = ["cannot_write", "console", "fail", "in_words"]


def console(*, stderr: bool = False) -> Console:
    """Make a console that prints text as it is: names and paths may contain what looks like markup.

    What the encoding of the output does not have is escaped.
    """
    made = Console(stderr=stderr, highlight=False, markup=False, emoji=False)
    if isinstance(made.file, io.TextIOWrapper):
        made.file.reconfigure(errors="backslashreplace")
    return made


def fail(message: object) -> typer.Exit:
    """Print what went wrong, and give an error to raise."""
    console(stderr=True).print(f"gograd: {message}", style="red", soft_wrap=True)
    return typer.Exit(1)


def in_words(error: Exception) -> str:
    """Write what an error says, with its notes, which say whose rule raised it."""
    kind = "" if isinstance(error, (TypeError, ValueError)) else f"{type(error).__name__}: "
    return "; ".join([f"{kind}{error}", *getattr(error, "__notes__", ())])


def cannot_write(error: OSError) -> str:
    """Say in one line what went wrong with a file."""
    return f"cannot write {error.filename}: {error.strerror}"
