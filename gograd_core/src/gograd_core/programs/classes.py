"""Lets neurons pass for floats where a program asks for ``x.__class__``, which no built-in name stands for."""

from __future__ import annotations

import ast
from types import CodeType
from typing import Any

from gograd_core.programs.look_alikes import CLASS_OF

__all__ = ["with_classes"]


def with_classes(loader: Any, name: str) -> CodeType | None:
    """Compile a module so that it asks a look-alike for ``x.__class__``. It is None if the module never asks for it.

    Args:
        loader: what finds the source.
        name: the name of the module.
    """
    source = loader.get_source(name) if hasattr(loader, "get_source") else None
    if source is None or ".__class__" not in source:
        return None
    tree = _Asking().visit(ast.parse(source))
    return compile(tree, loader.get_filename(name), "exec", dont_inherit=True)


class _Asking(ast.NodeTransformer):
    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        """Replace ``x.__class__``, unless it is set or deleted."""
        self.generic_visit(node)
        if node.attr != "__class__" or not isinstance(node.ctx, ast.Load):
            return node
        asked = ast.Call(ast.Name(CLASS_OF, ast.Load()), [node.value], [])
        return ast.fix_missing_locations(ast.copy_location(asked, node))
