"""The lines of the user's program: which one made a neuron, and which frames are gograd's own.

While `trace` is in force, a neuron keeps the code that was running and the instruction in it. Only when somebody asks
does this become a line.
"""

from __future__ import annotations

import contextlib
import itertools
import linecache
import os
import sys
from types import CodeType, FrameType
from typing import Any

import attrs

from gograd_core.settings import Block, now, observers

__all__ = [
    "Line",
    "Origin",
    "ignoring",
    "is_library",
    "line_at",
    "origin",
    "running_line",
    "trace",
    "unwatched",
    "user_frame",
    "watching",
    "watching_at",
]

Origin = tuple[CodeType, int]
"""A code, and the offset of an instruction in it."""

PACKAGES = (
    "gograd",
    "gograd_compile",
    "gograd_core",
    "gograd_draw",
    "gograd_nn",
    "gograd_ops_basic",
    "gograd_ops_extra",
    "gograd_ops_solve",
    "gograd_ops_special",
)
"""gograd's own packages. What they run is never the user's line."""

libraries: dict[str, bool] = {contextlib.__file__: True}  # which enters gograd's blocks
"""Whether a file is gograd's own, for every file that was asked about."""


@attrs.frozen
class Line:
    """A place in a program. Its text is "model.py:12 in loss".

    Attributes:
        filename: the file, as Python knows it.
        number: the line, counted from 1.
        function: the name of the function.
        column: where in the line the expression begins, counted from 0 in bytes of UTF-8, as Python does; None if
            Python does not know.
        end_number: the line in which the expression ends; None if Python does not know.
        end_column: the column after its end; None if Python does not know.
    """

    filename: str
    number: int
    function: str
    column: int | None = None
    end_number: int | None = None
    end_column: int | None = None

    @property
    def path(self) -> str:
        """The file relative to the current directory, if it is below; otherwise only its name."""
        try:
            path = os.path.relpath(self.filename)
        except (OSError, ValueError):  # there is no current directory, or the file is on another drive
            return os.path.basename(self.filename)
        return os.path.basename(self.filename) if path.startswith(os.pardir) else path

    @property
    def source(self) -> str:
        """The text of the line, without the spaces around it; empty if it cannot be found any more."""
        return linecache.getline(self.filename, self.number).strip()

    @property
    def expression(self) -> str:
        """The part of the line that made the neuron. Without columns, or over several lines, it is all of `source`."""
        line = linecache.getline(self.filename, self.number)
        if self.column is None or self.end_number != self.number:
            return line.strip()
        return line.encode()[self.column : self.end_column].decode(errors="replace")

    def __str__(self) -> str:
        return f"{os.path.basename(self.filename)}:{self.number} in {self.function}"


class trace(Block):
    """A block (or decorator) inside which every new neuron notes the user's line that made it: ``neuron.line``.

    Frames of gograd's own packages do not count: a neuron that a layer made has the line that called the layer. The
    setting holds for the current thread or task. Such blocks may be nested, and may decorate a function.
    """

    def __init__(self) -> None:
        super().__init__(tracing=True)


def watching() -> Any:
    """Return what is to be told of anomalies here and now; None if nothing is."""
    tracing = now().tracing if observers else None
    return None if tracing is None or type(tracing) is bool else tracing


def watching_at(place: str) -> Block:
    """Return a block in which what is to be told of anomalies also says where: "at point 3 of the batch"."""
    watch = watching()
    return Block() if watch is None else Block(tracing=watch.at(place))


def unwatched() -> Block:
    """Return a block for what the engine computes for itself, and judges: nothing in it is noted or reported."""
    return Block(tracing=False)


def ignoring() -> Block:
    """Return a block for what the engine computes for itself: nothing in it is judged, noted or reported."""
    return Block(domain="ignore", tracing=False)


def is_library(filename: str) -> bool:
    """Return whether the code in a file is gograd's own, not the user's."""
    known = libraries.get(filename)
    if known is None:
        modules = [sys.modules[name] for name in PACKAGES if name in sys.modules]
        folders = tuple(os.path.join(path, "") for module in modules for path in getattr(module, "__path__", ()))
        known = libraries[filename] = filename.startswith(folders)
    return known


def user_frame(frame: FrameType | None, end: CodeType | None = None) -> FrameType | None:
    """Find the innermost frame of the user's, from `frame` outwards.

    Args:
        frame: where to begin.
        end: a code of gograd's that runs the user's function. What is outside of it is not looked at.
    """
    while frame is not None and is_library(frame.f_code.co_filename):
        if frame.f_code is end:
            return None
        frame = frame.f_back
    return frame


def origin() -> Origin | None:
    """Return what the user's program is running; None if only gograd runs."""
    frame: FrameType | None = sys._getframe(2)  # what calls this is gograd's
    while frame is not None:  # as in `user_frame`, written out, since it runs for every neuron
        code = frame.f_code
        known = libraries.get(code.co_filename)
        if known is False or (known is None and not is_library(code.co_filename)):
            return code, frame.f_lasti
        frame = frame.f_back
    return None


def line_at(code: CodeType, instruction: int) -> Line:
    """Find the place in a program to which an instruction belongs."""
    place: Any = next(itertools.islice(code.co_positions(), instruction // 2, None), (None,) * 4)
    number, end_number, column, end_column = place
    if column is None or end_column is None:
        column = end_number = end_column = None
    return Line(code.co_filename, number or code.co_firstlineno, code.co_name, column, end_number, end_column)


def running_line(end: CodeType | None = None) -> Line | None:
    """Return the user's line that is running; None if only gograd runs. See `user_frame` for `end`."""
    frame = user_frame(sys._getframe(1), end)
    return None if frame is None else line_at(frame.f_code, frame.f_lasti)
