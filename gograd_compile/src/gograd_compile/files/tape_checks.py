"""What holds of every tape that was recorded, checked for one that was read from a file."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gograd_compile.errors import ProgramFileError
from gograd_compile.trace.tape import DOMAIN, GUARDS, UNUSED, Guards, Tape
from gograd_core.extend import DOMAIN_ERRORS

__all__ = ["check"]

MOST_NODES = 2**31
"""Nodes are numbered in 32 bits."""


def check(tape: Tape, results: int, used: NDArray[Any]) -> None:
    """Refuse a tape that cannot have been recorded. The code that runs it does not check indices.

    Args:
        tape: its arrays have the right types, and no more is known of them.
        results: how many numbers the result holds.
        used: whether anything reads it, for each number among the arguments.

    Raises:
        ProgramFileError: something is wrong.
    """
    _require(tape.arguments == len(used), "another number of arguments than nodes for them")
    _require(len(tape) < MOST_NODES, "more nodes than can be numbered")
    _require(len(set(map(id, tape.captured))) == len(tape.captured), "a captured neuron twice")
    _check_operations(tape)
    _require(len(tape.outputs) == results, "another number of outputs than its result holds")
    _require(_within(tape.outputs, len(tape)), "an output that is not a node")
    _check_guards(tape)
    read = np.zeros(tape.arguments, np.uint8)
    for nodes in (tape.inputs, tape.outputs, tape.guards.nodes):
        read[nodes[nodes < tape.arguments]] = 1
    _require(np.array_equal(read, used), "arguments that are used although it says otherwise, or the contrary")


def _check_operations(tape: Tape) -> None:
    """Check that every input of an operation is an earlier node, so that there are no cycles, and count the inputs."""
    codes, starts, inputs = tape.codes, tape.starts, tape.inputs
    _require(_within(codes, len(tape.operations)), "an operation that it does not name")
    _require(len(tape.line_of) in (0, len(codes)), "another number of operations than of their lines")
    _require(len(tape.ignored) in (0, len(codes)), "another number of operations than of errors that are ignored")
    _require((tape.ignored <= 1).all(), "errors that are neither ignored nor raised")
    _require(len(starts) == len(codes) + 1, "another number of operations than of rows of inputs")
    ends_meet = starts[0] == 0 and starts[-1] == len(inputs)
    _require(ends_meet and _ascends(starts), "rows of inputs that overlap or have gaps")
    counts = np.diff(starts)
    columns = np.array([len(op.partials) for op in tape.operations], np.int64)[codes]
    variadic = np.array([op.variadic for op in tape.operations], np.bool_)[codes]
    fits = np.where(variadic, (counts > 0) & (counts % columns == 0), counts == columns)
    _require(fits.all(), "an operation on another number of inputs than it takes")
    own = np.repeat(np.arange(tape.leaves, len(tape)), counts)
    _require(((inputs >= 0) & (inputs < own)).all(), "an input that is not an earlier node")


def _check_guards(tape: Tape) -> None:
    guards: Guards = tape.guards
    lengths = {len(each) for each in (guards.nodes, guards.kinds, guards.outcomes, guards.after, guards.lines)}
    _require(len(lengths) == 1, "guards with something missing")
    _require(_within(guards.kinds, len(GUARDS)), "a guard of an unknown kind")
    _require(_within(guards.after, len(tape.codes) + 1) and _ascends(guards.after), "guards in another order")
    known = (guards.nodes >= 0) & (guards.nodes < tape.leaves + guards.after)
    _require(known.all(), "a guard on what was not computed by then")
    outcomes = guards.outcomes
    _require(
        (np.isfinite(outcomes) & (outcomes == np.trunc(outcomes))).all(), "a guard's outcome that is not a whole number"
    )
    truths, errors = outcomes[guards.kinds == GUARDS.index("bool")], outcomes[guards.kinds == DOMAIN]
    _require(((truths == 0.0) | (truths == 1.0)).all(), "a truth value that is neither true nor false")
    _require(_within(errors, len(DOMAIN_ERRORS)), "an error of an unknown class")
    _require(not outcomes[guards.kinds == UNUSED].any(), "an answer where nothing was asked")
    _require((guards.nodes[tape.domains] >= tape.leaves).all(), "a guard on the domain of what is not an operation")


def _within(places: NDArray[Any], end: int) -> bool:
    return not len(places) or bool(places.min() >= 0 and places.max() < end)


def _ascends(numbers: NDArray[Any]) -> bool:
    return bool((numbers[1:] >= numbers[:-1]).all())


def _require(holds: Any, otherwise: str) -> None:
    if not holds:
        raise ProgramFileError(f"a tape has {otherwise}")
