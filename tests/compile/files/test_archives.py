"""The archive in which a program is saved: what may be in it, and what else is refused."""

from __future__ import annotations

import io
import re
import zipfile

import numpy as np
import pytest

from archives import members_of, seal, signed, with_digest
from gograd_compile.errors import ProgramFileError
from gograd_compile.files.storage import from_bytes, load_tapes, to_bytes

pytestmark = pytest.mark.any_engine


class TestContainer:
    def test_errors_begin_with_the_path(self, tmp_path):
        path = tmp_path / "program"
        path.write_bytes(b"text")
        with pytest.raises(ProgramFileError, match=f"^{re.escape(str(path))}: it is not a saved program"):
            load_tapes(path)

    def test_a_missing_file_is_a_missing_file(self, tmp_path):
        with pytest.raises(FileNotFoundError):
            load_tapes(tmp_path / "program")

    @pytest.mark.parametrize("data", [b"", b"PK", bytes(64), bytes(1000)])
    def test_other_files(self, data):
        with pytest.raises(ProgramFileError, match="not a saved program"):
            from_bytes(data)

    def test_what_is_no_archive_in_spite_of_its_digest(self):
        with pytest.raises(ProgramFileError, match="not a valid archive"):
            from_bytes(with_digest(b"text"))

    def test_compressed_members(self, program):
        data = seal(members_of(to_bytes(program, "f")), zipfile.ZIP_DEFLATED)
        with pytest.raises(ProgramFileError, match="compressed"):
            from_bytes(data)

    def test_unknown_members(self, program):
        data = seal(members_of(to_bytes(program, "f")) | {"__init__.py": "raise SystemExit"})
        with pytest.raises(ProgramFileError, match="it has unknown members: '__init__.py' .1 in all"):
            from_bytes(data)

    def test_of_many_unknown_members_three_are_named(self, program):
        data = seal(members_of(to_bytes(program, "f")) | {f"x{number}": b"" for number in range(2000)})
        with pytest.raises(ProgramFileError, match=r"members: 'x0', 'x1', 'x2' \(2000 in all\)$"):
            from_bytes(data)

    @pytest.mark.parametrize(
        "fields",
        [
            {"external_attr": 0o120777 << 16},  # a symbolic link
            {"create_system": 0},
            {"date_time": (2026, 1, 1, 0, 0, 0)},
            {"comment": b"text"},
            {"extra": b"\x99\x99\x00\x00"},
        ],
        ids=lambda fields: next(iter(fields)),
    )
    def test_members_with_attributes(self, program, fields):
        with pytest.raises(ProgramFileError, match="has attributes"):
            from_bytes(seal(members_of(to_bytes(program, "f")), **fields))

    def test_something_before_the_archive(self, program):
        with pytest.raises(ProgramFileError, match="something is before"):
            from_bytes(with_digest(b"#!/bin/sh\n" + to_bytes(program, "f")[:-64]))

    def test_two_archives(self, program):
        data = to_bytes(program, "f")
        with pytest.raises(ProgramFileError, match="something is before"):
            from_bytes(with_digest(data + data[:-64]))

    @pytest.mark.parametrize("name", ["program.json", "captured.npy", "tape0/codes.npy", "tape1/guard_lines.npy"])
    def test_missing_members(self, program, name):
        members = members_of(to_bytes(program, "f"))
        del members[name]
        with pytest.raises(ProgramFileError, match="missing"):
            from_bytes(seal(members))

    @pytest.mark.filterwarnings("ignore:Duplicate name")
    def test_members_that_are_there_twice(self, program):
        file = io.BytesIO(to_bytes(program, "f"))
        with zipfile.ZipFile(file, "a") as archive:
            archive.writestr("program.json", archive.read("program.json"))
        with pytest.raises(ProgramFileError, match="twice"):
            from_bytes(signed(file.getvalue()))

    def test_arrays_that_numpy_would_unpickle(self, program):
        file = io.BytesIO()
        np.save(file, np.array([print], dtype=object), allow_pickle=True)
        data = seal(members_of(to_bytes(program, "f")) | {"tape0/constants.npy": file.getvalue()})
        with pytest.raises(ProgramFileError, match="'tape0/constants' is missing or has the wrong form"):
            from_bytes(data)
