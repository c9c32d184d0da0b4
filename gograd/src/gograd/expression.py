"""Expressions as text, evaluated on neurons by walking a syntax tree with allowed nodes, never by `eval`."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from gograd.console import cut, in_words
from gograd.instead import CONSTANTS, instead, instead_of_text
from gograd_core import DomainError, UnknownOperationError, ops
from gograd_core.extend import current, quoted

__all__ = ["ExpressionError", "evaluate", "require_use"]

_BINARY: dict[type[ast.AST], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "**",
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
}  # fmt: skip
_UNARY: dict[type[ast.AST], str] = {ast.USub: "-", ast.UAdd: "+"}


class ExpressionError(ValueError):
    """The text is not an expression of numbers, variables, operators and operations."""


def evaluate(text: str, variables: Mapping[str, Any]) -> Any:
    """Compute the value of an expression such as ``"tanh(w*x + b)"``.

    It may contain numbers, the names in `variables`, ``e inf nan pi``, Python's arithmetic and comparisons, and calls
    of operations. Inputs may be given by name: ``atan2(y=1, x=2)``. A variadic operation takes lists:
    ``dot([x, y], [1, 2])``.

    Raises:
        ExpressionError: the text contains anything else; the message shows where.
        DomainError: a value is not finite.
    """
    text = text.strip()
    try:
        result = _Evaluator(text, variables).visit(_parse(text).body)
    except (RecursionError, MemoryError):
        raise ExpressionError("the expression is nested too deeply") from None
    if isinstance(result, list):
        raise ExpressionError(f"{quoted(text)} is a list, not a number; lists are inputs of operations such as dot")
    return result


def require_use(text: str, variables: Iterable[str]) -> None:
    """Refuse variables that an expression does not contain: one of the names may be misspelt.

    Raises:
        ExpressionError: there are such variables.
    """
    used = {node.id for node in ast.walk(_parse(text.strip())) if isinstance(node, ast.Name)}
    unused = [name for name in variables if name not in used]
    if unused:
        is_or_are = "is" if len(unused) == 1 else "are"
        names = ", ".join(map(quoted, unused))
        raise ExpressionError(f"{names} {is_or_are} not in the expression: look for a misspelt name")


def _parse(text: str) -> ast.Expression:
    if not text:
        raise ExpressionError('the expression is empty: write one, such as "tanh(w*x + b)"')
    try:
        return ast.parse(text, mode="eval")
    except SyntaxError as error:
        hint = cut(instead_of_text(text, error.msg))
        reason = f"{error.msg}; {hint}" if hint else error.msg
        raise ExpressionError(f"{quoted(text)} is not a valid expression: {reason}") from None
    except ValueError as error:  # a character that no source may hold
        raise ExpressionError(f"{quoted(text)} is not a valid expression: {error}") from None


class _Evaluator(ast.NodeVisitor):
    def __init__(self, text: str, variables: Mapping[str, Any]) -> None:
        self._text = text
        self._variables = variables

    def generic_visit(self, node: ast.AST) -> Any:
        hint = instead(node, self._source)
        refusal = f": {cut(hint)}" if hint else f" is not allowed in an expression ({type(node).__name__})"
        raise ExpressionError(f"{quoted(self._source(node))}{refusal}")

    def _source(self, node: ast.AST) -> str:
        return ast.get_source_segment(self._text, node) or type(node).__name__

    def visit_Constant(self, node: ast.Constant) -> Any:
        if type(node.value) not in (int, float):
            return self.generic_visit(node)
        try:
            return float(node.value)  # type: ignore[arg-type]
        except OverflowError:
            raise ExpressionError("the expression has an integer that is too large for a float") from None

    def visit_Name(self, node: ast.Name) -> Any:
        if node.id in self._variables:
            return self._variables[node.id]
        if node.id in CONSTANTS:
            return getattr(ops, node.id)
        if node.id in ops:
            raise ExpressionError(f"{node.id!r} is an operation: call it, {node.id}(...)")
        raise ExpressionError(f"{node.id!r} has no value: give {node.id}=NUMBER")

    def visit_List(self, node: ast.List) -> list[Any]:
        return [self.visit(element) for element in node.elts]

    def visit_UnaryOp(self, node: ast.UnaryOp) -> Any:
        return self._operator(node, _UNARY.get(type(node.op)), node.operand)

    def visit_BinOp(self, node: ast.BinOp) -> Any:
        return self._operator(node, _BINARY.get(type(node.op)), node.left, node.right)

    def visit_Compare(self, node: ast.Compare) -> Any:
        if len(node.ops) > 1:
            return self.generic_visit(node)
        return self._operator(node, _BINARY.get(type(node.ops[0])), node.left, node.comparators[0])

    def visit_Call(self, node: ast.Call) -> Any:
        if isinstance(node.func, ast.Attribute) and node.func.attr in ops:
            owner = node.func.value
            is_module = isinstance(owner, ast.Name) and owner.id not in self._variables
            inputs = [*([] if is_module else [owner]), *node.args, *node.keywords]
            call = cut(f"{node.func.attr}({', '.join(map(self._source, inputs))})")
            raise ExpressionError(
                f"{quoted(self._source(node))}: operations are called only by their names: write {call}"
            )
        if not isinstance(node.func, ast.Name) or any(keyword.arg is None for keyword in node.keywords):
            return self.generic_visit(node)
        name = node.func.id
        return self._apply(node, lambda: ops[name], *node.args, *node.keywords)

    def _operator(self, node: ast.AST, symbol: str | None, *operands: ast.AST) -> Any:
        if symbol is None:
            return self.generic_visit(node)
        if symbol == "+" and len(operands) == 1:  # as in Python, +x is x
            return self.visit(operands[0])
        return self._apply(node, lambda: current.registry[f"{symbol} {len(operands)}"], *operands)

    def _apply(self, node: ast.AST, look_up: Callable[[], Any], *operands: ast.AST) -> Any:
        try:
            operation = look_up()
        except UnknownOperationError as error:
            hint = instead(node, self._source) if isinstance(node, ast.Call) else ""
            raise ExpressionError(f"{quoted(self._source(node))}: {cut(hint)}" if hint else str(error)) from None
        inputs = [self.visit(operand) for operand in operands if not isinstance(operand, ast.keyword)]
        named = {str(each.arg): self.visit(each.value) for each in operands if isinstance(each, ast.keyword)}
        try:
            return operation(*inputs, **named)
        except (DomainError, RecursionError, MemoryError):
            raise
        except Exception as error:  # a rule may raise anything
            hint = instead(node, self._source) if isinstance(node, ast.Call) else ""
            reason = cut(hint) or in_words(error)
            raise ExpressionError(f"{cut(self._source(node))}: {reason}") from None
