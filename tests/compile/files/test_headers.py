"""What program.json says, and operations that are not there."""

from __future__ import annotations

import importlib.metadata

import pytest

from archives import members_of, seal, with_header
from gograd_compile.errors import ProgramFileError
from gograd_compile.files.storage import from_bytes, to_bytes
from gograd_core import Registry

pytestmark = pytest.mark.any_engine

INSTALLED = importlib.metadata.version("gograd-ops-extra")


class TestOperations:
    def load_with(self, program, **facts):
        """Load with other facts about tanh."""

        def change(header):
            (saved,) = (saved for saved in header["operations"] if saved["name"] == "tanh")
            saved.update(facts)

        return from_bytes(with_header(to_bytes(program, "f"), change))

    def test_a_plugin_that_is_not_installed(self, program):
        message = "needs .*'tanh' of gograd-missing 2.0, .*; gograd-missing is not installed.*gograd-missing==2.0$"
        with pytest.raises(ProgramFileError, match=message):
            self.load_with(program, distribution="gograd-missing", version="2.0")

    def test_a_plugin_that_is_not_loaded(self, program):
        data = to_bytes(program, "f")
        message = (
            f"it was not loaded: gograd-ops-extra {INSTALLED} .*blocked: by the argument block. Load that plugin first$"
        )
        with Registry(block=["gograd-ops-extra"]), pytest.raises(ProgramFileError, match=message):
            from_bytes(data)

    def test_another_version(self, program):
        message = f"'tanh' of gograd-ops-extra 9.9, with 1 .*installed: tanh .gograd-ops-extra {INSTALLED}.*extra==9.9$"
        with pytest.raises(ProgramFileError, match=message):
            self.load_with(program, version="9.9")

    def test_another_number_of_inputs(self, program):
        with pytest.raises(ProgramFileError, match=r"with 3 input.*installed: tanh .*with 1 input"):
            self.load_with(program, inputs=3)
        with pytest.raises(ProgramFileError, match="needs the operation 'tanh'"):
            self.load_with(program, variadic=True)

    def test_a_name_that_the_plugin_does_not_have(self, program):
        with pytest.raises(ProgramFileError, match=f"'tanhh' of gograd-ops-extra {INSTALLED}.*which does not have it"):
            self.load_with(program, name="tanhh")

    @pytest.mark.parametrize(
        "facts", [{"distribution": "x; rm -rf ~"}, {"version": "1 --index-url evil"}, {"distribution": "-r"}]
    )
    def test_no_command_is_made_of_what_a_file_says(self, program, facts):
        with pytest.raises(ProgramFileError, match="comes from something that is not a distribution"):
            self.load_with(program, **facts)

    @pytest.mark.parametrize("facts", [{"name": 1}, {"inputs": "1"}, {"inputs": True}, {"variadic": 0}, {"more": 1}])
    def test_other_facts_than_there_should_be(self, program, facts):
        with pytest.raises(ProgramFileError, match="not described as it should be"):
            self.load_with(program, **facts)


def put(**entries):
    """Changes program.json."""
    return lambda header: header.update(entries)


def put_in_tape(**entries):
    """Changes the first tape."""
    return lambda header: header["tapes"][0].update(entries)


# What is done to program.json, and what is said of it.
WRONG = {
    "another version": (put(version=2), "has version 2 of the format; only 1 can be read"),
    "another format": (put(format="other"), "not a saved program"),
    "an entry more": (put(more=1), "not the expected ones"),
    "an entry less": (lambda header: header.pop("tapes"), "not the expected ones"),
    "no name": (put(name=None), "have other types"),
    "a name that controls a terminal": (put(name="\x1b[2J"), "cannot be printed"),
    "a name that is no text": (put(name="\ud800"), "cannot be printed"),
    "lines that are numbers": (put(lines=[1, 2]), "have other types"),
    "lines in a dict": (put(lines={}), "have other types"),
    "a line of two lines": (lambda header: header["lines"].__setitem__(0, "model.py:3\nin f"), "cannot be printed"),
    "a line less": (lambda header: header["lines"].pop(), "not in the lists"),
    "a label more": (lambda header: header["captured"].append("w"), "differs from the number of labels"),
    "a label that is a number": (lambda header: header["captured"].__setitem__(0, 1.0), "have other types"),
    "no tapes": (lambda header: header["tapes"].clear(), "no tape"),
    "a tape less": (
        lambda header: header["tapes"].pop(),
        "it has unknown members: 'tape1/operations.npy', .* .15 in all",
    ),
    "a tape more": (lambda header: header["tapes"].append(header["tapes"][0]), "'tape2/operations' is missing"),
    "a tape without a result": (
        lambda header: header["tapes"][0].pop("result"),
        "a tape has other entries than arguments, result",
    ),
    "a tape without truths": (
        lambda header: header["tapes"][0].pop("truths"),
        "a tape has other entries than .* truths",
    ),
    "truths that are 0": (put_in_tape(truths=0), "the entry truths of a tape is neither true nor false"),
    "truths that are nothing": (put_in_tape(truths=None), "the entry truths of a tape is neither true nor false"),
    "a gradient that the result does not have": (put_in_tape(gradient=0), "the entry gradient of a tape does not fit"),
    "a gradient by no argument": (put_in_tape(gradient=2), "the entry gradient of a tape does not fit"),
    "a gradient by one argument twice": (put_in_tape(gradient=[1, 1]), "the entry gradient of a tape does not fit"),
    "a gradient by a truth value": (put_in_tape(gradient=True), "the entry gradient of a tape does not fit"),
    "fewer arguments": (put_in_tape(result="number", arguments="number"), "number of arguments"),
    "more arguments": (put_in_tape(arguments={"array": [2**31 - 1]}), "number of arguments"),
    "more results": (put_in_tape(result={"array": [2]}), "number of outputs"),
    "a class of Python's": (put_in_tape(result={"class": ["os"]}), "no list, tuple|invalid 'class'"),
    "an operation in place of another": (
        lambda header: header["operations"].__setitem__(1, header["operations"][0]),
        "program.json has an operation twice: '",
    ),
    "an operation in two versions": (
        lambda header: header["operations"].append(header["operations"][0] | {"version": "9"}),
        "program.json has an operation twice: '",
    ),
    "no operations": (lambda header: header["operations"].clear(), "not in the lists"),
}


class TestHeader:
    @pytest.mark.parametrize(("change", "message"), WRONG.values(), ids=WRONG)
    def test_is_checked(self, program, change, message):
        data = with_header(to_bytes(program, "f"), change)
        with pytest.raises(ProgramFileError, match=message):
            from_bytes(data)

    TEXTS = (
        "",
        "{",
        "null",
        "[]",
        "[" * 100_000,
        '{"format": NaN}',
        '{"name": "a", "name": "a"}',
        '{"version": 1e999}',
        "9" * 5000,
        b"\xff",
    )

    @pytest.mark.parametrize("text", TEXTS, ids=lambda text: repr(text[:20]))
    def test_must_be_json(self, program, text):
        members = members_of(to_bytes(program, "f")) | {"program.json": text}
        with pytest.raises(ProgramFileError, match="program.json is missing or invalid|not a saved program"):
            from_bytes(seal(members))
