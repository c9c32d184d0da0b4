"""Files that claim absurd sizes: they are refused before memory is asked for."""

from __future__ import annotations

import io
import json
import random
import struct
import tracemalloc
import zipfile

import pytest

from archives import seal, signed
from gograd_compile.errors import ProgramFileError
from gograd_compile.files.storage import from_bytes
from saved_tapes import MEMBERS, PROGRAM

pytestmark = pytest.mark.any_engine


def npy(text):
    header = text.encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header


def claiming(structure, gradient=None):
    """The file with another nesting of the arguments, in both tapes."""
    header = json.loads(MEMBERS["program.json"])
    for tape in header["tapes"]:
        tape["arguments"], tape["gradient"] = structure, gradient
    return seal(MEMBERS | {"program.json": json.dumps(header).encode()})


def described(times):
    """The file with every operation so many times."""
    header = json.loads(MEMBERS["program.json"])
    header["operations"] *= times
    return seal(MEMBERS | {"program.json": json.dumps(header).encode()})


def enormous_sizes():
    """An archive whose directory says that each member has 4 GB."""
    data = bytearray(PROGRAM)
    place = data.find(b"PK\x01\x02")
    while place >= 0:
        data[place + 20 : place + 28] = struct.pack("<II", 2**32 - 2, 2**32 - 2)
        place = data.find(b"PK\x01\x02", place + 4)
    return signed(bytes(data))


def bomb():
    """A million bytes, of which the directory has a hundred copies."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as opened:
        opened.writestr(zipfile.ZipInfo("bytes"), bytes(10**6))
        (info,) = opened.infolist()
        for number in range(100):
            opened.filelist.append(zipfile.ZipInfo(f"bytes{number}"))
            copy = opened.filelist[-1]
            copy.header_offset, copy.CRC, copy.file_size, copy.compress_size = 0, info.CRC, 10**6, 10**6
        opened.comment = b"0" * 64
    return signed(file.getvalue())


def dictionary():
    """A member that would be unpacked with a dictionary of a gigabyte."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as opened:
        opened.writestr(zipfile.ZipInfo("bytes"), random.Random(0).randbytes(1000), zipfile.ZIP_LZMA)
        opened.comment = b"0" * 64
    data = file.getvalue()
    place = data.index(b"\x05\x00\x5d") + 3  # behind the number of properties, and the first of them
    return signed(data[:place] + struct.pack("<I", 2**30) + data[place + 4 :])


ENORMOUS = {
    "an array of 2**60 entries": lambda: seal(
        MEMBERS
        | {"tape0/codes.npy": npy("{'descr': '<i4', 'fortran_order': False, 'shape': (1152921504606846976,), }\n")}
    ),
    "an array without limits": lambda: seal(MEMBERS | {"tape0/codes.npy": npy("(" * 60_000 + "\n")}),
    "an argument of 2**31 numbers": lambda: claiming({"tuple": [{"array": [2**31 - 1]}, "number"]}),
    "a thousand such": lambda: claiming({"tuple": [{"array": [2**31 - 1]}] * 1000}),
    "the gradient by such": lambda: claiming({"tuple": [{"array": [2**31 - 1]}]}, 0),
    "the gradient by a thousand such": lambda: claiming({"tuple": [{"array": [2**31 - 1]}] * 1000}, [*range(1000)]),
    "an argument of 2**62 numbers": lambda: claiming({"tuple": [{"array": [2**62]}]}),
    "an argument without end": lambda: claiming({"tuple": [{"array": [10**1000]}]}),
    "brackets without end": lambda: seal(MEMBERS | {"program.json": b"[" * 10**6}),
    "operations without end": lambda: described(5_000),
    "sizes of members": enormous_sizes,
    "copies of a member": bomb,
    "a dictionary": dictionary,
}


@pytest.mark.parametrize("make", ENORMOUS.values(), ids=ENORMOUS)
def test_absurd_sizes_are_an_error_before_memory_is_asked_for(make):
    data = make()
    tracemalloc.start()
    try:
        with pytest.raises(ProgramFileError):
            from_bytes(data)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2_000_000 + 20 * len(data)
