"""Every engine's class of numbers, for `models.py`. What an engine lacks is missing here too."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from operator import attrgetter, methodcaller
from typing import Any

__all__ = ["ENGINES", "Floats", "Numbers"]


class Numbers:
    """A class of numbers as an engine has it. This one is micrograd's interface, which many share."""

    chain = 100_000  # how long a chain it is measured on: the longest that does not take minutes
    exp: Callable[[Any], Any]
    log: Callable[[Any], Any]
    value: Callable[[Any], float] = attrgetter("data")
    backward: Callable[[Any], None] = methodcaller("backward")

    def __init__(self, number: Callable[[float], Any], relu: Callable[[Any], Any] | None = None) -> None:
        self.number = number
        if relu:
            self.relu = relu

    def begin(self, parameters: list[Any]) -> None:
        """Before each step, not timed: set the gradients to zero."""
        for parameter in parameters:
            parameter.grad = 0.0

    def release(self) -> None:
        """After the output was let go of, timed: free what is left of the graph."""

    def gradient(self, parameter: Any) -> float:
        """Its derivative after the sweep; not timed."""
        return float(parameter.grad)


class Floats:
    """Python's floats: only values, as fast as plain Python computes them."""

    exp, log, value = math.exp, math.log, float
    number = float

    @staticmethod
    def relu(x: float) -> float:
        return x if x > 0.0 else 0.0


class Gograd(Numbers):
    """This project's neurons, on the engine that the caller expects."""

    chain = 1_000_000
    value = attrgetter("value")

    def __init__(self, engine: str) -> None:
        import gograd_core

        running = gograd_core.engine()
        assert running.name == engine, f"the {engine} engine was asked for, but it is {running}"
        ops = gograd_core.ops
        super().__init__(gograd_core.Neuron, ops.relu)
        self.exp, self.log, self.dot, self.sum = ops.exp, ops.log, ops.dot, ops.sum


class Micrograd(Numbers):
    """micrograd has neither exp nor log; they are added here in the way its own operations are written."""

    def __init__(self) -> None:
        from micrograd.engine import Value

        sys.setrecursionlimit(10_000_000)  # it sorts by recursion
        super().__init__(Value, Value.relu)
        self.Value = Value

    def unary(self, x: Any, value: float, slope: float) -> Any:
        out = self.Value(value, (x,))

        def backward() -> None:
            x.grad += slope * out.grad

        out._backward = backward
        return out

    def exp(self, x: Any) -> Any:
        value = math.exp(x.data)
        return self.unary(x, value, value)

    def log(self, x: Any) -> Any:
        return self.unary(x, math.log(x.data), 1.0 / x.data)


class Xad(Numbers):
    """XAD records on a tape, which `newRecording` empties; what is registered before is an input."""

    chain = 1_000_000
    value = attrgetter("value")

    def __init__(self) -> None:
        import xad.adj_1st
        import xad.math

        super().__init__(xad.adj_1st.Real, lambda x: xad.math.max(x, 0.0))
        self.exp, self.log = xad.math.exp, xad.math.log
        self.tape = xad.adj_1st.Tape()
        self.tape.activate()
        self.registered = False

    def begin(self, parameters: list[Any]) -> None:
        if not self.registered:
            self.tape.registerInputs(parameters)
            self.registered = True
            self.tape.newRecording()

    def backward(self, output: Any) -> None:
        self.tape.registerOutput(output)
        output.derivative = 1.0
        self.tape.computeAdjoints()

    def release(self) -> None:
        self.tape.newRecording()

    def gradient(self, parameter: Any) -> float:
        return float(parameter.derivative)


class Torch(Numbers):
    """PyTorch's tensors of one number, in double precision on one thread."""

    value = methodcaller("item")

    def __init__(self) -> None:
        import torch

        torch.set_num_threads(1)
        super().__init__(lambda x: torch.tensor(x, dtype=torch.float64, requires_grad=True), torch.relu)
        self.exp, self.log = torch.exp, torch.log

    def begin(self, parameters: list[Any]) -> None:
        for parameter in parameters:
            parameter.grad = None

    def gradient(self, parameter: Any) -> float:
        return 0.0 if parameter.grad is None else float(parameter.grad)


class Oxigrad(Numbers):
    """oxigrad (Rust) knows exp, but no log; it sorts by recursion on the C stack, hence the short chain."""

    chain = 10_000
    exp = methodcaller("exp")

    def __init__(self) -> None:
        from oxigrad import Activation, Value

        super().__init__(Value, Activation.ReLU)

    def begin(self, parameters: list[Any]) -> None:
        for parameter in parameters:
            parameter.zero_grad()


def micrograd_rust() -> Numbers:
    from micrograd_rust import Value

    return Numbers(Value)


def minigrad() -> Numbers:
    """Written with Python's C API; in version 0.0.6 the relu passes no gradient on, and large graphs crash it."""
    from minigrad import Value

    return Numbers(Value, Value.relu)


ENGINES: dict[str, Callable[[], Numbers]] = {
    "gograd native": lambda: Gograd("native"),
    "gograd python": lambda: Gograd("python"),
    "micrograd": Micrograd,
    "xad": Xad,
    "torch": Torch,
    "minigrad": minigrad,
    "oxigrad": Oxigrad,
    "micrograd-rust": micrograd_rust,
}
