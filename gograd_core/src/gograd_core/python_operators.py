"""The operators of Python: which operations may implement them, and what the array API standard calls them."""

from __future__ import annotations

__all__ = ["ARRAY_API", "BINARY", "COMPARISONS", "FUNCTIONS", "OF_INTEGERS", "OPERATORS", "UNARY"]

UNARY = {"-": "neg", "abs": "abs"}
BINARY = {"+": "add", "-": "sub", "*": "mul", "/": "truediv", "//": "floordiv", "%": "mod", "**": "pow"}
COMPARISONS = {"<": "lt", "<=": "le", ">": "gt", ">=": "ge", "==": "eq", "!=": "ne"}
"""The special method of each, without its underscores."""

FUNCTIONS = {"round": 2}
"""Functions of Python that an operation may implement, with their number of inputs."""

OF_INTEGERS = frozenset({"comb", "factorial", "gcd", "isqrt", "lcm", "perm"})
"""Functions of `math` that take only integers."""

OPERATORS = {
    *FUNCTIONS.items(),
    *((symbol, 1) for symbol in UNARY),
    *((symbol, 2) for symbol in (*BINARY, *COMPARISONS)),
}
"""Every operator and function, with its number of inputs."""

ARRAY_API = {
    "neg": "negative",
    "abs": "abs",
    "add": "add",
    "sub": "subtract",
    "mul": "multiply",
    "truediv": "divide",
    "floordiv": "floor_divide",
    "mod": "remainder",
    "pow": "pow",
    "lt": "less",
    "le": "less_equal",
    "gt": "greater",
    "ge": "greater_equal",
    "eq": "equal",
    "ne": "not_equal",
}
"""The standard's function for each special method."""
