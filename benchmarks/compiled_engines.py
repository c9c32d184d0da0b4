"""Every engine that compiles or replays scalar programs: how it prepares value and gradient, and runs them.

`prepare(loss, size, points)` gets an engine ready for points of that many numbers, one or many at
a time. `bind(points, threads)` gives a function without arguments that computes values and
gradients, as `unpack` turns its result into: a row per point. What is measured is that function.
"""

# ruff: noqa: ARG002 (an engine takes what it needs)
from __future__ import annotations

import concurrent.futures
import functools
import tempfile
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np

__all__ = ["ENGINES", "Engine", "Results"]

Loss = Callable[[Any, list[Any]], Any]
Results = tuple[np.ndarray, np.ndarray]


class Engine:
    """What an engine is asked for. One that has no threads refuses more than one."""

    threads = 1

    def prepare(self, loss: Loss, size: int, points: int) -> None:
        raise NotImplementedError

    def bind(self, points: np.ndarray, threads: int) -> Callable[[], Any]:
        raise NotImplementedError

    def unpack(self, result: Any) -> Results:
        values, gradients = result
        return np.atleast_1d(values), np.atleast_2d(gradients)


def gograd_functions() -> SimpleNamespace:
    from gograd_core import ops

    def peak(logits: list[Any]) -> Any:
        return ops.stop_gradient(ops.max(logits))

    return SimpleNamespace(relu=ops.relu, exp=ops.exp, log=ops.log, tanh=ops.tanh, peak=peak)


class Eager(Engine):
    """gograd's neurons, without compiling. What the others compute is compared with them."""

    def prepare(self, loss: Loss, size: int, points: int) -> None:
        import gograd_core

        self.value_and_grad = gograd_core.value_and_grad(functools.partial(loss, gograd_functions()))

    def bind(self, points: np.ndarray, threads: int) -> Callable[[], Any]:
        rows = points.tolist()
        return lambda: list(zip(*map(self.value_and_grad, rows), strict=True))


class Compiled(Engine):
    """gograd_compile."""

    threads = 2

    def prepare(self, loss: Loss, size: int, points: int) -> None:
        import gograd_compile

        functions = gograd_functions()
        self.compiled = gograd_compile.compile(lambda x: loss(functions, list(x)))

    def bind(self, points: np.ndarray, threads: int) -> Callable[[], Any]:
        if len(points) == 1:
            return functools.partial(self.compiled.value_and_grad, points[0])
        return functools.partial(self.compiled.batch(in_axes=0, threads=threads).value_and_grad, points)


class Ddx(Engine):
    """ddx-ad, interpreted or compiled by LLVM. It has no threads of its own, but its calls let go of the GIL.

    Calls of one equation wait for each other, so each thread has its own; the second takes the
    machine code from a cache, and no time that is counted.
    """

    threads = 2

    def __init__(self, veclib: str = "NONE", **levels: str) -> None:
        self.veclib, self.levels = veclib, levels
        self.cache = tempfile.TemporaryDirectory()

    def prepare(self, loss: Loss, size: int, points: int) -> None:
        import ddx

        def peak(logits: list[Any]) -> Any:
            return functools.reduce(ddx.max, logits)  # its derivative, which nothing stops, adds up to zero

        functions = SimpleNamespace(relu=lambda x: ddx.max(x, 0.0), exp=ddx.exp, log=ddx.log, tanh=ddx.tanh, peak=peak)

        def equation() -> Any:
            made = ddx.equation(lambda: loss(functions, [ddx.var(f"x{index}") for index in range(size)]))
            if self.levels:
                levels = {name: ddx.OptLevel[level] for name, level in self.levels.items()}
                made.compile(points=points, veclib=ddx.VecLib[self.veclib], cache_dir=self.cache.name, **levels)
            return made

        self.equation = equation
        self.equations = [equation()]

    def bind(self, points: np.ndarray, threads: int) -> Callable[[], Any]:
        while len(self.equations) < threads:
            self.equations.append(self.equation())
        parts = [np.ascontiguousarray(part.T) for part in np.array_split(points, threads)]
        calls = [
            equation.buffer(part[:, 0] if len(points) == 1 else part)
            for equation, part in zip(self.equations, parts, strict=False)
        ]
        if threads == 1:
            return lambda: (calls[0](), calls)
        pool = concurrent.futures.ThreadPoolExecutor(threads)
        return lambda: (list(pool.map(lambda call: call(), calls)), calls)

    def unpack(self, result: Any) -> Results:
        _, calls = result
        values = np.hstack([call.value for call in calls])
        return values, np.vstack([np.atleast_2d(np.transpose(call.jacobian)) for call in calls])


class Casadi(Engine):
    """CasADi's virtual machine of SX."""

    threads = 2

    def prepare(self, loss: Loss, size: int, points: int) -> None:
        import casadi

        def peak(logits: list[Any]) -> Any:
            return functools.reduce(casadi.fmax, logits)

        functions = SimpleNamespace(
            relu=lambda x: casadi.fmax(x, 0.0), exp=casadi.exp, log=casadi.log, tanh=casadi.tanh, peak=peak
        )
        x = casadi.SX.sym("x", size)
        value = loss(functions, casadi.vertsplit(x))
        self.function = casadi.Function("f", [x], [value, casadi.gradient(value, x)])

    def bind(self, points: np.ndarray, threads: int) -> Callable[[], Any]:
        count = len(points)
        function = self.function
        if count > 1:
            function = function.map(count, "thread", threads) if threads > 1 else function.map(count)
        inputs = np.ascontiguousarray(points)
        values, gradients = np.empty(count), np.empty_like(inputs)
        buffer, run = function.buffer()
        buffer.set_arg(0, memoryview(inputs.ravel()))
        buffer.set_res(0, memoryview(values))
        buffer.set_res(1, memoryview(gradients.ravel()))
        return lambda: (run(), buffer, values, gradients)

    def unpack(self, result: Any) -> Results:
        *_, values, gradients = result
        return values, gradients


class Jax(Engine):
    """jax.jit of scalar code, with vmap over the points; in double precision."""

    threads = 2

    def prepare(self, loss: Loss, size: int, points: int) -> None:
        import jax
        import jax.numpy as jnp

        jax.config.update("jax_enable_x64", True)

        def peak(logits: list[Any]) -> Any:
            return jax.lax.stop_gradient(functools.reduce(jnp.maximum, logits))

        functions = SimpleNamespace(relu=jax.nn.relu, exp=jnp.exp, log=jnp.log, tanh=jnp.tanh, peak=peak)
        function = jax.value_and_grad(lambda x: loss(functions, [x[index] for index in range(size)]))
        shape = (size,) if points == 1 else (points, size)
        self.program = jax.jit(function if points == 1 else jax.vmap(function)).lower(jnp.zeros(shape)).compile()
        self.block, self.array = jax.block_until_ready, jnp.asarray

    def bind(self, points: np.ndarray, threads: int) -> Callable[[], Any]:
        inputs = self.array(points[0] if len(points) == 1 else points)
        return lambda: self.block(self.program(inputs))


ENGINES: dict[str, Callable[[], Engine]] = {
    "gograd_compile": Compiled,
    "gograd eager": Eager,
    "ddx-ad interpreted": Ddx,
    "ddx-ad LLVM O0": lambda: Ddx(opt_level="O0", codegen_level="O0"),
    "ddx-ad LLVM O3": lambda: Ddx(opt_level="O3"),
    # Off by default: vector exp and tanh.
    "ddx-ad LLVM O0, libmvec": lambda: Ddx(veclib="LIBMVEC", opt_level="O0", codegen_level="O0"),
    "ddx-ad LLVM O3, libmvec": lambda: Ddx(veclib="LIBMVEC", opt_level="O3"),
    "casadi": Casadi,
    "jax": Jax,
}
