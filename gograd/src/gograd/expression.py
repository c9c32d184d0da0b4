"""Expressions as text, evaluated over neurons through a whitelisted syntax tree, never by `eval`."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any

from gograd_core import UnknownOperationError, ops, registry

__all__ = ["ExpressionError", "evaluate"]

_BINARY: dict[type[ast.AST], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "**",
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
}  # fmt: skip
_UNARY: dict[type[ast.AST], str] = {ast.USub: "-", ast.UAdd: "+"}
_CONSTANTS = ("e", "inf", "nan", "pi")


class ExpressionError(ValueError):
    """The text is no expression of numbers, variables, operators and operations."""


def evaluate(text: str, variables: Mapping[str, Any]) -> Any:
    """The value of an expression such as ``"tanh(w*x + b)"``.

    Allowed are numbers, the names in `variables`, ``e inf nan pi``, Python's arithmetic and
    comparisons, and calls of operations; a variadic operation takes lists: ``dot([x, y], [1, 2])``.

    Raises:
        ExpressionError: anything else; the message shows where.
        DomainError: a value is not finite.
    """
    text = text.strip()
    try:
        result = _Evaluator(text, variables).visit(_parse(text).body)
    except (RecursionError, MemoryError):
        raise ExpressionError("the expression is nested too deeply") from None
    if isinstance(result, list):
        raise ExpressionError(f"{text!r} is a list, not a number; lists are inputs of operations such as dot")
    return result


def _parse(text: str) -> ast.Expression:
    try:
        return ast.parse(text, mode="eval")
    except SyntaxError as error:
        raise ExpressionError(f"{text!r} is no expression: {error.msg}") from None
    except ValueError as error:  # a character that no source may hold
        raise ExpressionError(f"{text!r} is no expression: {error}") from None


class _Evaluator(ast.NodeVisitor):
    def __init__(self, text: str, variables: Mapping[str, Any]) -> None:
        self._text = text
        self._variables = variables

    def generic_visit(self, node: ast.AST) -> Any:
        shown = ast.get_source_segment(self._text, node) or type(node).__name__
        raise ExpressionError(f"{shown!r} is not allowed in an expression ({type(node).__name__})")

    def visit_Constant(self, node: ast.Constant) -> Any:
        if type(node.value) not in (int, float):
            return self.generic_visit(node)
        try:
            return float(node.value)  # type: ignore[arg-type]
        except OverflowError:
            raise ExpressionError("the expression holds an integer too large for a float") from None

    def visit_Name(self, node: ast.Name) -> Any:
        if node.id in self._variables:
            return self._variables[node.id]
        if node.id in _CONSTANTS:
            return getattr(ops, node.id)
        if node.id in ops:
            raise ExpressionError(f"{node.id!r} is an operation: call it, {node.id}(...)")
        raise ExpressionError(f"{node.id!r} has no value: give {node.id}=NUMBER")

    def visit_List(self, node: ast.List) -> list[Any]:
        return [self.visit(element) for element in node.elts]

    def visit_UnaryOp(self, node: ast.UnaryOp) -> Any:
        return self._operator(node, _UNARY.get(type(node.op)), node.operand)

    def visit_BinOp(self, node: ast.BinOp) -> Any:
        if isinstance(node.op, ast.BitXor):
            raise ExpressionError(f"{ast.get_source_segment(self._text, node)!r}: a power is written x**y")
        return self._operator(node, _BINARY.get(type(node.op)), node.left, node.right)

    def visit_Compare(self, node: ast.Compare) -> Any:
        if len(node.ops) > 1:
            return self.generic_visit(node)
        return self._operator(node, _BINARY.get(type(node.ops[0])), node.left, node.comparators[0])

    def visit_Call(self, node: ast.Call) -> Any:
        if not isinstance(node.func, ast.Name) or node.keywords:
            return self.generic_visit(node)
        name = node.func.id
        return self._apply(node, lambda: ops[name], *node.args)

    def _operator(self, node: ast.AST, symbol: str | None, *operands: ast.AST) -> Any:
        if symbol is None:
            return self.generic_visit(node)
        if symbol == "+" and len(operands) == 1:  # as in Python, +x is x
            return self.visit(operands[0])
        return self._apply(node, lambda: registry.active[f"{symbol} {len(operands)}"], *operands)

    def _apply(self, node: ast.AST, look_up: Callable[[], Any], *operands: ast.AST) -> Any:
        try:
            operation = look_up()
        except UnknownOperationError as error:
            raise ExpressionError(str(error)) from None
        inputs = [self.visit(operand) for operand in operands]
        try:
            return operation(*inputs)
        except (TypeError, ValueError) as error:
            if isinstance(error, ArithmeticError):
                raise  # a DomainError says all there is to say
            raise ExpressionError(f"{ast.get_source_segment(self._text, node)}: {error}") from None
