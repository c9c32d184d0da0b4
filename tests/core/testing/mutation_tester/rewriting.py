"""Functions with one expression of their source replaced by a wrong one."""

from __future__ import annotations

import ast
import copy
import functools
import inspect
import itertools
import types
from collections.abc import Callable, Iterator, Sequence
from typing import Any

__all__ = ["Rule", "rewritten"]

Rule = Callable[..., Any]
Function = ast.FunctionDef | ast.Lambda

_COMMUTATIVE = (ast.Add, ast.Mult)
_ORDERINGS = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)


def rewritten(rules: Sequence[Rule]) -> Iterator[tuple[Rule, str, list[Rule]]]:
    """Sets of rules with one mistake, in the source of a rule or of a function that rules call.

    Followed are functions of a rule's own package. What has no source, such as built-in functions,
    is left alone.

    Yields:
        The function that was changed, how, and the rules; those that do not call it are as before.
    """
    called = [_called(rule) for rule in rules]
    for function in dict.fromkeys(itertools.chain(*called)):
        node = _source(function)
        if node is None:
            continue
        for expression in [part for statement in _body(node) for part in ast.walk(statement)]:
            for replacement in _mistakes(expression):
                # Where the copy comes to the expression, it finds the replacement already made.
                changed: Function = copy.deepcopy(node, {id(expression): replacement})
                code = _compiled(changed, function)
                broken = [
                    _rebuilt(functions, function, code) if function in functions else rule
                    for rule, functions in zip(rules, called, strict=True)
                ]
                yield function, f"{ast.unparse(expression)} → {ast.unparse(replacement)}", broken


def _mistakes(node: ast.AST) -> Iterator[ast.expr]:
    """Wrong expressions in place of `node`: a term or factor dropped, a sign flipped, operands swapped."""
    match node:
        case ast.BinOp(left, op, right):
            yield left
            match op:
                case ast.Add():
                    yield right
                    yield ast.BinOp(left, ast.Sub(), right)
                case ast.Sub():
                    yield ast.UnaryOp(ast.USub(), right)
                    yield ast.BinOp(left, ast.Add(), right)
                case ast.Mult():
                    yield right
                case ast.Div() if not isinstance(left, ast.Constant):
                    yield ast.BinOp(ast.Constant(1.0), op, right)
            if not isinstance(op, _COMMUTATIVE):
                yield ast.BinOp(right, op, left)
        case ast.UnaryOp(ast.USub(), operand):
            yield operand
        case ast.Compare(left, [op], [right]) if isinstance(op, _ORDERINGS):
            yield ast.Compare(right, [op], [left])
        case ast.Call(function, arguments, []):
            # The namespace comes first in helpers, and the condition in where: neither is an operand.
            first = next((i for i, argument in enumerate(arguments) if not _is_namespace(argument)), 0)
            first += isinstance(function, ast.Attribute) and function.attr == "where"
            for i, j in itertools.combinations(range(first, len(arguments)), 2):
                changed = list(arguments)
                changed[i], changed[j] = changed[j], changed[i]
                yield ast.Call(function, changed, [])


def _is_namespace(argument: ast.expr) -> bool:
    return isinstance(argument, ast.Name) and argument.id == "xp"


def _called(rule: Rule) -> list[types.FunctionType]:
    """The rule, and the functions of its package that it calls, directly or not."""
    if not isinstance(rule, types.FunctionType):
        return []
    package = rule.__module__.partition(".")[0]
    found = [rule]
    for function in found:  # which grows meanwhile
        for name in function.__code__.co_names:
            other = function.__globals__.get(name)
            if isinstance(other, types.FunctionType) and other.__module__.partition(".")[0] == package:
                found += [other] if other not in found else []
    return found


def _rebuilt(functions: list[types.FunctionType], changed: types.FunctionType, code: types.CodeType) -> Rule:
    """The first of the functions, in a copy of their modules in which one has another code."""
    modules = {id(function.__globals__): dict(function.__globals__) for function in functions}
    new = {}
    for function in functions:
        own = code if function is changed else function.__code__
        cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
        new[function] = types.FunctionType(
            own,
            modules[id(function.__globals__)],
            function.__name__,
            function.__defaults__,
            tuple(cells[name] for name in own.co_freevars),
        )
    for namespace in modules.values():
        for name, value in namespace.items():
            if isinstance(value, types.FunctionType):
                namespace[name] = new.get(value, value)
    return new[functions[0]]


@functools.cache
def _tree(module: types.ModuleType) -> ast.Module:
    return ast.parse(inspect.getsource(module))


def _source(function: types.FunctionType) -> Function | None:
    """The syntax tree of a function: that of its module which starts in its line and compiles to its code."""
    module = inspect.getmodule(function)
    try:
        nodes = list(ast.walk(_tree(module))) if module else []
    except (OSError, TypeError):
        return None
    for node in nodes:
        if (
            isinstance(node, Function)
            and node.lineno == function.__code__.co_firstlineno
            and _instructions(_compiled(node, function)) == _instructions(function.__code__)
        ):
            return node
    return None


def _instructions(code: types.CodeType) -> tuple[Any, ...]:
    constants = list(itertools.filterfalse(_is_code, code.co_consts))
    return code.co_code, code.co_names, code.co_varnames, repr(constants)


def _body(node: Function) -> list[Any]:
    return node.body if isinstance(node, ast.FunctionDef) else [node.body]


def _compiled(node: Function, function: types.FunctionType) -> types.CodeType:
    """The code of a function, defined inside another one that has the variables it takes from around it."""
    inner: Any = copy.copy(node)
    inner.decorator_list = []
    inner.args = copy.copy(node.args)
    inner.args.defaults, inner.args.kw_defaults = [], [None] * len(node.args.kwonlyargs)
    tree = ast.parse(f"def around({', '.join(function.__code__.co_freevars)}): pass")
    tree.body[0].body = [inner if isinstance(inner, ast.stmt) else ast.Expr(inner)]  # type: ignore[attr-defined]
    code = compile(ast.fix_missing_locations(tree), function.__code__.co_filename, "exec", dont_inherit=True)
    around: types.CodeType = next(filter(_is_code, code.co_consts))
    found: types.CodeType = next(filter(_is_code, around.co_consts))
    return found


def _is_code(constant: Any) -> bool:
    return isinstance(constant, types.CodeType)
