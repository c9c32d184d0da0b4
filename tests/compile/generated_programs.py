"""Random programs: a few statements around borders and poles, as source that a failing test can show.

A form is a statement as text: ``{y}`` is the name that it defines, ``{0}``, ``{1}``, … are earlier names, ``{a}`` and
``{b}`` numbers. A form of several lines (a ``try``, a loop) is a text of several lines. Add forms to a table of your
own, and hand it to `program`.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs

from gograd_core import ops

__all__ = ["CHOICES", "NUMBERS", "POLES", "SMOOTH", "Program", "numbers", "program"]

CHOICES = (
    "{y} = ops.where({0} < {a}, {1}, {2})",
    "{y} = ops.where({0} > {1}, {1}, {2})",
    "{y} = ops.where({0} == {a}, {1}, {2})",
    "{y} = ops.where({0} >= {a}, {1}, {a})",
    "{y} = ops.maximum({0}, {1})",
    "{y} = ops.maximum({0}, {a})",
    "{y} = ops.minimum({a}, {0})",
    "{y} = ops.clip({0}, -1.0, {a})",
    "{y} = ops.relu({0})",
    "{y} = ops.relu({0} - {1})",
    "{y} = abs({0})",
    "{y} = ops.max([{0}, {1}, {a}])",
    "{y} = ({0} > {a}) * {1} + {0}",
)
POLES = (
    "{y} = ops.sqrt({0} * {0})",
    "{y} = ops.sqrt(abs({0}))",
    "{y} = ops.sqrt({0})",
    "{y} = ops.log(abs({0}) + {0} * {0} + 1.0)",
    "{y} = ops.log({0})",
    "{y} = {a} / {0}",
    "{y} = {0} / {1}",
    "{y} = {0} ** 1.5",
    "{y} = {0} ** 0.5",
    "{y} = ops.hypot({0}, {1})",
    "{y} = ops.cbrt({0})",
    "{y} = ops.asin({0})",
)
SMOOTH = (
    "{y} = {0} * {1}",
    "{y} = {0} + {1}",
    "{y} = {0} - {a}",
    "{y} = {a} * {0} + {b}",
    "{y} = {0} * {0}",
    "{y} = {0} ** 2",
    "{y} = ops.tanh({0})",
    "{y} = ops.exp(-{0} * {0})",
)
NUMBERS = (0.0, 1.0, -1.0, 0.5, 2.0, -0.5, 3.0, -2.0, 0.25)
"""Where borders and poles are, and points beside them."""


@attrs.frozen
class Program:
    """A function of a list of numbers, and its source."""

    source: str
    function: Callable[[Sequence[Any]], Any]
    arguments: int

    def __call__(self, p: Sequence[Any]) -> Any:
        return self.function(p)

    def __str__(self) -> str:
        return self.source


def program(
    draw: random.Random,
    arguments: int,
    statements: int,
    forms: Mapping[Sequence[str], float] | None = None,
    *,
    names: Mapping[str, Any] | None = None,
) -> Program:
    """A program in which no two statements are the same and each is used, so that nothing is merged or left out.

    Args:
        draw: where chance comes from.
        arguments: how many numbers it takes.
        statements: how many it has at most, besides the one that adds up what is left.
        forms: tables of forms, with how often each table is chosen.
        names: what the forms use besides `ops`.
    """
    tables = forms or {CHOICES: 6.0, POLES: 4.0, SMOOTH: 1.0}
    known = [f"x{place}" for place in range(arguments)]
    unused = list(known)
    lines = [f"{', '.join(known)}{',' if arguments == 1 else ''} = p"]
    written = set()
    for place in range(statements):
        form = draw.choice(draw.choices(list(tables), list(tables.values()))[0])
        entries = [draw.choice(unused if unused and draw.random() < 0.6 else known[-4:]) for _ in range(3)]
        filled = {"a": draw.choice(NUMBERS), "b": draw.choice(NUMBERS)}
        text = form.format(*entries, y="{y}", **filled)
        if text in written:
            continue
        written.add(text)
        used = {entries[index] for index in range(3) if f"{{{index}}}" in form}
        unused = [name for name in unused if name not in used] + [f"y{place}"]
        known.append(f"y{place}")
        lines += text.format(y=f"y{place}").split("\n")
    lines.append(f"return {' + '.join(unused)}")
    source = "\n    ".join(["def program(p):", *lines])
    scope = {"ops": ops, **(names or {})}
    exec(compile(source, "<generated program>", "exec"), scope)
    return Program(source, scope["program"], arguments)


def numbers(draw: random.Random, count: int) -> list[float]:
    """A point: each number is one of `NUMBERS`, 0.0 more often than others, or now and then one in between."""
    return [draw.choice((0.0, 0.0, *NUMBERS)) if draw.random() < 0.9 else draw.uniform(-2.0, 2.0) for _ in range(count)]
