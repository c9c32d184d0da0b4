"""The command `gograd check`: the conformance kit over installed operations."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from gograd.console import console, fail
from gograd_core import UnknownOperationError

if TYPE_CHECKING:
    from gograd_core.testing import OpReport

__all__ = ["check_operations"]

MARKS = {"passed": Text("✓", "green"), "failed": Text("✗", "red"), "skipped": Text("–", "dim")}


def check_operations(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[PLUGIN or OP]...", help="Distributions or operations; all if none.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole report as JSON.")] = False,
) -> None:
    """Check the rules of operations against independent oracles; exits with 1 if one fails."""
    from gograd_core.testing import check_registry  # with mpmath, which takes a while to import

    try:
        report = check_registry(names=names or ())
    except UnknownOperationError as error:
        raise fail(error) from None
    if as_json:
        typer.echo(json.dumps(report.to_dict(), indent=2))
    else:
        screen = console()
        screen.print(_table(report.reports))
        for op_report in report.reports:
            for check in op_report.checks:
                if check.verdict == "failed":
                    screen.print(f"{op_report.op.title}, {check.name}: {check.message}", soft_wrap=True)
    if not report.passed:
        raise typer.Exit(1)


def _table(reports: tuple[OpReport, ...]) -> Table:
    from gograd_core.testing import CHECKS

    table = Table()
    table.add_column("operation", overflow="fold")
    table.add_column("distribution", overflow="fold")
    for name in CHECKS:
        table.add_column(name, justify="center")
    table.add_column("points", justify="right")
    table.add_column("worst ulps", justify="right")
    for report in reports:
        verdicts = {check.name: check.verdict for check in report.checks}
        table.add_row(
            report.op.name,
            report.op.provider.distribution if report.op.provider else "",
            *(MARKS[verdicts[name]] for name in CHECKS),
            str(report.points),
            "" if report.worst_ulps is None else f"{report.worst_ulps:.2f}",
        )
    return table
