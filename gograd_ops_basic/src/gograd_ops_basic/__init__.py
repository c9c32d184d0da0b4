"""The operators of Python as operations: arithmetic, powers, absolute value and comparisons."""

from __future__ import annotations

from gograd_core import Op, hookimpl
from gograd_core.extend import with_kernels
from gograd_ops_basic.arithmetic import ARITHMETIC
from gograd_ops_basic.comparisons import COMPARISONS
from gograd_ops_basic.power import POW

__version__ = "0.1.0"

__all__ = ["OPS", "gograd_ops"]

OPS = with_kernels((*ARITHMETIC, POW, *COMPARISONS), "gograd_ops_basic._kernels")


@hookimpl
def gograd_ops() -> tuple[Op, ...]:
    return OPS
