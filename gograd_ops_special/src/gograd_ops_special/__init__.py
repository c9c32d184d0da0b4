"""Special functions as operations, computed by SciPy."""

from __future__ import annotations

from gograd_core import Op, hookimpl
from gograd_ops_special.bessel import BESSEL
from gograd_ops_special.beta import BETA_FUNCTIONS
from gograd_ops_special.entropies import ENTROPIES
from gograd_ops_special.gammas import GAMMAS
from gograd_ops_special.inverses import INVERSES
from gograd_ops_special.normal import NORMAL

__version__ = "0.1.0"

__all__ = ["OPS", "gograd_ops"]

OPS: tuple[Op, ...] = (*BESSEL, *BETA_FUNCTIONS, *ENTROPIES, *GAMMAS, *INVERSES, *NORMAL)


@hookimpl
def gograd_ops() -> tuple[Op, ...]:
    return OPS
