"""The smallest definitions of operations."""

from __future__ import annotations

from gograd_core import Op


def rule_1(xp, x):
    return x


def rule_2(xp, x, y):
    return x


def partial_1(xp, out, x):
    return 1.0


def partial_2(xp, out, x, y):
    return 1.0


def unary(name="f", **fields):
    return Op(name, **{"forward": rule_1, "partials": (partial_1,)} | fields)


def binary(name="f", **fields):
    return Op(name, **{"forward": rule_2, "partials": (partial_2, partial_2)} | fields)


def total(inputs, **fields):
    """A variadic operation of `inputs` columns: the sum of all their entries."""
    return Op(
        "total",
        forward=lambda xp, *columns: sum((xp.sum(column) for column in columns), 0.0),
        partials=(lambda xp, out, *columns: 1.0,) * inputs,
        variadic=True,
        **fields,
    )
