"""A function made of recordings, for programs that were loaded without their function. It runs on neurons."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any

import attrs
import numpy as np

from gograd_compile.nesting.trees import Structure, flatten_result
from gograd_compile.paths.path import VALUES, Path
from gograd_compile.paths.paths import Paths
from gograd_compile.paths.point_run import at_point
from gograd_compile.trace.tape import Tape
from gograd_core import DomainError, Neuron
from gograd_core.extend import ignoring, plain, unwatched, variable, watching_at

__all__ = ["ReplayedFunction"]

AFTER_ALL = 2**30
"""An offset behind all instructions of a code: what is there has the first line of the code."""


@attrs.frozen(eq=False)
class ReplayedFunction:
    """A function that does what its recordings did, with every check of the engine.

    Attributes:
        paths_of: finds the recordings for arguments of one structure.
    """

    paths_of: Callable[[Structure], Paths]

    def __call__(self, *args: Any) -> Any:
        """Return what the function returned, as neurons. They have the lines at which they were recorded.

        Raises:
            PathNotRecorded: the function would have to be recorded at this point.
            DomainError: an operation raises it, as it did in the function.
        """
        entries, structure = flatten_result(args, "args")
        numbers = np.array([getattr(entry, "_value", entry) for entry in entries])
        error: DomainError | None = None
        paths = self.paths_of(structure)
        try:
            path = unwatched().run(at_point, paths, VALUES, numbers)[0]
        except DomainError as found:
            error = found
            path = ignoring().run(at_point, paths, VALUES, numbers)[0]
        returned = path.structure.build(_run(path, entries))
        if error is not None:  # of compiled code, where the engine finds none
            raise error
        return returned


def _run(path: Path, entries: list[Any]) -> list[Any]:
    """Call the operations of a path one by one, and return the outputs."""
    tape = path.tape
    nodes: list[Any] = [*entries, *tape.captured, *tape.constants.tolist()]
    caught = _caught(tape)
    for k, code in enumerate(tape.codes.tolist()):
        op, line = tape.operations[code], tape.line(k)
        place = f"recorded at {line}" if line else "in a program without lines"
        inputs: Any = [nodes[number] for number in tape.inputs_of(tape.leaves + k)]
        is_silent = tape.ignores(k) or tape.leaves + k in caught
        try:
            block = ignoring() if is_silent else watching_at(place)
            made = block.run(op, *(op.columns(inputs) if op.variadic else inputs))
        except DomainError as error:
            error.add_note(place)
            raise
        if type(made) is Neuron:
            if op is plain:
                made = made._value
            elif (origin := _origin(line)) is not None:
                made._origin = origin
        elif op is variable:
            made = Neuron(made)
        nodes.append(made)
    return [nodes[number] for number in tape.outputs.tolist()]


def _caught(tape: Tape) -> set[int]:
    """Find the nodes whose errors the path catches, if nothing uses them."""
    nodes = tape.guards.nodes[tape.domains[tape.guards.outcomes[tape.domains] > 0.0]]
    return set(np.setdiff1d(nodes, np.concatenate([tape.inputs, tape.outputs])).tolist())


@functools.lru_cache(maxsize=1024)
def _origin(line: str) -> Any:
    """Make what a neuron keeps to have the line "model.py:12 in loss". It is None if the text is no line."""
    found = re.fullmatch(r"(.*):([0-9]{1,9}) in (.*)", line, re.DOTALL)
    if found is None:
        return None
    filename, number, function = found.groups()
    code = _origin.__wrapped__.__code__.replace(co_filename=filename, co_firstlineno=int(number), co_name=function)
    return code, AFTER_ALL
