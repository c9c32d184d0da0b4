"""The command `gograd check`: runs the conformance kit on installed operations."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from gograd.console import console, fail
from gograd_core import UnknownOperationError

if TYPE_CHECKING:
    from gograd_core.testing import OpReport

__all__ = ["check_operations"]

MARKS = {"passed": ("✓", "green"), "failed": ("✗", "red"), "skipped": ("–", "dim")}


def check_operations(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PLUGIN or OP]...", help="Distributions or operations. The default is all."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole report as JSON.")] = False,
) -> None:
    """Test the rules of operations against independent oracles. The exit status is 1 if a test fails."""
    from gograd_core.testing import check_registry  # with mpmath, which takes a while to import

    try:
        with console(stderr=True).status("testing rules; all of gograd's take about a minute and a half"):
            report = check_registry(names=names or ())
    except UnknownOperationError as error:
        raise fail(error) from None
    if as_json:
        typer.echo(json.dumps(report.to_dict(), indent=2))
    else:
        screen = console()
        for table in _tables(report.reports, in_words=screen.options.ascii_only):
            screen.print(table)
        for op_report in report.reports:
            for check in op_report.checks:
                if check.verdict == "failed":
                    screen.print(f"{op_report.op.title}, {check.name}: {check.message}", soft_wrap=True)
    if not report.passed:
        raise typer.Exit(1)


def _mark(verdict: str, *, in_words: bool) -> Text:
    sign, style = MARKS[verdict]
    return Text(verdict if in_words else sign, style)


def _tables(reports: tuple[OpReport, ...], *, in_words: bool) -> Iterator[Table]:
    """Make a table for each distribution, with verdicts in words if the output cannot show signs."""
    from gograd_core.testing import CHECKS

    by_distribution = lambda report: report.op.provider.distribution if report.op.provider else ""  # noqa: E731
    for distribution, of_one in itertools.groupby(sorted(reports, key=by_distribution), by_distribution):
        table = Table(title=distribution, title_justify="left", box=box.SIMPLE_HEAD, padding=0, pad_edge=False)
        table.add_column("operation", min_width=18)
        for name in CHECKS:
            table.add_column(name, justify="center", min_width=len(name))
        table.add_column("ulps", justify="right")
        for report in of_one:
            verdicts = {check.name: _mark(check.verdict, in_words=in_words) for check in report.checks}
            worst = report.worst_ulps
            ulps = "" if worst is None else f"{worst:.2f}" if worst < 1000.0 else f"{worst:.0e}"
            table.add_row(report.op.name, *(verdicts[name] for name in CHECKS), ulps)
        yield table
