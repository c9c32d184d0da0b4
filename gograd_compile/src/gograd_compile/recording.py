"""Runs a function once on neurons of its own, and makes a tape of what it did."""

from __future__ import annotations

import contextlib
import dis
import functools
import math
import os
import sys
from collections.abc import Callable, Container, Mapping, Sequence
from operator import attrgetter
from types import CodeType, FrameType
from typing import TYPE_CHECKING, Any, NoReturn

import attrs
import numpy as np

from gograd_compile.errors import RecordingError
from gograd_compile.tape import DOMAIN, GUARDS, Floats, Guards, Integers, Tape
from gograd_compile.trees import Structure, flatten_result
from gograd_core import DomainError, Neuron, engines
from gograd_core.errors import domain_errors_raise, errors_ignored, errors_matter, not_ignored
from gograd_core.recording import observed_by
from gograd_core.trace import nested
from gograd_core.tree import flatten as numbers_of

if TYPE_CHECKING:
    from gograd_core.flat import Flat

__all__ = ["AWAITED", "NO_ERRORS", "Answers", "Raising", "Recording", "record", "source_line", "structure_of_result"]

OLD_ARGUMENT = "argument of an earlier recording"
"""The label of what a function was recorded with: if it occurs in another recording, the function kept it."""

Answers = Sequence[tuple[str, float, int]]
"""What is asked, one of `GUARDS` or AWAITED; the answer; and how much was made before the number that it is about."""
AWAITED = "awaited"
"""As "unused", where the function may catch the error that the operation raises."""
NOT_ASKED = "unused", AWAITED
"""What the function did not ask."""
Raising = Mapping[int, DomainError]
NO_ERRORS: Raising = {}
Question = tuple[Neuron, str, int, int, str]
"""A number, what is asked, the answer, when, and at which line."""

_stamp = attrgetter("_stamp")

OURS = (
    *(os.path.dirname(sys.modules[name].__file__ or "") + os.sep for name in ("gograd_core", "gograd_compile")),
    contextlib.__file__,  # what enters our blocks
)


@attrs.frozen(eq=False)
class Recording:
    """What a function did at one point.

    Attributes:
        structure: how its result is nested.
        tape: every operation that ran.
        values: of each node of the tape, at that point.
        has_truths: whether there are truth values in the result, which have no derivative.
        answers: every question that the function asked, in order, and its answer.
        given: which of these answers were given, whatever Python's numbers say.
        asked_at: when each question was asked, as a place in the order of making.
        error: what the function raised in place of a result; its tape then has what was asked before.
    """

    structure: Structure
    tape: Tape
    values: Floats
    has_truths: bool
    answers: Answers
    given: Integers
    asked_at: Sequence[int]
    error: Exception | None = None


class _Watcher:
    """Told of what decides which operations run, and refuses what a tape cannot hold."""

    def __init__(
        self, name: str, answers: Answers, *, with_lines: bool = False, missing: Container[int] = (),
        raising: Raising = NO_ERRORS,
    ) -> None:  # fmt: skip
        self.name = name
        self.since = 0
        self.ahead = [answer for answer in reversed(answers) if answer[0] not in NOT_ASKED]
        self.given: list[bool] = []
        self.with_lines = with_lines
        self.missing = missing
        self.raising = raising
        self.first: dict[Any, int] = {}
        self.same: dict[int, int] = {}
        self.notes_lines = with_lines or bool(missing)
        self.wants_nodes = self.notes_lines or bool(raising)
        self.asked: list[Question] = []
        self.operations: list[Question] = []  # of which nobody may use the result
        self.lines: dict[int, str] = {}
        self.ignored: set[int] = set()
        self.failures: list[str] = []

    def guard(self, neuron: Neuron, kind: str, outcome: int) -> int:
        line = source_line()
        if kind == "domain" and self.notes_lines:
            self.lines[neuron._stamp] = line
        answer = self.next_answer(kind, neuron._stamp - self.since)
        self.given.append(answer is not None)
        if answer is not None:
            if not math.isfinite(answer):
                self.refuse(f"{line}: {kind}() of a number is {answer} in compiled code, which is not an integer")
            outcome = int(answer)
        self.asked.append((neuron, kind, outcome, engines.next_stamp(), line))
        return outcome

    def next_answer(self, kind: str, place: int) -> float | None:
        """The answer to this question. None: it has none, nor have those that follow, since this is another path.

        An error that compiled code does not find is a question only where Python finds it.
        """
        ahead = self.ahead
        while ahead and ahead[-1][:2] == ("domain", 0) and (kind != "domain" or ahead[-1][2] != place):
            ahead.pop()
        if ahead and ahead[-1][0] == kind and (kind != "domain" or ahead[-1][2] == place):
            return ahead.pop()[1]
        ahead.clear()
        return None

    def made(self, neuron: Neuron) -> None:
        place = neuron._stamp - self.since
        error = self.error_of(neuron, place) if self.raising else None
        can_be_caught = error is not None and domain_errors_raise() and is_in_try(record.__code__)
        if error is not None and can_be_caught and self.guard(neuron, "domain", 1):
            raise error.with_traceback(None)
        if not self.with_lines and place not in self.missing:
            return
        self.lines[neuron._stamp] = line = source_line()
        if errors_ignored():
            self.ignored.add(neuron._stamp)
        if errors_matter():
            kind = AWAITED if is_in_try(record.__code__) else "unused"
            self.operations.append((neuron, kind, 0, neuron._stamp, line))

    def error_of(self, neuron: Neuron, place: int) -> DomainError | None:
        """What compiled code raises for a neuron, or for an earlier one that is the same operation of the same."""
        entries = [
            entry.hex() if type(entry) is float else self.same.get(entry._stamp, entry._stamp)  # type: ignore[union-attr]
            for entry in neuron._constituents
        ]
        first = self.first.setdefault((neuron._operation, *entries), neuron._stamp)
        self.same[neuron._stamp] = first
        return self.raising.get(first - self.since) or self.raising.get(place)

    def ask_for_unused(self, flat: Flat) -> bool:
        """Note the operations whose result nobody uses: their errors are raised all the same. Whether there are any."""
        used = set(flat.stamps)
        unused = [question for question in self.operations if question[0]._stamp not in used]
        self.asked = sorted([*self.asked, *unused], key=lambda question: question[3])
        return bool(unused)

    def failed(self) -> None:
        self.failures.append(
            f"{source_line()}: {self.name} catches an error that numbers led to: where else it arises cannot be found "
            "out in later runs. Decide by a comparison, or with where, before."
        )

    def read(self, _: Neuron, attribute: str) -> NoReturn:
        instead = {
            "value": "Use stop_gradient(x), the same number without its derivative, which stays an input.",
            "grad": "Return what depends on it, and differentiate the compiled function.",
            "backward": "Differentiate the compiled function, or use gograd_core.grad inside it.",
        }[attribute]
        self.refuse(
            f"{source_line()}: {self.name} uses .{attribute} of a neuron while it is recorded: that number would be "
            f"taken for a constant in every later run. {instead}"
        )

    def refuse(self, why: str) -> NoReturn:
        """Raise an error that makes the recording fail, whoever catches it."""
        self.failures.append(why)
        raise RecordingError(why)


def record(
    f: Callable[..., Any], arguments: Structure, numbers: Floats, name: str, answers: Answers = (), *,
    with_lines: bool = False, with_places: bool = False, missing: Container[int] = (), raising: Raising = NO_ERRORS,
) -> Recording:  # fmt: skip
    """What `f` does with these numbers, nested as `arguments` says.

    Args:
        answers: to the first questions that it asks about numbers, whatever these are. Where an error is raised that
            is not among them, it is not answered.
        with_lines: take down where in the user's source each operation ran; that is slow.
        with_places: take down as its line where in the order of making each operation ran.
        raising: errors that operations raise in compiled code alone, by their places in the order of making.
        missing: which neurons nobody used that were made in an earlier recording, as places in the order of making.

    Raises:
        RecordingError: it does what cannot be recorded; or returns what is no number.
        Whatever `f` raises, if all that it asked was answered.
    """
    watcher = _Watcher(name, answers, with_lines=with_lines, missing=missing, raising=raising)
    inputs = list(map(Neuron, numbers.tolist()))
    since = watcher.since = engines.next_stamp()
    raised: Exception | None = None
    result: Any = ()
    until = since
    try:

        def run(*neurons: Any) -> tuple[Any, int]:
            return f(*neurons), engines.next_stamp()

        result, until = nested().run(observed_by(watcher).run, not_ignored().run, run, *arguments.build(inputs))
    except Exception as error:
        if watcher.failures or all(watcher.given):
            raise
        raised = error
    finally:
        for neuron in inputs:
            neuron.label = OLD_ARGUMENT
    if watcher.failures:
        raise RecordingError(watcher.failures[0])
    try:
        entries, structure = flatten_result(result, f"the result of {name}")
    except TypeError as error:
        raise RecordingError(str(error)) from None
    has_truths = any(isinstance(number, bool) for number in numbers_of(result)[0])
    outputs = [entry if type(entry) is Neuron else Neuron(entry) for entry in entries]
    flat = engines.flatten([*outputs, *(neuron for neuron, *_ in watcher.asked)], since)
    if watcher.notes_lines:
        if watcher.ask_for_unused(flat):
            flat = engines.flatten([*outputs, *(neuron for neuron, *_ in watcher.asked)], since)
    elif missing := _missing(flat, since, until, len(watcher.asked)):
        return record(f, arguments, numbers, name, answers, with_places=with_places, missing=missing, raising=raising)
    tape, values = _tape(flat, inputs, since, len(outputs), watcher, name)
    asked = tuple((kind, outcome, neuron._stamp - since) for neuron, kind, outcome, *_ in watcher.asked)
    answered = iter(watcher.given)
    given = np.array([kind not in NOT_ASKED and next(answered) for kind, *_ in asked], dtype=np.bool_)
    asked_at = [when - since for _, _, _, when, _ in watcher.asked]
    tape = _with_lines(tape, flat, watcher) if with_lines else tape
    tape = _with_places(tape, flat, since) if with_places else tape
    return Recording(structure, tape, values, has_truths, asked, given, asked_at, raised)


def _missing(flat: Flat, since: int, until: int, asked: int) -> frozenset[int]:
    """The places of neurons that may have been made and are not in the graph: a neuron takes a stamp, or a question."""
    stamps = np.frombuffer(flat.stamps, np.int64)
    stamps = stamps[(stamps > since) & (stamps < until)] - since
    if len(stamps) + asked >= until - since - 1:
        return frozenset()
    return frozenset(np.setdiff1d(np.arange(1, until - since), stamps).tolist())


def structure_of_result(f: Callable[..., Any], arguments: Structure, name: str) -> Structure:
    """How the result of `f` is nested at every point: it is run without numbers, and may not decide by any.

    Raises:
        ValueError: it does, or does not run so.
    """
    watcher = _WithoutNumbers(name, ())
    inputs = [Neuron(np.nan) for _ in range(arguments.size)]
    try:
        result = nested().run(observed_by(watcher).run, f, *arguments.build(inputs))
        reason: Any = watcher.decided
        if not reason:
            return flatten_result(result, f"the result of {name}")[1]
    except Exception as error:
        reason = watcher.decided or error
    raise ValueError(
        f"there are no points, and how {name} nests its result cannot be found out without them: {reason}. Call it "
        "at a point first, or leave out empty batches"
    )


class _WithoutNumbers(_Watcher):
    """Of a function that is given no numbers: the first decision by one is an error."""

    decided = ""

    def guard(self, _neuron: Neuron, kind: str, _outcome: int) -> NoReturn:
        self.decided = self.decided or f"{source_line()}: {kind}() of a number decides"
        raise RecordingError(self.decided)


def _with_lines(tape: Tape, flat: Flat, watcher: _Watcher) -> Tape:
    """The tape with what the watcher took down; what the function ignores shows only where its caller does not."""
    stamps = flat.stamps[len(flat.leaves) :]
    texts = [watcher.lines.get(stamp) for stamp in stamps]
    if None in texts:
        raise RecordingError(
            f"{watcher.name} computes in another thread, where it cannot be noted which way comparisons turn out"
        )
    places = {text: place for place, text in enumerate(dict.fromkeys(texts))}
    line_of = np.array([places[text] for text in texts], dtype=np.int32)
    ignored = np.array([stamp in watcher.ignored for stamp in stamps if domain_errors_raise()], dtype=np.uint8)
    return attrs.evolve(tape, lines=tuple(map(str, places)), line_of=line_of, ignored=ignored)


def _with_places(tape: Tape, flat: Flat, since: int) -> Tape:
    places = [str(stamp - since) for stamp in flat.stamps[len(flat.leaves) :]]
    return attrs.evolve(tape, lines=tuple(places), line_of=np.arange(len(places), dtype=np.int32))


def _tape(
    flat: Flat, inputs: Sequence[Neuron], since: int, outputs: int, watcher: _Watcher, name: str
) -> tuple[Tape, Floats]:
    number, captured, made_inside = _classified(flat, inputs, since, name)
    constants = np.concatenate([[leaf._value for leaf in made_inside], np.frombuffer(flat.constants)])
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
    engines.read_values(inputs, values[: len(inputs)])  # of which flat.values lacks those not used
    values[first:leaves] = constants
    values[moved[len(flat.constants) :]] = np.frombuffer(flat.values)
    return tape, values


def _classified(
    flat: Flat, inputs: Sequence[Neuron], since: int, name: str
) -> tuple[Integers, list[Neuron], list[Neuron]]:
    """The numbers of the nodes for the leaves; which of them are captured, and which were made inside."""
    leaf_stamps = np.frombuffer(flat.stamps, np.int64)[: len(flat.leaves)]
    stamps = np.fromiter(map(_stamp, inputs), np.int64, len(inputs))
    order = np.argsort(stamps, kind="stable")
    places = np.searchsorted(stamps, leaf_stamps, sorter=order)
    numbers = np.append(order, len(inputs))[places]
    others = np.flatnonzero(np.append(stamps, -1)[numbers] != leaf_stamps)
    for place in others.tolist():
        _check_leaf(flat.leaves[place], name)
    are_new = leaf_stamps[others] >= since
    captured, made_inside = others[~are_new], others[are_new]
    numbers[np.concatenate([captured, made_inside])] = len(inputs) + np.arange(len(others))
    return numbers, [flat.leaves[place] for place in captured], [flat.leaves[place] for place in made_inside]


def _check_leaf(leaf: Neuron, name: str) -> None:
    if leaf.operation is not None:
        raise RecordingError(
            f"{name} uses {leaf!r}, which was computed outside of it: as a number it would be the same in every "
            "run. Compute it inside, pass it as an argument, or use a leaf neuron, which is read at every call."
        )
    if leaf.label is OLD_ARGUMENT:
        raise RecordingError(
            f"{name} uses a neuron that was its argument in an earlier recording, and was kept: in later runs it "
            "would be the number that it was then. Keep no neurons from one call to the next."
        )


def is_in_try(end: CodeType) -> bool:
    """Whether an error that is raised here may be caught by the user, below the function with this code."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code is not end:
        is_ours = frame.f_code.co_filename.startswith(OURS)
        if not is_ours and any(begin <= frame.f_lasti < until for begin, until in _caught(frame.f_code)):
            return True
        frame = frame.f_back
    return False


@functools.lru_cache(maxsize=1024)
def _caught(code: CodeType) -> list[tuple[int, int]]:
    """Which instructions something waits for the errors of."""
    entries: Any = dis.Bytecode(code).exception_entries  # type: ignore[attr-defined]
    return [(entry.start, entry.end) for entry in entries]


def source_line() -> str:
    """Where in the user's source this happens: "model.py:12 in loss"; "" if gograd does it by itself, in a sweep."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(OURS):
        if frame.f_code is record.__code__:
            return ""
        frame = frame.f_back
    if frame is None:
        return ""
    return f"{os.path.basename(frame.f_code.co_filename)}:{frame.f_lineno} in {frame.f_code.co_name}"
