"""Lets neurons pass for floats where a program asks for ``x.__class__``, which no built-in name stands for."""

from __future__ import annotations

import ast
from types import CodeType
from typing import Any

from gograd_core.programs.look_alikes import CLASS_OF

__all__ = ["with_classes"]


def with_classes(loader: Any, name: str) -> CodeType | None:
    """Compile a module so that it asks a look-alike for ``x.__class__``.

    It is None if the module never asks for it, or is nested too deeply.

    Args:
        loader: what finds the source.
        name: the name of the module.
    """
    source = loader.get_source(name) if hasattr(loader, "get_source") else None
    if source is None or ".__class__" not in source:
        return None
    tree = ast.parse(source)
    for node in ast.walk(tree):  # not by recursion, since long sums are nested deeply
        for field, value in ast.iter_fields(node):
            if isinstance(value, list):
                value[:] = map(_asking, value)
            elif not isinstance(node, ast.MatchValue):  # a pattern cannot call anything
                setattr(node, field, _asking(value))
    try:
        return compile(tree, loader.get_filename(name), "exec", dont_inherit=True)
    except RecursionError:
        return None


def _asking(node: Any) -> Any:
    """Replace ``x.__class__``, unless it is set or deleted."""
    if not isinstance(node, ast.Attribute) or node.attr != "__class__" or not isinstance(node.ctx, ast.Load):
        return node
    name = ast.copy_location(ast.Name(CLASS_OF, ast.Load()), node)
    return ast.copy_location(ast.Call(name, [node.value], []), node)
