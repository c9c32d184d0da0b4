"""Saved programs that were changed: refused; or, with a digest computed anew, refused or another program.

Whatever is done to a file, loading it neither crashes nor asks for more memory than a small multiple of its size.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import random
import struct
import tracemalloc
import zipfile

import numpy as np
import pytest

from gograd_compile.compiled import Compiled
from gograd_compile.errors import PathNotRecorded, ProgramFileError
from gograd_compile.files import tape_checks
from gograd_compile.files.portable import with_tapes
from gograd_compile.files.storage import Recorded, from_bytes, to_bytes
from gograd_compile.nesting.trees import flatten
from gograd_compile.paths.store import Store
from gograd_compile.run.backends import backend
from gograd_compile.trace.tape import Guards, Tape
from gograd_core import DomainError, Neuron, errstate, ops

pytestmark = pytest.mark.any_engine

ABSURD = (-1, 0, 1, 7, 2**31 - 1, -(2**31), 2**62, -(2**63))


def program():
    """f(x, p) = [tanh(w x[0]) + dot(x, (p, 2))], where tanh(w x[0]) < 2, and int(p) is 1."""
    tape = Tape(
        arguments=3,
        captured=(Neuron(0.5, label="w"),),
        constants=np.array([2.0]),
        operations=(ops.mul, ops.tanh, ops.less, ops.dot, ops.add),
        codes=np.array([0, 1, 2, 3, 4], dtype=np.int32),
        starts=np.array([0, 2, 3, 5, 9, 11]),
        inputs=np.array([0, 3, 5, 6, 4, 0, 1, 2, 4, 6, 8], dtype=np.int32),
        outputs=np.array([9], dtype=np.int32),
        guards=Guards(
            nodes=np.array([2, 7], dtype=np.int32),
            kinds=np.array([1, 0], dtype=np.int32),
            outcomes=np.array([1.0, 1.0]),
            after=np.array([0, 3]),
            lines=("model.py:3 in f", "model.py:4 in f"),
        ),
        lines=("model.py:4 in f",),
        line_of=np.zeros(5, dtype=np.int32),
        ignored=np.zeros(5, dtype=np.uint8),
    )
    return to_bytes([Recorded(flatten((np.zeros(2), 1.0))[1], flatten([0.0])[1], tape)] * 2, "f")


PROGRAM = program()


def signed(data):
    """With the digest of what is there, in place of the one that was."""
    return data[:-64] + hashlib.sha256(data[:-64]).hexdigest().encode()


def members_of(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def archive(members):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as opened:
        for name, data in members.items():
            info = zipfile.ZipInfo(name)
            info.create_system = 3
            opened.writestr(info, data)
        opened.comment = b"0" * 64
    return signed(file.getvalue())


MEMBERS = members_of(PROGRAM)
ARRAYS = [name for name in MEMBERS if name.endswith(".npy")]


def array_of(name):
    return np.load(io.BytesIO(MEMBERS[name]))


def saved(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def with_array(name, array):
    return with_arrays({name: array})


def with_arrays(arrays):
    return archive(MEMBERS | {name: saved(array) for name, array in arrays.items()})


def run(tape, numbers):
    """What the tape computes, one operation after the other."""
    values = [*numbers, *(neuron.value for neuron in tape.captured), *tape.constants.tolist()]
    with errstate(domain="ignore"):
        for code, start, stop in zip(tape.codes, tape.starts, tape.starts[1:], strict=False):
            op = tape.operations[code]
            inputs = [values[node] for node in tape.inputs[start:stop]]
            values.append(float(op(*op.columns(inputs)) if op.variadic else op(*inputs)))
    return [values[node] for node in tape.outputs]


def loaded(tapes, name):
    store = Store(None, name, backend("numpy"), check=False, max_paths=8)
    with_tapes(store, tapes)
    return Compiled(store)


def call(tapes, name):
    """Call the program at a point, and at three: that ends, and says why if there is no result."""
    f = loaded(tapes, name)
    for arguments, *_ in tapes:
        if type(arguments.build(np.zeros(arguments.size))) is tuple and arguments.size:
            with contextlib.suppress(PathNotRecorded, DomainError):
                f(*arguments.build(np.full(arguments.size, 0.75)))
            with contextlib.suppress(PathNotRecorded, DomainError):
                f.batch()(*arguments.build_batch(np.full((3, arguments.size), [[0.75], [1.5], [-0.75]])))


def loads_or_complains(data):
    """Whether `data` is a program: then every path of it can be run, and the program called."""
    try:
        tapes, name = from_bytes(data)
    except ProgramFileError:
        return False
    for arguments, result, tape, *_ in tapes:
        numbers, found = flatten(arguments.build(np.full(tape.arguments, 0.75)))
        assert found == arguments
        result.build(run(tape, numbers.tolist()))
        assert all(0 <= node < len(tape) for node in tape.guards.nodes)
    call(tapes, name)
    assert from_bytes(to_bytes(tapes, name))[1] == name
    return True


# Each changes the bytes of a file.


def flip_a_bit(data, rng):
    place = rng.randrange(len(data))
    return data[:place] + bytes([data[place] ^ (1 << rng.randrange(8))]) + data[place + 1 :]


def cut_off(data, rng):
    return data[: rng.randrange(len(data))]


def cut_out(data, rng):
    start, stop = sorted(rng.sample(range(len(data) + 1), 2))
    return data[:start] + data[stop:]


def overwrite(data, rng):
    place = rng.randrange(len(data) - 16)
    return data[:place] + rng.randbytes(16) + data[place + 16 :]


def exchange_blocks(data, rng):
    size = rng.randrange(1, 256)
    one, other = sorted(rng.sample(range(0, len(data) - size, size), 2))
    first, second = data[one : one + size], data[other : other + size]
    return data[:one] + second + data[one + size : other] + first + data[other + size :]


def append(data, rng):
    return data + rng.randbytes(rng.randrange(1, 100))


def absurd_field(data, rng):
    """A size or place in the directory of the archive."""
    place = data.rindex(b"PK\x01\x02", 0, rng.randrange(data.index(b"PK\x01\x02") + 4, len(data)))
    field = place + rng.choice((10, 20, 24, 28, 30, 32, 42))
    return data[:field] + struct.pack("<I", rng.choice((0, 1, 2**16, 2**31, 2**32 - 1))) + data[field + 4 :]


BYTES = [flip_a_bit, cut_off, cut_out, overwrite, exchange_blocks, append, absurd_field]

# Each makes another file, in which the digest and the sums of the archive are right.


def change_an_index(rng):
    name = rng.choice(ARRAYS)
    array = array_of(name)
    if array.dtype.kind == "f":
        array[rng.randrange(len(array))] = rng.choice((np.nan, np.inf, -1.0, 0.5, 1e300))
    else:
        limits = np.iinfo(array.dtype)
        array[rng.randrange(len(array))] = min(max(rng.choice(ABSURD), limits.min), limits.max)
    return with_array(name, array)


def exchange_two_entries(rng):
    name = rng.choice(ARRAYS)
    array = array_of(name)
    one, other = rng.randrange(len(array)), rng.randrange(len(array))
    array[[one, other]] = array[[other, one]]
    return with_array(name, array)


def make_longer_or_shorter(rng):
    name = rng.choice(ARRAYS)
    array = array_of(name)
    return with_array(name, array[:-1] if rng.random() < 0.5 else np.append(array, array[-1:]))


def exchange_two_arrays(rng):
    one, other = rng.sample(ARRAYS, 2)
    return archive(MEMBERS | {one: MEMBERS[other], other: MEMBERS[one]})


def damage_an_array(rng):
    name = rng.choice(ARRAYS)
    change = rng.choice((flip_a_bit, cut_off, cut_out, overwrite, append))
    return archive(MEMBERS | {name: change(MEMBERS[name], rng)})


def remove_a_member(rng):
    name = rng.choice(list(MEMBERS))
    return archive({other: data for other, data in MEMBERS.items() if other != name})


def change_the_header(rng):
    """A value somewhere in program.json becomes another, or goes, or is repeated."""
    header = json.loads(MEMBERS["program.json"])
    place, key = header, rng.choice(list(header))
    while isinstance(place[key], (dict, list)) and place[key] and rng.random() < 0.8:
        place = place[key]
        key = rng.choice(list(place)) if isinstance(place, dict) else rng.randrange(len(place))
    action = rng.randrange(3)
    if action == 0:
        del place[key]
    elif action == 1 and isinstance(place, list):
        place.append(place[key])
    else:
        place[key] = rng.choice((None, True, 0, -1, 2**62, 10**30, 1.5, "", "number", "dot", [], {}, ["number"], [[]]))
    return archive(MEMBERS | {"program.json": json.dumps(header).encode()})


CONTENTS = [
    change_an_index,
    exchange_two_entries,
    make_longer_or_shorter,
    exchange_two_arrays,
    damage_an_array,
    remove_a_member,
    change_the_header,
]


def test_the_unchanged_file_is_loaded():
    assert loads_or_complains(PROGRAM)
    (_, _, tape, *_), _ = from_bytes(PROGRAM)[0]
    assert run(tape, [1.0, 2.0, 3.0]) == [ops.tanh(0.5) + 1.0 * 3.0 + 2.0 * 2.0]
    assert loads_or_complains(archive(MEMBERS))


@pytest.mark.parametrize("change", BYTES)
def test_any_changed_byte_is_an_error(change):
    """7 x 80 files."""
    for seed in range(80):
        data = change(PROGRAM, random.Random(seed))
        if data != PROGRAM:
            with pytest.raises(ProgramFileError, match="not a saved program, or it was changed or cut off"):
                from_bytes(data)


@pytest.mark.parametrize("change", BYTES)
def test_changed_bytes_under_another_digest_are_an_error_or_a_program(change):
    """7 x 80 files."""
    for seed in range(80):
        loads_or_complains(signed(change(PROGRAM, random.Random(seed))))


@pytest.mark.parametrize("change", CONTENTS)
def test_changed_contents_are_an_error_or_a_program(change):
    """7 x 100 files."""
    loaded = [loads_or_complains(change(random.Random(seed))) for seed in range(100)]
    assert not all(loaded)


# An array, what it becomes, and what is said.
TAPES = {
    "an input that is its own node": ("inputs", {2: 6}, "input that is not an earlier node"),
    "a cycle": ("inputs", {1: 9}, "input that is not an earlier node"),
    "a negative input": ("inputs", {0: -1}, "input that is not an earlier node"),
    "an input beyond all nodes": ("inputs", {0: 2**31 - 1}, "input that is not an earlier node"),
    "an unused argument": ("inputs", {6: 0}, "wrong marks for arguments that are used"),
    "an unknown operation": ("codes", {0: 5}, "operation that it does not name"),
    "a negative operation": ("codes", {0: -1}, "operation that it does not name"),
    "an operation with the inputs of another": ("codes", {0: 1}, "the wrong number of inputs"),
    "rows that begin late": ("starts", {0: 1}, "overlap or have gaps"),
    "rows that go on": ("starts", {5: 12}, "overlap or have gaps"),
    "rows that overlap": ("starts", {1: 4}, "overlap or have gaps"),
    "rows far away": ("starts", {1: 2**62, 2: -(2**62)}, "overlap or have gaps"),
    "a column that is shorter": ("starts", {4: 8}, "the wrong number of inputs"),
    "columns without entries": ("starts", {3: 9}, "the wrong number of inputs"),
    "an output that is not a node": ("outputs", {0: 10}, "output that is not a node"),
    "a negative output": ("outputs", {0: -1}, "output that is not a node"),
    "a guard on what came later": ("guard_after", {1: 2}, "not computed before"),
    "guards in another order": ("guard_after", {0: 4}, "the wrong order"),
    "a guard after the end": ("guard_after", {1: 6}, "the wrong order"),
    "a guard on no node": ("guard_nodes", {0: -5}, "not computed before"),
    "an unknown guard": ("guard_kinds", {0: 9}, "unknown kind"),
    "an answer to no question": ("guard_kinds", {0: 8}, "an answer although nothing was asked"),
    "a guard on the domain of an argument": ("guard_kinds", {0: 7}, "domain of a node that is not an operation"),
    "an outcome that is no number": ("guard_outcomes", {0: np.nan}, "not a whole number"),
    "an infinite outcome": ("guard_outcomes", {0: np.inf}, "not a whole number"),
    "half an outcome": ("guard_outcomes", {0: 0.5}, "not a whole number"),
    "a half truth": ("guard_outcomes", {1: 2.0}, "neither true nor false"),
    "errors half ignored": ("ignored", {0: 2}, "neither ignored nor raised"),
    "an operation's line that is not there": ("operation_lines", {0: 2}, "not in the lists"),
    "a line that is not there": ("guard_lines", {0: 2}, "not in the lists"),
    "a captured neuron that is not there": ("captured", {0: 1}, "not in the lists"),
    "another operation": ("operations", {0: 1}, "the wrong number of inputs"),
    "an operation that is not there": ("operations", {0: -1}, "not in the lists"),
    "an argument said to be unused": ("used", {0: 0}, "wrong marks for arguments that are used"),
    "an argument used twice as much": ("used", {0: 2}, "wrong marks for arguments that are used"),
}


@pytest.mark.parametrize(("part", "changes", "message"), TAPES.values(), ids=TAPES)
def test_what_is_wrong_with_a_tape_is_said(part, changes, message):
    array = array_of(f"tape1/{part}.npy")
    for place, number in changes.items():
        array[place] = number
    with pytest.raises(ProgramFileError, match=message):
        from_bytes(with_array(f"tape1/{part}.npy", array))


def test_more_nodes_than_can_be_numbered_are_an_error(monkeypatch):
    """Ten, where the limit is lower: a file with two thousand million is too large for a test."""
    monkeypatch.setattr(tape_checks, "MOST_NODES", 11)
    assert from_bytes(PROGRAM)[1] == "f"
    monkeypatch.setattr(tape_checks, "MOST_NODES", 10)
    with pytest.raises(ProgramFileError, match="a tape has more nodes than can be numbered"):
        from_bytes(PROGRAM)


def test_paths_that_each_say_the_other_is_right_end_in_an_error():
    """At p = 0.5, x[1] = 1.5: the first path wants int(p) == 1, which is 0; the other int(x[1]) == 0, which is 1."""
    nodes, outcomes = array_of("tape1/guard_nodes.npy"), array_of("tape1/guard_outcomes.npy")
    nodes[0], outcomes[0] = 1, 0.0
    f = loaded(*from_bytes(with_arrays({"tape1/guard_nodes.npy": nodes, "tape1/guard_outcomes.npy": outcomes})))
    with pytest.raises(PathNotRecorded, match=r"model.py:3 in f: trunc\(\) of a number"):
        f(np.array([0.75, 1.5]), 0.5)
    with pytest.raises(PathNotRecorded, match=r"model.py:3 in f: trunc\(\) of a number"):
        f.batch()(np.array([[0.75, 1.5]] * 2), np.array([0.5, 0.5]))


@pytest.mark.parametrize(
    "part", ["codes", "starts", "outputs", "used", "ignored", "guard_nodes", "guard_kinds", "guard_lines"]
)
def test_arrays_of_other_lengths_are_an_error(part):
    array = array_of(f"tape0/{part}.npy")
    for other in (array[: 0 if part != "ignored" else 1], array[:-1], np.append(array, array[-1:])):
        with pytest.raises(ProgramFileError, match="^a tape has"):
            from_bytes(with_array(f"tape0/{part}.npy", other))


@pytest.mark.parametrize("part", ["inputs", "constants", "starts"])
@pytest.mark.parametrize("dtype", ["<f4", "<i2", ">i8", "<u8", "?"])
def test_arrays_of_other_types_are_an_error(part, dtype):
    with pytest.raises(ProgramFileError, match=f"'tape0/{part}' is missing or has the wrong form"):
        from_bytes(with_array(f"tape0/{part}.npy", array_of(f"tape0/{part}.npy").astype(dtype)))


def npy(text):
    header = text.encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header


def claiming(structure, gradient=None):
    """The file with another nesting of the arguments, in both tapes."""
    header = json.loads(MEMBERS["program.json"])
    for tape in header["tapes"]:
        tape["arguments"], tape["gradient"] = structure, gradient
    return archive(MEMBERS | {"program.json": json.dumps(header).encode()})


def described(times):
    """The file with every operation so many times."""
    header = json.loads(MEMBERS["program.json"])
    header["operations"] *= times
    return archive(MEMBERS | {"program.json": json.dumps(header).encode()})


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
    "an array of 2**60 entries": lambda: archive(
        MEMBERS
        | {"tape0/codes.npy": npy("{'descr': '<i4', 'fortran_order': False, 'shape': (1152921504606846976,), }\n")}
    ),
    "an array without limits": lambda: archive(MEMBERS | {"tape0/codes.npy": npy("(" * 60_000 + "\n")}),
    "an argument of 2**31 numbers": lambda: claiming({"tuple": [{"array": [2**31 - 1]}, "number"]}),
    "a thousand such": lambda: claiming({"tuple": [{"array": [2**31 - 1]}] * 1000}),
    "the gradient by such": lambda: claiming({"tuple": [{"array": [2**31 - 1]}]}, 0),
    "the gradient by a thousand such": lambda: claiming({"tuple": [{"array": [2**31 - 1]}] * 1000}, [*range(1000)]),
    "an argument of 2**62 numbers": lambda: claiming({"tuple": [{"array": [2**62]}]}),
    "an argument without end": lambda: claiming({"tuple": [{"array": [10**1000]}]}),
    "brackets without end": lambda: archive(MEMBERS | {"program.json": b"[" * 10**6}),
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
