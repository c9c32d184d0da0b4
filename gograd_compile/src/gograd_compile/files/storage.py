"""Writes programs to files and reads them: tapes, and how their arguments and results are nested.

docs/program-files.md describes the format. Nothing in a file is run, imported or unpickled: operations are looked up
among those installed.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Hashable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gograd_compile.errors import ProgramFileError
from gograd_compile.files.archives import Members, read_archive, read_array, write_archive, write_array
from gograd_compile.files.stored_operations import describe, find
from gograd_compile.files.tape_checks import check
from gograd_compile.nesting.structure_json import structure_from_json, structure_to_json
from gograd_compile.nesting.trees import Structure
from gograd_compile.quoting import LONGEST, quoted, readable
from gograd_compile.trace.tape import Guards, Tape
from gograd_core import Neuron
from gograd_core.extend import RefusedError, read_file, write_file

__all__ = ["Recorded", "from_bytes", "load_tapes", "save_tapes", "to_bytes"]


class Recorded(NamedTuple):
    """A path as it is in a file.

    Attributes:
        arguments: how the arguments are nested.
        result: how the result is nested.
        tape: the operations.
        gradient: if the tape computes the value and the gradient of the function, the argument (or arguments) that the
            gradient is taken with respect to. Otherwise None.
        has_truths: whether there are truth values in the result.
    """

    arguments: Structure
    result: Structure
    tape: Tape
    gradient: int | tuple[int, ...] | None = None
    has_truths: bool = False


FORMAT, VERSION = "gograd program", 1
TYPES = {"format": str, "version": int, "name": str, "operations": list, "captured": list, "lines": list, "tapes": list}
"""The entries of program.json, and their types."""
PARTS = {
    "operations": "<i4",
    "captured": "<i4",
    "used": "|u1",
    "constants": "<f8",
    "codes": "<i4",
    "starts": "<i8",
    "inputs": "<i4",
    "outputs": "<i4",
    "operation_lines": "<i4",
    "ignored": "|u1",
    "guard_nodes": "<i4",
    "guard_kinds": "<i4",
    "guard_outcomes": "<f8",
    "guard_after": "<i8",
    "guard_lines": "<i4",
}
"""The arrays of a tape, and their types."""

MOST_BYTES = 2**32
"""The largest file that is written or read. It has room for more than a hundred million operations."""
SHOWN = 3  # how many unknown members a message names


def save_tapes(path: str | os.PathLike[str], tapes: Sequence[Recorded], name: str) -> None:
    """Write a program with that name to a file. An existing file is replaced after everything has been written.

    Raises:
        TypeError: an operation does not come from an installed distribution, or something is nested in a container
            that only Python knows, such as a named tuple.
        ValueError: the file would have more than `MOST_BYTES`.
    """
    data = to_bytes(tapes, name)
    if len(data) > MOST_BYTES:
        raise ValueError(f"{name} has {len(data)} bytes, and {MOST_BYTES} is the most that can be read")
    try:
        write_file(path, data)
    except RefusedError as error:
        raise ProgramFileError(f"{os.fspath(path)}: {error}") from None


def load_tapes(path: str | os.PathLike[str]) -> tuple[list[Recorded], str]:
    """Read the tapes and the name of a saved program. Captured neurons are new leaves with the saved values.

    Raises:
        ProgramFileError: the file is not a program, was changed or cut off, or needs operations that are not installed
            in the same version. The message begins with the path.
    """
    try:
        return from_bytes(read_file(path, MOST_BYTES))
    except (ProgramFileError, RefusedError) as error:
        raise ProgramFileError(f"{os.fspath(path)}: {error}") from None


def to_bytes(tapes: Sequence[Recorded], name: str) -> bytes:
    """Write a program as bytes. Equal programs give equal bytes."""
    operations: dict[Any, int] = {}
    captured: dict[Neuron, int] = {}
    lines: dict[str, int] = {}
    members: Members = {}
    for index, (arguments, _, tape, *_) in enumerate(tapes):
        used = np.zeros(arguments.size, np.bool_)
        for nodes in (tape.inputs, tape.outputs, tape.guards.nodes):
            used[nodes[nodes < arguments.size]] = True
        arrays: dict[str, Any] = {
            "operations": _places(operations, tape.operations),
            "captured": _places(captured, tape.captured),
            "used": used,
            **{part: getattr(tape, part) for part in ("constants", "codes", "starts", "inputs", "outputs", "ignored")},
            **{f"guard_{part}": getattr(tape.guards, part) for part in ("nodes", "kinds", "outcomes", "after")},
            "guard_lines": _places(lines, tape.guards.lines),
            "operation_lines": np.array(_places(lines, tape.lines), dtype=np.int32)[tape.line_of],
        }
        for part, dtype in PARTS.items():
            members[f"tape{index}/{part}.npy"] = write_array(arrays[part], dtype)
    header = {
        "format": FORMAT,
        "version": VERSION,
        "name": readable(name),
        "operations": [describe(op) for op in operations],
        "captured": [readable(neuron.label) for neuron in captured],
        "lines": list(map(readable, lines)),
        "tapes": [
            {
                "arguments": structure_to_json(arguments),
                "result": structure_to_json(result),
                "gradient": gradient,
                "truths": has_truths,
            }
            for arguments, result, _, gradient, has_truths in tapes
        ],
    }
    values = write_array([neuron.value for neuron in captured], "<f8")
    return write_archive({"program.json": json.dumps(header).encode(), "captured.npy": values, **members})


def from_bytes(data: bytes, captured: Sequence[Neuron] | None = None) -> tuple[list[Recorded], str]:
    """Read what `to_bytes` wrote, with the same errors as `load_tapes`. By default captured neurons are new leaves."""
    members = read_archive(data)
    header = _header(members.pop("program.json", b""))
    labels, values = header["captured"], read_array(members, "captured", "<f8")
    if len(labels) != len(values):
        raise ProgramFileError("the number of values of captured neurons differs from the number of labels")
    operations = find(header["operations"])
    if captured is None:
        captured = [Neuron(value, label=label) for value, label in zip(values.tolist(), labels, strict=True)]
    tapes = []
    for index, nesting in enumerate(header["tapes"]):
        if not isinstance(nesting, dict) or nesting.keys() != {"arguments", "result", "gradient", "truths"}:
            raise ProgramFileError("a tape has other entries than arguments, result, gradient and truths")
        if type(nesting["truths"]) is not bool:
            raise ProgramFileError("the entry truths of a tape is neither true nor false")
        arguments, result = structure_from_json(nesting["arguments"]), structure_from_json(nesting["result"])
        arrays = {part: read_array(members, f"tape{index}/{part}", dtype) for part, dtype in PARTS.items()}
        guards = Guards(
            nodes=arrays["guard_nodes"],
            kinds=arrays["guard_kinds"],
            outcomes=arrays["guard_outcomes"],
            after=arrays["guard_after"],
            lines=_chosen(header["lines"], arrays["guard_lines"]),
        )
        tape = Tape(
            arguments=arguments.size,
            captured=_chosen(captured, arrays["captured"]),
            operations=_chosen(operations, arrays["operations"]),
            guards=guards,
            lines=tuple(header["lines"]),
            line_of=_checked(header["lines"], arrays["operation_lines"]),
            **{part: arrays[part] for part in ("constants", "codes", "starts", "inputs", "outputs", "ignored")},
        )
        check(tape, result.size, arrays["used"])
        gradient = _gradient(nesting["gradient"], arguments, result)  # whose sizes are known to be right by now
        tapes.append(Recorded(arguments, result, tape, gradient, nesting["truths"]))
    if members:
        shown = ", ".join(map(quoted, list(members)[:SHOWN]))
        raise ProgramFileError(f"it has unknown members: {shown} ({len(members)} in all)")
    return tapes, header["name"]


def _places(table: dict[Any, int], entries: Sequence[Hashable]) -> list[int]:
    """Find the place of each entry in the table, and add new entries."""
    return [table.setdefault(entry, len(table)) for entry in entries]


def _checked(table: Sequence[Any], places: NDArray[Any]) -> NDArray[Any]:
    if len(places) and not 0 <= places.min() <= places.max() < len(table):
        raise ProgramFileError("an array refers to something that is not in the lists of the program")
    return places


def _chosen(table: Sequence[Any], places: NDArray[Any]) -> tuple[Any, ...]:
    return tuple(table[place] for place in _checked(table, places).tolist())


def _gradient(saved: Any, arguments: Structure, result: Structure) -> int | tuple[int, ...] | None:
    """Read which arguments a tape takes the gradient with respect to, and check that this fits them."""
    if saved is None:
        return None
    several = isinstance(saved, list)
    if all(type(position) is int for position in (saved if several else [saved])):
        gradient = tuple(saved) if several else saved
        with contextlib.suppress(IndexError, ValueError):
            if arguments.select(gradient)[0].size + 1 == result.size:
                return gradient
    raise ProgramFileError("the entry gradient of a tape does not fit its arguments and result")


def _header(data: bytes) -> dict[str, Any]:
    """Read program.json. What the lists of operations and tapes contain is checked elsewhere."""
    try:
        header = json.loads(data.decode(), object_pairs_hook=_object)
    except (ValueError, RecursionError) as error:
        raise ProgramFileError(f"its program.json is missing or invalid: {error}") from None
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise ProgramFileError("it is not a saved program")
    if header.get("version") != VERSION:
        raise ProgramFileError(
            f"it has version {quoted(header.get('version'))} of the format; only {VERSION} can be read"
        )
    types = {key: type(value) for key, value in header.items()}
    if types != TYPES or not all(isinstance(text, str) for text in header["captured"] + header["lines"]):
        raise ProgramFileError("the entries of its program.json are not the expected ones, or have other types")
    if not header["tapes"]:
        raise ProgramFileError("it has no tape")
    texts = [header["name"], *header["captured"], *header["lines"]]
    if not all(text.isprintable() and len(text) <= LONGEST for text in texts):
        raise ProgramFileError(
            "its program.json has a name, a label or a line of source that cannot be printed, or is longer than "
            f"{LONGEST} characters"
        )
    return header


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("an object has a key twice")
    return found
