"""Functions of mathematics as operations."""

from __future__ import annotations

from gograd_core import Op, hookimpl
from gograd_ops_extra.activations import ACTIVATIONS
from gograd_ops_extra.choices import CHOICES
from gograd_ops_extra.elementary import ELEMENTARY
from gograd_ops_extra.reductions import REDUCTIONS

__version__ = "0.1.0"

__all__ = ["OPS", "gograd_ops"]

OPS: tuple[Op, ...] = (*ELEMENTARY, *ACTIVATIONS, *CHOICES, *REDUCTIONS)


@hookimpl
def gograd_ops() -> tuple[Op, ...]:
    return OPS
