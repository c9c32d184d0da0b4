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
    """Make operations the methods of `Neuron`, and its operators ("+ 2": with two inputs).

    Called by the registry that is in force, when its operations change; None means that they are
    not known yet: then the first method that is asked for loads them.
    """
    operations = owners or {}
    engines.discover(True)  # until the end another thread's look-up needs it
    _bound.update(operations)  # first: what is bound is known even if an interrupt breaks this off
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
    elif (arity == "1" and symbol in UNARY) or (
        arity == "2" and symbol in BINARY
    ):  # not ``math.NAME n``, no comparison
        engines.bind_operator(symbol, int(arity), op)
