"""Saved programs: what comes back, the format as it is documented, and what is said where a file does not fit."""

from __future__ import annotations

import hashlib
import importlib.metadata
import io
import json
import re
import zipfile
from collections import namedtuple

import attrs
import numpy as np
import pytest

from gograd_compile.errors import ProgramFileError
from gograd_compile.files import storage
from gograd_compile.files.storage import Recorded, from_bytes, load_tapes, save_tapes, to_bytes
from gograd_compile.nesting.trees import flatten
from gograd_compile.trace.tape import GUARDS, Guards, Tape
from gograd_core import Neuron, Op, Registry, ops, register

pytestmark = pytest.mark.any_engine

INSTALLED = importlib.metadata.version("gograd-ops-extra")


def make_tape(arguments, captured, constants, calls, outputs, guards=()):
    """A tape from calls (operation, nodes) and guards (node, kind, outcome, calls before, line)."""
    operations = tuple(dict.fromkeys(op for op, _ in calls))
    nodes, kinds, outcomes, after, lines = zip(*guards, strict=True) if guards else [()] * 5
    return Tape(
        arguments=arguments,
        captured=captured,
        constants=np.array(constants, dtype=float),
        operations=operations,
        codes=np.array([operations.index(op) for op, _ in calls], dtype=np.int32),
        starts=np.cumsum([0, *(len(inputs) for _, inputs in calls)]),
        inputs=np.array([node for _, inputs in calls for node in inputs], dtype=np.int32),
        outputs=np.array(outputs, dtype=np.int32),
        guards=Guards(
            nodes=np.array(nodes, dtype=np.int32),
            kinds=np.array([GUARDS.index(kind) for kind in kinds], dtype=np.int32),
            outcomes=np.array(outcomes, dtype=float),
            after=np.array(after, dtype=np.int64),
            lines=tuple(lines),
        ),
    )


@pytest.fixture
def weights():
    return Neuron(0.5, label="w"), Neuron(-1.5, label="bias β")


@pytest.fixture
def program(weights):
    """f(x, {"p": p, 3: [q]}) = {"y": [tanh(w x[0]) + dot(x, (p, q))]} or [w * bias] by two paths."""
    w, bias = weights
    arguments = flatten((np.zeros(2), {"p": 1.0, 3: [2.0]}))[1]
    calls = [
        (ops.mul, (0, 4)),
        (ops.tanh, (6,)),
        (ops.less, (7, 5)),
        (ops.dot, (0, 1, 2, 3)),
        (ops.add, (7, 9)),
    ]
    guards = [(2, "index", 2.0, 0, "model.py:3 in f"), (8, "bool", 1.0, 3, "model.py:4 in f")]
    first = make_tape(4, (w,), [2.0], calls, [10], guards)
    other = [(8, "bool", 0.0, 1, "model.py:4 in f")]
    second = make_tape(4, (bias, w), [np.inf], [(ops.less, (6, 5)), (ops.mul, (5, 4))], [7, 7], other)
    second = attrs.evolve(second, guards=attrs.evolve(second.guards, nodes=np.array([7], dtype=np.int32)))
    return [
        Recorded(arguments, flatten({"y": [0.0]})[1], first),
        Recorded(arguments, flatten(np.zeros((2, 1)))[1], second),
    ]


def with_digest(data):
    return data + hashlib.sha256(data).hexdigest().encode()


def seal(members, compression=zipfile.ZIP_STORED, **fields):
    """An archive, with its digest, as the documentation of the format has it; or with other fields."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in members.items():
            info = zipfile.ZipInfo(name)
            for field, value in ({"create_system": 3} | fields).items():
                setattr(info, field, value)
            archive.writestr(info, data, compression)
        archive.comment = b"0" * 64
    return with_digest(file.getvalue()[:-64])


def members_of(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def with_header(data, change):
    """The file with a program.json that `change` changed."""
    members = members_of(data)
    header = json.loads(members["program.json"])
    change(header)
    return seal(members | {"program.json": json.dumps(header)})


def assert_same_tape(found, expected):
    assert found.arguments == expected.arguments
    assert all(one is other for one, other in zip(found.operations, expected.operations, strict=True))
    for one, other in ((found, expected), (found.guards, expected.guards)):
        for name, array in attrs.asdict(other, recurse=False).items():
            if isinstance(array, np.ndarray):
                np.testing.assert_array_equal(getattr(one, name), array)
                assert getattr(one, name).dtype == array.dtype
                assert getattr(one, name).flags.writeable
    assert found.guards.lines == expected.guards.lines
    assert [(n.value, n.label) for n in found.captured] == [(n.value, n.label) for n in expected.captured]


class TestRoundTrip:
    def test_tapes_come_back(self, program, tmp_path):
        save_tapes(tmp_path / "program", program, "loss")
        tapes, name = load_tapes(str(tmp_path / "program"))
        assert name == "loss"
        for found, expected in zip(tapes, program, strict=True):
            assert found.arguments == expected.arguments
            assert found.result == expected.result
            assert found.gradient is None
            assert_same_tape(found.tape, expected.tape)

    @pytest.mark.parametrize("gradient", [1, -1, (0, 1), (1,)])
    def test_gradients_come_back_as_such(self, program, gradient):
        arguments = program[0].arguments
        chosen, numbers = arguments.select(gradient)
        tape = make_tape(4, (), [], [], [0, *numbers])
        _, result = flatten((0.0, chosen.build(np.zeros(chosen.size))))
        ((found,), _) = from_bytes(to_bytes([Recorded(arguments, result, tape, gradient)], "f"))
        assert found.gradient == gradient

    def test_lines_of_operations_and_what_they_ignore_come_back(self, program):
        lines = ("model.py:4 in f", "model.py:2 in f", "")
        line_of = np.array([1, 1, 0, 2, 1], dtype=np.int32)
        ignored = np.array([0, 1, 0, 0, 1], dtype=np.uint8)
        lined = attrs.evolve(program[0].tape, lines=lines, line_of=line_of, ignored=ignored)
        (found, other), _ = from_bytes(to_bytes([program[0]._replace(tape=lined), program[1]], "f"))
        assert [found.tape.line(place) for place in range(5)] == [lines[place] for place in line_of]
        assert [found.tape.ignores(place) for place in range(5)] == [False, True, False, False, True]
        assert (other.tape.line(0), other.tape.ignores(0)) == ("", False)

    def test_keys_come_back_in_their_order(self, program):
        (arguments, *_), _ = from_bytes(to_bytes(program, "f"))[0]
        assert list(arguments.build(np.zeros(4))[1]) == ["p", 3]

    def test_captured_neurons_are_new_leaves_and_the_same_in_all_tapes(self, program, weights):
        (_, _, first, *_), (_, _, second, *_) = from_bytes(to_bytes(program, "f"))[0]
        assert first.captured[0] is second.captured[1]
        assert first.captured[0] is not weights[0]
        assert first.captured[0].operation is None

    def test_bits_of_numbers_come_back(self):
        numbers = np.array([np.nan, -np.nan, -0.0, np.inf, 5e-324])
        tape = make_tape(0, (), numbers, [], [0])
        (_, _, found, *_), *_ = from_bytes(to_bytes([Recorded(flatten(())[1], flatten(0.0)[1], tape)], "f"))[0]
        assert found.constants.tobytes() == numbers.tobytes()

    def test_letters_that_cannot_be_printed_become_question_marks(self, program):
        tape = program[0].tape
        lines = ("\x1b[2J\n.py:3 in f", "β.py:4 in f")
        tape = attrs.evolve(tape, guards=attrs.evolve(tape.guards, lines=lines))
        (found,), name = from_bytes(to_bytes([program[0]._replace(tape=tape)], "loss\udc80"))
        assert name == "loss?"
        assert found.tape.guards.lines == ("?[2J?.py:3 in f", "β.py:4 in f")

    def test_the_same_program_gives_the_same_bytes(self, program):
        assert to_bytes(program, "f") == to_bytes(program, "f")
        assert to_bytes(from_bytes(to_bytes(program, "f"))[0], "f") == to_bytes(program, "f")


class TestFormat:
    def test_is_an_archive_that_ends_with_its_digest(self, program):
        data = to_bytes(program, "f")
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            assert archive.comment.decode() == hashlib.sha256(data[:-64]).hexdigest()
            assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}
            assert set(archive.namelist()) == {
                "program.json",
                "captured.npy",
                *(f"tape{index}/{part}.npy" for index in range(2) for part in storage.PARTS),
            }

    def test_numpy_reads_the_arrays(self, program):
        for name, data in members_of(to_bytes(program, "f")).items():
            if name.endswith(".npy"):
                array = np.load(io.BytesIO(data), allow_pickle=False)
                assert array.ndim == 1
                assert array.dtype == storage.PARTS.get(name.partition("/")[2].removesuffix(".npy"), "<f8")

    def test_operations_are_named_with_their_distributions(self, program):
        header = json.loads(members_of(to_bytes(program, "f"))["program.json"])
        tanh = {
            "name": "tanh",
            "distribution": "gograd-ops-extra",
            "version": INSTALLED,
            "inputs": 1,
            "variadic": False,
        }
        assert tanh in header["operations"]
        assert header["lines"] == ["model.py:3 in f", "model.py:4 in f"]
        assert header["captured"] == ["w", "bias β"]

    def test_whoever_follows_the_documentation_makes_the_same_file(self, program):
        data = to_bytes(program, "f")
        assert_same_tape(from_bytes(seal(members_of(data)))[0][0][2], program[0][2])


class TestSaving:
    def unary(self, name):
        return Op(name, forward=lambda xp, x: x / 2, partials=(lambda xp, out, x: 0.5,))

    def save(self, op):
        return to_bytes([Recorded(flatten((1.0,))[1], flatten(1.0)[1], make_tape(1, (), [], [(op, (0,))], [1]))], "f")

    def test_operations_of_no_distribution_cannot_be_saved(self):
        with pytest.raises(TypeError, match=r"half \(not registered\) cannot be saved"):
            self.save(self.unary("half"))
        with Registry(), pytest.raises(TypeError, match=r"half \(registered by hand\) cannot be saved"):
            self.save(register(self.unary("half")))

    def test_neither_can_changed_copies_of_others(self):
        with pytest.raises(TypeError, match=r"tanh \(gograd-ops-extra [0-9.]+\) cannot be saved"):
            self.save(attrs.evolve(ops.tanh, symbol="other"))

    def test_named_tuples_cannot_be_saved(self, program):
        pair = namedtuple("Pair", "x y")(1.0, 2.0)
        with pytest.raises(TypeError, match="only lists, tuples, dicts and None can be saved, not .*Pair"):
            to_bytes([program[0]._replace(arguments=flatten(pair)[1])], "f")

    def test_a_file_that_cannot_be_made_is_not_begun(self, tmp_path):
        tape = make_tape(1, (), [], [(self.unary("half"), (0,))], [1])
        with pytest.raises(TypeError):
            save_tapes(tmp_path / "program", [Recorded(flatten((1.0,))[1], flatten(1.0)[1], tape)], "f")
        assert not list(tmp_path.iterdir())


class TestFiles:
    def test_an_interrupted_save_leaves_what_was_there(self, program, tmp_path, monkeypatch):
        path = tmp_path / "program"
        save_tapes(path, program, "first")
        monkeypatch.setattr("os.fsync", lambda handle: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            save_tapes(path, program, "second")
        assert load_tapes(path)[1] == "first"
        assert list(tmp_path.iterdir()) == [path]

    def test_a_link_stays_one_and_permissions_stay(self, program, tmp_path):
        path, link = tmp_path / "program", tmp_path / "link"
        path.write_bytes(b"")
        path.chmod(0o640)
        link.symlink_to(path)
        save_tapes(link, program, "f")
        assert link.is_symlink()
        assert load_tapes(path)[1] == "f"
        assert path.stat().st_mode & 0o777 == 0o640

    def test_a_directory_that_is_not_there(self, program, tmp_path):
        with pytest.raises(FileNotFoundError):
            save_tapes(tmp_path / "missing" / "program", program, "f")


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


class TestHeader:
    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (lambda header: header.update(version=2), "has version 2 of the format; only 1 can be read"),
            (lambda header: header.update(format="other"), "not a saved program"),
            (lambda header: header.update(more=1), "not the expected ones"),
            (lambda header: header.update(name=None), "have other types"),
            (lambda header: header.update(lines=[1, 2]), "have other types"),
            (lambda header: header.update(lines={}), "have other types"),
            (lambda header: header["captured"].append("w"), "differs from the number of labels"),
            (lambda header: header["captured"].__setitem__(0, 1.0), "have other types"),
            (lambda header: header.pop("tapes"), "not the expected ones"),
            (lambda header: header["tapes"].clear(), "no tape"),
            (lambda header: header.update(name="\x1b[2J"), "cannot be printed"),
            (lambda header: header.update(name="\ud800"), "cannot be printed"),
            (lambda header: header["lines"].__setitem__(0, "model.py:3\nin f"), "cannot be printed"),
            (lambda header: header["tapes"].pop(), "it has unknown members: 'tape1/operations.npy', .* .15 in all"),
            (lambda header: header["tapes"].append(header["tapes"][0]), "'tape2/operations' is missing"),
            (lambda header: header["tapes"][0].pop("result"), "a tape has other entries than arguments, result"),
            (lambda header: header["tapes"][0].pop("truths"), "a tape has other entries than .* truths"),
            (
                lambda header: header["tapes"][0].update(truths=0),
                "the entry truths of a tape is neither true nor false",
            ),
            (
                lambda header: header["tapes"][0].update(truths=None),
                "the entry truths of a tape is neither true nor false",
            ),
            (lambda header: header["tapes"][0].update(gradient=0), "the entry gradient of a tape does not fit"),
            (lambda header: header["tapes"][0].update(gradient=2), "the entry gradient of a tape does not fit"),
            (lambda header: header["tapes"][0].update(gradient=[1, 1]), "the entry gradient of a tape does not fit"),
            (lambda header: header["tapes"][0].update(gradient=True), "the entry gradient of a tape does not fit"),
            (lambda header: header["tapes"][0].update(result="number", arguments="number"), "number of arguments"),
            (lambda header: header["tapes"][0].update(arguments={"array": [2**31 - 1]}), "number of arguments"),
            (lambda header: header["tapes"][0].update(result={"array": [2]}), "number of outputs"),
            (lambda header: header["tapes"][0].update(result={"class": ["os"]}), "no list, tuple|invalid 'class'"),
            (
                lambda header: header["operations"].__setitem__(1, header["operations"][0]),
                "program.json has an operation twice: '",
            ),
            (
                lambda header: header["operations"].append(header["operations"][0] | {"version": "9"}),
                "program.json has an operation twice: '",
            ),
            (lambda header: header["operations"].clear(), "not in the lists"),
            (lambda header: header["lines"].pop(), "not in the lists"),
        ],
    )
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
            from_bytes(b"text" + hashlib.sha256(b"text").hexdigest().encode())

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
        data = file.getvalue()[:-64]
        with pytest.raises(ProgramFileError, match="twice"):
            from_bytes(data + hashlib.sha256(data).hexdigest().encode())

    def test_arrays_that_numpy_would_unpickle(self, program):
        file = io.BytesIO()
        np.save(file, np.array([print], dtype=object), allow_pickle=True)
        data = seal(members_of(to_bytes(program, "f")) | {"tape0/constants.npy": file.getvalue()})
        with pytest.raises(ProgramFileError, match="'tape0/constants' is missing or has the wrong form"):
            from_bytes(data)
