"""What a call of a compiled function costs at one point: in microseconds, and what guards add to it.

The functions have 13 operations for each variable. Rounds of all of them are interleaved, and medians are shown. It is
the time of the processor, which leaves out what others do on a busy one. If ddx-ad is installed, it takes part: its
calls read and write arrays of their own, so they neither take arguments apart nor make results.
"""

from __future__ import annotations

import importlib.util
import math
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from processes import note_load

from gograd_compile import compile

ROUNDS, SECONDS = 31, 0.01


def smooth(x: Any) -> Any:
    total = 0.0
    for left, right in zip(x, [*x[1:], x[0]], strict=True):
        total = total + (left * right - left * 0.5 + right * right * left - (left - right) * (left + right) * 0.3 + 1.0)
    return total


GUARDS: dict[str, Callable[[Any], Any]] = {
    "bool": lambda x: 1.0 if x > 0.0 else 2.0,
    "int": int,
    "round": round,
    "floor": math.floor,
    "ceil": math.ceil,
    "index": lambda x: (1.0, 2.0)[x > 0.0],
}


def with_guards(*kinds: str) -> Callable[[Any], Any]:
    return lambda x: smooth(x) + sum(GUARDS[kind](x[place]) for place, kind in enumerate(kinds))


def with_constants(*kinds: str) -> Callable[[Any], Any]:
    return lambda x: smooth(x) + sum(range(len(kinds)))


def medians(calls: dict[str, Callable[[], Any]]) -> dict[str, float]:
    """Microseconds of each call."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for call in calls.values():
        call()
    for _ in range(ROUNDS):
        for name, call in calls.items():
            count, start = 0, time.process_time()
            while (elapsed := time.process_time() - start) < SECONDS:
                for _ in range(20):
                    call()
                count += 20
            times[name].append(elapsed / count * 1e6)
    return {name: statistics.median(each) for name, each in times.items()}


def calls_of(variables: int) -> dict[str, Callable[[], Any]]:
    x = [0.5 + 0.4 * math.sin(place) for place in range(variables)]
    array, row = np.array(x), tuple(x)
    of_list, of_tuple, of_array = (compile(smooth) for _ in range(3))
    of_ddx = ddx_calls(variables, array) if importlib.util.find_spec("ddx") else {}
    return of_ddx | {
        "value, list": lambda: of_list(x),
        "value and gradient, list": lambda: of_list.value_and_grad(x),
        "value and gradient, tuple": lambda: of_tuple.value_and_grad(row),
        "value and gradient, array": lambda: of_array.value_and_grad(array),
    }


def ddx_calls(variables: int, x: Any) -> dict[str, Callable[[], Any]]:
    """Value and gradient by ddx-ad: its interpreter, and its machine code."""
    import ddx

    interpreted, compiled = (
        ddx.equation(lambda: smooth([ddx.var(f"x{place:03}") for place in range(variables)])) for _ in range(2)
    )
    compiled.compile(points=1, opt_level=ddx.OptLevel.O3)
    return {"ddx-ad, interpreted": interpreted.buffer(x), "ddx-ad, machine code": compiled.buffer(x)}


def guarded() -> dict[str, Callable[[], Any]]:
    x = [0.5 + 0.4 * math.sin(place) for place in range(50)]
    kinds = {kind: (kind,) for kind in GUARDS} | {"all kinds": tuple(GUARDS)}
    functions = {name: compile(with_guards(*each)) for name, each in kinds.items()}
    functions["none"] = compile(with_constants("none"))
    return {name: lambda f=f: f.value_and_grad(x) for name, f in functions.items()}


def main() -> None:
    for variables in (1, 50, 500):
        print(f"{variables} variables: microseconds per call")
        for name, time_of_call in medians(calls_of(variables)).items():
            print(f"  {name:28} {time_of_call:7.2f}")
    found = medians(guarded())
    print("value and gradient of 50 variables: microseconds that a guard adds")
    for name, time_of_call in found.items():
        if name != "none":
            print(f"  {name:28} {time_of_call - found['none']:7.2f}")
    print(note_load())


if __name__ == "__main__":
    main()
