"""Value and gradient of compiled scalar programs, per recorded operation, beside other engines.

Each engine prepares and runs in processes of its own: one for a single point, one for 1,000 points
(on one thread and on two), each ended after two minutes. Value and gradient at the first and last
point of every process are compared with those of gograd's neurons before its times count. The
operations are those that gograd's neurons record, whatever an engine makes of them.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from compiled_engines import ENGINES
from compiled_models import MODELS
from processes import PEERS, note_load, run
from rich.console import Console
from rich.table import Table
from worker import differ

OWN, EAGER = "gograd_compile", "gograd eager"
POINTS = 1_000
COLUMNS = ("engine", "1 point", f"{POINTS:,}, 1 thread", "2 threads", "preparation", "again", f"for {POINTS:,}")


def measure(engine: str, model: str, points: int, peers: dict[str, Any]) -> dict[str, Any]:
    """What one process says; {"failed": reason} if it did not get that far."""
    own = engine in (OWN, EAGER)
    try:
        report = run(
            "compiled_worker.py", engine, model, points, python=sys.executable if own else PEERS / "bin" / "python"
        )
    except (RuntimeError, OSError) as error:
        return {"failed": "took longer than two minutes" if "SIGALRM" in str(error) else str(error)}
    expected = peers.get(EAGER, report)["result"]
    if any(differ(ours, theirs) for ours, theirs in zip(expected, report["result"], strict=True)):
        return {"failed": "computes something else"}
    return dict(report)


def row(one: dict[str, Any], many: dict[str, Any], operations: int) -> dict[str, float]:
    """The figures of an engine in nanoseconds per operation (and point), by the names of the columns."""
    figures: dict[str, float] = {}
    if "failed" not in one:
        first, *again = one["preparations"]
        figures |= {"1 point": one["seconds"]["1"], "preparation": first}
        figures |= {"again": again[0]} if again else {}
    if "failed" not in many:
        seconds = {threads: time / POINTS for threads, time in many["seconds"].items()}
        figures |= {f"{POINTS:,}, 1 thread": seconds["1"], f"for {POINTS:,}": many["preparations"][-1]}
        figures |= {"2 threads": seconds["2"]} if "2" in seconds else {}
    return {column: time / operations * 1e9 for column, time in figures.items()}


def shown(figure: float | None) -> str:
    """A figure to three digits, or to the nanosecond."""
    return "–" if figure is None else f"{figure:,.0f}" if figure >= 100.0 else f"{figure:.3g}"


def show(console: Console, model: str, engines: list[str]) -> None:
    one: dict[str, Any] = {}
    many: dict[str, Any] = {}
    for engine in engines:
        one[engine] = measure(engine, model, 1, one)
        many[engine] = measure(engine, model, POINTS, many)
    if "failed" in one[EAGER]:
        console.print(f"{model}: {one[EAGER]['failed']}")
        return
    operations = one[EAGER]["operations"]
    rows = {engine: row(one[engine], many[engine], operations) for engine in engines}
    rows[EAGER] = {column: rows[EAGER][column] for column in ("1 point", "preparation", "again")}  # it has no batches
    table = Table(title=f"{MODELS[model].title}: {operations:,} operations; ns per operation (and point)")
    for column in COLUMNS:
        table.add_column(column, justify="left" if column == "engine" else "right")
    for engine, figures in rows.items():
        table.add_row(engine, *(shown(figures.get(column)) for column in COLUMNS[1:]))
    console.print(table)
    for engine in engines:
        for points, found in ((1, one), (POINTS, many)):
            if "failed" in found[engine]:
                console.print(f"  {engine}, {points:,}: {found[engine]['failed']}", highlight=False)
    compare(console, rows)


def compare(console: Console, rows: dict[str, dict[str, float]]) -> None:
    """How many times as fast gograd_compile is as the fastest peer, in every column."""
    for column in COLUMNS[1:4]:
        peers = {
            engine: figures[column]
            for engine, figures in rows.items()
            if engine not in (OWN, EAGER) and column in figures
        }
        if peers and column in rows.get(OWN, {}):
            fastest = min(peers, key=peers.__getitem__)
            ratio = peers[fastest] / rows[OWN][column]
            console.print(f"  {column}: fastest peer / {OWN} {ratio:.2f} ({fastest})", highlight=False)


def main() -> None:
    console = Console(width=120)
    failures = json.loads((PEERS / "failures.json").read_text()) if PEERS.exists() else {"all peers": "run make bench"}
    absent = {peer.partition("==")[0].partition("[")[0] for peer in failures}
    engines = [EAGER, OWN]
    if PEERS.exists():
        engines += [name for name in ENGINES if name not in engines and name.split()[0] not in absent]
    for model in sys.argv[1:] or MODELS:
        show(console, model, engines)
    console.print("again: the second time in a process, once kernels and libraries are loaded.", style="dim")
    for peer, reason in failures.items():
        console.print(f"not installed: {peer}: {reason}", highlight=False)
    console.print(note_load())


if __name__ == "__main__":
    main()
