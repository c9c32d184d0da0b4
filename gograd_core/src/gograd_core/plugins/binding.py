"""Operations as methods and operators of `Neuron`: ``x.tanh()``, ``x + y``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from gograd_core import engines
from gograd_core.python_operators import BINARY, UNARY

if TYPE_CHECKING:
    from gograd_core.op import Op

__all__ = ["bind"]

_bound: set[str] = set()


def bind(owners: Mapping[str, Op] | None) -> None:
    """Make operations the methods and operators of `Neuron`. The key of an operator has its number of inputs: "+ 2".

    The registry in force calls this when its operations change. None means that they are not known yet. Then the first
    method that is asked for loads them.
    """
    operations = owners or {}
    engines.discover(True)  # until the end, for look-ups by other threads
    _bound.update(operations)  # first, so that what is bound is known even if an interrupt breaks this off
    for claim, op in operations.items():
        _bind(claim, op)
    for claim in _bound - operations.keys():
        _bind(claim, None)
    if owners is not None:
        engines.discover(False)
    _bound.intersection_update(operations)


def _bind(claim: str, op: Op | None) -> None:
    symbol, _, arity = claim.partition(" ")
    if not arity:
        engines.bind_method(claim, op)
    elif symbol in {"1": UNARY, "2": BINARY}.get(arity, ()):  # and not ``math.NAME n``, nor a comparison
        engines.bind_operator(symbol, int(arity), op)
