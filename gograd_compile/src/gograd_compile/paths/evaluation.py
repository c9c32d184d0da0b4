"""Evaluates a function at a point without a recording: the engine runs it, with the values of compiled code.

Values and decisions are then the same bits as those of a replay. Derivatives are those of the engine's sweeps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

import gograd_core
from gograd_compile.call import prepared
from gograd_compile.nesting.trees import ONE_NUMBER, Structure, flatten_result, nest_matrix
from gograd_compile.paths.engine_answers import ASK, Answer, Flat, Question, answer_of, engine_answer
from gograd_compile.paths.labels import with_labels
from gograd_compile.paths.path import CAPTURED, Want, complaint
from gograd_compile.paths.prepared import nested
from gograd_compile.trace.recording import check_leaf
from gograd_compile.trace.tape import Floats, Integers
from gograd_core import DomainError, Neuron
from gograd_core.extend import (
    Instead,
    adjoints,
    computed_by,
    flatten_numbers,
    next_stamp,
    value_and_adjoints,
    watching,
)  # fmt: skip
from gograd_core.extend import flatten as flat_graph

__all__ = ["Evaluated", "Evaluation"]

NONE, NO_VECTOR = np.empty(0, dtype=np.intp), np.empty(0)
ROWS = 64
"""For how many points at once numbers become objects of Python."""
QUESTIONS: dict[str, Question] = {"values": "value", "adjoints": "gradient", "push": "hvp"}


class Evaluation:
    """A function that is evaluated without a recording.

    Args:
        f: the function. None if there are only recordings; then nothing is evaluated.
        name: what messages call it.
        values: what computes the values of operations in compiled code.

    Attributes:
        block: the block in which it computes them.
    """

    def __init__(self, f: Any, name: str, values: Mapping[Any, Instead]) -> None:
        self.f, self.name = f, name
        self.block = computed_by(values, deeper=True)
        self._outside = computed_by(values)  # for transforms of the engine, which are not inside another one
        self._transforms: dict[Any, Callable[..., Any]] = {}

    def of(self, want: Want, key: tuple[Structure, Any], chosen: Structure | None) -> Evaluated | None:
        """Return what computes the same as paths that are asked for this. It is None if only the general way does."""
        if prepared is None or (want.mode == "adjoints" and want.wrt is CAPTURED):
            return None
        question = "hessian" if want.batched is not None else QUESTIONS[want.mode]
        return Evaluated(self, question, key, NONE if want.wrt is CAPTURED else want.wrt, chosen or ONE_NUMBER)

    def answer(
        self, question: Question, arguments: Structure, numbers: Floats, wrt: Integers | None = CAPTURED,
        vector: Floats = NO_VECTOR,
    ) -> Answer:  # fmt: skip
        """Answer a question about the function at a point, as `engine_answer` does.

        Raises:
            TypeError: the result has no such derivatives.
            Whatever the function raises.
        """
        if question == "value":
            value = self.taken(self.block.run(self._called(), *arguments.build([*map(Neuron, numbers.tolist())])))
            return Answer(ONE_NUMBER, [value]) if isinstance(value, float) else value
        return self._derivatives(question, arguments, numbers.tolist(), wrt, vector)

    def answers(
        self, question: Question, arguments: Structure, rows: Floats, wrt: Integers | None, vectors: Floats,
        found: list[Answer | float | list[float]],
    ) -> None:  # fmt: skip
        """Answer a question at many points. If anything is raised, `found` has the answers at the points before.

        Values that are one number are answers as they are, and so are lists of a value and derivatives. Python's
        garbage collector would visit a million others.

        Raises:
            The same as `answer`.
        """

        def values(rows: Floats) -> None:
            if form is not None and form.is_plain:
                prepared.add_values(self.f, form, rows, self.taken, found)
                return
            for row in rows.tolist():
                returned = self.f(*arguments.build([*map(Neuron, row)]))
                found.append(self.taken(returned))

        before, form = len(found), nested(arguments)
        if question == "value":
            for begin in range(0, len(rows), ROWS):
                self.block.run(values, rows[begin : begin + ROWS])
        elif form is not None and form.is_plain and question == "gradient" and wrt is not CAPTURED:
            prepared.add_gradients_at(self.block, self.f, self.output, form, wrt.tolist(), rows, found)
        else:
            for begin in range(0, len(rows), ROWS):
                for row in rows[begin : begin + ROWS].tolist():
                    found.append(self._derivatives(question, arguments, row, wrt, vectors[len(found) - before]))

    def _called(self) -> Callable[..., Any]:
        """Return what is called in place of the function: if anomalies are looked for, the arguments get labels."""
        function: Callable[..., Any] = self.f
        return function if watching() is None else with_labels(function)

    def taken(self, result: Any) -> Answer | float:
        """Take the numbers out of what the function returned."""
        if type(result) is Neuron:
            return float(result._value)
        if type(result) is float:
            return result
        entries, structure = flatten_result(result, f"the result of {self.name}")
        return Answer(structure, [entry._value if type(entry) is Neuron else entry for entry in entries])

    def _derivatives(
        self, question: Question, arguments: Structure, row: list[float], wrt: Integers | None, vector: Floats
    ) -> Answer:
        if question in ("gradient", "captured"):
            return self._gradient(arguments, row, wrt, vector.tolist())
        chosen = NONE if wrt is CAPTURED else wrt
        if question == "hvp" or (question == "hessian" and len(chosen) == 1):  # a larger one has blocks, not rows
            positions = arguments.positions_of(chosen)
            seeds = [arguments.select(positions)[0].build(vector.tolist())] if question == "hvp" else []
            found = self.second(question, arguments, positions, chosen.tolist(), row, *seeds)
            return Answer(ONE_NUMBER, np.array(flatten_numbers(found)[0], dtype=np.float64))
        flat, entries = Flat(self._of_numbers, arguments, chosen), [*map(Neuron, row)]
        asked = [row[place] for place in chosen.tolist()]
        return answer_of(flat, self._outside.run(ASK[question], flat, asked, entries, vector.tolist()))

    def second(
        self, question: Question, arguments: Structure, wrt: int | tuple[int, ...], places: list[int],
        row: list[float], *vector: Any,
    ) -> Any:  # fmt: skip
        """Compute the Hessian at a point with respect to some arguments, or its product with a vector.

        Args:
            question: "hessian" or "hvp".
            arguments: how the arguments are nested.
            wrt: the arguments to differentiate with respect to.
            places: the places of their numbers.
            row: the numbers in all arguments.
            vector: the vector, nested like those arguments.

        Raises:
            TypeError: the function does not return one number.
            Whatever else it raises.
        """
        transform = self._transforms.get((question, wrt))
        if transform is None:
            make = gograd_core.hvp if question == "hvp" else gograd_core.hessian
            transform = self._transforms.setdefault((question, wrt), make(self._of_numbers, wrt))
        entries: list[Any] = row
        if len(places) < len(row):
            entries = [*map(Neuron, row)]
            for place in places:
                entries[place] = row[place]
        return self._outside.run(transform, *arguments.build(entries), *vector)

    def _of_numbers(self, *args: Any) -> Any:
        """Run the function, whose result is to be differentiated.

        Raises:
            TypeError: there is a truth value in the result.
        """
        result = self._called()(*args)
        if type(result) is not Neuron and any(isinstance(number, bool) for number in flatten_numbers(result)[0]):
            raise TypeError(complaint("push", ONE_NUMBER, has_truths=True))
        return result

    def _gradient(self, arguments: Structure, row: list[float], wrt: Integers | None, seeds: list[float]) -> Answer:
        """Compute the derivatives of the output, or, of all numbers in the result times their seeds, the captured."""
        first, inputs = next_stamp(), list(map(Neuron, row))
        args, f = arguments.build(inputs), self._called()
        if wrt is not CAPTURED:
            wanted = [inputs[place] for place in wrt.tolist()]
            value, found = value_and_adjoints(self.block, f, args, {}, wanted, self.output)
            return Answer(ONE_NUMBER, [value, *found])
        since = next_stamp()
        result, structure = self.block.run(f, *args), ONE_NUMBER
        if seeds:
            entries, structure = flatten_result(result, f"the result of {self.name}")
            outputs = [entry if type(entry) is Neuron else Neuron(entry) for entry in entries]
        else:
            outputs, seeds = [self.output(result)], [1.0]
        leaves = [leaf for leaf in flat_graph(outputs, since).leaves if leaf._stamp < first]
        for leaf in leaves:
            check_leaf(leaf, self.name)
        values = [output._value for output in outputs]
        return Answer(structure, [*values, *adjoints(outputs, seeds, leaves, since)], tuple(leaves))

    def output(self, result: Any) -> Neuron:
        """Make a neuron of what the function returned.

        Raises:
            TypeError: it is not one number.
        """
        if type(result) is Neuron:
            return result
        entries, structure = flatten_result(result, f"the result of {self.name}")
        if why := complaint("adjoints", structure, has_truths=isinstance(result, bool)):
            raise TypeError(why)
        return entries[0] if type(entries[0]) is Neuron else Neuron(entries[0])


class Evaluated:
    """A question about a function, which is answered at points without a path.

    Args:
        evaluation: the function.
        question: what to compute.
        key: how the arguments are nested, and, for second derivatives, which of them to differentiate with respect to.
        wrt: the places of the numbers to differentiate with respect to.
        chosen: how these are nested.

    Attributes:
        chosen: the same to the library.
    """

    def __init__(
        self, evaluation: Evaluation, question: Question, key: tuple[Structure, Any], wrt: Integers, chosen: Structure
    ) -> None:
        self.evaluation, self.question, self.places = evaluation, question, wrt.tolist()
        self._arguments, self._positions = key
        self._chosen = chosen
        self.chosen = nested(chosen)

    def value_of(self, returned: Any) -> Any:
        """Take the numbers out of what the function returned, and nest them in the same way."""
        taken = self.evaluation.taken(returned)
        return taken if isinstance(taken, float) else taken.structure.build(taken.numbers)

    def second(self, numbers: list[float], vector: list[float]) -> Any:
        """Compute second derivatives. Raises whatever the function raises."""
        vectors = [self._chosen.build(vector)] if self.question == "hvp" else []
        return self.evaluation.second(self.question, self._arguments, self._positions, self.places, numbers, *vectors)

    def instead(self, numbers: list[float], vector: list[float], error: DomainError) -> Any:
        """Ask the engine for the result where compiled code raises `error`: see `engine_answer`."""
        places = np.array(self.places, dtype=np.intp)
        row = np.array(numbers), places, np.array(vector)
        answer = engine_answer(error, self.question, self.evaluation.f, self._arguments, *row)
        if self.question == "value":
            return answer.structure.build(answer.numbers)
        if self.question == "hessian":
            return nest_matrix(answer.numbers.reshape(len(places), len(places)), self._chosen, self._chosen)
        if self.question == "hvp":
            return self._chosen.build(answer.numbers)
        return answer.structure.build(answer.numbers[:1]), self._chosen.build(answer.numbers[1:])
