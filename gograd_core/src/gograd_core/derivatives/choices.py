"""What a sweep adds up while a function is recorded: a choice that was made then may come out otherwise later.

No operation but the engine's own is known by name: a comparison is whatever gives a truth value.
"""

from __future__ import annotations

from typing import Any

from gograd_core import recording
from gograd_core.checked.accumulation import Shares, is_finite, is_zero
from gograd_core.checked.partials import product, value_of
from gograd_core.checked.rules import as_inputs, run_rule
from gograd_core.followed import unfollowed
from gograd_core.interfaces import Node
from gograd_core.plugins.engine_ops import chosen, plain, variable

__all__ = ["gives_plain", "shares"]


def shares(numbers: dict[Any, Any], name: str) -> Shares:
    """Make sums that begin with `numbers`. While a function is recorded, they keep the condition of each share."""
    return Shares(numbers, name) if recording.recorder() is None else ChosenShares(numbers, name)


def gives_plain(op: Any, values: list[float]) -> bool:
    """Return whether an operation on these values gives a plain number while nobody records, as comparisons do."""
    return op is plain or (not any(op.partials) and isinstance(run_rule(op, op.forward, *as_inputs(op, values)), bool))


class ChosenShares(Shares):
    """Sums while a function is recorded that will run at other points.

    While it is recorded, a comparison is a neuron, and so is the integer that `floor` of the core's `math` gives. What
    is made only of these and of constants is a choice. Otherwise it would be a constant, and a constant zero passes
    nothing on. So a choice passes nothing on where it is 0.0, at any point at which the recording will run. A number
    with a condition, which is 1.0 or 0.0, counts as 0.0 where the condition does not hold.

    An adjoint that is a choice does not count where it is 0.0. A tangent counts as soon as something was added to it:
    see `ForwardSweep`.
    """

    def __init__(self, numbers: dict[Any, Any], name: str) -> None:
        super().__init__(numbers, name)
        self._adjoints = name == "adjoint"
        self._known: dict[Node, bool] = {}
        self._plain: dict[Any, bool] = {}
        self._conditions = {neuron: _counts(number) for neuron, number in numbers.items() if self._is_choice(number)}

    def add(self, target: Node, source: Node, local: Any, made: Node, index: int) -> None:
        number, condition = self.numbers[source], self._conditions.get(source)
        if self._is_choice(local):
            share = product(number, local) if type(number) is float else chosen(local, number)
            if self._adjoints and self._is_choice(share):
                condition = _counts(share)
            else:
                condition = _counts(local) if condition is None else condition * _counts(local)
        else:
            if condition is not None and not (type(local) is float and is_finite(local)):
                local = chosen(condition, local)
            share = product(number, local)
        is_first = is_zero(self.numbers.get(target, 0.0)) if self._adjoints else target not in self.numbers
        self.add_share(target, source, share, local, made, index)
        self._add_condition(target, condition, is_first=is_first)

    def result(self, neuron: Node) -> Any:
        """Return the number of a neuron, as a variable if it is a choice: without a recorder, it would be a leaf.

        The recorder is asked whether a number that is not finite and should be is an error, and is told of a result
        that nobody may use.
        """
        number = self.numbers.get(neuron, 0.0)
        if type(number) is float:
            return super().result(neuron)
        if self.is_flawed(neuron) and not recording.decided(number, "finite", 0):
            self.judge(neuron)
        if number._operation is not None:
            recording.made(number)
        return variable(number) if self._is_choice(number) else number

    def _add_condition(self, target: Node, condition: Any, *, is_first: bool) -> None:
        """Let the sum count where at least one of its shares does."""
        so_far = self._conditions.pop(target, None)
        if so_far is None and condition is None:
            return
        if self._adjoints and self._is_choice(self.numbers[target]):
            condition = _counts(self.numbers[target])
        elif not is_first:
            if so_far is None or condition is None:
                return
            if so_far is not condition:
                condition = _counts(so_far + condition)
        if condition is not None:
            self._conditions[target] = condition

    def _is_choice(self, number: Any) -> bool:
        """Return whether a neuron is made only of plain numbers: truth values, integers and constants."""
        if type(number) is float or number in self.numbers:  # it has an adjoint or a tangent
            return False
        found = self._known.get(number)
        return self._find_out(number) if found is None else found

    def _find_out(self, neuron: Node) -> bool:
        numbers, known = self.numbers, self._known
        stack: list[Any] = [neuron]
        while stack:
            node = stack[-1]
            choice, unknown = node._operation not in (None, variable), None
            if choice and not self._is_plain(node):
                for entry in node._constituents:
                    answer = type(entry) is float or (entry not in numbers and known.get(entry))
                    if answer is None:
                        unknown = entry
                    elif not answer:
                        choice = False
                        break
            if choice and unknown is not None:
                stack.append(unknown)
            else:
                known[stack.pop()] = choice
        return known[neuron]

    def _is_plain(self, node: Node) -> bool:
        op: Any = node._operation
        found = self._plain.get(op)
        if found is None:
            found = self._plain[op] = gives_plain(op, [*map(value_of, node._constituents)])
        return found


def _counts(number: Any) -> Node:
    """Return a neuron that is 1.0 where a number is not 0.0, and else 0.0."""
    condition: Node = unfollowed(number != 0.0)
    return condition
