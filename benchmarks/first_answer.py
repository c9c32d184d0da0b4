"""How soon a new process has its first answer from a compiled function: medians of alternating runs.

With a warm cache the kernels are there; with a cold one they are compiled. The answer is a value with its gradient.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile

from processes import note_load

RUNS = 15
ANSWER = """
import time
from gograd_compile import compile
{imports}
start = time.perf_counter()
compile({function}).value_and_grad({arguments})
print(time.perf_counter() - start)
"""
TIMED = "import time; start = time.perf_counter(); import {}; print(time.perf_counter() - start)"
FUNCTIONS = {
    "sums of squares": ANSWER.format(
        imports="",
        function="lambda p: sum(100.0 * (y - x**2) ** 2 + (1.0 - x) ** 2 for x, y in zip(p, p[1:]))",
        arguments="[-1.0, 2.0]",
    ),
    "tanh, exp and log": ANSWER.format(
        imports="from gograd_core import ops",
        function="lambda w, x, b: ops.tanh(w * x + b) * ops.exp(x) + ops.log(x)",
        arguments="0.5, 1.5, 0.25",
    ),
}


def seconds(program: str, cache: str) -> float:
    """What a new process measures."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-c", program]
    done = subprocess.run(
        command, env=environment | {"GOGRAD_CACHE_DIR": cache}, check=True, capture_output=True, text=True
    )
    return float(done.stdout)


def main() -> None:
    programs = {f"import {name}": TIMED.format(name) for name in ("numpy", "gograd_core", "gograd_compile")}
    programs |= {f"first answer, {name}": program for name, program in FUNCTIONS.items()}
    found: dict[str, list[float]] = {name: [] for name in programs}
    cold: dict[str, list[float]] = {name: [] for name in FUNCTIONS}
    with tempfile.TemporaryDirectory() as warm:
        for program in programs.values():
            seconds(program, warm)
        for _ in range(RUNS):
            for name, program in programs.items():
                found[name].append(seconds(program, warm))
            for name, program in FUNCTIONS.items():
                with tempfile.TemporaryDirectory() as empty:
                    cold[name].append(seconds(program, empty))
    medians = {name: statistics.median(times) for name, times in found.items()}
    medians |= {f"first answer, {name}, cold cache": statistics.median(times) for name, times in cold.items()}
    for name, median in medians.items():
        print(f"{name}: {median * 1e3:.0f} ms, {median / medians['import numpy']:.1f} times import numpy")
    print(note_load())


if __name__ == "__main__":
    main()
