"""The variables of an expression, as they are given on the command line."""

from __future__ import annotations

from collections.abc import Iterable

from gograd.console import fail
from gograd_core.extend import normalised

__all__ = ["read_variables"]


def read_variables(assignments: Iterable[str]) -> dict[str, float]:
    """Read texts such as "w=2".

    Raises:
        typer.Exit: one of them is no assignment of a number to a name, or a name is given twice. The reason is printed.
    """
    found: dict[str, float] = {}
    for assignment in assignments:
        name, _, number = (normalised(part.strip()) for part in assignment.partition("="))
        try:
            value = float(number)
        except ValueError:
            raise fail(f"expected NAME=NUMBER, got {assignment!r}") from None
        if not name.isidentifier():
            raise fail(f"{name!r} is not a valid name for a variable")
        if name in found:
            raise fail(f"{name!r} is given twice, the second time as {assignment!r}")
        found[name] = value
    return found
