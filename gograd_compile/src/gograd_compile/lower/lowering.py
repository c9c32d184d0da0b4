"""From a tape to a graph: operations that are sums of products become sums, and single-use ones grow together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from gograd_compile import loops
from gograd_compile.kernels.rules import POWERS
from gograd_compile.lower.graph import FORWARD, Call, Graph
from gograd_compile.lower.rules import Rules, specialized
from gograd_compile.lower.sums import gather_sums
from gograd_compile.trace.tape import Integers, Tape

__all__ = ["lower"]

ADDED = (1.0, 0.0)
"""Constants that every graph has first."""
MOST_PATTERNS, MOST_SPECIAL, MOST_INPUTS = 32, 64, 8
"""How many patterns of fixed inputs have rules of their own; how many more of special numbers; of how many inputs."""


def lower(tape: Tape, rules: Mapping[Any, Rules]) -> Graph:
    """Make the graph that computes what the tape does, to the last bit. It keeps the values of guards.

    (A power with a fixed exponent may differ in its last place, where it is computed as a product.)
    """
    first = tape.arguments + len(tape.captured)
    kinds, ran, variants = _variants(tape, [rules[op] for op in tape.operations])
    added = np.array([*ADDED, *_constants(variants)])
    place = {bits: position for position, bits in reversed(list(enumerate(added.view(np.int64).tolist())))}

    def constant(number: float) -> int:
        return int(first + place[int(np.float64(number).view(np.int64))])

    codes, calls = _calls(tape, kinds, variants)
    leaves = tape.leaves + len(added)
    outputs, guards = (np.where(nodes < first, nodes, nodes + len(added)) for nodes in (tape.outputs, tape.deciding()))
    new_codes, new_starts, new_inputs, number = gather_sums(
        tape, len(added), kinds, codes, np.concatenate([outputs, guards]),
        _patterns(variants, constant), _needs(calls), _most_terms(tape, ran, variants),
    )  # fmt: skip
    opaque = np.flatnonzero(np.isin(tape.codes, [code for code, op in enumerate(tape.operations) if op.opaque]))
    asked = np.searchsorted(tape.guards.after, opaque, side="right")
    return Graph(
        arguments=tape.arguments,
        captured=len(tape.captured),
        constants=np.concatenate([added, tape.constants]),
        seeds=0,
        calls=calls,
        codes=new_codes,
        starts=new_starts,
        inputs=new_inputs,
        outputs=number[outputs],
        guards=number[guards],
        outside=number[guards[tape.domains[tape.guards.outcomes[tape.domains] > 0.0]]],
        barriers=np.stack([number[leaves + opaque], asked], axis=1),
    )


def _variants(tape: Tape, known: list[Rules]) -> tuple[Integers, list[int], list[Rules]]:
    """Choose the rules of each operation: those of `known`, or some for fixed inputs. Count how often each ran.

    Powers by a fixed number may be other numbers (x**2.0 is x * x), so they are that whatever else a tape has.
    """
    eligible = [rules.terms is None and rules.forward is not None and not rules.op.variadic for rules in known]
    first = tape.arguments + len(tape.captured)
    patterns = np.full((MOST_PATTERNS + MOST_SPECIAL, 1 + MOST_INPUTS), -1, dtype=np.int64)
    kinds, ran = np.empty_like(tape.codes), np.zeros(len(known) + len(patterns), dtype=np.int64)
    are_special = np.isin(tape.constants, list(POWERS)).astype(np.uint8)
    count = loops.sums.find_patterns(
        tape.codes.data, tape.starts.data, tape.inputs.data, first, tape.leaves,
        np.array(eligible, dtype=np.uint8).data, are_special.data, MOST_PATTERNS, patterns.data, kinds.data, ran.data,
    )  # fmt: skip
    variants = list(known)
    for op, *entries in patterns[:count].tolist():
        fixed = {place: float(tape.constants[node - first]) for place, node in enumerate(entries) if node >= 0}
        variants.append(specialized(known[op], fixed))
    return kinds, ran[: len(variants)].tolist(), variants


def _constants(variants: Sequence[Rules]) -> list[float]:
    """Collect the numbers that rules have in their sums, and that local derivatives are."""
    factors = [
        factor for rules in variants for term in rules.terms or () for factor in term if isinstance(factor, float)
    ]
    slopes = [
        partial.constant for rules in variants for partial in rules.partials if partial and partial.constant is not None
    ]
    return factors + slopes


def _calls(tape: Tape, kinds: Integers, variants: Sequence[Rules]) -> tuple[Integers, tuple[Call, ...]]:
    """Find the code of each operation that ran, 0 for a sum. Operations of columns have a code per length."""
    calls: list[Call] = []
    of_kind = np.zeros(len(variants) + 1, dtype=np.int32)
    for kind, rules in enumerate(variants):
        if rules.terms is None and not rules.op.variadic:
            calls.append(Call(rules, FORWARD, 0, rules.needs))
            of_kind[kind] = len(calls)
    codes = of_kind[kinds]
    for kind, rules in enumerate(variants):
        if rules.terms is None and rules.op.variadic:
            ran = np.flatnonzero(kinds == kind)
            lengths = (tape.starts[ran + 1] - tape.starts[ran]) // len(rules.op.partials)
            for length in np.unique(lengths):
                calls.append(Call(rules, FORWARD, int(length), rules.needs))
                codes[ran[lengths == length]] = len(calls)
    return codes, tuple(calls)


def _needs(calls: Sequence[Call]) -> tuple[Integers, Integers]:
    """Find which inputs each code takes, and where those of a code begin. Codes that take whole columns have none."""
    needs = [() if call.length else call.needs for call in calls]
    return _flat(needs), np.cumsum([0, 0, *map(len, needs)], dtype=np.int64)


def _most_terms(tape: Tape, ran: Sequence[int], variants: Sequence[Rules]) -> int:
    """Count the terms of all sums, or more. A sum over columns has 0.0, and one term per entry."""
    sums = [(count, rules.terms, rules.op.variadic) for count, rules in zip(ran, variants, strict=True)]
    most = sum(count if variadic else count * len(terms or ()) for count, terms, variadic in sums)
    return most + len(tape.inputs) * any(variadic for *_, variadic in sums)


def _patterns(known: Sequence[Rules], constant: Any) -> tuple[Integers, Integers, Integers]:
    """Write the terms of operations that are sums, a number per factor: a place, or ~value of a constant.

    With them, how many columns an operation has (0: it takes numbers), and where its factors begin.
    """
    rows = [
        [factor if isinstance(factor, int) else ~constant(factor) for term in rules.terms or () for factor in term]
        for rules in known
    ]
    columns = np.array([len(rules.partials) if rules.op.variadic else 0 for rules in known], dtype=np.int64)
    return _flat(rows), columns, np.cumsum([0, *map(len, rows)], dtype=np.int64)


def _flat(rows: Iterable[Iterable[int]]) -> Integers:
    return np.array([entry for row in rows for entry in row], dtype=np.int64)
