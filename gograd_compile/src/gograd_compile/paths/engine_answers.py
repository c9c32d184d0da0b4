"""Asks the engine at a point where compiled code raises `DomainError`: it may have numbers there.

What is recorded can be differentiated again, so adjoints of 0.0 are passed on in it. The engine's sweep over floats
does not pass them on. And a last digit may put an operation outside of its domain.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any, Literal, NamedTuple

import numpy as np

import gograd_core
from gograd_compile.nesting.trees import Structure, flatten_result
from gograd_compile.paths.path import CAPTURED
from gograd_compile.trace.tape import Floats, Integers
from gograd_core import DomainError, Neuron
from gograd_core.extend import adjoints, creation_order, flatten_numbers, nested

__all__ = ["ASK", "Answer", "Flat", "Question", "answer_of", "engine_answer"]

Question = Literal["value", "gradient", "captured", "jacobian", "hessian", "hvp"]
NONE, NO_VECTOR = np.empty(0, dtype=np.intp), np.empty(0)

ASK: dict[str, Callable[[Flat, list[float], list[float]], Any]] = {
    "value": lambda f, at, _: f(at),
    "gradient": lambda f, at, _: gograd_core.value_and_grad(f.one)(at),
    "captured": lambda f, _, vector: f.with_captured(vector),
    "jacobian": lambda f, at, _: gograd_core.jacobian(f)(at),
    "hessian": lambda f, at, _: gograd_core.hessian(f.one)(at),
    "hvp": lambda f, at, vector: gograd_core.hvp(f.one)(at, vector),
}


class Answer(NamedTuple):
    """An answer of the engine.

    Attributes:
        structure: how the result of the function is nested.
        numbers: the numbers asked for, as an array or a list. A gradient comes after the value, a matrix row by row.
        captured: the leaf neurons that a gradient "captured" is taken with respect to.
    """

    structure: Structure
    numbers: Any
    captured: tuple[Neuron, ...] = ()


class Flat:
    """A function from a list of some of the numbers in the arguments to a list of the numbers in the result."""

    __name__ = "the function"

    def __init__(self, f: Callable[..., Any], arguments: Structure, numbers: Floats, wrt: Integers) -> None:
        self._function, self._arguments, self._numbers, self._wrt = f, arguments, numbers.tolist(), wrt.tolist()
        self.structure: Any = None
        self.captured: tuple[Neuron, ...] = ()

    def __call__(self, chosen: Sequence[Any]) -> list[Any]:
        entries: list[Any] = list(map(Neuron, self._numbers))
        for place, entry in zip(self._wrt, chosen, strict=True):
            entries[place] = entry
        numbers, self.structure = flatten_result(self._function(*self._arguments.build(entries)))
        return numbers

    def one(self, chosen: Sequence[Any]) -> Any:
        """Return the result, which should be one number."""
        numbers = self(chosen)
        return numbers[0] if self.structure.is_number else numbers

    def with_captured(self, seeds: Sequence[float]) -> list[Any]:
        """Return the result, and its derivatives with respect to the leaves that the function reads.

        They are those of the numbers in the result times their seeds. Without seeds, the result is one number.
        """
        numbers = nested().run(self, ()) if seeds else [nested().run(self.one, ())]
        outputs = [number for number in numbers if type(number) is Neuron]
        entries = chain(outputs, *(node.constituents for node in creation_order(outputs)))
        leaves = (entry for entry in entries if type(entry) is Neuron and not entry.constituents)
        self.captured = tuple({id(leaf): leaf for leaf in leaves}.values())
        weights = [seed for seed, number in zip(seeds or [1.0], numbers, strict=True) if type(number) is Neuron]
        return [*numbers, *adjoints(outputs, weights, list(self.captured), 0)]


def engine_answer(
    error: DomainError, question: Question, f: Callable[..., Any] | None, arguments: Structure, numbers: Floats,
    wrt: Integers | None = CAPTURED, vector: Floats = NO_VECTOR,
) -> Answer:  # fmt: skip
    """Ask the engine at a point where compiled code raises `error`.

    Args:
        f: the function, or None if there is none.
        arguments: how its arguments are nested.
        numbers: the numbers in its arguments.
        wrt: which of these numbers to differentiate with respect to.
        vector: the vector to multiply a Hessian by, or the seeds of a gradient "captured".

    Raises:
        DomainError: `error`, if the engine raises anything, or there is no function.
    """
    if f is None:
        raise error from None
    chosen = NONE if wrt is CAPTURED else wrt
    flat = Flat(f, arguments, numbers, chosen)
    try:
        found = ASK[question](flat, numbers[chosen].tolist(), vector.tolist())
    except Exception:  # such as that of a compiled function inside, which does not take neurons here
        raise error from None
    return answer_of(flat, found)


def answer_of(flat: Flat, found: Any) -> Answer:
    """Make an answer of the numbers that the engine found for a function."""
    values = [entry._value if type(entry) is Neuron else entry for entry in flatten_numbers(found)[0]]
    return Answer(flat.structure, np.array(values, dtype=np.float64), flat.captured)
