"""What is wrong where a number is not finite: the point is run again, operation by operation, as an error says more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gograd_compile.tape import Floats, Tape
from gograd_core import DomainError, Neuron, engines, grad, hvp
from gograd_core.errors import domain_errors_raise, errstate
from gograd_core.forward import ForwardSweep, creation_order
from gograd_core.recording import recording
from gograd_core.trace import nested

if TYPE_CHECKING:
    from gograd_compile.paths import Path, Want

__all__ = ["judge"]


def judge(path: Path, want: Want, numbers: Floats, captured: Floats, seeds: Floats, derivatives: Floats) -> None:
    """Raise what the engine would raise, if it would: numbers may be infinite because the arguments are.

    Args:
        derivatives: what was found.

    Raises:
        DomainError: an operation, or a derivative, is not finite although its inputs are. The message has
            the line of source where the operation was recorded, if that can be found out.
    """
    if not domain_errors_raise():
        return
    tape = path.tape
    labels = [""] * tape.arguments + [neuron.label for neuron in tape.captured]
    inputs = [
        Neuron(number, label) for number, label in zip([*numbers.tolist(), *captured.tolist()], labels, strict=True)
    ]
    nodes: list[Any] = [*inputs, *tape.constants.tolist()]
    try:
        with recording(), errstate(domain="ignore" if path.is_gradient or _is_allowed(path, numbers) else "raise"):
            _replay(tape, nodes)
        if path.is_gradient:
            _judge_second_order(path, want, numbers, seeds, derivatives)
        if path.is_gradient or want.mode in ("values", "guards"):
            return
        outputs = [node if type(node) is Neuron else Neuron(node) for node in map(nodes.__getitem__, tape.outputs)]
        wrt = inputs[tape.arguments :] if want.wrt is None else [inputs[number] for number in want.wrt]
        if want.mode == "push":
            ForwardSweep(dict(zip(wrt, seeds.tolist(), strict=True))).tangents(outputs, creation_order(outputs))
        else:
            weights = seeds.tolist() if want.mode == "pull" else [1.0] * len(outputs)
            engines.adjoints(outputs, weights, wrt, 0)
    except DomainError as error:
        line = _line(path, numbers, nodes, error)
        if not line:
            raise
        fact = f"{error.fact}; recorded at {line}"
        raise DomainError(fact, operation=error.operation, inputs=error.inputs) from None


def _is_allowed(path: Path, numbers: Floats) -> bool:
    """Whether the function itself, run on these numbers, raises nothing: it may use errstate."""
    if path.source is None:
        return False
    neurons = list(map(Neuron, numbers.tolist()))  # Python's own floats overflow in silence
    try:
        with nested():
            path.source.f(*path.source.structure.build(neurons))
    except Exception:
        return False
    return True


def _judge_second_order(path: Path, want: Want, numbers: Floats, seeds: Floats, derivatives: Floats) -> None:
    """The same for the derivatives of a gradient: what rules call is not judged, and a tape does not tell it apart."""
    if path.source is None or path.source.of is None:
        if np.isfinite(numbers).all() and not np.isfinite(derivatives).all():
            raise DomainError(f"the second derivatives at {numbers.tolist()} are {derivatives[1:].tolist()}")
        return
    f, wrt = path.source.of
    args = path.source.structure.build(numbers)
    if want.mode == "push":
        vector = path.source.structure.select(wrt)[0].build(seeds)
        hvp(f, wrt)(*args, vector)
    else:
        grad(f, wrt)(*args)


def _replay(tape: Tape, nodes: list[Any]) -> None:
    """Call the operations of a tape; `nodes` has the leaves, and gets what they make."""
    starts = tape.starts.tolist()
    for k, code in enumerate(tape.codes.tolist()):
        op = tape.operations[code]
        entries = [nodes[number] for number in tape.inputs[starts[k] : starts[k + 1]]]
        nodes.append(op(*op.columns(entries)) if op.variadic else op(*entries))


def _line(path: Path, numbers: Floats, nodes: list[Any], error: DomainError) -> str:
    """Where the operation that failed was recorded, or the one whose derivative did; "" if that cannot be found out."""
    tape = path.with_lines(numbers)
    if len(nodes) < len(tape):
        return tape.line(len(nodes) - tape.leaves)
    values = [node._value if type(node) is Neuron else node for node in nodes]
    for k, code in enumerate(tape.codes.tolist()):
        if tape.operations[code] is error.operation:
            entries = tape.inputs[tape.starts[k] : tape.starts[k + 1]]
            if all(map(_same, [values[number] for number in entries], error.inputs)):
                return tape.line(k)
    return ""


def _same(one: float, other: float) -> bool:
    return repr(one) == repr(other)  # NaN is itself, and 0.0 is not -0.0
