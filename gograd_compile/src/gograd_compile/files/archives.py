"""Archives with a digest. Every byte of one follows from what is in it."""

from __future__ import annotations

import hashlib
import io
import os
import secrets
import shutil
import zipfile
from pathlib import Path

from gograd_compile.errors import ProgramFileError
from gograd_compile.quoting import readable

__all__ = ["Members", "read_archive", "write_archive", "write_file"]

Members = dict[str, bytes]
DIGEST = 64  # hexadecimal digits


def write_archive(members: Members) -> bytes:
    """Make the archive. Its comment is the digest of all bytes before it. The same members give the same bytes."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, data in members.items():
            info = zipfile.ZipInfo(name)  # of 1980, whenever it was written
            info.create_system = 3  # wherever it was written
            archive.writestr(info, data)
        archive.comment = bytes(DIGEST)
    data = file.getvalue()[:-DIGEST]
    return data + hashlib.sha256(data).hexdigest().encode()


def read_archive(data: bytes) -> Members:
    """Read what is in an archive.

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


def write_file(path: str | os.PathLike[str], data: bytes) -> None:
    """Write a file. If one exists, it is replaced after everything has been written.

    Raises:
        OSError: it cannot be written; then what was there is there still.
        ProgramFileError: what is there is a directory, a device or a pipe, which no file should take the place of.
    """
    target = Path(os.path.realpath(path))  # a link stays one
    if target.exists() and not target.is_file():
        raise ProgramFileError(f"{path}: it is not a file")
    beside = target.with_name(f"gograd_{secrets.token_hex(8)}.new")
    try:
        with beside.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            shutil.copymode(target, beside)
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)
