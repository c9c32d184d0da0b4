"""What a call of a compiled function costs at one point: in microseconds, what guards add to it, and what eager takes.

The functions have 13 operations for each variable. Rounds of all of them are interleaved, and medians are shown. It is
the time of the processor, which leaves out what others do on a busy one. If ddx-ad is installed, it takes part: its
calls read and write arrays of their own, so they neither take arguments apart nor make results.
"""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from processes import medians, note_load

from gograd_compile import compile
from gograd_core import Neuron, Op, ops
from gograd_core import math as gmath
from gograd_ops_solve import root


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


def _branch(xp: Any, x: float) -> float:
    return x * x if x > 0.0 else -x


def _branch_slope(xp: Any, out: float, x: float) -> float:
    return 2.0 * x if x > 0.0 else -1.0


def kepler(x: Any, anomaly: Any) -> Any:
    return x - 0.3 * gmath.sin(x) - anomaly


ON_FLOATS = Op("on_floats", implementations={"scalar": math.sinh}, partials=(lambda xp, out, x: xp.cosh(x),))
CHOICE = Op("choice", forward=_branch, partials=(_branch_slope,))
OPAQUE = Op("opaque", forward=_branch, partials=(_branch_slope,), opaque=True)
BESIDE_EAGER: dict[str, Callable[[Any], Any]] = {
    "x * x, to compare": lambda x: x * x,
    "digamma": ops.digamma,
    "digamma, left of 0": lambda x: ops.digamma(-x),
    "polygamma of order 1": lambda x: ops.polygamma(1.0, x),
    "polygamma of order 3": lambda x: ops.polygamma(3.0, x) * x,
    "beta": lambda x: ops.beta(x, 2.5),
    "betaln": lambda x: ops.betaln(x, 2.5),
    "gamma": ops.gamma,
    "lgamma": ops.lgamma,
    "expit": ops.expit,
    "ndtr": ops.ndtr,
    "j1": ops.j1,
    "round to 3 digits": lambda x: round(x, 3) * x,
    "round to 25 digits": lambda x: round(x, 25) * x,
    "hypot of 3": lambda x: gmath.hypot(x, 2.0, 3.0),
    "norm of 10": lambda x: ops.norm([x * k for k in range(10)]),
    "dist of 3": lambda x: gmath.dist([x, x, x], [1.0, 2.0, 3.0]),
    "fsum of 3": lambda x: gmath.fsum([x, x * x, 3.0]),
    "a function of floats": ON_FLOATS,
    "ten of them": lambda x: sum(ON_FLOATS(x * k) for k in range(10)),
    "a rule with a choice": CHOICE,
    "an opaque rule": OPAQUE,
    "an opaque rule, guarded": lambda x: OPAQUE(x) if x > 0.1 else x,
    "root of Kepler's equation": lambda x: root(kepler, 1.0, x),
}
"""Functions of one operation, at a point. Python computes some of them in compiled code too."""


def beside_eager(f: Callable[[Any], Any], x: float = 0.7312) -> dict[str, float]:
    compiled = compile(f)

    def gradient() -> tuple[float, float]:
        neuron = Neuron(x)
        output = f(neuron)
        output.backward()
        return output.value, neuron.grad

    return medians(
        {
            "compiled value": lambda: compiled(x),
            "eager value": lambda: f(Neuron(x)).value,
            "compiled gradient": lambda: compiled.value_and_grad(x),
            "eager gradient": gradient,
        }
    )


def main() -> None:
    print("one operation: microseconds per call, and the ratio of compiled to eager")
    print(f"  {'':28} {'value':>8} {'eager':>8} {'ratio':>6}   {'gradient':>8} {'eager':>8} {'ratio':>6}")
    for name, f in BESIDE_EAGER.items():
        value, eager_value, gradient, eager_gradient = beside_eager(f).values()
        row = (value, eager_value, value / eager_value, gradient, eager_gradient, gradient / eager_gradient)
        print("  {:28} {:8.2f} {:8.2f} {:6.2f}   {:8.2f} {:8.2f} {:6.2f}".format(name, *row))
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
