"""Finds what is wrong if a number is not finite, by replaying operations one by one, and makes the right error."""

from __future__ import annotations

from typing import Any

import numpy as np

import gograd_core
from gograd_compile.paths.domain_errors import error_of
from gograd_compile.paths.path import Path, Want
from gograd_compile.trace.tape import Floats, Integers, Tape
from gograd_core import DomainError, Neuron
from gograd_core.extend import (
    ForwardSweep,
    adjoints,
    computed_by,
    creation_order,
    domain_errors_raise,
    ignoring,
    plain,
    recording,
    variable,
)

__all__ = ["domain_error", "error_of_compiled", "judge_derivatives", "judged_matrix", "located", "with_line_of"]

NONE = np.empty(0, dtype=np.intp)


def error_of_compiled(path: Path, numbers: Floats, captured: Floats) -> tuple[int, DomainError] | None:
    """Find the first operation whose value is not finite in compiled code and finite in Python, and its error.

    A last digit may decide whether an operation is in its domain. It is None if there is no such operation.
    """
    if not domain_errors_raise() or path.is_gradient:
        return None
    values = np.array([getattr(node, "_value", node) for node in _replayed(path.tape, numbers, captured)])
    return _first_error(path, numbers, captured, np.flatnonzero(~np.isfinite(values)))


def domain_error(path: Path, numbers: Floats, captured: Floats) -> DomainError | None:
    """Make the error that the engine would raise for the first value that is not finite. It may be None."""
    found = _first_error(path, numbers, captured, NONE)
    return None if found is None else with_line_of(path, *found)


def with_line_of(path: Path, operation: int, error: DomainError) -> DomainError:
    """Add to the error the line where that operation of the path was recorded, if it is known."""
    return _with_line(error, path.with_lines().line(operation))


def _first_error(path: Path, numbers: Floats, captured: Floats, allowed: Integers) -> tuple[int, DomainError] | None:
    """Find the first operation whose value is not finite and should be, and its error.

    Operations whose errors the path ignores do not count, nor do `allowed` nodes. Those whose errors it catches count
    only if another operation or the result uses them.
    """
    tape, values = path.tape, path.values(numbers, captured)
    caught = tape.guards.nodes[tape.domains[tape.guards.outcomes[tape.domains] > 0.0]]
    caught = np.setdiff1d(caught, np.concatenate([tape.inputs, tape.outputs]))
    for node in (tape.leaves + np.flatnonzero(~np.isfinite(values[tape.leaves :]))).tolist():
        error = None if node in caught or node in allowed else error_of(tape, node, values)
        if error is not None and not path.with_lines().ignores(node - tape.leaves):
            return node - tape.leaves, error
    return None


def judge_derivatives(
    path: Path, want: Want, numbers: Floats, captured: Floats, seeds: Floats, derivatives: Floats
) -> None:
    """Raise the error that the engine would raise for these derivatives, if any. The values are known to be right.

    Raises:
        DomainError: a derivative is not finite although what it is made of is. The message has the line of source
            where the operation was recorded, if it can be found out.
    """
    if not domain_errors_raise() or want.mode in ("values", "guards"):
        return
    nodes = _nodes(path, numbers, captured)
    try:
        if path.is_gradient:
            _judge_second_order(path, want, numbers, seeds, derivatives)
            return
        outputs, wrt = _ends(path, want, nodes)
        if want.mode == "push":
            ForwardSweep(dict(zip(wrt, seeds.tolist(), strict=True))).tangents(outputs, creation_order(outputs))
        else:
            weights = seeds.tolist() if want.mode == "pull" else [1.0] * len(outputs)
            adjoints(outputs, weights, wrt, 0)
    except DomainError as error:
        raise _located(path, nodes, error) from None


def judged_matrix(path: Path, want: Want, numbers: Floats, captured: Floats, matrix: Floats, seeds: Integers) -> Floats:
    """Judge a matrix with a row of derivatives for each seed, of which those of some `seeds` are not finite.

    A tangent that is 0.0 is multiplied by a pole, which an adjoint of 0.0 skips. The engine makes matrices in reverse
    mode. So if it raises an error in forward mode, and has numbers in reverse mode, these are returned.

    Raises:
        DomainError: a derivative is not finite and should be, as in `judge_derivatives`.
    """
    try:
        for seed in seeds.tolist():
            judge_derivatives(path, want, numbers, captured, np.eye(len(matrix))[seed], matrix[seed])
    except DomainError:
        rows = _in_reverse(path, want, numbers, captured) if want.mode == "push" else None
        if rows is None:
            raise
        matrix = matrix.copy()
        matrix[:, -len(rows) :] = np.transpose(rows)
    return matrix


def located(path: Path, numbers: Floats, captured: Floats, error: DomainError) -> DomainError:
    """Add to the error the line where the operation was recorded, if it is on the path."""
    return _located(path, _nodes(path, numbers, captured), error)


def _judge_second_order(path: Path, want: Want, numbers: Floats, seeds: Floats, derivatives: Floats) -> None:
    """Judge derivatives of a gradient with the engine. A tape does not say which operations rules call, unjudged."""
    if path.source is None or path.source.of is None:
        if np.isfinite(numbers).all() and not np.isfinite(derivatives).all():
            raise DomainError(f"the second derivatives at {numbers.tolist()} are {derivatives[1:].tolist()}")
        return
    f, wrt = path.source.of
    args = path.source.structure.build(numbers)
    as_compiled = computed_by(path.backend.values)
    if want.mode == "push":
        vector = path.source.structure.select(wrt)[0].build(seeds)
        as_compiled.run(gograd_core.hvp(f, wrt), *args, vector)
    else:
        as_compiled.run(gograd_core.grad(f, wrt), *args)


def _in_reverse(path: Path, want: Want, numbers: Floats, captured: Floats) -> list[list[float]] | None:
    """Ask the engine in reverse mode for a row per output (of a gradient, without the value). None if it has none."""
    outputs, wrt = _ends(path, want, _nodes(path, numbers, captured))
    outputs = outputs[path.is_gradient :]
    if not np.isfinite([output._value for output in outputs]).all():
        return None
    try:
        return [adjoints([output], [1.0], wrt, 0) for output in outputs]
    except DomainError:
        return None


def _ends(path: Path, want: Want, nodes: list[Any]) -> tuple[list[Neuron], list[Neuron]]:
    """Find the outputs among the nodes of a tape, and the nodes to differentiate with respect to."""
    outputs = [node if type(node) is Neuron else Neuron(node) for node in map(nodes.__getitem__, path.tape.outputs)]
    first = path.tape.arguments
    wrt = range(first, first + len(path.tape.captured)) if want.wrt is None else want.wrt
    return outputs, [nodes[number] for number in wrt]


def _nodes(path: Path, numbers: Floats, captured: Floats) -> list[Any]:
    """Make the nodes of a path with the values of compiled code: a last digit may put one of them on a pole."""
    nodes: list[Any] = computed_by(path.backend.values).run(_replayed, path.tape, numbers, captured)
    return nodes


def _replayed(tape: Tape, numbers: Floats, captured: Floats) -> list[Any]:
    """Make the nodes of a tape as the engine does: neurons, or plain numbers."""
    labels = [""] * tape.arguments + [neuron.label for neuron in tape.captured]
    leaves = [*numbers.tolist(), *captured.tolist()]
    nodes: list[Any] = [*map(Neuron, leaves, labels), *tape.constants.tolist()]
    recording().run(ignoring().run, _replay, tape, nodes)
    return nodes


def _replay(tape: Tape, nodes: list[Any]) -> None:
    """Call the operations of a tape. `nodes` has the leaves, and gets the results."""
    for k, code in enumerate(tape.codes.tolist()):
        op = tape.operations[code]
        entries = [nodes[number] for number in tape.inputs_of(tape.leaves + k)]
        made = op(*op.columns(entries)) if op.variadic else op(*entries)
        if type(made) is Neuron:
            made = made._value if op is plain else made
        elif op is variable:
            made = Neuron(made)
        nodes.append(made)


def _located(path: Path, nodes: list[Any], error: DomainError) -> DomainError:
    tape = path.with_lines()
    values = [node._value if type(node) is Neuron else node for node in nodes]
    for k, code in enumerate(tape.codes.tolist()):
        if tape.operations[code] is error.operation:
            inputs = [values[number] for number in tape.inputs_of(tape.leaves + k)]
            if all(map(_same, inputs, error.inputs)):
                return _with_line(error, tape.line(k))
    return error


def _with_line(error: DomainError, line: str) -> DomainError:
    if not line:
        return error
    fact = f"{error.fact}; recorded at {line}"
    return type(error)(fact, operation=error.operation, inputs=error.inputs, hint=error.hint)


def _same(one: float, other: float) -> bool:
    return repr(one) == repr(other)  # NaN equals NaN, and 0.0 does not equal -0.0
