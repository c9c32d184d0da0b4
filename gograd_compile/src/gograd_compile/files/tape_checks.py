"""Checks a tape that was read from a file: what is true of every tape that was recorded must be true of it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gograd_compile.errors import ProgramFileError
from gograd_compile.trace.tape import DOMAIN, GUARDS, UNUSED, Tape
from gograd_core.extend import DOMAIN_ERRORS

__all__ = ["check"]

MOST_NODES = 2**31
"""Nodes are numbered in 32 bits."""


def check(tape: Tape, results: int, used: NDArray[Any]) -> None:
    """Refuse a tape that cannot have been recorded. The code that runs it does not check indices.

    Args:
        tape: a tape whose arrays have the right types. Nothing else is known about them.
        results: how many numbers the result holds.
        used: for each number among the arguments, whether anything reads it.

    Raises:
        ProgramFileError: something is wrong.
    """
    _require(tape.arguments == len(used), "the wrong number of arguments")
    _require(len(tape) < MOST_NODES, "more nodes than can be numbered")
    _require(len(set(map(id, tape.captured))) == len(tape.captured), "a captured neuron twice")
    _check_operations(tape)
    _require(len(tape.outputs) == results, "the wrong number of outputs for its result")
    _require(_within(tape.outputs, len(tape)), "an output that is not a node")
    _check_guards(tape)
    read = np.zeros(tape.arguments, np.uint8)
    for nodes in (tape.inputs, tape.outputs, tape.guards.nodes):
        read[nodes[nodes < tape.arguments]] = 1
    _require(np.array_equal(read, used), "wrong marks for arguments that are used")


def _check_operations(tape: Tape) -> None:
    """Check that operations have the right number of inputs, and that these are earlier nodes: there are no cycles."""
    codes, starts, inputs = tape.codes, tape.starts, tape.inputs
    _require(_within(codes, len(tape.operations)), "an operation that it does not name")
    _require(len(tape.line_of) in (0, len(codes)), "the wrong number of lines of operations")
    _require(len(tape.ignored) in (0, len(codes)), "the wrong number of marks for ignored errors")
    _require((tape.ignored <= 1).all(), "errors that are neither ignored nor raised")
    _require(len(starts) == len(codes) + 1, "the wrong number of rows of inputs")
    ends_meet = starts[0] == 0 and starts[-1] == len(inputs)
    _require(ends_meet and _ascends(starts), "rows of inputs that overlap or have gaps")
    counts = np.diff(starts)
    columns = np.array([len(op.partials) for op in tape.operations], np.int64)[codes]
    variadic = np.array([op.variadic for op in tape.operations], np.bool_)[codes]
    fits = np.where(variadic, (counts > 0) & (counts % columns == 0), counts == columns)
    _require(fits.all(), "an operation with the wrong number of inputs")
    own = np.repeat(np.arange(tape.leaves, len(tape)), counts)
    _require(((inputs >= 0) & (inputs < own)).all(), "an input that is not an earlier node")


def _check_guards(tape: Tape) -> None:
    guards = tape.guards
    lengths = {len(each) for each in (guards.nodes, guards.kinds, guards.outcomes, guards.after, guards.lines)}
    _require(len(lengths) == 1, "guards that are incomplete")
    _require(_within(guards.kinds, len(GUARDS)), "a guard of an unknown kind")
    _require(_within(guards.after, len(tape.codes) + 1) and _ascends(guards.after), "guards in the wrong order")
    known = (guards.nodes >= 0) & (guards.nodes < tape.leaves + guards.after)
    _require(known.all(), "a guard on a node that was not computed before")
    outcomes = guards.outcomes
    are_whole = np.isfinite(outcomes) & (outcomes == np.trunc(outcomes))
    _require(are_whole.all(), "a guard's outcome that is not a whole number")
    truths, errors = outcomes[guards.kinds == GUARDS.index("bool")], outcomes[guards.kinds == DOMAIN]
    _require(((truths == 0.0) | (truths == 1.0)).all(), "a truth value that is neither true nor false")
    _require(_within(errors, len(DOMAIN_ERRORS)), "an error of an unknown class")
    _require(not outcomes[guards.kinds == UNUSED].any(), "an answer although nothing was asked")
    are_operations = guards.nodes[tape.domains] >= tape.leaves
    _require(are_operations.all(), "a guard on the domain of a node that is not an operation")


def _within(places: NDArray[Any], end: int) -> bool:
    return not len(places) or bool(places.min() >= 0 and places.max() < end)


def _ascends(numbers: NDArray[Any]) -> bool:
    return bool((numbers[1:] >= numbers[:-1]).all())


def _require(holds: Any, otherwise: str) -> None:
    if not holds:
        raise ProgramFileError(f"a tape has {otherwise}")
