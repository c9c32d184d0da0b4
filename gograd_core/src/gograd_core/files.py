"""Reads files that may be anything, and writes files so that no half of one is ever there.

Only regular files are read, and only up to a size. What is written takes the place of an existing file in one step.
"""

from __future__ import annotations

import os
import secrets
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

__all__ = ["RefusedError", "read_file", "write_file"]

FLAGS = os.O_RDONLY
for _name in ("O_NONBLOCK", "O_CLOEXEC", "O_BINARY"):  # so opening a pipe without a writer does not block
    FLAGS |= getattr(os, _name, 0)


class RefusedError(Exception):
    """A file is refused. The message says why."""


def read_file(
    path: str | os.PathLike[str],
    most: int,
    *,
    flags: int = 0,
    complaint: Callable[[os.stat_result], str] = lambda status: "",
) -> bytes:
    """Read a file.

    Args:
        path: the path of the file.
        most: how many bytes it may have.
        flags: more flags for `os.open`.
        complaint: returns the reason to refuse a file with that status, or "".

    Raises:
        RefusedError: it is not a file, there is a complaint, or it has more bytes.
        OSError: it cannot be opened or read.
    """
    handle = os.open(path, FLAGS | flags)
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise RefusedError("it is not a file")
        if why := complaint(status):
            raise RefusedError(f"it {why}")
        if status.st_size > most:
            raise RefusedError(f"it has {status.st_size} bytes, and may have {most}")
        with open(handle, "rb", closefd=False) as file:
            return file.read(most)
    finally:
        os.close(handle)


def write_file(path: str | os.PathLike[str], data: bytes) -> None:
    """Write a file. An existing file is replaced after everything has been written.

    Raises:
        OSError: it cannot be written. An existing file is unchanged.
        RefusedError: the path is that of a directory, a device or a pipe, which must not be replaced.
    """
    target = Path(os.path.realpath(path))  # a link stays one
    if target.exists() and not target.is_file():
        raise RefusedError("it is not a file")
    beside = target.with_name(f"gograd_{secrets.token_hex(8)}.new")
    try:
        with beside.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            shutil.copymode(target, beside)
        beside.replace(target)
    except OSError as error:
        raise OSError(error.errno, error.strerror, os.fspath(path)) from None  # and not of the file beside it
    finally:
        beside.unlink(missing_ok=True)
