"""Reading files that may be anything: only what is a file is read, and no more of it than there should be."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable

__all__ = ["RefusedError", "read_file"]

FLAGS = os.O_RDONLY
for _name in ("O_NONBLOCK", "O_CLOEXEC", "O_BINARY"):  # a pipe without a writer does not block
    FLAGS |= getattr(os, _name, 0)


class RefusedError(Exception):
    """A file is not what should be read; the message says why."""


def read_file(
    path: str | os.PathLike[str],
    most: int,
    *,
    flags: int = 0,
    complaint: Callable[[os.stat_result], str] = lambda status: "",
) -> bytes:
    """Read a file.

    Args:
        path: of the file.
        most: how many bytes it may have.
        flags: for `os.open`.
        complaint: gives the reason why a file is refused, from what is known of it before it is read.

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
