"""Local derivatives of a neuron with respect to its constituents, as floats or neurons, and checks of them.

Reverse and forward mode both use these, and differ in the direction in which they combine them.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence
from typing import Any

from gograd_core.checked.rules import as_column, as_inputs, as_numbers, describe, judge, run_rule
from gograd_core.errors import InvalidOperationError
from gograd_core.followed import unfollowed
from gograd_core.interfaces import Node
from gograd_core.lines import line_at
from gograd_core.namespaces.columns import ColumnNamespace

__all__ = ["among", "at_line", "described", "float_partials", "judge_share", "neuron_partials", "product", "value_of"]

# For each input of the operation: its index, its constituents (one, or a column), and the local derivatives with
# respect to them.
Partials = Iterator[tuple[int, Sequence[Any], Sequence[Any]]]


def among(neurons: Container[Any]) -> Callable[[Any], bool]:
    """Make a function that returns whether a constituent is one of these neurons."""
    return lambda entry: type(entry) is not float and entry in neurons


def float_partials(node: Node, matters: Callable[[Any], bool]) -> Partials:
    """Compute the local derivatives of `node` as floats, by IEEE 754, without judging them.

    Args:
        node: an interior neuron.
        matters: returns whether the derivative with respect to a constituent is wanted. A partial is evaluated only if
            an entry of its input matters.

    Raises:
        RuleError: a partial returned something that is not a number.
    """
    op: Any = node._operation
    inputs = as_inputs(op, [entry if type(entry) is float else entry._value for entry in node._constituents])
    for index, column in enumerate(op.columns(node._constituents)):
        partial = op.partials[index]
        if partial is not None and any(map(matters, column)):
            local = run_rule(op, partial, node._value, *inputs)
            yield index, column, as_numbers(op, local, len(column), f"partial {index}")


def neuron_partials(node: Node, matters: Callable[[Any], bool]) -> Partials:
    """Compute local derivatives by rules that run on neurons. They are neurons, or floats if they are constant.

    The operations that the rules call must not be judged: use this function in an `unjudged` block.

    Raises:
        RuleError: as for `float_partials`.
        InvalidOperationError: the operation understands only floats.
    """
    op: Any = node._operation
    inputs = as_inputs(op, node._constituents)
    xp = ColumnNamespace(op.scope.ops) if op.variadic else op.scope.ops
    for index, column in enumerate(op.columns(node._constituents)):
        partial = op.partials[index]
        if partial is None or not any(map(matters, column)):
            continue
        if op.opaque:
            raise InvalidOperationError(f"{op.title} is opaque: its partials cannot be differentiated again")
        try:
            local = partial(xp, node, *inputs)
        except Exception as error:
            error.add_note(f"while running partial {index} of {op.title} on neurons")
            raise
        what = f"partial {index}"
        entries = map(unfollowed, as_column(op, local, len(column), what))
        locals_ = [entry if hasattr(entry, "_value") else as_numbers(op, entry, 1, what)[0] for entry in entries]
        yield index, column, locals_


def value_of(number: Any) -> float:
    """Return the value of a neuron; a float is its own value."""
    return number if type(number) is float else number._value


def product(x: Any, y: Any) -> Any:
    """Multiply two numbers. A product with the constant 1.0 makes no new neuron."""
    if type(x) is float and x == 1.0:
        return y
    return x if type(y) is float and y == 1.0 else x * y


def described(node: Node) -> str:
    """Describe the operation that made a neuron, and the line if it is known: "log(x=0.0) at model.py:12 in loss"."""
    return f"{describe(node._operation, node._constituents)}{at_line(node)}"


def at_line(node: Node) -> str:
    """Say where a neuron was made: " at model.py:12 in loss". It is empty if that is not known."""
    origin = node._origin
    return f" at {line_at(*origin)}" if origin else ""


def judge_share(node: Node, index: int, local: float, name: str, factor: float, before: float) -> None:
    """Judge a local derivative of `node`, its product with the adjoint or tangent `factor`, and the sum with `before`.

    Raises:
        DomainError: one of the three is not finite although what it was computed from is.
    """
    op: Any = node._operation
    what = f"the derivative of {described(node)} with respect to input {index}"
    share = factor * local
    judge(op, [*map(value_of, node._constituents)], local, lambda: what)
    judge(op, (factor, local), share, lambda: f"{what}, times the {name} {factor!r},")
    judge(op, (before, share), before + share, lambda: f"{what}, times the {name} {factor!r}, added to {before!r},")
