"""Runs a function once on new neurons, and makes a tape of what it did."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from gograd_compile.errors import RecordingError
from gograd_compile.nesting.trees import Structure, flatten_result
from gograd_compile.trace.tape import DOMAIN, GUARDS, Floats, Guards, Integers, Tape
from gograd_compile.trace.watcher import AWAITED, NO_ERRORS, NOT_ASKED, Answers, Raising, Watcher, WatcherWithoutNumbers
from gograd_core import DomainError, Neuron
from gograd_core.extend import (
    domain_errors_raise,
    flatten,
    ignoring,
    nested,
    next_stamp,
    not_ignored,
    observed_by,
    read_values,
)
from gograd_core.extend import flatten_numbers as numbers_of

if TYPE_CHECKING:
    from gograd_core.extend import Flat

__all__ = ["Recording", "check_leaf", "record", "structure_of_result"]

OLD_ARGUMENT = "argument of an earlier recording"
"""The label of arguments after a recording. If one occurs in another recording, the function kept it."""

_stamp = attrgetter("_stamp")


@attrs.frozen(eq=False, repr=False)
class Recording:
    """What a function did at one point.

    Attributes:
        structure: how its result is nested.
        tape: every operation that ran.
        values: the value of each node of the tape.
        made: how many of the constants, the first ones, are leaves that the function made.
        has_truths: whether there are truth values in the result, which have no derivative.
        answers: every question that the function asked, in order, and its answer.
        given: which of these answers were given, whatever Python's numbers say.
        asked_at: when each question was asked, as a place in the order of making.
        error: what the function raised instead of returning a result. The tape then has what was asked before.
    """

    structure: Structure
    tape: Tape
    values: Floats
    made: int
    has_truths: bool
    answers: Answers
    given: Integers
    asked_at: Sequence[int]
    error: Exception | None = None


def record(
    f: Callable[..., Any], arguments: Structure, numbers: Floats, name: str, answers: Answers = (), *,
    with_lines: bool = False, with_places: bool = False, missing: Container[int] = (), raising: Raising = NO_ERRORS,
    keeps_error: bool = False,
) -> Recording:  # fmt: skip
    """Record what `f` does with these numbers, nested as `arguments` says.

    Args:
        answers: the answers to the first questions that it asks about numbers, whatever these are.
        with_lines: whether to note the line of the user's source where each operation ran. That is slow.
        with_places: whether `line_of` on the tape should be the place of each operation in the order of making.
        missing: places in the order of making of neurons that nobody used in an earlier recording.
        raising: the errors that operations raise only in compiled code, by their places in the order of making.
        keeps_error: whether to return what was asked before an error, also if all answers were given.

    Raises:
        RecordingError: it does something that cannot be recorded, or returns something that is not a number.
        Whatever `f` raises, if all answers to its questions were given.
    """
    watcher = Watcher(name, answers, _watched.__code__, with_lines=with_lines, missing=missing, raising=raising)
    inputs = list(map(Neuron, numbers.tolist()))
    since = watcher.since = next_stamp()
    result, until, raised = _watched(f, arguments, inputs, watcher, keeps_error=keeps_error)
    try:
        entries, structure = flatten_result(result, f"the result of {name}")
    except TypeError as error:
        raise RecordingError(str(error)) from None
    has_truths = any(isinstance(number, bool) for number in numbers_of(result)[0])
    outputs = [entry if type(entry) is Neuron else Neuron(entry) for entry in entries]
    flat = flatten([*outputs, *(neuron for neuron, *_ in watcher.asked)], since)
    if watcher.notes_lines:
        if watcher.ask_for_unused(flat):
            flat = flatten([*outputs, *(neuron for neuron, *_ in watcher.asked)], since)
    elif missing := _missing(flat, since, until, len(watcher.asked)):
        return record(
            f, arguments, numbers, name, answers, with_places=with_places, missing=missing, raising=raising,
            keeps_error=keeps_error,
        )  # fmt: skip
    tape, values, made = _tape(flat, inputs, (since, until), len(outputs), watcher, name)
    asked = tuple((kind, outcome, neuron._stamp - since) for neuron, kind, outcome, *_ in watcher.asked)
    answered = iter(watcher.given)
    given = np.array([kind not in NOT_ASKED and next(answered) for kind, *_ in asked], dtype=np.bool_)
    asked_at = [when - since for _, _, _, when, _ in watcher.asked]
    if with_lines:
        tape = _with_lines(tape, flat, watcher)
    elif with_places:
        tape = attrs.evolve(tape, line_of=np.frombuffer(flat.stamps, np.int64)[len(flat.leaves) :] - since)
    return Recording(structure, tape, values, made, has_truths, asked, given, asked_at, raised)


def _watched(
    f: Callable[..., Any], arguments: Structure, inputs: list[Neuron], watcher: Watcher, *, keeps_error: bool
) -> tuple[Any, int, Exception | None]:
    """Run `f`. Returns its result, a stamp after those of what it made, and what it raised after wrong answers."""

    def run(*neurons: Any) -> tuple[Any, int]:
        return f(*neurons), next_stamp()

    raised: Exception | None = None
    result, until = (), watcher.since
    try:
        result, until = nested().run(observed_by(watcher).run, not_ignored().run, run, *arguments.build(inputs))
    except Exception as error:
        if isinstance(error, DomainError):  # its inputs were neurons, as long as the function might catch it
            error.give_floats()
        if isinstance(error, RecordingError) or watcher.failed_before or (all(watcher.given) and not keeps_error):
            raise
        raised = error
    finally:
        for neuron in inputs:
            neuron.label = OLD_ARGUMENT
    if watcher.failures and raised is None:
        raise RecordingError(watcher.failures[0])
    return result, until, raised


def _missing(flat: Flat, since: int, until: int, asked: int) -> frozenset[int]:
    """Find the places of neurons that may have been made and are not in the graph. Questions take stamps too."""
    stamps = np.frombuffer(flat.stamps, np.int64)
    stamps = stamps[(stamps > since) & (stamps < until)] - since
    if len(stamps) + asked >= until - since - 1:
        return frozenset()
    return frozenset(np.setdiff1d(np.arange(1, until - since), stamps).tolist())


def structure_of_result(f: Callable[..., Any], arguments: Structure, name: str) -> Structure:
    """Find how the result of `f` is nested, by running it without numbers. It must not decide on any.

    Raises:
        ValueError: it decides on a number, or does not run without numbers.
    """
    reason: Any = ""
    for number in (np.nan, 0.5):  # NaN is outside of no domain, but it cannot be rounded
        watcher = WatcherWithoutNumbers(name, (), structure_of_result.__code__)
        inputs = [Neuron(number) for _ in range(arguments.size)]
        try:
            result = nested().run(observed_by(watcher).run, ignoring().run, f, *arguments.build(inputs))
            if not watcher.decided:
                return flatten_result(result, f"the result of {name}")[1]
        except Exception as error:
            reason = error
        if watcher.decided:
            reason = watcher.decided
            break
    raise ValueError(
        f"there are no points, and how {name} nests its result is not known: {reason}. Call it at a point first, or "
        "leave out empty batches"
    )


def _with_lines(tape: Tape, flat: Flat, watcher: Watcher) -> Tape:
    """Add to the tape what the watcher noted. Errors that the caller ignores are not ignored by the function."""
    stamps = flat.stamps[len(flat.leaves) :]
    texts = [watcher.lines.get(stamp) for stamp in stamps]
    if None in texts:
        raise RecordingError(
            f"{watcher.name} computes in another thread, where the results of comparisons cannot be recorded"
        )
    places = {text: place for place, text in enumerate(dict.fromkeys(texts))}
    line_of = np.array([places[text] for text in texts], dtype=np.int32)
    ignored = np.array([stamp in watcher.ignored for stamp in stamps if domain_errors_raise()], dtype=np.uint8)
    return attrs.evolve(tape, lines=tuple(map(str, places)), line_of=line_of, ignored=ignored)


def _tape(
    flat: Flat, inputs: Sequence[Neuron], ran: tuple[int, int], outputs: int, watcher: Watcher, name: str
) -> tuple[Tape, Floats, int]:
    """Make the tape. Returns also the values of its nodes, and how many constants are leaves that the function made."""
    number, captured, made, plain = _classified(flat, inputs, ran, name)
    constants = np.concatenate([[leaf._value for leaf in (*made, *plain)], np.frombuffer(flat.constants)])
    first = len(inputs) + len(captured)
    leaves = first + len(constants)
    moved = np.concatenate(
        [leaves - 1 - np.arange(len(flat.constants)), number, leaves + np.arange(len(flat.codes))], dtype=np.int32
    )
    nodes = moved[np.frombuffer(flat.outputs, dtype=np.int32) + len(flat.constants)]
    asked = watcher.asked
    guards = Guards(
        nodes=nodes[outputs:],
        kinds=np.array([DOMAIN if kind == AWAITED else GUARDS.index(kind) for _, kind, *_ in asked], dtype=np.int8),
        outcomes=np.array([outcome for _, _, outcome, *_ in asked], dtype=np.float64),
        after=np.searchsorted(
            np.frombuffer(flat.stamps, dtype=np.int64)[len(flat.leaves) :],
            [stamp for _, _, _, stamp, _ in asked],
            side="right",
        ),
        lines=tuple(line for *_, line in asked),
        order=np.arange(len(asked)),
    )
    tape = Tape(
        arguments=len(inputs),
        captured=tuple(captured),
        constants=constants,
        operations=tuple(flat.operations),
        codes=np.frombuffer(flat.codes, dtype=np.int32),
        starts=np.frombuffer(flat.starts, dtype=np.int64),
        inputs=moved.take(np.frombuffer(flat.inputs, dtype=np.int32) + np.int32(len(flat.constants))),
        outputs=nodes[:outputs],
        guards=guards,
    )
    values = np.empty(len(tape))
    read_values(inputs, values[: len(inputs)])  # flat.values lacks unused ones
    values[first:leaves] = constants
    values[moved[len(flat.constants) :]] = np.frombuffer(flat.values)
    return tape, values, len(made)


def _classified(
    flat: Flat, inputs: Sequence[Neuron], ran: tuple[int, int], name: str
) -> tuple[Integers, list[Neuron], list[Neuron], list[Neuron]]:
    """Number the leaves. Returns those that are captured, those that the function made, and plain numbers it returned.

    It `ran` between two stamps.
    """
    leaf_stamps = np.frombuffer(flat.stamps, np.int64)[: len(flat.leaves)]
    stamps = np.fromiter(map(_stamp, inputs), np.int64, len(inputs))
    order = np.argsort(stamps, kind="stable")
    places = np.searchsorted(stamps, leaf_stamps, sorter=order)
    numbers = np.append(order, len(inputs))[places]
    others = np.flatnonzero(np.append(stamps, -1)[numbers] != leaf_stamps)
    for place in others.tolist():
        check_leaf(flat.leaves[place], name)
    kinds = np.searchsorted(ran, leaf_stamps[others], side="right")
    groups = [others[kinds == kind] for kind in range(3)]
    numbers[np.concatenate(groups)] = len(inputs) + np.arange(len(others))
    captured, made, plain = ([flat.leaves[place] for place in group] for group in groups)
    return numbers, captured, made, plain


def check_leaf(leaf: Neuron, name: str) -> None:
    """Refuse to capture a neuron that is not a leaf of the user's.

    Raises:
        RecordingError: it was computed, or was an argument in an earlier recording.
    """
    if leaf.operation is not None:
        raise RecordingError(
            f"{name} uses {leaf!r}, which was computed outside of it. It would be the same number in every run. "
            "Compute it inside, pass it as an argument, or use a leaf neuron, which is read at every call."
        )
    if leaf.label is OLD_ARGUMENT:
        raise RecordingError(
            f"{name} kept a neuron that was its argument in an earlier recording. In later runs it would be the number "
            "that it was then. Do not keep neurons from one call to the next."
        )
