"""Saved programs that were changed: refused; or, with a digest computed anew, refused or another program.

Whatever is done to a file, loading it neither crashes nor asks for more memory than a small multiple of its size.
"""

from __future__ import annotations

import contextlib
import json
import random
import struct

import numpy as np
import pytest

from archives import seal, signed
from gograd_compile.errors import PathNotRecorded, ProgramFileError
from gograd_compile.files.storage import from_bytes, to_bytes
from gograd_compile.nesting.trees import flatten
from gograd_core import DomainError, errstate, ops
from saved_tapes import MEMBERS, PROGRAM, array_of, compiled, with_array

pytestmark = pytest.mark.any_engine

ABSURD = (-1, 0, 1, 7, 2**31 - 1, -(2**31), 2**62, -(2**63))
ARRAYS = [name for name in MEMBERS if name.endswith(".npy")]


def run(tape, numbers):
    """What the tape computes, one operation after the other."""
    values = [*numbers, *(neuron.value for neuron in tape.captured), *tape.constants.tolist()]
    with errstate(domain="ignore"):
        for code, start, stop in zip(tape.codes, tape.starts, tape.starts[1:], strict=False):
            op = tape.operations[code]
            inputs = [values[node] for node in tape.inputs[start:stop]]
            values.append(float(op(*op.columns(inputs)) if op.variadic else op(*inputs)))
    return [values[node] for node in tape.outputs]


def call(tapes, name):
    """Call the program at a point, and at three: that ends, and says why if there is no result."""
    f = compiled(tapes, name)
    for arguments, *_ in tapes:
        if type(arguments.build(np.zeros(arguments.size))) is tuple and arguments.size:
            with contextlib.suppress(PathNotRecorded, DomainError):
                f(*arguments.build(np.full(arguments.size, 0.75)))
            with contextlib.suppress(PathNotRecorded, DomainError):
                f.batch()(*arguments.build_batch(np.full((3, arguments.size), [[0.75], [1.5], [-0.75]])))


def read(data):
    """The tapes and the name of the program in a file; None if the file is refused."""
    try:
        return from_bytes(data)
    except ProgramFileError:
        return None


def faults(tapes, name):
    """What is wrong with a program that was read: each of its paths can be run, and the program called and saved."""
    found = []
    for number, (arguments, result, tape, *_) in enumerate(tapes):
        numbers, structure = flatten(arguments.build(np.full(tape.arguments, 0.75)))
        if structure != arguments:
            found.append(f"path {number} has arguments that are nested otherwise")
        result.build(run(tape, numbers.tolist()))
        if not all(0 <= node < len(tape) for node in tape.guards.nodes):
            found.append(f"path {number} has a guard on no node")
    call(tapes, name)
    if from_bytes(to_bytes(tapes, name))[1] != name:
        found.append("it is saved under another name")
    return found


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
    return seal(MEMBERS | {one: MEMBERS[other], other: MEMBERS[one]})


def damage_an_array(rng):
    name = rng.choice(ARRAYS)
    change = rng.choice((flip_a_bit, cut_off, cut_out, overwrite, append))
    return seal(MEMBERS | {name: change(MEMBERS[name], rng)})


def remove_a_member(rng):
    name = rng.choice(list(MEMBERS))
    return seal({other: data for other, data in MEMBERS.items() if other != name})


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
    return seal(MEMBERS | {"program.json": json.dumps(header).encode()})


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
    tapes, name = from_bytes(PROGRAM)
    assert faults(tapes, name) == []
    assert run(tapes[0].tape, [1.0, 2.0, 3.0]) == [ops.tanh(0.5) + 1.0 * 3.0 + 2.0 * 2.0]
    assert seal(MEMBERS) == PROGRAM


@pytest.mark.parametrize("change", BYTES)
def test_any_changed_byte_is_an_error(change):
    for seed in range(80):
        data = change(PROGRAM, random.Random(seed))
        if data != PROGRAM:
            with pytest.raises(ProgramFileError, match="not a saved program, or it was changed or cut off"):
                from_bytes(data)


@pytest.mark.parametrize("change", BYTES)
def test_changed_bytes_under_another_digest_are_an_error_or_a_program(change):
    for seed in range(80):
        program = read(signed(change(PROGRAM, random.Random(seed))))
        assert program is None or faults(*program) == [], f"seed {seed}"


@pytest.mark.parametrize("change", CONTENTS)
def test_changed_contents_are_an_error_or_a_program(change):
    programs = [read(change(random.Random(seed))) for seed in range(100)]
    assert any(program is None for program in programs)
    for seed, program in enumerate(programs):
        assert program is None or faults(*program) == [], f"seed {seed}"
