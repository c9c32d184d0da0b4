"""The functions of mathematics as operations."""

from __future__ import annotations

from gograd_core import Op, hookimpl
from gograd_core.extend import with_kernels
from gograd_ops_extra.activations import ACTIVATIONS
from gograd_ops_extra.choices import CHOICES
from gograd_ops_extra.division import DIVISION
from gograd_ops_extra.error_functions import ERROR_FUNCTIONS
from gograd_ops_extra.exponential import EXPONENTIAL
from gograd_ops_extra.gamma import GAMMA_FUNCTIONS
from gograd_ops_extra.hyperbolic import HYPERBOLIC
from gograd_ops_extra.powers import POWERS
from gograd_ops_extra.predicates import PREDICATES
from gograd_ops_extra.products import PRODUCTS
from gograd_ops_extra.reductions import REDUCTIONS
from gograd_ops_extra.rounding import ROUNDING
from gograd_ops_extra.trigonometric import TRIGONOMETRIC

__version__ = "0.1.0"

__all__ = ["OPS", "gograd_ops"]

OPS = with_kernels(
    (
        *EXPONENTIAL,
        *POWERS,
        *TRIGONOMETRIC,
        *HYPERBOLIC,
        *ROUNDING,
        *DIVISION,
        *CHOICES,
        *PREDICATES,
        *REDUCTIONS,
        *PRODUCTS,
        *ERROR_FUNCTIONS,
        *GAMMA_FUNCTIONS,
        *ACTIVATIONS,
    ),
    "gograd_ops_extra._kernels",
)


@hookimpl
def gograd_ops() -> tuple[Op, ...]:
    return OPS
