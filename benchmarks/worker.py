"""Measures one engine on one model, in a process of its own: `worker.py ENGINE MODEL SECONDS [LENGTH]`.

LENGTH is that of a chain, where it shall not be the engine's own. Prints JSON: the value and the
gradients, and the seconds of each phase of each step. Runs in the peers' environment too, so it
imports nothing but the engine. The collector is left as Python has it.
"""

from __future__ import annotations

import json
import math
import sys
import time
from itertools import pairwise, zip_longest
from typing import Any

from models import MODELS, Chain
from numbers_of import ENGINES, Numbers

MOST_STEPS = 15


def differ(ours: list[float], theirs: list[float]) -> bool:
    """Whether value or gradients differ by more than sums in another order may."""
    scale = max(map(abs, ours))
    pairs = zip_longest(ours, theirs, fillvalue=math.nan)
    return not all(abs(a - b) <= 1e-9 * max(abs(a), 1e-3 * scale) for a, b in pairs)


def step(model: Any, numbers: Numbers) -> tuple[list[float], list[float]]:
    """Seconds for forward, backward and freeing; and the value with the gradients."""
    numbers.begin(model.parameters)
    times = [time.perf_counter()]
    output = model()
    times.append(time.perf_counter())
    numbers.backward(output)
    times.append(time.perf_counter())
    result = [numbers.value(output), *(numbers.gradient(parameter) for parameter in model.parameters)]
    start = time.perf_counter()
    del output
    numbers.release()
    times.append(times[-1] + time.perf_counter() - start)
    return [later - earlier for earlier, later in pairwise(times)], result


def count_operations(model: Any) -> int:
    """The number of operations in a graph of gograd's."""
    output = model()
    seen, stack = {output}, [output]
    while stack:
        for entry in stack.pop().constituents:
            if getattr(entry, "operation", None) is not None and entry not in seen:
                seen.add(entry)
                stack.append(entry)
    return len(seen)


def main(engine: str, name: str, seconds: float, length: int = 0) -> None:
    numbers = ENGINES[engine]()
    missing = [need for need in MODELS[name].needs if not hasattr(numbers, need)]
    if missing:
        print(json.dumps({"missing": missing}))
        return
    model = Chain(numbers, length or numbers.chain) if name == "chain" else MODELS[name](numbers)
    if engine.startswith("gograd") and name != "chain":
        assert (counted := count_operations(model)) == model.operations, f"{name} has {counted} operations"
    _, first = step(model, numbers)  # not counted
    rows: list[list[float]] = []
    stop = time.perf_counter() + seconds
    while len(rows) < MOST_STEPS and (not rows or time.perf_counter() < stop):
        row, result = step(model, numbers)
        assert not differ(first, result), f"{engine} computes something else in a later step"
        rows.append(row)
    print(json.dumps({"result": first, "operations": model.operations, "rows": rows}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]), *map(int, sys.argv[4:]))
