"""Implicit functions as operations: roots, fixed points and minima, with derivatives of every order."""

from __future__ import annotations

from gograd_ops_solve.errors import SolveError
from gograd_ops_solve.functions import fixed_point, minimize_scalar, root

__version__ = "0.1.0"

__all__ = ["SolveError", "fixed_point", "minimize_scalar", "root"]
