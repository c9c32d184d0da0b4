"""Arrays in files: NumPy's format 1.0, in the one form of it that is read again."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gograd_compile.errors import ProgramFileError
from gograd_compile.files.archives import Members

__all__ = ["read_array", "write_array"]

HEADER = 128  # bytes before the entries of an array


def write_array(entries: Any, dtype: str) -> bytes:
    """Write an array of one dimension."""
    array = np.asarray(entries).astype(dtype)
    return _header(dtype, len(array)) + array.tobytes()


def read_array(members: Members, name: str, dtype: str) -> NDArray[Any]:
    """Take an array out of `members`: a copy, in the byte order of this machine.

    Raises:
        ProgramFileError: there is no such array, or it has another form.
    """
    data = members.pop(f"{name}.npy", b"")
    count, odd = divmod(len(data) - HEADER, np.dtype(dtype).itemsize)
    if odd or not data.startswith(_header(dtype, count)):
        raise ProgramFileError(f"the array {name!r} is missing or has the wrong form")
    return np.frombuffer(data, dtype, offset=HEADER).astype(np.dtype(dtype).newbyteorder("="))


def _header(dtype: str, count: int) -> bytes:
    """Give what comes before the entries."""
    text = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': ({count},), }}"
    return b"\x93NUMPY\x01\x00" + (HEADER - 10).to_bytes(2, "little") + text.ljust(HEADER - 11).encode() + b"\n"
