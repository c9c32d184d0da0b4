"""The function that paths come from. It can be recorded at any point, as often as needed."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from typing import Any

import attrs
import numpy as np

from gograd_compile.errors import RecordingError
from gograd_compile.nesting.trees import Structure
from gograd_compile.trace.passes import fold_constants, merge_duplicates, remove_dead
from gograd_compile.trace.recording import Recording, record, structure_of_result
from gograd_compile.trace.tape import Floats, Tape
from gograd_compile.trace.watcher import NO_ERRORS, Answers, Raising
from gograd_core import errstate
from gograd_core.extend import ignoring

__all__ = ["Note", "Source", "simplified"]


# The C library of Linux returns the memory of every large array to the system at once, so that each pass would touch
# new pages. Once a larger array was freed, it keeps up to twice as much. No page of this array is ever touched.
np.empty(2**22 - 1024)


@attrs.frozen(eq=False, repr=False)
class Note:
    """A step of the preparation: what was done, how many items it left, and how long it took."""

    what: str
    count: int
    seconds: float


@attrs.frozen(eq=False, repr=False)
class Source:
    """A function, for arguments that are nested in one way.

    Attributes:
        f: the function.
        name: what messages call it.
        structure: how its arguments are nested.
        check: whether to record everything twice, and compare.
        of: if `f` is the value and gradient of another function: that function, and the argument (or arguments) to
            differentiate with respect to. Otherwise None.
    """

    f: Callable[..., Any]
    name: str
    structure: Structure
    check: bool
    of: tuple[Callable[..., Any], int | Sequence[int]] | None = None

    def record(self, numbers: Floats, answers: Answers, raising: Raising = NO_ERRORS) -> tuple[Recording, list[Note]]:
        """Record at this point and simplify the tape, as `record` does. Returns the recording and what was done.

        Raises:
            RecordingError: the function cannot be recorded, or was checked and does not do the same twice.
            Whatever the function raises, as `record` does.
        """
        start = time.perf_counter()
        if self.check:
            recording = self._checked(numbers, answers, raising)
        else:
            recording = record(self.f, self.structure, numbers, self.name, answers, raising=raising)
        notes = [Note("recorded", len(recording.tape.codes), time.perf_counter() - start)]
        return attrs.evolve(recording, tape=simplified(recording, notes)), notes

    def structure_of_result(self) -> Structure:
        """Find how the result is nested, if that is the same at every point.

        Raises:
            ValueError: the function decides on a number, or does not run without numbers.
        """
        return structure_of_result(self.f, self.structure, self.name)

    def place_of(
        self, operation: int, tape: Tape, numbers: Floats, answers: Answers, raising: Raising
    ) -> tuple[int, int] | None:
        """Find the place of an operation of the tape in the order of making, and how many questions came before it.

        It is None if the function does not do the same again.
        """
        again = self._again(numbers, answers, raising, with_places=True)
        placed = simplified(again)
        if not placed.runs_as(tape):
            return None
        place = int(placed.line_of[operation])
        return place, sum(when < place for when in again.asked_at)

    def lined(self, tape: Tape, numbers: Floats, answers: Answers, raising: Raising = NO_ERRORS) -> Tape:
        """Add lines of source to the tape, if recording once more with the same `answers` gives them."""
        for domain in ("raise", "ignore"):  # which of the two was in force then is not known
            with contextlib.suppress(Exception):  # an error of the function now is not the one that is being reported
                again = ignoring().run(
                    errstate(domain=domain).run,
                    lambda: simplified(self._again(numbers, answers, raising, with_lines=True)),
                )
                if again.runs_as(tape):
                    return attrs.evolve(tape, lines=again.lines, line_of=again.line_of, ignored=again.ignored)
        return tape

    def _again(self, numbers: Floats, answers: Answers, raising: Raising, **noting: Any) -> Recording:
        """Record once more what was recorded with these answers."""
        return record(
            self.f, self.structure, numbers, self.name, answers, raising=raising, keeps_error=True, **noting
        )  # fmt: skip

    def _checked(self, numbers: Floats, answers: Answers, raising: Raising) -> Recording:
        from gograd_compile.trace.differences import difference

        first = record(self.f, self.structure, numbers, self.name, answers, with_lines=True, raising=raising)
        again = f"{self.name}, recorded twice with the same arguments,"
        advice = "What changes from call to call must be an argument: random numbers, the time, what it changes itself."
        try:
            second = record(self.f, self.structure, numbers, self.name, answers, with_lines=True, raising=raising)
        except Exception as error:
            raise RecordingError(f"{again} raised {type(error).__name__} the second time: {error}. {advice}") from error
        found = difference(first, second)
        if found:
            raise RecordingError(f"{again} does not do the same: {found}. {advice}")
        return first


def simplified(recording: Recording, notes: list[Note] | None = None) -> Tape:
    """Simplify the tape of a recording with all passes. `notes` gets a note of each."""
    tape = recording.tape
    passes: list[tuple[str, Callable[[Tape], Tape]]] = [
        ("constants folded", lambda tape: fold_constants(tape, recording.values, recording.made)),
        ("dead operations removed", remove_dead),
        ("duplicates merged", merge_duplicates),
    ]
    for what, run in passes:
        start = time.perf_counter()
        tape = run(tape)
        if notes is not None:
            notes.append(Note(what, len(tape.codes), time.perf_counter() - start))
    return tape
