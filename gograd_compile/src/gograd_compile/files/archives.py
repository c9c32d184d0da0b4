"""Archives with a digest, and arrays in them. Every byte of an archive follows from its contents."""

from __future__ import annotations

import hashlib
import io
import zipfile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gograd_compile.errors import ProgramFileError
from gograd_compile.quoting import readable

__all__ = ["Members", "read_archive", "read_array", "write_archive", "write_array"]

Members = dict[str, bytes]
DIGEST = 64  # hexadecimal digits
HEADER = 128  # bytes before the entries of an array


def write_archive(members: Members) -> bytes:
    """Make an archive. Its comment is the digest of all bytes before it. Equal members give equal bytes."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, data in members.items():
            info = zipfile.ZipInfo(name)  # with the date of 1980
            info.create_system = 3  # Unix, on every system
            archive.writestr(info, data)
        archive.comment = bytes(DIGEST)
    data = file.getvalue()[:-DIGEST]
    return data + hashlib.sha256(data).hexdigest().encode()


def read_archive(data: bytes) -> Members:
    """Read the members of an archive.

    Raises:
        ProgramFileError: it is not a saved program, or was changed.
    """
    if hashlib.sha256(data[:-DIGEST]).hexdigest().encode() != data[-DIGEST:]:
        raise ProgramFileError("it is not a saved program, or it was changed or cut off since it was saved")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
            if all(info.compress_type == zipfile.ZIP_STORED for info in infos) and sum(
                info.file_size for info in infos
            ) <= len(data):
                members = {info.filename: archive.read(info) for info in infos}
                if write_archive(members) == data:
                    return members
    except Exception as error:  # zipfile raises more kinds of errors than it names
        raise ProgramFileError(f"it is not a valid archive: {readable(str(error))}") from None
    raise ProgramFileError(
        "it is not a valid archive: a file in it is compressed, overlaps with another, is there twice or has "
        "attributes, or something is before or between the files"
    )


def write_array(entries: Any, dtype: str) -> bytes:
    """Write an array of one dimension in NumPy's format 1.0."""
    array = np.asarray(entries).astype(dtype)
    return _header(dtype, len(array)) + array.tobytes()


def read_array(members: Members, name: str, dtype: str) -> NDArray[Any]:
    """Take an array out of `members`, as a copy in the byte order of this machine.

    Raises:
        ProgramFileError: there is no such array, or it does not have the form that `write_array` gives it.
    """
    data = members.pop(f"{name}.npy", b"")
    count, odd = divmod(len(data) - HEADER, np.dtype(dtype).itemsize)
    if odd or not data.startswith(_header(dtype, count)):
        raise ProgramFileError(f"the array {name!r} is missing or has the wrong form")
    return np.frombuffer(data, dtype, offset=HEADER).astype(np.dtype(dtype).newbyteorder("="))


def _header(dtype: str, count: int) -> bytes:
    text = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': ({count},), }}"
    return b"\x93NUMPY\x01\x00" + (HEADER - 10).to_bytes(2, "little") + text.ljust(HEADER - 11).encode() + b"\n"
