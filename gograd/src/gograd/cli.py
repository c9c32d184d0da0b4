"""The command line: the commands, each from its own module."""

from __future__ import annotations

from typing import Annotated

import typer

from gograd import __version__
from gograd.calculator import evaluate_expression
from gograd.commands import Command, Group, MainGroup, OperationsGroup
from gograd.conformance import check_operations
from gograd.exploring import ExploreCommand, explore_graph
from gograd.kernels import write_kernels
from gograd.new_package import new_package
from gograd.operations import list_operations, show_operation
from gograd.plugins import list_plugins
from gograd.stubs import write_stubs
from gograd.training import train_digits

__all__ = ["app"]

app = typer.Typer(
    cls=MainGroup, help="Scalar automatic differentiation, with operations as plugins.", no_args_is_help=True
)
train_app = typer.Typer(cls=Group, help="Train a network of neurons on real data.", no_args_is_help=True)
ops_app = typer.Typer(cls=OperationsGroup, invoke_without_command=True)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"gograd {__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Scalar automatic differentiation, with operations as plugins."""


train_app.command("digits", cls=Command)(train_digits)
app.add_typer(train_app, name="train")
app.command("eval", cls=Command, context_settings={"ignore_unknown_options": True})(
    evaluate_expression
)  # -x is an expression
app.command("explore", cls=ExploreCommand, context_settings={"ignore_unknown_options": True})(explore_graph)
ops_app.callback()(list_operations)
ops_app.command("show", cls=Command)(show_operation)
app.add_typer(ops_app, name="ops")
app.command("plugins", cls=Command)(list_plugins)
app.command("check", cls=Command)(check_operations)
app.command("new", cls=Command)(new_package)
app.command("kernels", cls=Command)(write_kernels)
app.command("stubs", cls=Command)(write_stubs)
