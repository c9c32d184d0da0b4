"""The classes of commands: those of typer, with shorter help for flags and a better error."""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand, TyperGroup

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


MEANT = {"show": "gograd ops show", "list": "gograd ops", "help": "gograd --help", "version": "gograd --version"}
"""What to run instead of commands that do not exist."""


class Group(TyperGroup):
    def get_params(self, ctx: Any) -> list[Any]:
        return _without_types(super().get_params(ctx))


class MainGroup(Group):
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
