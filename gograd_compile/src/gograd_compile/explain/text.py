"""Writes explanations of compiled functions as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gograd_compile.trace.tape import GUARDS, answer_text

__all__ = ["as_text"]

MOST = 8
"""How many paths, guards and kernels a text shows. The dict has all."""

WHY = "they took other paths, and recordings save less than they cost"


def as_text(found: Mapping[str, Any]) -> str:
    """Write an `Explanation` as text."""
    lines = [
        f"{found['name']}, run by {found['backend']['name']} code ({found['backend']['why']})",
        f"passes: {found['passes']}",
    ]
    if not found["recordings"]:
        return "\n".join([*lines, "Nothing was recorded yet. The first call records the function."])
    dropped = f", {found['dropped_arguments']} nestings of arguments dropped" if found["dropped_arguments"] else ""
    lines.append(f"paths: {found['recorded']} recorded, {found['kept']} kept, {found['dropped']} dropped{dropped}")
    if found["opaque"]:
        lines.append(f"opaque operations, which are called back: {', '.join(found['opaque'])}")
    for recording in found["recordings"]:
        gradient = "" if recording["gradient"] is None else f"the gradient with respect to {recording['gradient']}, "
        lines += ["", f"for {gradient}arguments {recording['arguments']}"]
        if recording["evaluated"]:
            lines.append(f"  {recording['evaluated']:,} points evaluated without a recording: {WHY}")
        for number, path in _first(recording["paths"], lines, "  "):
            lines.append(f"  path {number}, which gives {path['result']}")
            lines += (f"    {line}" for line in _path(path))
    return "\n".join(lines)


def _path(path: Mapping[str, Any]) -> Iterator[str]:
    rows = [("operations", "left", "time")]
    rows += [(what, f"{count:,}", _seconds(path["seconds"].get(what))) for what, count in path["operations"].items()]
    yield from _table(rows)
    if path["captured"]:
        yield f"reads {path['captured']:,} captured neurons"
    more: list[str] = []
    for _, guard in _first(path["guards"], more, ""):
        asked = "a domain error" if guard["asked"] == "domain" else f"{guard['asked']}()"
        outcome = answer_text(GUARDS.index(guard["asked"]), guard["outcome"])
        yield f"guard: {asked} is {outcome}, at {guard['line'] or 'a line that is not known'}"
    yield from more
    for program in path["programs"]:
        yield f"program: {program['for']}"
        yield from (f"  {line}" for line in _program(program))


def _program(program: Mapping[str, Any]) -> Iterator[str]:
    rows: list[tuple[str, ...]] = [("", "sums", "terms", "calls")]
    for part in ("values", "derivatives"):
        counts = program[part]
        if any(counts.values()):
            rows.append((part, *(f"{count:,}" for count in counts.values())))
    yield from _table(rows)
    yield from _tables(program)
    yield f"{program['steps']:,} steps on {program['levels']:,} levels"
    yield f"{program['bytes_per_point']:,} bytes per point, and {program['bytes_of_schedule']:,} of the schedule"
    yield ", ".join(f"{what} in {_seconds(seconds)}" for what, seconds in program["seconds"].items())
    more: list[str] = []
    kernels = [kernel for _, kernel in _first(program["kernels"], more, "")]
    yield from _table(
        [(kernel["operation"], kernel["what"], f"{kernel['calls']:,}", _origin(kernel)) for kernel in kernels],
        left=(0, 1, 3),
    )
    yield from more


def _tables(program: Mapping[str, Any]) -> Iterator[str]:
    found = program["terms"]
    if found["tables"]:
        shares = {where: f"{count / sum(found.values()):.0%}" for where, count in found.items()}
        yield (
            f"products of matrices were found: {shares['tables']} of the terms are in their tables of sums, "
            f"{shares['rows']} in other rows of sums, {shares['single']} ({found['single']:,}) in single sums"
        )
    more: list[str] = []
    for _, table in _first(program["tables"], more, "  "):
        rows, columns, terms = (each if isinstance(each, str) else f"{each:,}" for each in [*table.values()][:3])
        terms = f"over {terms}" if isinstance(table["terms"], str) else f"of {_count(table['terms'], 'term')}"
        yield f"  {_count(table['how_many'], 'table')} of {rows} × {columns} sums {terms}"
    yield from more


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'s' * (number != 1)}"


def _origin(kernel: Mapping[str, Any]) -> str:
    return f"{kernel['origin']}, {_seconds(kernel['seconds'])}" if kernel["seconds"] else str(kernel["origin"])


def _first(entries: Sequence[Any], lines: list[str], indent: str) -> Iterator[tuple[int, Any]]:
    """Yield the first entries, numbered, and then add a line that says how many more there are."""
    yield from enumerate(entries[:MOST], 1)
    if len(entries) > MOST:
        lines.append(f"{indent}… and {len(entries) - MOST:,} more")


def _seconds(seconds: float | None) -> str:
    return "" if seconds is None else f"{1e3 * seconds:.3f} ms"


def _table(rows: Sequence[tuple[str, ...]], left: tuple[int, ...] = (0,)) -> Iterator[str]:
    """Align the columns of rows: the columns `left` to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [f"{cell:{'<' if place in left else '>'}{widths[place]}}" for place, cell in enumerate(row)]
        yield "  ".join(cells).rstrip()
