"""Evaluates a function at a point without a recording: the engine runs it, with the values of compiled code.

Values and decisions are then the same bits as those of a replay. Derivatives are those of the engine's sweeps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from gograd_compile.call import prepared
from gograd_compile.nesting.trees import ONE_NUMBER, Structure, flatten_result
from gograd_compile.paths.engine_answers import ASK, Answer, Flat, Question, answer_of, engine_answer
from gograd_compile.paths.labels import with_labels
from gograd_compile.paths.path import CAPTURED, VALUES, Want, complaint
from gograd_compile.paths.prepared import nested
from gograd_compile.trace.recording import check_leaf
from gograd_compile.trace.tape import Floats, Integers
from gograd_core import DomainError, Neuron
from gograd_core.extend import Instead, adjoints, computed_by, flatten_numbers, next_stamp, watching
from gograd_core.extend import flatten as flat_graph

__all__ = ["Evaluation"]

NONE, NO_VECTOR = np.empty(0, dtype=np.intp), np.empty(0)
ROWS = 64
"""For how many points at once numbers become objects of Python."""


class Evaluation:
    """A function that is evaluated without a recording.

    Args:
        f: the function. None if there are only recordings; then nothing is evaluated.
        name: what messages call it.
        values: what computes the values of operations in compiled code.

    Attributes:
        block: the block in which it computes them.
    """

    needs_leaves = False

    def __init__(self, f: Any, name: str, values: Mapping[Any, Instead]) -> None:
        self.f, self.name, self.values = f, name, values
        self.block = computed_by(values, deeper=True)

    def of(self, want: Want, chosen: Structure | None) -> Evaluation | Gradients | None:
        """Return what computes the same as paths that are asked for this, if it is values or a gradient."""
        if want == VALUES:
            return self
        if prepared is None or want.mode != "adjoints" or want.wrt is CAPTURED or chosen is None:
            return None
        return Gradients(self, want.wrt, chosen)

    def instead(self, arguments: Structure, numbers: list[float], error: DomainError) -> Any:
        """Ask the engine for the result where compiled code raises `error`: see `engine_answer`."""
        answer = engine_answer(error, "value", self.f, arguments, np.array(numbers))
        return answer.structure.build(answer.numbers)

    def result_of(self, returned: Any) -> Any:
        """Take the numbers out of what the function returned, and nest them in the same way."""
        taken = self._taken(returned)
        return taken if isinstance(taken, float) else taken.structure.build(taken.numbers)

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
            value = self._taken(self.block.run(self._called(), *arguments.build([*map(Neuron, numbers.tolist())])))
            return Answer(ONE_NUMBER, [value]) if isinstance(value, float) else value
        found: Answer = self._block_of(question).run(
            self._derivatives, question, arguments, numbers.tolist(), wrt, vector
        )
        return found

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
                prepared.add_values(self.f, form, rows, self._taken, found)
                return
            for row in rows.tolist():
                returned = self.f(*arguments.build([*map(Neuron, row)]))
                found.append(self._taken(returned))

        def derivatives(rows: Floats) -> None:
            if form is not None and form.is_plain and question == "gradient" and wrt is not CAPTURED:
                gradient = prepared.Gradient(self.f, self.output, wrt.tolist())
                prepared.add_gradients_at(gradient, form, rows, found)
                return
            for row in rows.tolist():
                found.append(self._derivatives(question, arguments, row, wrt, vectors[len(found) - before]))

        before, run, form = len(found), values if question == "value" else derivatives, nested(arguments)
        block = self._block_of(question)
        for begin in range(0, len(rows), ROWS):
            block.run(run, rows[begin : begin + ROWS])

    def _called(self) -> Callable[..., Any]:
        """Return what is called in place of the function: if anomalies are looked for, the arguments get labels."""
        function: Callable[..., Any] = self.f
        return function if watching() is None else with_labels(function)

    def _block_of(self, question: Question) -> computed_by:
        """Return the block in which a question is answered. Transforms of the engine are not inside another one."""
        return self.block if question in ("value", "gradient", "captured") else computed_by(self.values)

    def _taken(self, result: Any) -> Answer | float:
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
        numbers = np.array(row)
        flat = Flat(self._of_numbers, arguments, numbers, chosen)
        return answer_of(flat, ASK[question](flat, numbers[chosen].tolist(), vector.tolist()))

    def _of_numbers(self, *args: Any) -> Any:
        """Run the function, whose result is to be differentiated.

        Raises:
            TypeError: there is a truth value in the result.
        """
        result = self._called()(*args)
        if any(isinstance(number, bool) for number in flatten_numbers(result)[0]):
            raise TypeError(complaint("push", ONE_NUMBER, has_truths=True))
        return result

    def _gradient(self, arguments: Structure, row: list[float], wrt: Integers | None, seeds: list[float]) -> Answer:
        """Compute the derivatives of the output, or of all numbers in the result times their seeds."""
        first, inputs, since = next_stamp(), list(map(Neuron, row)), next_stamp()
        result, structure = self._called()(*arguments.build(inputs)), ONE_NUMBER
        if seeds:
            entries, structure = flatten_result(result, f"the result of {self.name}")
            outputs = [entry if type(entry) is Neuron else Neuron(entry) for entry in entries]
        else:
            outputs, seeds = [self.output(result)], [1.0]
        values = [output._value for output in outputs]
        if wrt is not CAPTURED:
            wanted = [inputs[place] for place in wrt.tolist()]
            return Answer(structure, [*values, *adjoints(outputs, seeds, wanted, since)])
        wanted = [leaf for leaf in flat_graph(outputs, since).leaves if leaf._stamp < first]
        for leaf in wanted:
            check_leaf(leaf, self.name)
        return Answer(structure, [*values, *adjoints(outputs, seeds, wanted, since)], tuple(wanted))

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


class Gradients:
    """A function and its gradient, evaluated without a recording.

    Args:
        evaluation: the function.
        wrt: the places of the numbers to differentiate with respect to.
        chosen: how the derivatives are nested.

    Attributes:
        f: computes the value and the derivatives, from the inputs and a list of the neurons in them.
        block: the block in which it is called.
    """

    needs_leaves = True

    def __init__(self, evaluation: Evaluation, wrt: Integers, chosen: Structure) -> None:
        self._evaluation, self._wrt, self._chosen = evaluation, wrt, chosen
        self.f = prepared.Gradient(evaluation.f, evaluation.output, wrt.tolist())
        self.block = evaluation.block

    def result_of(self, found: list[float]) -> tuple[float, Any]:
        """Nest the derivatives."""
        value, *derivatives = found
        return value, self._chosen.build(derivatives)

    def instead(self, arguments: Structure, numbers: list[float], error: DomainError) -> tuple[float, Any]:
        """Ask the engine where compiled code raises `error`: see `engine_answer`."""
        answer = engine_answer(error, "gradient", self._evaluation.f, arguments, np.array(numbers), self._wrt)
        return self.result_of(answer.numbers.tolist())
