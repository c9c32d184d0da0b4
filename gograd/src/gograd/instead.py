"""Says how to write in an expression what Python, or another notation, writes otherwise."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Callable, Sequence

__all__ = ["CONSTANTS", "instead", "instead_of_text"]

CONSTANTS = ("e", "inf", "nan", "pi")
"""Numbers that expressions may name."""

NUMBER_OF = ("value", "data", "item")
OPERATION_FOR = {"int": "trunc", "ln": "log"}

Source = Callable[[ast.AST], str]


def instead(node: ast.AST, source: Source) -> str:
    """Say what to write instead of a part of an expression; empty if nothing is known.

    Args:
        node: what is not allowed, or a call that failed.
        source: returns the text of a part.
    """
    for kind, say in _HINTS.items():
        if isinstance(node, kind):
            return say(node, source)
    return ""


def instead_of_text(text: str, reason: str) -> str:
    """Say what to write instead of a text that Python cannot read, for a reason; empty if nothing is known."""
    if assigned := re.match(r"(\w+)\s*:?=(?!=)\s*(.*)", text):
        return _value_of(assigned[1], assigned[2])
    return "write a product as 2*x" if reason == "invalid decimal literal" else ""


def _value_of(name: str, value: str) -> str:
    try:
        float(value)
    except ValueError:
        value = "NUMBER"
    return f"give the value of a variable after the expression: {name}={value}"


def _within(node: ast.AST, source: Source, *loose: type[ast.AST]) -> str:
    """Return the text of an operand, in parentheses if it needs them beside another operator."""
    needs = isinstance(node, (ast.BoolOp, ast.Compare, ast.IfExp, ast.Lambda, ast.NamedExpr, *loose))
    return f"({source(node)})" if needs else source(node)


def _conditions(name: str, parts: Sequence[str]) -> str:
    """Write conditions of which all, or any, are to hold."""
    return f"write {functools.reduce(lambda one, other: f'{name}({one}, {other})', parts)}"


def _of_bool_op(node: ast.BoolOp, source: Source) -> str:
    is_and, parts = isinstance(node.op, ast.And), [source(part) for part in node.values]
    if all(map(_is_condition, node.values)):
        return _conditions("minimum" if is_and else "maximum", parts)
    *before, chosen = parts
    for part in reversed(before):
        chosen = f"where({part}, {chosen}, {part})" if is_and else f"where({part}, {part}, {chosen})"
    return f"write {chosen}"


def _is_condition(node: ast.AST) -> bool:
    return isinstance(node, ast.Compare)


def _of_unary_op(node: ast.UnaryOp, source: Source) -> str:
    if isinstance(node.op, ast.Invert) and not _is_condition(node.operand):
        return ""
    return f"write {_within(node.operand, source)} == 0"


def _of_bin_op(node: ast.BinOp, source: Source) -> str:
    left, right = source(node.left), source(node.right)
    if isinstance(node.op, ast.BitXor):
        return "write a power as x**y"
    if isinstance(node.op, ast.MatMult):
        return f"write dot({left}, {right})"
    if isinstance(node.op, (ast.BitAnd, ast.BitOr)) and _is_condition(node.left) and _is_condition(node.right):
        return _conditions("minimum" if isinstance(node.op, ast.BitAnd) else "maximum", [left, right])
    return ""


_SYMBOLS: dict[type[ast.cmpop], str] = {
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
}  # fmt: skip


def _of_compare(node: ast.Compare, source: Source) -> str:
    if not all(type(op) in _SYMBOLS for op in node.ops):
        return ""
    operands = [_within(operand, source) for operand in (node.left, *node.comparators)]
    steps = zip(operands, node.ops, operands[1:], strict=False)
    return _conditions("minimum", [f"{left} {_SYMBOLS[type(op)]} {right}" for left, op, right in steps])


def _of_attribute(node: ast.Attribute, source: Source) -> str:
    if node.attr in CONSTANTS and isinstance(node.value, ast.Name):
        return f"names have no prefix here: write {node.attr}"
    if node.attr in NUMBER_OF:
        return f"everything here is a number: write {source(node.value)}"
    return "the derivatives are printed below the value" if node.attr == "grad" else ""


def _of_call(node: ast.Call, source: Source) -> str:
    if isinstance(node.func, ast.Attribute):
        return _of_attribute(node.func, source) if node.func.attr in NUMBER_OF and not node.args else ""
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if name == "round" and len(node.args) == 2 and not node.keywords:
        x, digits = (_within(each, source, ast.BinOp) for each in node.args)
        return f"write round({x} * 10**{digits}) / 10**{digits}"
    if name in OPERATION_FOR:
        return f"write {OPERATION_FOR[name]}({', '.join(map(source, node.args))})"
    return ""


def _of_constant(node: ast.Constant, source: Source) -> str:
    return f"write {int(node.value)}" if isinstance(node.value, bool) else ""


def _of_if(node: ast.IfExp, source: Source) -> str:
    return f"write a choice as where({', '.join(map(source, (node.test, node.body, node.orelse)))})"


_HINTS: dict[type[ast.AST] | tuple[type[ast.AST], ...], Callable[..., str]] = {
    ast.BoolOp: _of_bool_op,
    ast.UnaryOp: _of_unary_op,
    ast.BinOp: _of_bin_op,
    ast.Compare: _of_compare,
    ast.Attribute: _of_attribute,
    ast.Call: _of_call,
    ast.Constant: _of_constant,
    ast.IfExp: _of_if,
    ast.Lambda: lambda node, source: f"write only the formula: {source(node.body)}",
    ast.NamedExpr: lambda node, source: _value_of(node.target.id, source(node.value)),
    ast.Tuple: lambda node, source: f"write a column in brackets: [{', '.join(map(source, node.elts))}]",
    (ast.ListComp, ast.GeneratorExp): lambda node, source: "write out every entry of a column, as in [x, 2*x]",
}
