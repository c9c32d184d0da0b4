"""Forward, backward and freeing per operation, beside other engines.

Each engine runs in processes of its own, in turn, with the collector as Python has it. Value and
gradients of every process are compared with those of gograd's Python engine before its times
count. Medians over all steps of all processes.
"""

from __future__ import annotations

import functools
import json
import statistics
import sys
from typing import Any

from processes import PEERS, gograd_engines, note_load, run
from rich.console import Console
from rich.table import Table
from worker import differ

PROCESSES, SECONDS = 5, 0.6
OTHERS = ("xad", "oxigrad", "micrograd-rust", "minigrad", "micrograd", "torch")
MODELS = {"mlp": "(a) MLP 2-16-16-1 over 100 points", "chain": "(b) a chain", "gpt": "(c) GPT step, 8 predictions"}
COLUMNS = ("engine", "operations", "forward", "backward", "freeing", "fwd + bwd")


def measure(engine: str, model: str, *arguments: object) -> dict[str, Any]:
    """What one process says; {"failed": reason} if it did not get that far."""
    python = PEERS / "bin" / "python" if engine in OTHERS else sys.executable
    arguments = arguments or (SECONDS,)
    try:
        return dict(run("worker.py", engine, model, *arguments, python=python, engine=engine.removeprefix("gograd ")))
    except (RuntimeError, OSError) as error:
        return {"failed": str(error)}


@functools.cache
def reference(model: str, operations: int) -> list[float]:
    """Value and gradients as gograd's Python engine has them."""
    return list(measure("gograd python", model, 0.0, operations)["result"])


def objection(engine: str, model: str, result: dict[str, Any]) -> str:
    """Why the times of a process do not count; empty if they do."""
    if "failed" in result:
        return str(result["failed"])
    if "missing" in result:
        return f"has no {', '.join(result['missing'])}"
    return "computes something else" if differ(reference(model, result["operations"]), result["result"]) else ""


def collect(model: str, engines: list[str]) -> dict[str, Any]:
    """Per engine (operations, rows of seconds), or why there is none."""
    found: dict[str, Any] = {}
    for _ in range(PROCESSES):
        for engine in engines:
            if isinstance(found.get(engine), str):
                continue
            result = measure(engine, model)
            if reason := objection(engine, model, result):
                found[engine] = reason
            else:
                found.setdefault(engine, (result["operations"], []))[1].extend(result["rows"])
    return found


def show(console: Console, model: str, found: dict[str, Any]) -> None:
    table = Table(title=f"{MODELS[model]}: ns per operation")
    for column in COLUMNS:
        table.add_column(column, justify="left" if column == "engine" else "right")
    totals: dict[str, float] = {}
    for engine, entry in found.items():
        if isinstance(entry, str):
            table.add_row(engine, "–", *[""] * 4)
            continue
        operations, rows = entry
        phases = [statistics.median(phase) / operations * 1e9 for phase in zip(*rows, strict=True)]
        totals[engine] = statistics.median(row[0] + row[1] for row in rows) / operations * 1e9
        cells = [f"{time:.0f}" for time in (*phases, totals[engine])]
        table.add_row(engine, f"{operations:,}", *cells)
    console.print(table)
    for engine, entry in found.items():
        if isinstance(entry, str):
            console.print(f"  {engine}: {entry}", highlight=False)
    compare(console, totals)


def compare(console: Console, totals: dict[str, float]) -> None:
    """Forward + backward of the others against the faster of gograd's two."""
    own = next((engine for engine in ("gograd native", "gograd python") if engine in totals), None)
    peers = {engine: time for engine, time in totals.items() if not engine.startswith("gograd")}
    if own and peers:
        fastest = min(peers, key=peers.__getitem__)
        console.print(f"  fastest peer / {own}: {peers[fastest] / totals[own]:.1f} ({fastest})", highlight=False)
    if own == "gograd native" and "gograd python" in totals:
        console.print(f"  Python engine / {own}: {totals['gograd python'] / totals[own]:.1f}", highlight=False)


def main() -> None:
    console = Console(width=110)
    engines = [f"gograd {engine}" for engine in gograd_engines()]
    failures = json.loads((PEERS / "failures.json").read_text()) if PEERS.exists() else {"all peers": "run make bench"}
    absent = {peer.partition("==")[0] for peer in failures}
    engines += [engine for engine in OTHERS if PEERS.exists() and engine not in absent]
    for model in sys.argv[1:] or MODELS:
        show(console, model, collect(model, engines))
    console.print(
        "micrograd's graphs hold cycles: the collector frees them in the midst of the other phases.",
        style="dim",
    )
    for peer, reason in failures.items():
        console.print(f"not installed: {peer}: {reason}", highlight=False)
    console.print(note_load())


if __name__ == "__main__":
    main()
