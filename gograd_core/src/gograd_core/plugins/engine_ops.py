"""The operations that the engine itself needs. They pass on a value with its derivative, without it, or by choice."""

from __future__ import annotations

from math import inf, nan
from typing import Any

from gograd_core import current
from gograd_core.op import Op
from gograd_core.op.metadata import Edge, Provider
from gograd_core.version import __version__

__all__ = ["chosen", "engine_operations", "identity", "is_internal", "plain", "stop_gradient", "variable"]


def value_forward(xp: Any, x: Any) -> Any:
    return x


def identity_partial(xp: Any, out: Any, x: Any) -> Any:
    return 1.0


def plain_forward(xp: Any, x: Any) -> Any:
    return x + 0.0  # an integer has no -0.0


def chosen_forward(xp: Any, choice: Any, x: Any) -> Any:
    return xp.where(choice, choice * x, 0.0)


def chosen_partial_choice(xp: Any, out: Any, choice: Any, x: Any) -> Any:
    return x


def chosen_partial_x(xp: Any, out: Any, choice: Any, x: Any) -> Any:
    return choice


SAMPLES = ((0.7,), (-2.5,))
PROVIDER = Provider("gograd-core", __version__, "core")

identity = Op(
    "identity",
    forward=value_forward,
    partials=(identity_partial,),
    samples=SAMPLES,
    reference=lambda mp, x: +x,
    provider=PROVIDER,
    doc="The value of x, as a new neuron.",
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
plain = Op(
    "plain",
    forward=plain_forward,
    partials=(None,),
    samples=SAMPLES,
    reference=lambda mp, x: +x,
    provider=PROVIDER,
    doc="The value of x, as a plain number, such as an int in a recorded function. Derivatives treat it as a constant.",
)
variable = Op(
    "variable",
    forward=value_forward,
    partials=(identity_partial,),
    samples=SAMPLES,
    reference=lambda mp, x: +x,
    provider=PROVIDER,
    doc="The value of x, as a neuron that derivatives treat as a variable even where x is a plain number.",
)
chosen = Op(
    "chosen",
    forward=chosen_forward,
    partials=(chosen_partial_choice, chosen_partial_x),
    samples=((1.0, 2.0), (0.0, 3.0), (-0.5, -1.5)),
    edges=(
        Edge((0.0, inf), 0.0, (inf, 0.0), "what was not chosen does not count"),
        Edge((0.0, nan), 0.0, (nan, 0.0), "what was not chosen does not count"),
    ),
    reference=lambda mp, choice, x: choice * x if choice else mp.mpf(0),
    provider=PROVIDER,
    doc="The product of choice and x. It is 0 where choice is 0, even if x is infinite or NaN.",
)


current.stop_gradient, current.plain = stop_gradient, plain


def is_internal(op: Op) -> bool:
    """Return whether only the engine itself calls an operation. Graphs and files refer to it by its name."""
    return op.provider == PROVIDER and op.name in (plain.name, variable.name, chosen.name)


def engine_operations() -> tuple[Op, ...]:
    """List them all."""
    return (identity, stop_gradient, plain, variable, chosen)
