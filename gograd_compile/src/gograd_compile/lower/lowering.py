"""Turns a tape into a graph. Operations that are sums of products become sums, and sums used once are joined."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from gograd_compile import loops
from gograd_compile.kernels.rules import POWERS
from gograd_compile.lower.graph import FORWARD, Call, Graph, Rows
from gograd_compile.lower.rules import Rules, specialized
from gograd_compile.trace.tape import Integers, Tape

__all__ = ["lower"]

ADDED = (1.0, 0.0)
"""The first constants of every graph."""
MOST_PATTERNS, MOST_SPECIAL, MOST_INPUTS = 32, 64, 8
"""How many patterns of constant inputs have own rules, how many more if they are special, and for how many inputs."""


def lower(tape: Tape, rules: Mapping[Any, Rules]) -> Graph:
    """Make the graph that computes what the tape does, to the last bit. It keeps the values of guards.

    Only a power with a constant exponent may differ in its last place, if it is computed as a product.
    """
    first = tape.arguments + len(tape.captured)
    kinds, ran, variants = _variants(tape, [rules[op] for op in tape.operations])
    added = [*ADDED, *_constants(variants)]
    values = {number.hex(): first + place for place, number in reversed(list(enumerate(added)))}
    codes, calls = _calls(tape, kinds, variants)
    outputs, guards = (np.where(nodes < first, nodes, nodes + len(added)) for nodes in (tape.outputs, tape.deciding()))
    kept, most_terms = np.concatenate([outputs, guards]), _most_terms(tape, ran, variants)
    rows, number = _joined(tape, len(added), kinds, codes, kept, _factors(variants, values), _needs(calls), most_terms)
    opaque_codes = [code for code, op in enumerate(tape.operations) if op.opaque]
    opaque = np.flatnonzero(np.isin(tape.codes, opaque_codes)) if opaque_codes else np.empty(0, dtype=np.intp)
    asked = np.searchsorted(tape.guards.after, opaque, side="right")
    return Graph(
        arguments=tape.arguments,
        captured=len(tape.captured),
        constants=np.concatenate([added, tape.constants]),
        seeds=0,
        calls=calls,
        codes=rows[0],
        starts=rows[1],
        inputs=rows[2],
        outputs=number[outputs],
        guards=number[guards],
        outside=number[guards[tape.domains[tape.guards.outcomes[tape.domains] > 0.0]]],
        barriers=np.stack([number[tape.leaves + len(added) + opaque], asked], axis=1),
    )


def _variants(tape: Tape, known: list[Rules]) -> tuple[Integers, list[int], list[Rules]]:
    """Choose the rules of each operation, those of `known` or special ones for constant inputs, and count their uses.

    A power with a special exponent may have another last digit (x**2.0 becomes x * x). So its rules must not depend on
    what else is on the tape: special patterns have room of their own.
    """
    eligible = [rules.terms is None and not (rules.op.opaque or rules.op.variadic) for rules in known]
    first = tape.arguments + len(tape.captured)
    patterns = np.full((MOST_PATTERNS + MOST_SPECIAL, 1 + MOST_INPUTS), -1, dtype=np.int64)
    kinds, ran = np.empty_like(tape.codes), np.zeros(len(known) + len(patterns), dtype=np.int64)
    are_special = np.any([tape.constants == power for power in POWERS], axis=0).astype(np.uint8)
    count = loops.sums.find_patterns(
        loops.views(*tape.rows), first, tape.leaves, np.array(eligible, dtype=np.uint8).data, are_special.data,
        MOST_PATTERNS, patterns.data, kinds.data, ran.data,
    )  # fmt: skip
    variants = list(known)
    for op, *entries in patterns[:count].tolist():
        fixed = {place: float(tape.constants[node - first]) for place, node in enumerate(entries) if node >= 0}
        variants.append(specialized(known[op], fixed))
    return kinds, ran[: len(variants)].tolist(), variants


def _constants(variants: Sequence[Rules]) -> list[float]:
    """Collect the constants in the sums of rules, and the local derivatives that are constants."""
    factors = [
        factor for rules in variants for term in rules.terms or () for factor in term if isinstance(factor, float)
    ]
    slopes = [partial.factor for rules in variants for partial in rules.partials if partial is not None]
    return factors + [slope for slope in slopes if isinstance(slope, float)]


def _joined(
    tape: Tape, added: int, kinds: Integers, codes: Integers, kept: Integers, factors: tuple[Integers, ...],
    needs: tuple[Integers, ...], most_terms: int,
) -> tuple[Rows, Integers]:  # fmt: skip
    """Join sums. Returns the rows of the values that are still computed, and the new number of each value.

    A sum that is used once, as a term of another sum, becomes part of it, unless its value is to be `kept`. Constants
    were `added` in front of those of the tape.
    """
    one, leaves, count = tape.arguments + len(tape.captured), tape.leaves + added, len(codes)
    same, uses = np.arange(leaves + count, dtype=np.int32), np.zeros(leaves + count, dtype=np.int32)
    taken, gone = np.empty_like(tape.inputs), np.zeros(count, np.uint8)
    terms = loops.views(np.zeros(count, dtype=np.int32), np.empty(2 * most_terms, dtype=np.int32))
    made = loops.sums.take_terms(
        leaves, one, added, kinds.data, loops.views(codes, tape.starts, tape.inputs), loops.views(*factors),
        same.data, uses.data, taken.data, terms,
    )  # fmt: skip
    uses[same[kept]] = 2  # or more
    chains = loops.views(np.empty(2 * count, np.int32), np.empty(made, np.int32))
    loops.sums.chain_up(leaves, one, codes.data, same.data, uses.data, terms, gone.data, chains)
    new_codes, new_starts = np.empty(count, np.int32), np.empty(count + 1, np.int64)
    new_inputs = np.empty(len(taken) + 2 * made, np.int32)
    left = loops.sums.emit(
        leaves, loops.views(codes, tape.starts, taken), same.data, gone.data, terms, chains, loops.views(*needs),
        loops.views(new_codes, new_starts, new_inputs),
    )  # fmt: skip
    return (new_codes[:left], new_starts[: left + 1], new_inputs[: new_starts[left]]), same


def _calls(tape: Tape, kinds: Integers, variants: Sequence[Rules]) -> tuple[Integers, tuple[Call, ...]]:
    """Find the code of each operation that ran: 0 for a sum. Operations on columns have one code for each length."""
    calls: list[Call] = []
    code_of: dict[Rules, int] = {}  # variants that cannot be specialized share the rules
    of_kind = np.zeros(len(variants) + 1, dtype=np.int32)
    for kind, rules in enumerate(variants):
        if rules.terms is None and not rules.op.variadic:
            if rules not in code_of:
                calls.append(Call(rules, FORWARD, 0, rules.needs))
                code_of[rules] = len(calls)
            of_kind[kind] = code_of[rules]
    codes = of_kind[kinds]
    for kind, rules in enumerate(variants):
        if rules.terms is None and rules.op.variadic:
            ran = np.flatnonzero(kinds == kind)
            lengths = (tape.starts[ran + 1] - tape.starts[ran]) // len(rules.op.partials)
            for length in sorted(set(lengths.tolist())):
                calls.append(Call(rules, FORWARD, length, rules.needs))
                codes[ran[lengths == length]] = len(calls)
    return codes, tuple(calls)


def _needs(calls: Sequence[Call]) -> tuple[Integers, Integers]:
    """Find which inputs each code takes, and where those of a code begin. Codes that take whole columns list none."""
    needs = [() if call.length else call.needs for call in calls]
    return _flat(needs), np.cumsum([0, 0, *map(len, needs)], dtype=np.int64)


def _most_terms(tape: Tape, ran: Sequence[int], variants: Sequence[Rules]) -> int:
    """Count the terms of all sums, or more. A sum over columns has a term 0.0, and one for each entry."""
    sums = [(count, rules.terms, rules.op.variadic) for count, rules in zip(ran, variants, strict=True)]
    most = sum(count if variadic else count * len(terms or ()) for count, terms, variadic in sums)
    return most + len(tape.inputs) * any(variadic for *_, variadic in sums)


def _factors(known: Sequence[Rules], values: Mapping[str, int]) -> tuple[Integers, Integers, Integers]:
    """List the factors of operations that are sums. Each is the place of an input, or ~value for a constant.

    Also returns how many columns each operation has (0 if it takes numbers), and where its factors begin.
    """
    rows = [
        [factor if isinstance(factor, int) else ~values[factor.hex()] for term in rules.terms or () for factor in term]
        for rules in known
    ]
    columns = np.array([len(rules.partials) if rules.op.variadic else 0 for rules in known], dtype=np.int64)
    return _flat(rows), columns, np.cumsum([0, *map(len, rows)], dtype=np.int64)


def _flat(rows: Iterable[Iterable[int]]) -> Integers:
    return np.array([entry for row in rows for entry in row], dtype=np.int64)
