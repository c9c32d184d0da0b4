"""Archives with a digest, whose members are neither compressed nor larger than they seem."""

from __future__ import annotations

import hashlib
import io
import zipfile

from gograd_compile.errors import ProgramFileError

__all__ = ["Members", "read_archive", "write_archive"]

Members = dict[str, bytes]
DIGEST = 64  # hexadecimal digits


def write_archive(members: Members) -> bytes:
    """The archive, whose comment is the digest of all bytes before; the same bytes for the same members."""
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
    """What is in an archive.

    Raises:
        ProgramFileError: it is none of ours, or was changed.
    """
    if hashlib.sha256(data[:-DIGEST]).hexdigest().encode() != data[-DIGEST:]:
        raise ProgramFileError("it is no saved program, or it was changed or cut off since it was saved")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
            stored = all(i.compress_type == zipfile.ZIP_STORED and i.compress_size == i.file_size for i in infos)
            if stored and sum(info.file_size for info in infos) <= len(data):
                members = {info.filename: archive.read(info) for info in infos}
                if len(members) == len(infos):
                    return members
    except Exception as error:  # zipfile raises more kinds of errors than it names
        raise ProgramFileError(f"it is no valid archive: {error}") from None
    raise ProgramFileError(
        "it is no valid archive: a file in it is compressed, overlaps with another, or is there twice"
    )
