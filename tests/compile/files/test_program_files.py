"""What is read as a saved program: files, of a size that can be; and what messages show of what is in them."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path

import pytest

import gograd_compile
from archives import members_of, seal, signed, with_header
from gograd_compile import ProgramFileError
from gograd_compile.files import storage
from gograd_compile.quoting import LONGEST
from gograd_core import Neuron, ops

pytestmark = pytest.mark.any_engine


@pytest.fixture
def saved(tmp_path):
    """Saves a function of one number at 1.0, and gives the path."""

    def saved(f, name="program"):
        compiled = gograd_compile.compile(f, backend="numpy")
        compiled(1.0)
        compiled.save(tmp_path / name)
        return tmp_path / name

    return saved


def load(path):
    return gograd_compile.load(path, backend="numpy")


def change(path, how):
    """Put a program.json that `how` changed into a file."""
    path.write_bytes(with_header(path.read_bytes(), how))


class TestWhatIsNoFile:
    @pytest.mark.skipif(os.name == "nt", reason="devices are files on POSIX")
    @pytest.mark.parametrize("path", ["/dev/zero", "/dev/null", "/dev/urandom"])
    def test_devices(self, path):
        with pytest.raises(ProgramFileError, match=f"^{path}: it is not a file$"):
            load(path)

    @pytest.mark.skipif(os.name == "nt", reason="needs pipes with names")
    def test_a_pipe_that_nobody_writes_to(self, tmp_path):
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(ProgramFileError, match="pipe: it is not a file$"):
            load(tmp_path / "pipe")

    @pytest.mark.skipif(os.name == "nt", reason="directories cannot be opened there")
    def test_a_directory(self, tmp_path):
        with pytest.raises(ProgramFileError, match="it is not a file$"):
            load(tmp_path)

    def test_a_file_of_a_terabyte(self, tmp_path):
        with (tmp_path / "program").open("wb") as file:
            file.truncate(2**40)  # a hole, which takes no room
        with pytest.raises(ProgramFileError, match="program: it has 1099511627776 bytes, and may have 4294967296$"):
            load(tmp_path / "program")

    def test_nothing_is_saved_that_could_not_be_loaded(self, saved, tmp_path, monkeypatch):
        size = saved(lambda x: x * x).stat().st_size
        monkeypatch.setattr(storage, "MOST_BYTES", size)
        load(saved(lambda x: x * x))
        monkeypatch.setattr(storage, "MOST_BYTES", size - 1)
        with pytest.raises(ValueError, match=f"has {size} bytes, and {size - 1} is the most that can be read"):
            saved(lambda x: x * x, "other")
        assert not (tmp_path / "other").exists()

    @pytest.mark.skipif(os.name == "nt", reason="needs pipes with names")
    @pytest.mark.parametrize(("make", "is_there"), [(os.mkfifo, Path.is_fifo), (os.mkdir, Path.is_dir)])
    def test_nothing_takes_the_place_of_what_is_no_file(self, make, is_there, saved, tmp_path):
        place = tmp_path / "place"
        make(place)
        with pytest.raises(ProgramFileError, match="place: it is not a file$"):
            saved(lambda x: x * x, "place")
        assert is_there(place)
        assert list(tmp_path.iterdir()) == [place]

    def test_a_link_is_followed(self, saved, tmp_path):
        (tmp_path / "link").symlink_to(saved(lambda x: x * x))
        assert load(tmp_path / "link")(3.0) == 9.0


class TestWhatIsChecked:
    @pytest.mark.parametrize(
        "f",
        [
            lambda x, y: 2.0 * x if y else -x,
            lambda x, y: [2.0 * x, y],
            lambda x, y: y,
            lambda x, y: 2.0 * x,
            lambda x, y: 2.0,
        ],
        ids=["a guard alone", "the result alone", "the result, and nothing else", "nothing", "nothing at all"],
    )
    def test_arguments_may_be_read_by(self, tmp_path, f):
        compiled = gograd_compile.compile(f, backend="numpy")
        assert (compiled(5.0, 1.0), compiled(5.0, 0.0)) == (f(5.0, 1.0), f(5.0, 0.0))
        compiled.save(tmp_path / "program")
        program = load(tmp_path / "program")
        assert (program(3.0, 7.0), program(3.0, 0.0)) == (f(3.0, 7.0), f(3.0, 0.0))

    @pytest.mark.parametrize("key", ["name", "tapes", "arguments", "distribution"])
    def test_no_object_has_a_key_twice(self, saved, key):
        path = saved(lambda x: x * x)
        members = members_of(path.read_bytes())
        text = members["program.json"].replace(f'"{key}": '.encode(), f'"{key}": null, "{key}": '.encode(), 1)
        path.write_bytes(seal(members | {"program.json": text}))
        with pytest.raises(ProgramFileError, match=r"program\.json is missing or invalid: an object has a key twice"):
            load(path)

    def test_the_gradient_by_fewer_numbers_than_the_result_has(self, saved):
        path = saved(lambda x: [x, 2.0 * x, 3.0 * x])
        change(path, lambda header: header["tapes"][0].update(gradient=0))
        with pytest.raises(
            ProgramFileError, match="the entry gradient of a tape does not fit its arguments and result"
        ):
            load(path)

    def test_no_neuron_is_captured_twice(self, saved):
        weight, offset = Neuron(2.0, label="weight"), Neuron(1.0, label="offset")
        path = saved(lambda x: weight * x + offset)
        members = members_of(path.read_bytes())
        name = "tape0/captured.npy"
        path.write_bytes(seal(members | {name: members[name][:128] + bytes(8)}))  # both are the first
        with pytest.raises(ProgramFileError, match="a tape has a captured neuron twice"):
            load(path)


class TestTexts:
    """Names, labels of captured neurons and lines of source can be shown: they control no terminal."""

    HOSTILE = "\x1b[2J\r\nw\u202e"

    def test_labels_are_saved_as_they_can_be_shown(self, saved):
        weight, long = Neuron(2.0, label=self.HOSTILE), Neuron(3.0, label="β" * 1000)
        program = load(saved(lambda x: weight * x + long))
        assert [neuron.label for neuron in program.captured] == ["?[2J??w?", "β" * 199 + "…"]

    @pytest.mark.parametrize("text", [HOSTILE, "\n", "\ud800", "w" * (LONGEST + 1)])
    @pytest.mark.parametrize("place", ["name", "captured", "lines"])
    def test_others_are_refused(self, saved, place, text):
        weight = Neuron(2.0, label="w")
        path = saved(lambda x: weight * x)

        def put(header):
            if place == "name":
                header["name"] = text
            else:
                header[place][0] = text

        change(path, put)
        with pytest.raises(ProgramFileError, match="a name, a label or a line of source that cannot be printed, or is"):
            load(path)

    def test_as_long_as_they_may_be(self, saved):
        weight = Neuron(2.0, label="w" * LONGEST)
        (found,) = load(saved(lambda x: weight * x)).captured
        assert found.label == weight.label


def complaint(path):
    """What is said of a file, without its path; nothing if it is a program."""
    try:
        load(path)
    except ProgramFileError as error:
        return str(error).removeprefix(str(path))
    return ""


def shows_little(message):
    return len(message) < 4 * LONGEST and message.isprintable()


def places(value, so_far=()):
    """Where something is in what JSON holds."""
    yield so_far
    if isinstance(value, (dict, list)):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from places(value[key], (*so_far, key))


HUGE = {
    "a word": "x" * 100_000,
    "a text": "\x1b[2J" + "x" * 100_000,
    "a number": 10**4000,
    "a float": 1.5,
    "no number": math.nan,
    "a list": [["x" * 1000] * 20] * 20,
    "lists in lists": json.loads("[" * 90 + "]" * 90),
    "a dict": {"\x1b" * 1000: 1, **{str(number): "x" * 1000 for number in range(1000)}},
}


@pytest.mark.parametrize("value", HUGE.values(), ids=HUGE)
def test_messages_show_little_of_anything(saved, value):
    """Wherever in program.json it stands: a number that is read has a place in a message, and a bad name another."""
    weight = Neuron(2.0, label="w")
    path = saved(lambda x: {"y": ops.tanh(weight * x) if x > 0.0 else x})
    members = members_of(path.read_bytes())
    header = json.loads(members["program.json"])
    for place in [each for each in places(header) if each]:
        for also_as_key in (False, True):
            changed = json.loads(json.dumps(header))
            target = changed
            for key in place[:-1]:
                target = target[key]
            if also_as_key and isinstance(target, dict):
                target[json.dumps(value)] = target.pop(place[-1])
            else:
                target[place[-1]] = value
            path.write_bytes(seal(members | {"program.json": json.dumps(changed).encode()}))
            message = complaint(path)
            assert shows_little(message)
            assert message or place[-3:] == ("dict", 0, 0)  # a key of the result may be any text or number


def test_of_an_operation_that_is_there_twice(saved):
    path = saved(lambda x: x * x)
    change(path, lambda header: header["operations"].extend([header["operations"][0] | {"name": "x" * 10_000}] * 2))
    message = complaint(path)
    assert "an operation twice: 'xxx" in message
    assert shows_little(message)


def test_of_names_in_an_archive_that_is_damaged(saved):
    path, name = saved(lambda x: x * x), "x" * 60_000
    data = seal(members_of(path.read_bytes()) | {name: b""})
    path.write_bytes(signed(data.replace(name.encode(), b"y" * 60_000, 1)))  # not in the directory
    message = complaint(path)
    assert "not a valid archive: File name in directory 'xxx" in message
    assert shows_little(message)


@pytest.mark.parametrize("name", ["\x1b[2J", "x" * 60_000])
def test_of_members_too(saved, name):
    path = saved(lambda x: x * x)
    path.write_bytes(seal(members_of(path.read_bytes()) | {name: b"", f"{name}1": b"", f"{name}2": b""}))
    message = complaint(path)
    assert "it has unknown members" in message
    assert shows_little(message)


def test_keys_that_cannot_be_saved_are_not_shown_whole(tmp_path):
    f = gograd_compile.compile(lambda p: p[("x" * 10_000,)] * 2.0, backend="numpy")
    f({("x" * 10_000,): 1.0})
    with pytest.raises(TypeError, match="only strings and whole numbers can be saved as keys, not ") as caught:
        f.save(tmp_path / "program")
    assert len(str(caught.value)) < 2 * LONGEST
