"""The classes of commands: those of typer, with shorter help for flags and a better error."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from gograd.console import console
from gograd.interrupts import LINE, STATUS, raising_at_ctrl_c
from gograd_core.extend import current

__all__ = ["Command", "Group", "MainGroup", "OperationsGroup"]


def _without_types(parameters: list[Any]) -> list[Any]:
    """Remove the "<bool>" that typer shows beside flags, which take no value."""
    for parameter in parameters:
        if getattr(parameter, "is_flag", False):
            parameter.metavar = ""
    return parameters


class Command(TyperCommand):
    def get_params(self, ctx: Any) -> list[Any]:
        return _without_types(super().get_params(ctx))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the arguments. If one is refused, say so in the words of a command, and not of Python's types."""
        try:
            return super().parse_args(ctx, args)
        except typer.BadParameter as error:
            error.message = _in_words(error)
            raise


def _in_words(error: Any) -> str:
    """Return the message of an error, without what typer takes from Pydantic."""
    message: str = error.message.removeprefix("Value error, ")
    _, should, rest = message.partition("Input should be ")
    if not should:
        return message
    given = error.__cause__.errors()[0]["input"]
    return f"it must be {rest.partition(',')[0]}, got {given!r}"


MEANT = {"show": "gograd ops show", "list": "gograd ops", "help": "gograd --help", "version": "gograd --version"}
"""What to run instead of commands that do not exist."""


class Group(TyperGroup):
    def get_params(self, ctx: Any) -> list[Any]:
        return _without_types(super().get_params(ctx))


class MainGroup(Group):
    def invoke(self, ctx: Any) -> Any:
        """Run a command. Ctrl-C ends it with one line."""
        with raising_at_ctrl_c():
            try:
                return super().invoke(ctx)
            except KeyboardInterrupt:
                console(stderr=True).print(LINE)
                raise typer.Exit(STATUS) from None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command. If there is none of that name, say what to run instead."""
        if args and self.get_command(ctx, args[0]) is None:
            if args[0] in MEANT:
                ctx.fail(f"No such command {args[0]!r}. Run {' '.join([MEANT[args[0]], *args[1:]])}")
            if args[0] in current.registry:
                ctx.fail(f"No such command {args[0]!r}. To see this operation, run gograd ops show {args[0]}")
        return super().resolve_command(ctx, args)


class OperationsGroup(Group):
    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command. If there is none of that name, say how to see an operation."""
        if args and self.get_command(ctx, args[0]) is None:
            ctx.fail(f"No such command {args[0]!r}. To see an operation, run gograd ops show {args[0]}")
        return super().resolve_command(ctx, args)
