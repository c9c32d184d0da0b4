"""The commands `gograd ops` and `gograd ops show`: list the operations, and show one of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.syntax import Syntax
from rich.table import Table

from gograd.console import console, fail
from gograd.describe import accuracy_of, described, function_name, kernels_of, other_names, sources
from gograd_core import Op, UnknownOperationError
from gograd_core.extend import current, is_internal

__all__ = ["list_operations", "show_operation"]


def list_operations(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything about them as JSON.")] = False,
) -> None:
    """List the operations that are installed."""
    if context.invoked_subcommand:
        return
    found = current.registry.operations()
    if as_json:
        typer.echo(json.dumps([described(op) for op in found], indent=2))
        return
    table = Table(padding=0)  # so that it fits in 80 columns
    for column in ("operation", "symbol", "inputs", "operator", "kernels", "distribution", "version"):
        table.add_column(column, overflow="fold")
    internal = [op.name for op in found if is_internal(op)]
    for op in found:
        if is_internal(op):
            continue
        provider = op.provider
        table.add_row(
            op.name,
            op.symbol if op.symbol != op.name else "",
            f"{len(op.partials)} column{'s' if len(op.partials) > 1 else ''}" if op.variadic else str(op.arity),
            op.operator or "",
            kernels_of(op),
            provider.distribution if provider else "",
            provider.version if provider else "",
        )
    console().print(table)
    if internal:
        text = f"Not listed are operations that only the engine itself calls: {', '.join(internal)}"
        console().print(text, soft_wrap=True)


def show_operation(
    name: Annotated[str, typer.Argument(help="Such as tanh, or DISTRIBUTION:NAME.")],
    plot: Annotated[
        Path | None, typer.Option(help="Draw the function and its derivatives into this file (.png, .svg, .pdf).")
    ] = None,
) -> None:
    """Show everything about one operation: its rules as they are written, domain, edge points and provider."""
    try:
        op = current.registry[name]
    except UnknownOperationError as error:
        raise fail(error) from None
    if plot is not None:
        _check_picture(op, plot)
    screen = console()
    screen.print(f"{op.title}: {op.doc}" if op.doc else op.title, soft_wrap=True)
    facts = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    facts.add_column(style="bold")
    facts.add_column(overflow="fold")
    for what, fact in _facts(op).items():
        if fact:
            facts.add_row(what, fact)
    screen.print()
    screen.print(facts)
    screen.print()
    code = sources(op).rstrip()
    # A text, which is not padded to a block, in the colours of the terminal.
    screen.print(Syntax(code, "python", theme="ansi_dark", background_color="default").highlight(code), soft_wrap=True)
    if op.edges:
        screen.print(_edge_table(op))
    if plot is not None:
        from gograd import plots  # matplotlib takes a second to import

        plots.draw_operation(op, plot)
        screen.print(f"The function and its derivatives: {plot}", soft_wrap=True)


def _check_picture(op: Op, path: Path) -> None:
    if not path.parent.is_dir() or path.suffix.lower() not in (".png", ".svg", ".pdf"):
        raise typer.BadParameter("must end in .png, .svg or .pdf, in a folder that exists", param_hint="--plot")
    if op.variadic or not op.samples:
        raise fail(f"{op.title} cannot be drawn: it {'takes columns' if op.variadic else 'has no samples'}")


def _facts(op: Op) -> dict[str, str]:
    inputs = ", ".join(op.input_names)
    provider = op.provider
    return {
        "inputs": f"{inputs} (columns of equal length)" if op.variadic else inputs,
        "symbol": op.symbol if op.symbol != op.name else "",
        "also": ", ".join(other_names(op)),
        "domain": op.domain or "everywhere",
        "partials": ", ".join(map(_partial_name, op.input_names, op.partials)),
        "accuracy": accuracy_of(op),
        "samples": ", ".join(map(_point, op.samples)),
        "implementations": ", ".join(
            f"{backend} ({function_name(own)})" for backend, own in op.implementations.items()
        ),
        "opaque": "computes only with floats" if op.opaque else "",
        "kernels": kernels_of(op),
        "reference": "a formula in mpmath" if op.reference else "none",
        "provider": f"{provider} (entry point {provider.entry_point})"
        if provider and provider.entry_point
        else str(provider),
    }


def _partial_name(name: str, partial: Any) -> str:
    return f"d/d{name}: " + ("none" if partial is None else getattr(partial, "__name__", repr(partial)))


def _point(inputs: tuple[Any, ...]) -> str:
    return "(" + ", ".join(map(_number, inputs)) + ")"


def _number(value: Any) -> str:
    """Write a number, a bool, None, or a column."""
    if isinstance(value, (tuple, list)):
        return "[" + ", ".join(map(_number, value)) + "]"
    return "–" if value is None else repr(value)


def _edge_table(op: Op) -> Table:
    table = Table(title="edge points", title_justify="left")
    for column in ("at", "value", "derivatives", "why"):
        table.add_column(column, overflow="fold")
    for edge in op.edges:
        table.add_row(_point(edge.inputs), _number(edge.value), ", ".join(map(_number, edge.partials)), edge.why)
    return table
