"""Prepares calls to be answered in C, for arguments that are nested as before and the path that was taken last."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gograd_compile.call import prepared
from gograd_compile.nesting.trees import Structure
from gograd_compile.paths.lru import Recent
from gograd_compile.paths.path import Path
from gograd_compile.paths.paths import Paths
from gograd_compile.run.program import Program
from gograd_compile.trace.tape import DOMAIN

__all__ = ["Call", "general", "prepared_call"]

Call = Callable[[tuple[Any, ...]], Any]
"""Answers a call with these arguments. It returns None if the call must take the general way."""


def general(args: tuple[Any, ...]) -> None:
    """Leave a call to the general way."""


def prepared_call(
    structures: Recent[Any, Paths], paths: Paths, path: Path, program: Program, arguments: Structure,
    chosen: Structure | None,
) -> Call:  # fmt: skip
    """Prepare the calls that run a program of a path.

    Args:
        structures: the memory in which `paths` are, by the nesting of the arguments.
        chosen: how the derivatives are nested that are returned after the result. None if they are not asked for.
    """
    if program.steps is None:
        return general
    slots = program.guard_slots, program.output_slots, program.result_slots
    guards = path.tape.guards
    if np.any(guards.outcomes[guards.kinds == DOMAIN]):  # Python finds out which error an operation raises
        return general
    try:
        call: Call = prepared.Call(
            ((structures, paths), (paths.kept, path)),
            program.steps,
            program.take(),
            path.tape.captured,
            prepared.Guards(guards.kinds, slots[0][: len(guards)], guards.outcomes) if path.guards.decides else None,
            _nested(arguments),
            (_nested(path.structure), slots[1]),
            None if chosen is None else (_nested(chosen), slots[2]),
        )
    except NotImplementedError:  # they are nested in containers that must be compared with more care
        return general
    return call


def _nested(structure: Structure) -> Any:
    return prepared.Nested(structure.form, structure.shapes)
