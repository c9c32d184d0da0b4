"""Broken versions of operations, each broken in one place, which the conformance kit must reject.

Some rules are wrapped: negated, given other inputs, robbed of a digit. The source of others, and of
the functions of their package that they call, is rewritten: a term or factor dropped, a sign
flipped, operands swapped.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterator
from typing import Any

import attrs

from gograd_core.namespaces.columns import Column
from gograd_core.op import Op
from gograd_core.op.implementations import resolve
from gograd_core.testing.floats import differentiable, rule_name
from mutation_tester.rewriting import Rule, rewritten

__all__ = ["Mutant", "mutants"]


@attrs.frozen
class Mutant:
    """A broken operation, and what was done to it."""

    op: Op
    what: str


def mutants(op: Op) -> Iterator[Mutant]:
    """Versions of `op`, each with one mistake."""
    if op.formula is not None:
        for what, rule in _wrapped(op, op.formula, 1):
            yield Mutant(_changed(op, forward=rule), f"forward: {what}")
    if "scalar" in op.implementations:
        for what, rule in _wrapped(op, resolve(op.implementations["scalar"]), 0):
            yield Mutant(
                _changed(op, implementations={**op.implementations, "scalar": rule}), f"forward of floats: {what}"
            )
    for index in differentiable(op):
        partial: Rule = op.partials[index]  # type: ignore[assignment]
        for what, rule in (("zeroed", _zeroed(partial)), *_wrapped(op, partial, 2)):
            partials = (*op.partials[:index], rule, *op.partials[index + 1 :])
            yield Mutant(_changed(op, partials=partials), f"{rule_name(op, index)}: {what}")
    for first, second in itertools.combinations(differentiable(op), 2):
        swapped = list(op.partials)
        swapped[first], swapped[second] = swapped[second], swapped[first]
        yield Mutant(_changed(op, partials=swapped), f"{rule_name(op, first)} and {rule_name(op, second)} swapped")
    yield from _rewritten(op)


def _rewritten(op: Op) -> Iterator[Mutant]:
    names = {index: rule_name(op, index) for index in differentiable(op)}
    rules: dict[int, Any] = {index: op.partials[index] for index in names}
    if op.formula is not None:
        names[-1], rules[-1] = "forward", op.formula
    for function, what, broken in rewritten(list(rules.values())):
        found = dict(zip(rules, broken, strict=True))
        partials = [found.get(index) for index in range(len(op.partials))]
        place = ", ".join(names[index] for index, rule in rules.items() if rule is function) or function.__name__
        yield Mutant(_changed(op, forward=found.get(-1), partials=partials), f"{place}: {what}")


def _changed(op: Op, **fields: Any) -> Op:
    return attrs.evolve(op, **fields, kernels=None)  # which are those of the right rules


def _wrapped(op: Op, rule: Rule, skipped: int) -> Iterator[tuple[str, Rule]]:
    """A rule negated, with two inputs swapped, and with fewer digits; `skipped` arguments are no inputs."""

    @functools.wraps(rule)
    def negated(*args: Any) -> Any:
        return _opposite(rule(*args))

    yield "negated", negated
    for i, j in itertools.combinations(range(len(op.partials)), 2):

        @functools.wraps(rule)
        def swapped(*args: Any, i: int = i + skipped, j: int = j + skipped) -> Any:
            changed = list(args)
            changed[i], changed[j] = changed[j], changed[i]
            return rule(*changed)

        yield f"inputs {op.input_names[i]} and {op.input_names[j]} swapped", swapped

    # A result of 15 digits is off by up to 22 ulps; where more than 4 are allowed, more must be lost.
    digits = 15 - math.ceil(math.log10(max(op.accuracy.ulps, 4.0) / 4.0))

    @functools.wraps(rule)
    def shortened(*args: Any) -> Any:
        return _shortened(rule(*args), digits)

    yield f"rounded to {digits} digits", shortened


def _zeroed(rule: Rule) -> Rule:
    return functools.wraps(rule)(lambda *args: 0.0)


def _opposite(result: Any) -> Any:
    if isinstance(result, bool):
        return not result
    return result == 0 if str(getattr(result, "dtype", "")) == "bool" else -result


def _shortened(result: Any, digits: int) -> Any:
    if isinstance(result, Column):
        return Column([_shortened(entry, digits) for entry in result.entries])
    return float(f"{result:.{digits - 1}e}") if isinstance(result, float) else result
