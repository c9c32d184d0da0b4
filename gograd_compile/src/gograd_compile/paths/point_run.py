"""Runs a function at one point, on the path that is the right one there."""

from __future__ import annotations

import numpy as np

from gograd_compile.errors import RecordingError
from gograd_compile.paths.path import VALUES, Path, Want
from gograd_compile.paths.paths import Paths
from gograd_compile.paths.replay_errors import error_of_compiled, judge_derivatives
from gograd_compile.run.program import VALUES_NOT_FINITE
from gograd_compile.trace.tape import Floats

__all__ = ["NO_SEEDS", "at_point"]

MOST_PATHS = 1024
"""How many paths are tried at one point. A function that does the same twice needs a few."""

NO_SEEDS = np.empty(0)


def at_point(paths: Paths, want: Want, numbers: Floats, seeds: Floats = NO_SEEDS) -> tuple[Path, Floats, Floats]:
    """Run a function at one point. Returns the path taken, the outputs, and the derivatives wanted.

    Compiled code decides how guards turn out, also while a path is recorded. So earlier calls do not change the result.

    Raises:
        NoPath: the point is not worth a recording, or a search.
        Whatever the function raises.
    """
    path, given = paths.likely(numbers)
    tried: set[Path] = set()
    for _ in range(MOST_PATHS):
        program = path.programs.get(want)
        if program is None:
            if path.complaint(want) and (right := at_point(paths, VALUES, numbers)[0]) is not path:
                path, given = right, None
                continue
            program = path.program(want)
        captured = path.captured()
        try:
            memory, status = program.at(numbers, captured, seeds, path.guards.hold)
        except Exception:  # of an opaque operation, which the right path may not reach
            if given is not None or (other := paths.anew(numbers)) is None:
                raise
            path, given = other
            continue
        asks = path.guards.decides or (status and path.guards.outcomes)
        failure = path.guards.first_failure(memory[program.guard_slots]) if asks else None
        stands = given is not None and failure is not None and given[failure[0]]
        if failure is not None and not stands:
            program.give_back(memory)
            tried.add(path)
            path, given = paths.instead_of(path, failure, numbers, tried)
            continue
        outputs, derivatives = memory[program.output_slots], memory[program.result_slots]
        program.give_back(memory)
        if not status:
            path.replays += 1
            if tried:
                paths.budget.note_tries(len(tried), len(path.tape.codes))
            return path, outputs, derivatives
        is_known = given is None  # otherwise the function accepted these values just now
        other = paths.where_not_finite(path, numbers, tried) if status & VALUES_NOT_FINITE and is_known else None
        if other is None:
            found = error_of_compiled(path, numbers, captured) if status & VALUES_NOT_FINITE else None
            if found is None:
                if path.to_judge(status):
                    judge_derivatives(path, want, numbers, captured, seeds, derivatives)
                return path, outputs, derivatives
            other = paths.where_raised(path, numbers, *found, tried)
        tried.add(path)
        path, given = other
    raise RecordingError(
        f"{MOST_PATHS} paths were tried at {numbers.tolist()}: the function does not do the same twice there"
    )
