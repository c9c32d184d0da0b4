"""What `import gograd_core` costs on top of starting the interpreter: medians of alternating runs."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

RUNS = 15
PROGRAMS = {"interpreter": "pass", "import gograd_core": "import gograd_core"}


def main() -> None:
    seconds: dict[str, list[float]] = {name: [] for name in PROGRAMS}
    for _ in range(RUNS):
        for name, program in PROGRAMS.items():
            start = time.perf_counter()
            subprocess.run([sys.executable, "-c", program], check=True)
            seconds[name].append(time.perf_counter() - start)
    interpreter, core = (1000 * statistics.median(times) for times in seconds.values())
    print(
        f"import: interpreter {interpreter:.0f} ms, with gograd_core {core:.0f} ms: {core - interpreter:.0f} ms on top"
    )


if __name__ == "__main__":
    main()
