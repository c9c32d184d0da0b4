"""The digits demo: how long its training takes on the eager engine, and compiled; medians of alternating runs.

`digits.py [--rounds N]`. Each run is a process of its own, and times `fit` only: CPU seconds of this process, and the
wall clock. With an empty cache, another process compiles native code for the next training. It begins after the
training, is waited for before anything else runs, and has a column of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile

from processes import note_load
from rich.console import Console
from rich.table import Table

TRAINING = """
import json, os, resource, sys, time
from gograd.train import digits
from gograd_nn import MLP, SGD, cross_entropy, fit

data = digits.load(0)
for _ in range(int(sys.argv[2])):
    model = MLP([64, 16, 10], seed=0)
    optimiser = SGD(model.parameters(), 0.1, momentum=0.9)
    cpu, wall = time.process_time(), time.perf_counter()
    history = fit(
        model, data.inputs, data.targets, loss=cross_entropy, optimiser=optimiser, epochs=15, engine=sys.argv[1],
        held_out=(data.held_out_inputs, data.held_out_targets), progress=False,
    )
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
try:
    while True:
        os.wait()
except ChildProcessError:
    pass
used = resource.getrusage(resource.RUSAGE_CHILDREN)
accuracy = history.epochs[-1].held_out_accuracy
print(json.dumps([cpu, wall, used.ru_utime + used.ru_stime, accuracy, history.engine]))
"""
ROWS = {
    "eager": ("eager", 1, False),
    "auto, empty cache": ("auto", 1, True),
    "auto, warm cache, new process": ("auto", 1, False),
    "auto, warm cache, second training": ("auto", 2, False),
}
"""For each row the engine, how many trainings a process runs (the last one counts), and whether the cache is empty."""


def train(engine: str, times: int, cache: str) -> tuple[list[float], str]:
    """Measure CPU seconds, seconds, CPU seconds of other processes, and the accuracy. Returns what the engine was."""
    command = [sys.executable, "-c", TRAINING, engine, str(times)]
    environment = os.environ | {"GOGRAD_CACHE_DIR": cache}
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    *numbers, said = json.loads(done.stdout.splitlines()[-1])
    return numbers, said


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    found: dict[str, list[list[float]]] = {name: [] for name in ROWS}
    engines = {}
    with tempfile.TemporaryDirectory() as warm:
        train("compiled", 1, warm)
        for _ in range(options.rounds):
            for name, (engine, times, is_empty) in ROWS.items():
                with tempfile.TemporaryDirectory() as empty:
                    numbers, engines[name] = train(engine, times, empty if is_empty else warm)
                found[name].append(numbers)
    eager, _, _, _ = medians(found["eager"])
    table = Table(title="Digits, 15 epochs of 1,347 in batches of 32: medians of seconds")
    for column in ("", "CPU", "/ eager", "wall clock", "CPU of others", "held out"):
        table.add_column(column, justify="right" if column else "left")
    for name, runs in found.items():
        cpu, wall, others, accuracy = medians(runs)
        cells = f"{cpu:.3f}", f"{cpu / eager:.2f}", f"{wall:.3f}", f"{others:.2f}", f"{accuracy:.1%}"
        table.add_row(name, *cells)
    console = Console(width=110)
    console.print(table)
    for name, said in engines.items():
        console.print(f"{name}: {said}")
    console.print(note_load())


def medians(runs: list[list[float]]) -> list[float]:
    """The median of each column."""
    return list(map(statistics.median, zip(*runs, strict=True)))


if __name__ == "__main__":
    main()
