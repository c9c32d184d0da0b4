"""Saved programs: what comes back, the format as it is documented, and what cannot be saved."""

from __future__ import annotations

import hashlib
import importlib.metadata
import io
import json
import zipfile
from collections import namedtuple

import attrs
import numpy as np
import pytest

from archives import members_of, seal
from gograd_compile.files import storage
from gograd_compile.files.storage import Recorded, from_bytes, load_tapes, save_tapes, to_bytes
from gograd_compile.nesting.trees import flatten
from gograd_core import Op, Registry, ops, register
from saved_tapes import make_tape

pytestmark = pytest.mark.any_engine

INSTALLED = importlib.metadata.version("gograd-ops-extra")


def contents(tape):
    """What a tape consists of, so that two can be compared. An operation is equal to itself only."""
    arrays = {
        name: (array.dtype, array.tolist(), array.flags.writeable)
        for part in (tape, tape.guards)
        for name, array in attrs.asdict(part, recurse=False).items()
        if isinstance(array, np.ndarray)
    }
    captured = [(neuron.value, neuron.label) for neuron in tape.captured]
    return tape.arguments, tape.operations, arrays, tape.guards.lines, captured


class TestRoundTrip:
    def test_tapes_come_back(self, program, tmp_path):
        save_tapes(tmp_path / "program", program, "loss")
        tapes, name = load_tapes(str(tmp_path / "program"))
        assert name == "loss"
        for found, expected in zip(tapes, program, strict=True):
            assert found.arguments == expected.arguments
            assert found.result == expected.result
            assert found.gradient is None
            assert contents(found.tape) == contents(expected.tape)

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
        assert contents(from_bytes(seal(members_of(data)))[0][0].tape) == contents(program[0].tape)


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
