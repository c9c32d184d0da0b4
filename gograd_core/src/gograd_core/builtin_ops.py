"""The two operations that the engine itself needs: they pass a value on, with and without derivative."""

from __future__ import annotations

from typing import Any

from gograd_core import __version__
from gograd_core.facts import Provider
from gograd_core.hookspecs import hookimpl
from gograd_core.op import Op

__all__ = ["gograd_ops", "identity", "stop_gradient"]


def value_forward(xp: Any, x: Any) -> Any:
    return x


def identity_partial(xp: Any, out: Any, x: Any) -> Any:
    return 1.0


SAMPLES = ((0.7,), (-2.5,))
PROVIDER = Provider("gograd-core", __version__, "core")

identity = Op(
    "identity",
    forward=value_forward,
    partials=(identity_partial,),
    samples=SAMPLES,
    reference=lambda mp, x: +x,
    provider=PROVIDER,
    doc="The value of x, as a neuron of its own.",
)
stop_gradient = Op(
    "stop_gradient",
    forward=value_forward,
    partials=(None,),
    samples=SAMPLES,
    reference=lambda mp, x: +x,
    provider=PROVIDER,
    doc="The value of x, as a neuron through which no derivative passes.",
)


@hookimpl
def gograd_ops() -> tuple[Op, ...]:
    return (identity, stop_gradient)
