"""Running measurements in processes of their own, and what several of them have in common."""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

__all__ = ["HERE", "PEERS", "environment", "gograd_engines", "medians", "note_load", "run"]

HERE = Path(__file__).parent
PEERS = HERE.parent / ".venv-peers"
TIMEOUT = 240
ROUNDS, SECONDS = 31, 0.01


def environment(engine: str) -> dict[str, str]:
    """The environment in which gograd runs on the engine "native" or "python"."""
    others = {name: value for name, value in os.environ.items() if name != "GOGRAD_PURE_PYTHON"}
    return others | ({"GOGRAD_PURE_PYTHON": "1"} if engine == "python" else {})


def gograd_engines() -> list[str]:
    """The engines that gograd has here; the fastest first."""
    program = "import gograd_core; print(gograd_core.engine().name)"
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment("native"), check=True, capture_output=True, text=True
    )
    return ["native", "python"] if done.stdout.strip() == "native" else ["python"]


def run(program: str, *arguments: object, python: Path | str = sys.executable, engine: str = "native") -> Any:
    """What the program of this folder prints, as JSON.

    Raises:
        RuntimeError: it failed; the message is the last line of what it said, or the signal.
    """
    command = [str(python), str(HERE / program), *map(str, arguments)]
    try:
        done = subprocess.run(
            command, env=environment(engine), check=False, capture_output=True, text=True, timeout=TIMEOUT
        )
    except subprocess.TimeoutExpired:
        raise RuntimeError(f"took longer than {TIMEOUT} s") from None
    if done.returncode < 0:
        raise RuntimeError(f"crashed, {signal.Signals(-done.returncode).name}")
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1][:150])
    return json.loads(done.stdout)


def medians(calls: dict[str, Callable[[], Any]]) -> dict[str, float]:
    """Microseconds of each call: the median of rounds, in which all take turns. It is the time of the processor."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for call in calls.values():
        call()
    for _ in range(ROUNDS):
        for name, call in calls.items():
            count, start = 0, time.process_time()
            while (elapsed := time.process_time() - start) < SECONDS:
                for _ in range(10):
                    call()
                count += 10
            times[name].append(elapsed / count * 1e6)
    return {name: statistics.median(each) for name, each in times.items()}


def note_load() -> str:
    """How busy the machine is; printed under the figures, since a busy one is slower."""
    return f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
