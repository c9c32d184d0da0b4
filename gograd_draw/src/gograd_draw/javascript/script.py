"""A script that defines the rules of operations as an object `rules`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from importlib.resources import files
from typing import TYPE_CHECKING

import attrs

from gograd_core.extend import ExpansionError
from gograd_draw.javascript.functions import RUNTIME, functions_of

if TYPE_CHECKING:
    from gograd_core import Op

__all__ = ["RulesScript", "rules_script"]


@attrs.frozen
class RulesScript:
    """Rules in JavaScript.

    For the key of an operation, ``rules[key].forward(...inputs)`` is its value, and
    ``rules[key].partials[position](out, ...inputs)`` the derivative by an input, at the output `out`. The entry is null
    where there is no derivative. Inputs of a variadic operation are arrays of equal length, and a partial returns an
    array of that length. Truth values are 1 and 0. Numbers are what the rules give on floats, by IEEE 754: infinity at
    a pole, NaN outside the domain, and never an exception. The bits are those of Python where a rule needs only
    arithmetic, square roots, comparisons and choices. Other functions differ in the last places. NaN has no sign.

    Attributes:
        source: a script that defines the constant `rules`. It is safe in a ``<script>`` element.
        keys: the key of each operation that was printed, which is its name, or ``"DIST:NAME"`` if others share that.
        refusals: for each other operation a sentence that says why it cannot be computed in a page.
    """

    source: str
    keys: Mapping[Op, str]
    refusals: Mapping[Op, str]


def rules_script(operations: Iterable[Op]) -> RulesScript:
    """Print the rules of operations as JavaScript.

    An operation is refused if its rules choose with ``if``, understand only floats, or call a function of Python for
    which there is none in JavaScript.
    """
    printed: dict[Op, str] = {}
    refusals: dict[Op, str] = {}
    for op in dict.fromkeys(operations):
        try:
            printed[op] = functions_of(op)
        except ExpansionError as error:
            refusals[op] = f"{op.name} cannot be computed in a page: {error.reason}."
    keys = _keys(printed)
    entries = "".join(f"[{quoted_for_script(keys[op])}]: {text},\n" for op, text in printed.items())
    folder = files(__name__.rpartition(".")[0])
    runtime = "\n".join(folder.joinpath(name).read_text(encoding="utf-8") for name in RUNTIME)
    # A key in brackets is only a key, even if it is "__proto__".
    source = f'const rules = (() => {{\n"use strict";\n{runtime}\nreturn {{\n__proto__: null,\n{entries}}};\n}})();\n'
    return RulesScript(source, keys, refusals)


def quoted_for_script(text: str) -> str:
    """Write a text as a string of JavaScript in ASCII that has no meaning in HTML."""
    quoted = json.dumps(text)
    for character in "<>&":
        quoted = quoted.replace(character, f"\\u{ord(character):04x}")
    return quoted


def _keys(ops: Iterable[Op]) -> dict[Op, str]:
    """Choose a key for each operation: its name, with the distribution or a number if that is not enough."""
    ops = list(ops)
    names = Counter(op.name for op in ops)
    keys: dict[Op, str] = {}
    for op in ops:
        shared = names[op.name] > 1 and op.provider is not None
        key = base = f"{op.provider.distribution}:{op.name}" if shared and op.provider else op.name
        number = 1
        while key in keys.values():
            number += 1
            key = f"{base}#{number}"
        keys[op] = key
    return keys
