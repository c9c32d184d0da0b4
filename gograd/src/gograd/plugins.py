"""The command `gograd plugins`: lists every installed plugin and what became of it."""

from __future__ import annotations

import json
import warnings
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.table import Table

from gograd.console import console
from gograd_core import PluginWarning, load_report
from gograd_core.extend import PluginRecord

__all__ = ["list_plugins"]

STYLES = {"loaded": "green", "failed": "red", "blocked": "dim"}


def list_plugins(
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 if a plugin failed.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything about them as JSON.")] = False,
) -> None:
    """List every plugin that is installed: what it provides, or why it was left out."""
    with warnings.catch_warnings(record=True) as caught:  # they are printed below the table
        warnings.simplefilter("always", PluginWarning)
        records = load_report()
    warned = [str(warning.message) for warning in caught]
    if as_json:
        complaints = dict.fromkeys([*(each for record in records for each in record.complaints()), *warned])
        found = {"plugins": [_described(record) for record in records], "complaints": [*complaints]}
        typer.echo(json.dumps(found, indent=2))
    else:
        screen = console()
        screen.print(_table(records))
        reasons = [line for record in records for line in _remarks(record)]
        for line in dict.fromkeys([*reasons, *warned]):
            screen.print(line, soft_wrap=True)
    if strict and any(record.status == "failed" for record in records):
        raise typer.Exit(1)


def _remarks(record: PluginRecord) -> list[str]:
    return record.complaints() or ([str(record)] if record.reason else [])


def _table(records: Sequence[PluginRecord]) -> Table:
    table = Table()
    for column in ("plugin", "distribution", "version"):
        table.add_column(column, overflow="fold")
    table.add_column("operations", justify="right")
    table.add_column("load time", justify="right")
    table.add_column("status")
    for record in records:
        table.add_row(
            record.entry_point,
            record.distribution,
            record.version,
            str(len(record.operations)),
            f"{1000.0 * record.seconds:.1f} ms",
            record.status + (f", {len(record.refused)} refused" if record.refused else ""),
            style=None if record.status == "loaded" else STYLES[record.status],
        )
    return table


def _described(record: PluginRecord) -> dict[str, Any]:
    return {
        "distribution": record.distribution,
        "version": record.version,
        "entry_point": record.entry_point,
        "status": record.status,
        "reason": record.reason,
        "seconds": record.seconds,
        "operations": [op.name for op in record.operations],
        "refused": dict(record.refused),
    }
