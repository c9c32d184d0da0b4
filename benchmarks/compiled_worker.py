"""Measures one engine on one model, in a process of its own: `compiled_worker.py ENGINE MODEL POINTS`.

Prints JSON: value and gradient at the first and the last point, the seconds that preparation takes
(to the end of the first run, less the time of a run), and those of a run per number of threads.
Runs in the peers' environment too. A process is ended where it takes longer than LIMIT. With one
thread it has one core: engines that bring their own threads would use the others.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from compiled_engines import ENGINES, Engine, gograd_functions
from compiled_models import MODELS, points_of, random_program

LIMIT = 120
SECONDS, MOST_RUNS = 2.0, 200
CORES = sorted(os.sched_getaffinity(0))


def confine(threads: int) -> None:
    """Let all threads of this process, those of its libraries too, share as many cores."""
    for task in Path("/proc/self/task").iterdir():
        os.sched_setaffinity(int(task.name), CORES[:threads])


def fastest(run: Callable[[], Any], threads: int = 1) -> float:
    """The least seconds of a run, after one that does not count: what else the machine does only adds.

    Of one thread it is the time of the processor, which equals the clock's on an idle core, and leaves
    out what others do on a busy one. Of several threads it is the clock's.
    """
    clock = time.process_time if threads == 1 else time.perf_counter
    run()
    times: list[float] = []
    stop = time.perf_counter() + SECONDS
    while len(times) < MOST_RUNS and (len(times) < 3 or time.perf_counter() < stop):
        start = clock()
        run()
        times.append(clock() - start)
    return min(times)


def prepare(engine: Engine, model: Any, points: np.ndarray) -> float:
    """Seconds from the function to the end of the first run."""
    start = time.perf_counter()
    engine.prepare(model.loss, len(model.start), len(points))
    engine.bind(points, 1)()
    return time.perf_counter() - start


def count_operations(model: Any) -> int:
    """The number of operations that gograd records."""
    import worker

    import gograd_core

    leaves = [gograd_core.Neuron(x) for x in model.start]
    return worker.count_operations(lambda: model.loss(gograd_functions(), leaves))


def main(name: str, model_name: str, count: int) -> None:
    signal.alarm(LIMIT)
    model = MODELS[model_name]
    points = np.array(points_of(model, count))
    engine = ENGINES[name]()
    if name == "gograd eager":
        points = points[[0, -1]] if count > 1 else points  # a thousand would take minutes
    random_program()  # made before, and not by an engine
    preparations = [prepare(engine, model, points)]
    if preparations[0] < 1.0 or name.startswith("gograd"):  # once more, what is loaded only once being there
        preparations.append(prepare(engine, model, points))
    seconds: dict[int, float] = {}
    result = None
    for threads in (1, 2) if count > 1 and len(CORES) > 1 and engine.threads > 1 else (1,):
        run = engine.bind(points, threads)
        confine(threads)
        seconds[threads] = fastest(run, threads)
        result = engine.unpack(run())
    assert result is not None
    values, gradients = result
    first_and_last = [[float(values[i]), *map(float, gradients[i])] for i in (0, -1)]
    preparations = [seconds_to_first - seconds[1] for seconds_to_first in preparations]
    report = {"result": first_and_last, "preparations": preparations, "seconds": seconds}
    if name == "gograd eager":
        report["operations"] = count_operations(model)
    print(json.dumps(report))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
