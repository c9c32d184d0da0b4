"""Operations that tests make up."""

from __future__ import annotations

from gograd_core import Op


def operation(name, forward, *partials, **fields):
    return Op(name, forward=forward, partials=partials, **fields)


def mine(forward, *partials, **fields):
    """An operation whose name does not matter."""
    return operation("mine", forward, *partials, **fields)


def unary(name="halve", factor=0.5, **fields):
    """Multiplication by a factor."""
    return operation(name, lambda xp, x: x * factor, lambda xp, out, x: factor, **fields)


def of_rule(forward, partial=lambda xp, out, x: 0.0, **fields):
    """An operation of which only the rules matter."""
    return operation("made_up", forward, partial, **fields)


def refuse(xp, out, *inputs):
    """A partial that fails."""
    raise LookupError("no derivative today")
