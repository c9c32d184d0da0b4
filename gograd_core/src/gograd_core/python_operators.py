"""The operators of Python that operations may implement."""

from __future__ import annotations

__all__ = ["BINARY", "COMPARISONS", "OPERATORS", "UNARY"]

UNARY = {"-": "neg", "abs": "abs"}
BINARY = {"+": "add", "-": "sub", "*": "mul", "/": "truediv", "//": "floordiv", "%": "mod", "**": "pow"}
COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
OPERATORS = {*((symbol, 1) for symbol in UNARY), *((symbol, 2) for symbol in (*BINARY, *COMPARISONS))}
"""Each with its number of inputs."""
