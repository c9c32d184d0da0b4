"""Prepares calls to be answered in C, for arguments that are nested as before and the path that was taken last."""

from __future__ import annotations

from typing import Any

from gograd_compile.call import prepared
from gograd_compile.nesting.trees import Structure
from gograd_compile.paths.lru import Recent
from gograd_compile.paths.path import CAPTURED, Path, Want
from gograd_compile.paths.paths import Paths
from gograd_compile.run.program import Program

__all__ = ["alternatives", "general", "nested", "prepare"]

MOST = 64


def general(args: tuple[Any, ...]) -> Any:
    """Leave a call to the general way."""
    return NotImplemented


def alternatives() -> Any:
    """Return what answers calls of one kind, whichever of the ways the arguments are nested in that are added to it."""
    return prepared.Alternatives()


def prepare(
    structures: Recent[Any, Paths], key: tuple[Structure, Any], path: Path, want: Want, chosen: Structure | None,
    evaluation: Any,
) -> Any:  # fmt: skip
    """Prepare for calls like one that has run `path`. Returns what answers them, or None if they take the general way.

    Args:
        structures: the memory of paths by the nesting of the arguments.
        key: where the paths are in this memory.
        chosen: how the derivatives are nested, and a vector that comes after the arguments.
        evaluation: the function, which is evaluated at points without a path. Of runs for many seeds, as for a Hessian,
            nothing else is prepared.
    """
    program, paths = path.program(want), structures.get(key)
    if program.steps is None or paths is None:
        return None
    calls = paths.calls.get(want)
    if calls is None:
        if len(paths.calls) >= MOST:
            paths.calls.clear()
        evaluated = evaluation.of(want, key, chosen)
        calls = paths.calls[want] = prepared.Calls(structures, key, paths, paths.kept, nested(key[0]), evaluated)
    if want.batched is None:
        if program.call is None:
            program.call = _prepared(path, program, want, key[0], chosen)
        calls.add(program.call)
    return calls


def _prepared(path: Path, program: Program, want: Want, arguments: Structure, chosen: Structure | None) -> Any:
    guards, slots, asked, seeds = path.tape.guards, program.guard_slots, None, None
    if path.guards.decides or program.asks:
        errors = {
            place: (op, slots[begin:end].tolist())
            for place, op, (begin, end) in path.guards.domains
            if guards.outcomes[place]
        }
        asked = prepared.Guards(guards.kinds, slots[: len(guards)], guards.outcomes, errors)
    results = [(nested(path.structure), program.output_slots)]
    if want.mode == "push" and chosen is not None:  # of a value and a gradient, the tangents of the latter
        seeds = nested(chosen), program.first_seed
        results = [(nested(chosen), program.result_slots[1:])]
    elif chosen is not None:
        results.append((nested(chosen), program.result_slots))
    run = program.steps, program.take(), path.tape.captured, asked
    return prepared.Call(path, *run, nested(arguments), seeds, results, want.wrt is CAPTURED and chosen is not None)


def nested(structure: Structure) -> Any:
    """Describe a nesting to the library. It is None without the library."""
    return prepared and prepared.Nested(structure.form, structure.shapes, 0, structure)
