"""Tapes in a file that cannot be run: what is wrong with them is said."""

from __future__ import annotations

import numpy as np
import pytest

from gograd_compile.errors import PathNotRecorded, ProgramFileError
from gograd_compile.files import tape_checks
from gograd_compile.files.storage import from_bytes
from saved_tapes import PROGRAM, array_of, compiled, with_array, with_arrays

pytestmark = pytest.mark.any_engine


# An array, what it becomes, and what is said.
TAPES = {
    "an input that is its own node": ("inputs", {2: 6}, "input that is not an earlier node"),
    "a cycle": ("inputs", {1: 9}, "input that is not an earlier node"),
    "a negative input": ("inputs", {0: -1}, "input that is not an earlier node"),
    "an input beyond all nodes": ("inputs", {0: 2**31 - 1}, "input that is not an earlier node"),
    "an unused argument": ("inputs", {6: 0}, "wrong marks for arguments that are used"),
    "an unknown operation": ("codes", {0: 5}, "operation that it does not name"),
    "a negative operation": ("codes", {0: -1}, "operation that it does not name"),
    "an operation with the inputs of another": ("codes", {0: 1}, "the wrong number of inputs"),
    "rows that begin late": ("starts", {0: 1}, "overlap or have gaps"),
    "rows that go on": ("starts", {5: 12}, "overlap or have gaps"),
    "rows that overlap": ("starts", {1: 4}, "overlap or have gaps"),
    "rows far away": ("starts", {1: 2**62, 2: -(2**62)}, "overlap or have gaps"),
    "a column that is shorter": ("starts", {4: 8}, "the wrong number of inputs"),
    "columns without entries": ("starts", {3: 9}, "the wrong number of inputs"),
    "an output that is not a node": ("outputs", {0: 10}, "output that is not a node"),
    "a negative output": ("outputs", {0: -1}, "output that is not a node"),
    "a guard on what came later": ("guard_after", {1: 2}, "not computed before"),
    "guards in another order": ("guard_after", {0: 4}, "the wrong order"),
    "a guard after the end": ("guard_after", {1: 6}, "the wrong order"),
    "a guard on no node": ("guard_nodes", {0: -5}, "not computed before"),
    "an unknown guard": ("guard_kinds", {0: 9}, "unknown kind"),
    "an answer to no question": ("guard_kinds", {0: 8}, "an answer although nothing was asked"),
    "a guard on the domain of an argument": ("guard_kinds", {0: 7}, "domain of a node that is not an operation"),
    "an outcome that is no number": ("guard_outcomes", {0: np.nan}, "not a whole number"),
    "an infinite outcome": ("guard_outcomes", {0: np.inf}, "not a whole number"),
    "half an outcome": ("guard_outcomes", {0: 0.5}, "not a whole number"),
    "a half truth": ("guard_outcomes", {1: 2.0}, "neither true nor false"),
    "errors half ignored": ("ignored", {0: 2}, "neither ignored nor raised"),
    "an operation's line that is not there": ("operation_lines", {0: 2}, "not in the lists"),
    "a line that is not there": ("guard_lines", {0: 2}, "not in the lists"),
    "a captured neuron that is not there": ("captured", {0: 1}, "not in the lists"),
    "another operation": ("operations", {0: 1}, "the wrong number of inputs"),
    "an operation that is not there": ("operations", {0: -1}, "not in the lists"),
    "an argument said to be unused": ("used", {0: 0}, "wrong marks for arguments that are used"),
    "an argument used twice as much": ("used", {0: 2}, "wrong marks for arguments that are used"),
}


@pytest.mark.parametrize(("part", "changes", "message"), TAPES.values(), ids=TAPES)
def test_what_is_wrong_with_a_tape_is_said(part, changes, message):
    array = array_of(f"tape1/{part}.npy")
    for place, number in changes.items():
        array[place] = number
    with pytest.raises(ProgramFileError, match=message):
        from_bytes(with_array(f"tape1/{part}.npy", array))


def test_more_nodes_than_can_be_numbered_are_an_error(monkeypatch):
    """Ten, where the limit is lower: a file with two thousand million is too large for a test."""
    monkeypatch.setattr(tape_checks, "MOST_NODES", 11)
    assert from_bytes(PROGRAM)[1] == "f"
    monkeypatch.setattr(tape_checks, "MOST_NODES", 10)
    with pytest.raises(ProgramFileError, match="a tape has more nodes than can be numbered"):
        from_bytes(PROGRAM)


def test_paths_that_each_say_the_other_is_right_end_in_an_error():
    """At p = 0.5, x[1] = 1.5: the first path wants int(p) == 1, which is 0; the other int(x[1]) == 0, which is 1."""
    nodes, outcomes = array_of("tape1/guard_nodes.npy"), array_of("tape1/guard_outcomes.npy")
    nodes[0], outcomes[0] = 1, 0.0
    f = compiled(*from_bytes(with_arrays({"tape1/guard_nodes.npy": nodes, "tape1/guard_outcomes.npy": outcomes})))
    with pytest.raises(PathNotRecorded, match=r"model.py:3 in f: trunc\(\) of a number"):
        f(np.array([0.75, 1.5]), 0.5)
    with pytest.raises(PathNotRecorded, match=r"model.py:3 in f: trunc\(\) of a number"):
        f.batch()(np.array([[0.75, 1.5]] * 2), np.array([0.5, 0.5]))


@pytest.mark.parametrize(
    "part", ["codes", "starts", "outputs", "used", "ignored", "guard_nodes", "guard_kinds", "guard_lines"]
)
def test_arrays_of_other_lengths_are_an_error(part):
    array = array_of(f"tape0/{part}.npy")
    for other in (array[: 0 if part != "ignored" else 1], array[:-1], np.append(array, array[-1:])):
        with pytest.raises(ProgramFileError, match="^a tape has"):
            from_bytes(with_array(f"tape0/{part}.npy", other))


@pytest.mark.parametrize("part", ["inputs", "constants", "starts"])
@pytest.mark.parametrize("dtype", ["<f4", "<i2", ">i8", "<u8", "?"])
def test_arrays_of_other_types_are_an_error(part, dtype):
    with pytest.raises(ProgramFileError, match=f"'tape0/{part}' is missing or has the wrong form"):
        from_bytes(with_array(f"tape0/{part}.npy", array_of(f"tape0/{part}.npy").astype(dtype)))
