"""What neurons receive in a sweep: sums of adjoints or tangents, each times a local derivative.

Both directions add up in the same way, and differ only in the order in which they walk. No operation is known by name.
"""

from __future__ import annotations

from math import inf
from typing import Any

from gograd_core.checked.partials import judge_share, neuron_partials, product, value_of
from gograd_core.errors import DomainError
from gograd_core.interfaces import Node
from gograd_core.lines import ignoring, watching
from gograd_core.settings import domain_errors_raise, errors_ignored, errstate

__all__ = ["Shares", "is_chosen", "is_finite", "is_zero"]


def is_zero(number: Any) -> bool:
    """Return whether a number is a constant zero, which passes nothing on. A neuron of value zero is not one."""
    return type(number) is float and number == 0.0


def is_finite(number: Any) -> bool:
    """Return whether a float, or the value of a neuron, is finite."""
    return -inf < value_of(number) < inf


def is_chosen(made: Node, index: int, place: int) -> bool:
    """Return whether a local derivative of 0.0 is a constant, because of a choice, or just happens to be zero.

    It is the derivative of `made` with respect to the entry at `place` in input `index`.
    """
    try:
        with ignoring():
            locals_ = next(locals_ for at, _, locals_ in neuron_partials(made, lambda entry: True) if at == index)
    except Exception:  # the rule understands only floats, which is an error only in higher orders
        return False
    return is_zero(locals_[place])


class Shares:
    """Adjoints or tangents, as floats or neurons.

    Nothing is judged while they add up, so that an arm that was not taken can do no harm. The cause of a number that
    is not finite is kept.

    Args:
        numbers: the numbers to begin with.
        name: "adjoint" or "tangent".
    """

    def __init__(self, numbers: dict[Node, Any], name: str) -> None:
        self.numbers = numbers
        self._name = name
        self._watch = watching() if domain_errors_raise() or errors_ignored() else None
        self._ignored = errors_ignored()
        self._looks = domain_errors_raise() or self._watch is not None
        self._causes: dict[Node, DomainError] = {}
        self._places: dict[Node, Node] = {}  # where the causes arose

    def is_flawed(self, neuron: Node) -> bool:
        """Return whether the number of a neuron is not finite although it should be."""
        return neuron in self._causes and not self._ignored

    def add(self, target: Node, source: Node, local: Any, made: Node, index: int) -> None:
        """Add the number of `source` to `target`, times a derivative of `made` with respect to its input `index`."""
        self.add_share(target, source, product(self.numbers[source], local), local, made, index)

    def add_share(self, target: Node, source: Node, share: Any, local: Any, made: Node, index: int) -> None:
        """Add `share`, which comes from `source`, to the number of `target`."""
        so_far = self.numbers.get(target, 0.0)
        total = self.numbers[target] = share if type(so_far) is float and so_far == 0.0 else so_far + share
        value = total if type(total) is float else total._value
        if value - value != 0.0 and target not in self._causes and self._looks:
            with errstate(domain="raise"):
                self._find_cause(target, source, value_of(local), value_of(so_far), made, index)

    def _find_cause(self, target: Node, source: Node, local: float, so_far: float, made: Node, index: int) -> None:
        """Keep the error that explains why the number of `target` is not finite, unless its inputs excuse it."""
        cause, place = self._causes.get(source), self._places.get(source, made)
        if cause is None:
            try:
                judge_share(made, index, local, self._name, value_of(self.numbers[source]), so_far)
            except DomainError as error:
                cause = error.with_traceback(None)
        if cause is not None:
            self._causes[target], self._places[target] = cause, place

    def judge(self, neuron: Node) -> None:
        """Raise `DomainError` if the number of a neuron is not finite although it should be."""
        cause = self._causes.get(neuron)
        if cause is not None and self._watch is not None:
            self._watch.found_derivative(cause, self._places[neuron], self.numbers, self._name, ignored=self._ignored)
        if cause is not None and not self._ignored:
            raise cause

    def result(self, neuron: Node) -> Any:
        """Return the number of a neuron, 0.0 if it has none.

        Raises:
            DomainError: it is not finite although it should be.
        """
        self.judge(neuron)
        return self.numbers.get(neuron, 0.0)
