"""Prepares calls to be answered in C, for arguments that are nested as before and the path that was taken last."""

from __future__ import annotations

from typing import Any

from gograd_compile.call import prepared
from gograd_compile.nesting.trees import Structure
from gograd_compile.paths.lru import Recent
from gograd_compile.paths.path import Path, Want
from gograd_compile.paths.paths import Paths
from gograd_compile.trace.tape import DOMAIN, Integers

__all__ = ["Call", "general", "prepared_call"]

Call = Any
"""A `Call` in C, which takes the tuple of the arguments. It returns None if the call must take the general way."""


def general(args: tuple[Any, ...]) -> None:
    """Leave a call to the general way."""


def prepared_call(
    structures: Recent[Any, Paths], key: tuple[Structure, Any], path: Path, want: Want, chosen: Structure | None
) -> Call:
    """Prepare the calls that run the program of a path for `want`.

    Args:
        structures: the memory of paths by the nesting of the arguments.
        key: where the path is in this memory.
        chosen: how the derivatives are nested, and a vector that comes after the arguments.
    """
    program, guards, paths = path.program(want), path.tape.guards, structures.get(key)
    raised = guards.outcomes[guards.kinds == DOMAIN]  # Python finds out which error an operation raises
    if program.steps is None or paths is None or raised.any():
        return general
    results: list[tuple[Any, Integers]] = [(_nested(path.structure), program.output_slots)]
    seeds = None
    if want.mode == "push" and chosen is not None:  # of a value and a gradient, the tangents of the latter
        seeds = _nested(chosen), program.first_seed
        results = [(_nested(chosen), program.result_slots[1:])]
    elif chosen is not None:
        results.append((_nested(chosen), program.result_slots))
    asked = None
    if path.guards.decides:
        asked = prepared.Guards(guards.kinds, program.guard_slots[: len(guards)], guards.outcomes)
    run = program.steps, program.take(), path.tape.captured, asked
    return prepared.Call(structures, key, paths, paths.kept, path, *run, _nested(key[0]), seeds, results)


def _nested(structure: Structure) -> Any:
    return prepared.Nested(structure.form, structure.shapes)
