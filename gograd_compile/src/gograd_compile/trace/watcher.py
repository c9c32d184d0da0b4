"""Watches a function while it is recorded: notes its questions about numbers, and refuses what a tape cannot hold."""

from __future__ import annotations

import contextlib
import dis
import functools
import math
import os
import sys
from collections.abc import Container, Mapping, Sequence
from types import CodeType, FrameType
from typing import TYPE_CHECKING, Any, NoReturn

from gograd_compile.errors import RecordingError
from gograd_core import DomainError, Neuron
from gograd_core.extend import (
    domain_errors_raise,
    error_code,
    errors_ignored,
    errors_matter,
    followed_inputs,
    next_stamp,
    running_line,
)

if TYPE_CHECKING:
    from gograd_core.extend import Flat

__all__ = ["AWAITED", "NOT_ASKED", "NO_ERRORS", "Answers", "Question", "Raising", "Watcher", "WatcherWithoutNumbers"]

Answers = Sequence[tuple[str, float, int]]
"""What was asked (one of `GUARDS`, or AWAITED), the answer, and the number's place in the order of making."""
AWAITED = "awaited"
"""Like "unused", for an operation whose error the function may catch."""
NOT_ASKED = "unused", AWAITED
"""The kinds of guards that are not questions of the function."""
Raising = Mapping[int, DomainError]
NO_ERRORS: Raising = {}
Question = tuple[Neuron, str, int, int, str]
"""The number, what is asked, the answer, when, and at which line."""

NEVER_CATCH = (
    *(os.path.dirname(sys.modules[name].__file__ or "") + os.sep for name in ("gograd_core", "gograd_compile")),
    contextlib.__file__,
)
"""Code that keeps no error to itself. Others of gograd's packages may, such as one that looks for a root."""


class Watcher:
    """A recorder that notes what decides which operations run, and refuses what a tape cannot hold."""

    def __init__(
        self, name: str, answers: Answers, ends: CodeType, *, with_lines: bool = False, missing: Container[int] = (),
        raising: Raising = NO_ERRORS,
    ) -> None:  # fmt: skip
        self.name = name
        self.ends = ends  # the code that runs the function: frames above it are not the user's
        self.since = 0
        self.ahead = [answer for answer in reversed(answers) if answer[0] not in NOT_ASKED]
        self.given: list[bool] = []
        self.with_lines = with_lines
        self.missing = missing
        self.raising = raising
        self.first: dict[Any, int] = {}
        self.same: dict[int, int] = {}
        self.raised: set[int] = set()  # where an error of compiled code was raised
        self.notes_lines = with_lines or bool(missing)
        self.wants_nodes = self.notes_lines or bool(raising)
        self.asked: list[Question] = []
        self.operations: list[Question] = []  # operations whose result nobody may use
        self.lines: dict[int, str] = {}
        self.ignored: set[int] = set()
        self.failures: list[str] = []
        self.failed_before = 0  # the last question

    def guard(self, neuron: Neuron, kind: str, outcome: int) -> int:
        line = source_line(self.ends)
        if kind == "domain" and self.notes_lines:
            self.lines[neuron._stamp] = line
        answer = self.next_answer(kind, neuron._stamp - self.since)
        self.given.append(answer is not None)
        self.failed_before = len(self.failures)
        if answer is not None:
            if not math.isfinite(answer):
                self.refuse(f"{line}: {kind}() of a number is {answer} in compiled code, which is not an integer")
            outcome = int(answer)
        self.asked.append((neuron, kind, outcome, next_stamp(), line))
        return outcome

    def next_answer(self, kind: str, place: int) -> float | None:
        """Return the answer to this question. It is None if there is none, or the function asks something else.

        An answer that an operation raises no error is skipped if Python finds no error there either.
        """
        ahead = self.ahead
        while ahead and ahead[-1][:2] == ("domain", 0) and (kind != "domain" or ahead[-1][2] != place):
            ahead.pop()
        if ahead and ahead[-1][0] == kind and (kind != "domain" or ahead[-1][2] == place):
            return ahead.pop()[1]
        ahead.clear()
        return None

    def expects_error(self, place: int) -> bool:
        """Say whether the next answer is that an operation raises an error."""
        for kind, answer, where in reversed(self.ahead):
            if kind != "domain" or answer != 0 or where == place:
                return kind == "domain" and answer != 0 and where == place
        return False

    def made(self, neuron: Neuron) -> None:
        place = neuron._stamp - self.since
        error = self.error_of(neuron, place) if self.raising else None
        if error is not None and not (self.expects_error(place) or self.same[neuron._stamp] in self.raised):
            error = None  # the function does something else than where compiled code raised the error
        code = 0
        if error is not None and domain_errors_raise() and is_in_try(self.ends):
            code = self.guard(neuron, "domain", error_code(error.operation, error.inputs))
        if error is not None and code:
            self.raised.add(self.same[neuron._stamp])
            raise type(error)(error.fact, operation=error.operation, inputs=lambda: followed_inputs(neuron))
        if not self.with_lines and place not in self.missing:
            return
        self.lines[neuron._stamp] = line = source_line(self.ends)
        if errors_ignored():
            self.ignored.add(neuron._stamp)
        if errors_matter():
            kind = AWAITED if is_in_try(self.ends) else "unused"
            self.operations.append((neuron, kind, 0, neuron._stamp, line))

    def error_of(self, neuron: Neuron, place: int) -> DomainError | None:
        """Find the error that compiled code raises for a neuron, or for an earlier equal one."""
        entries = [
            entry.hex() if type(entry) is float else self.same.get(entry._stamp, entry._stamp)  # type: ignore[union-attr]
            for entry in neuron._constituents
        ]
        first = self.first.setdefault((neuron._operation, *entries), neuron._stamp)
        self.same[neuron._stamp] = first
        return self.raising.get(first - self.since) or self.raising.get(place)

    def ask_for_unused(self, flat: Flat) -> bool:
        """Note the operations whose result nobody uses, whose errors count too. Says whether there are any."""
        used = set(flat.stamps)
        unused = {question[3]: question for question in self.operations if question[3] not in used}
        self.asked = sorted([*self.asked, *unused.values()], key=lambda question: question[3])
        return bool(unused)

    def failed(self) -> None:
        self.failures.append(
            f"{source_line(self.ends)}: {self.name} catches an error that numbers caused. Later runs cannot find out "
            "where else it arises. Decide with a comparison, or with where, before."
        )

    def read(self, _: Neuron, attribute: str) -> NoReturn:
        use = "writes a neuron into a text" if attribute == "__format__" else f"uses .{attribute} of a neuron"
        instead = {
            "value": "Use stop_gradient(x), the same number without its derivative, which stays an input.",
            "grad": "Return what depends on it, and differentiate the compiled function.",
            "backward": "Differentiate the compiled function, or use gograd_core.grad inside it.",
            "__format__": "Make the text from what the compiled function returns.",
        }[attribute]
        self.refuse(
            f"{source_line(self.ends)}: {self.name} {use} while it is recorded. That number "
            f"would be a constant in every later run. {instead}"
        )

    def refuse(self, why: str) -> NoReturn:
        """Raise an error that makes the recording fail, even if it is caught."""
        self.failures.append(why)
        raise RecordingError(why)


class WatcherWithoutNumbers(Watcher):
    """A watcher of a function that runs without numbers. The first decision on a number is an error."""

    decided = ""

    def guard(self, _neuron: Neuron, kind: str, outcome: int) -> int:
        if kind == "finite":  # rounding asks for that
            return outcome
        self.decided = self.decided or f"{source_line(self.ends)}: {kind}() of a number decides"
        raise RecordingError(self.decided)


def is_in_try(end: CodeType) -> bool:
    """Say whether the user may catch an error that is raised here. `end` is the code that runs the function."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code is not end:
        may_catch = not frame.f_code.co_filename.startswith(NEVER_CATCH)
        if may_catch and any(begin <= frame.f_lasti < until for begin, until in _caught(frame.f_code)):
            return True
        frame = frame.f_back
    return False


@functools.lru_cache(maxsize=1024)
def _caught(code: CodeType) -> list[tuple[int, int]]:
    """Find the ranges of instructions whose errors are caught."""
    entries: Any = dis.Bytecode(code).exception_entries  # type: ignore[attr-defined]
    return [(entry.start, entry.end) for entry in entries]


def source_line(end: CodeType) -> str:
    """Find the line of the user's source that is running: "model.py:12 in loss". It is "" if only gograd runs.

    `end` is the code that runs the user's function.
    """
    line = running_line(end)
    return "" if line is None else str(line)
