"""Printing for the command."""

from __future__ import annotations

import typer
from rich.console import Console

__all__ = ["console", "fail"]


def console(*, stderr: bool = False) -> Console:
    """A console that prints text as it is: names and paths may hold what looks like markup."""
    return Console(stderr=stderr, highlight=False, markup=False, emoji=False)


def fail(message: object) -> typer.Exit:
    """Print what went wrong; to be raised."""
    console(stderr=True).print(f"gograd: {message}", style="red", soft_wrap=True)
    return typer.Exit(1)
