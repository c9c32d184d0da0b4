"""Files of saved programs, taken apart and put together as the documentation of the format has it."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile


def with_digest(data):
    return data + hashlib.sha256(data).hexdigest().encode()


def signed(data):
    """With the digest of what is there, in place of the one that was."""
    return with_digest(data[:-64])


def seal(members, compression=zipfile.ZIP_STORED, **fields):
    """An archive of members with its digest; or with other fields."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in members.items():
            info = zipfile.ZipInfo(name)
            for field, value in ({"create_system": 3} | fields).items():
                setattr(info, field, value)
            archive.writestr(info, data, compression)
        archive.comment = b"0" * 64
    return signed(file.getvalue())


def members_of(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def with_header(data, change):
    """The file with a program.json that `change` changed."""
    members = members_of(data)
    header = json.loads(members["program.json"])
    change(header)
    return seal(members | {"program.json": json.dumps(header).encode()})
