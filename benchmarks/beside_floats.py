"""The same Python on floats and on neurons: what value and gradient cost compared with only the value.

Both run in one process, a step of each in turn, so that whatever else the machine does meets both;
the ratio is the median of those of neighbouring steps. The functions are loaded twice, because Python
adapts their code to the type that it meets.
"""

from __future__ import annotations

import importlib.util
import json
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from models import MODELS
from numbers_of import ENGINES, Floats
from processes import gograd_engines, note_load, run
from worker import step

PROCESSES, STEPS = 5, 15


def load_models() -> Any:
    """The functions once more, as code of their own."""
    spec = importlib.util.spec_from_file_location("models_on_floats", Path(__file__).with_name("models.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def measure(engine: str, name: str) -> None:
    """Print for each step the seconds on floats, and on neurons for value and gradient with freeing."""
    numbers = ENGINES[engine]()
    model, plain = MODELS[name](numbers), load_models().MODELS[name](Floats)
    value = plain()
    assert abs(step(model, numbers)[1][0] - value) <= 1e-12 * abs(value)
    rows = []
    for _ in range(STEPS):
        start = time.perf_counter()
        plain()
        rows.append((time.perf_counter() - start, sum(step(model, numbers)[0])))
    print(json.dumps(rows))


def main() -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(width=110)
    table = Table(title="the same Python on floats and on neurons: ns per operation")
    for column in ("function", "engine", "value on floats", "value and gradient", "ratio"):
        table.add_column(column, justify="left" if column in ("function", "engine") else "right")
    for name in ("mlp", "gpt"):
        for engine in gograd_engines():
            rows = []
            for _ in range(PROCESSES):
                rows += run("beside_floats.py", f"gograd {engine}", name, engine=engine)
            times = [statistics.median(column) / MODELS[name].operations * 1e9 for column in zip(*rows, strict=True)]
            ratio = statistics.median(neurons / floats for floats, neurons in rows)
            table.add_row(MODELS[name].title, engine, *(f"{time:.0f}" for time in times), f"{ratio:.1f}")
    console.print(table)
    console.print(note_load())


if __name__ == "__main__":
    if len(sys.argv) > 2:
        measure(*sys.argv[1:])
    else:
        main()
