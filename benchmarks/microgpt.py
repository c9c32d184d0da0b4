"""microgpt: the CPU time of training on names and making up twenty, for gograd and for what else can be had here.

`microgpt.py [--data FILE] [--steps N] [--rounds N]`. Runs are interleaved. A row has the medians of CPU seconds: after
imports (recordings and the twenty names included; operations are imported with the example), and of the whole process.
Everything computes in double precision, one name per step, except for `batched`, which takes 32 names of one length per
step. That is a different workload: compare its time per name.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from processes import HERE, PEERS, note_load
from rich.console import Console
from rich.table import Table

EXAMPLE = HERE.parent / "examples" / "microgpt" / "microgpt.py"
DATA = HERE.parent / "tests" / "examples" / "microgpt" / "names.txt"
SLOW = 10  # as many steps are enough for what needs a quarter of a second for each
BATCH = 32


class Contender(NamedTuple):
    """A program, how to run it, and what its row says."""

    title: str
    cache: str
    command: list[str]
    needs: str = ""
    is_slow: bool = False
    names_per_step: int = 1


def contenders() -> list[Contender]:
    own, peer = [sys.executable, str(EXAMPLE), "--json", "--engine"], str(PEERS / "bin" / "python")
    return [
        Contender("gograd compiled", "warm", [*own, "compiled"]),
        Contender("gograd compiled", "cold", [*own, "compiled"]),
        Contender("gograd eager", "-", [*own, "eager"]),
        Contender("gograd batched, 32 names a step", "warm", [*own, "batched"], names_per_step=BATCH),
        Contender("Value, plain Python", "-", [sys.executable, str(HERE / "microgpt_values.py")], is_slow=True),
        Contender("PyTorch tensors", "-", [peer, str(HERE / "microgpt_torch.py")], needs="torch"),
        Contender("JAX arrays, padded to 16", "-", [peer, str(HERE / "microgpt_jax.py")], needs="jax"),
    ]


def is_there(contender: Contender) -> bool:
    """Say whether its program can run."""
    if not contender.needs:
        return True
    python = contender.command[0]
    command = [python, "-c", f"import {contender.needs}"]
    return Path(python).exists() and not subprocess.run(command, capture_output=True, check=False).returncode


def measure(contender: Contender, steps: int, data: Path) -> tuple[float, float]:
    """Run a contender once. Returns CPU seconds after imports, and of the whole process."""
    command = [*contender.command, "--data", str(data), "--steps", str(steps)]
    with tempfile.TemporaryDirectory() as empty:
        settings = os.environ | ({"GOGRAD_CACHE_DIR": empty} if contender.cache == "cold" else {})
        settings.pop("PYTHONUNBUFFERED", None)  # with it, each of many lines is written alone, which costs 13 µs
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(command, env=settings, capture_output=True, text=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    whole = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return json.loads(done.stdout.splitlines()[-1])["cpu"], whole


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    console = Console(width=110)
    rows = []
    for contender in contenders():
        if is_there(contender):
            rows.append((contender, min(options.steps, SLOW) if contender.is_slow else options.steps))
        else:
            console.print(f"{contender.title}: skipped, since {contender.needs} is not in {PEERS.name}")
    measure(rows[0][0], 10, options.data)  # fills the cache
    rounds = [[measure(contender, steps, options.data) for contender, steps in rows] for _ in range(options.rounds)]
    caption = "After imports: with recordings, and inference of twenty names."
    table = Table(title=f"microgpt on {options.data.name}, double precision: CPU seconds", caption=caption)
    for column in ("", "cache", "steps", "after imports", "whole process", "µs per name"):
        table.add_column(column, justify="right" if column else "left")
    for (contender, steps), times in zip(rows, zip(*rounds, strict=True), strict=True):
        own, whole = (statistics.median(column) for column in zip(*times, strict=True))
        each = 1e6 * own / (steps * contender.names_per_step)
        table.add_row(contender.title, contender.cache, f"{steps:,}", f"{own:.3f}", f"{whole:.3f}", f"{each:.1f}")
    console.print(table)
    console.print(note_load())


if __name__ == "__main__":
    main()
