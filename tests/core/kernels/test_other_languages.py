"""Rules written out for a language that has more functions than C."""

from __future__ import annotations

import functools
import math

import pytest

from gograd_core import Op, Registry
from gograd_core.extend import ExpansionError, SymbolLibrary, expand, expand_with, postorder
from made_up import of_rule


class OtherLibrary(SymbolLibrary):
    """Symbols of a language that has a function for each operation whose name begins with "own"."""

    def function_for(self, op):
        return functools.partial(self.call, op.name) if op.name.startswith("own") else None


def own(**fields):
    """An operation whose value a function of Python computes."""
    implementations = {"scalar": math.lgamma}
    return Op("own_lgamma", implementations=implementations, partials=(lambda xp, out, x: xp.own_lgamma(-x),), **fields)


def functions(root):
    return [symbol.function for symbol in postorder([root])]


def test_a_function_of_the_language_replaces_one_of_python():
    with Registry() as registry:
        registry.register(own())
        expansion = expand(registry["own_lgamma"], kind=OtherLibrary)
        caller = of_rule(lambda xp, x: 2.0 * xp.own_lgamma(x))
        assert functions(expand(caller, kind=OtherLibrary).forward) == ["constant", "input", "own_lgamma", "multiply"]
    assert functions(expansion.forward) == ["input", "own_lgamma"]
    assert functions(expansion.partials[0]) == ["input", "negative", "own_lgamma"]


def test_without_such_a_function_it_is_refused():
    with Registry() as registry:
        registry.register(own())
        for op in (registry["own_lgamma"], of_rule(lambda xp, x: xp.own_lgamma(x))):
            with pytest.raises(ExpansionError, match="a function of Python computes its value"):
                expand(op)
    op = Op("lgamma", implementations={"scalar": math.lgamma}, partials=(None,))
    with pytest.raises(ExpansionError, match="a function of Python computes its value"):
        expand(op, kind=OtherLibrary)


def test_rules_that_only_floats_can_run_are_refused_in_every_language():
    with pytest.raises(ExpansionError, match="opaque"):
        expand_with(own(opaque=True), OtherLibrary("c"))


def test_columns_are_tried_with_lengths_in_the_same_language():
    rule = of_rule(lambda xp, x: xp.sum(xp.own_half(x)) / len(x), variadic=True)
    with Registry() as registry:
        registry.register(Op("own_half", implementations={"scalar": math.sqrt}, partials=(None,)))
        expansion = expand(rule, kind=OtherLibrary)
    assert functions(expansion.forward) == ["input", "own_half", "sum", "length", "divide"]
