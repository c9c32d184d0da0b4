"""Running measurements in processes of their own, and what several of them have in common."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

__all__ = ["HERE", "PEERS", "environment", "gograd_engines", "note_load", "run"]

HERE = Path(__file__).parent
PEERS = HERE.parent / ".venv-peers"
TIMEOUT = 240


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


def note_load() -> str:
    """How busy the machine is; printed under the figures, since a busy one is slower."""
    return f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
