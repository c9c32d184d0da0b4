"""A call option by simulation, its price and five sensitivities: million paths per second, beside other engines.

10,000 paths of ten steps on one core. Each engine runs in a process of its own, and what it computes
is compared with the same paths through gograd's neurons before its time counts.

`monte_carlo.py ENGINE` measures one of them and prints JSON.
"""

from __future__ import annotations

import functools
import json
import sys
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
from processes import PEERS, note_load, run

PATHS, STEPS, RUNS = 10_000, 10, 200
MARKET = [100.0, 105.0, 0.03, 0.2, 1.0]  # spot, strike, rate, volatility, maturity
NORMALS = np.random.default_rng(0).standard_normal((PATHS, STEPS))

Step = Callable[[], Any]


def payoff(numbers: Any, normals: Any, market: Any) -> Any:
    """What the option pays on one path, discounted; of numbers of any class."""
    spot, strike, rate, volatility, maturity = market
    step = maturity * (1.0 / STEPS)
    drift, width = (rate - 0.5 * volatility * volatility) * step, volatility * numbers.sqrt(step)
    price = spot
    for normal in normals:
        price = price * numbers.exp(drift + width * normal)
    return numbers.exp(-rate * maturity) * numbers.positive(price - strike)


def gograd_numbers() -> SimpleNamespace:
    from gograd_core import ops

    return SimpleNamespace(sqrt=ops.sqrt, exp=ops.exp, positive=lambda x: ops.maximum(x, 0.0))


def eager() -> Step:
    import gograd_core

    numbers, rows = gograd_numbers(), NORMALS.tolist()

    def step() -> list[float]:
        total = np.zeros(1 + len(MARKET))
        for normals in rows:
            price, gradient = gograd_core.value_and_grad(functools.partial(payoff, numbers, normals))(MARKET)
            total += [price, *gradient]
        return list(total / PATHS)

    return step


def compiled() -> Step:
    import gograd_compile

    numbers = gograd_numbers()
    simulate = gograd_compile.compile(lambda market, normals: payoff(numbers, normals, market)).batch(
        in_axes=(None, 0), threads=1
    )
    market = np.array(MARKET)

    def step() -> list[float]:
        prices, gradient = simulate.value_and_grad(market, NORMALS, wrt=0)
        return [prices.mean(), *(gradient / PATHS)]

    return step


def ddx(level: str = "", veclib: str = "NONE") -> Step:
    import ddx

    numbers = SimpleNamespace(sqrt=ddx.sqrt, exp=ddx.exp, positive=lambda x: ddx.max(x, 0.0))

    def model() -> Any:
        market = [ddx.var(f"market{index}") for index in range(len(MARKET))]
        return payoff(numbers, [ddx.param(f"normal{index}") for index in range(STEPS)], market)

    equation = ddx.equation(model)
    if level:
        equation.compile(points=PATHS, opt_level=ddx.OptLevel[level], veclib=ddx.VecLib[veclib])
    market = np.repeat(np.array(MARKET)[:, None], PATHS, axis=1)
    call = equation.buffer(np.vstack([market, NORMALS.T]))

    def step() -> list[float]:
        call()
        return [call.value.mean(), *call.jacobian.mean(axis=1)]

    return step


def jax() -> Step:
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    numbers = SimpleNamespace(sqrt=jnp.sqrt, exp=jnp.exp, positive=lambda x: jnp.maximum(x, 0.0))

    def price(market: Any, normals: Any) -> Any:
        return jax.vmap(lambda path: payoff(numbers, path, market))(normals).mean()

    program = jax.jit(jax.value_and_grad(price))
    market, normals = jnp.asarray(MARKET), jnp.asarray(NORMALS)

    def step() -> list[float]:
        value, gradient = jax.block_until_ready(program(market, normals))
        return [float(value), *np.asarray(gradient)]

    return step


def torch() -> Step:
    import torch

    torch.set_num_threads(1)
    numbers = SimpleNamespace(sqrt=torch.sqrt, exp=torch.exp, positive=torch.relu)
    market = torch.tensor(MARKET, dtype=torch.float64, requires_grad=True)
    normals = torch.tensor(NORMALS.T.copy())  # of all paths at once, per step

    def step() -> list[float]:
        price = payoff(numbers, normals.unbind(), market.unbind()).mean()
        (gradient,) = torch.autograd.grad(price, market)
        return [float(price), *gradient.tolist()]

    return step


ENGINES: dict[str, Callable[[], Step]] = {
    "gograd eager": eager,
    "gograd_compile": compiled,
    "ddx-ad interpreted": ddx,
    "ddx-ad LLVM": lambda: ddx(level="O3", veclib="NONE"),
    "ddx-ad LLVM, libmvec": lambda: ddx(level="O3", veclib="LIBMVEC"),
    "jax.jit": jax,
    "torch": torch,
}


def measure(engine: str) -> None:
    from compiled_worker import confine

    start = time.perf_counter()
    step = ENGINES[engine]()
    result = step()
    prepared = time.perf_counter() - start
    confine(1)
    times = []
    for _ in range(2 if engine == "gograd eager" else RUNS):
        start = time.process_time()  # the processor's: others may be busy on this core
        step()
        times.append(time.process_time() - start)
    print(json.dumps({"result": list(map(float, result)), "prepared": prepared, "seconds": min(times)}))


def main() -> None:
    expected: list[float] = []
    print(f"{PATHS:,} paths of {STEPS} steps, price and five sensitivities, one thread")
    for engine in ENGINES:
        python = sys.executable if engine.startswith("gograd") else PEERS / "bin" / "python"
        try:
            report = run("monte_carlo.py", engine, python=python)
        except (RuntimeError, OSError) as error:
            print(f"  {engine:22} {error}")
            continue
        expected = expected or report["result"]
        if not np.allclose(report["result"], expected, rtol=1e-10):
            print(f"  {engine:22} computes something else")
            continue
        rate = PATHS / report["seconds"] / 1e6
        print(f"  {engine:22} {rate:7.2f} million paths per second, ready after {report['prepared']:.2f} s")
    print(note_load())


if __name__ == "__main__":
    if len(sys.argv) > 1:
        measure(sys.argv[1])
    else:
        main()
