"""What neurons receive in a sweep: sums of a number, an adjoint or a tangent, times a local derivative.

Both directions add up in the same way; they differ in the order in which they walk. Knows no operation by name.
"""

from __future__ import annotations

from math import inf
from typing import Any

from gograd_core.checked.partials import judge_share, neuron_partials, product, value_of
from gograd_core.errors import DomainError
from gograd_core.interfaces import Node
from gograd_core.settings import domain_errors_raise, errstate

__all__ = ["Shares", "is_chosen", "is_finite", "is_zero"]


def is_zero(number: Any) -> bool:
    """Tell whether a number is a constant zero, which passes nothing on. A neuron with the value zero does."""
    return type(number) is float and number == 0.0


def is_finite(number: Any) -> bool:
    """Tell whether a float, or the value of a neuron, is finite."""
    return -inf < value_of(number) < inf


def is_chosen(made: Node, index: int, place: int) -> bool:
    """Tell whether a local derivative of 0.0 is a choice: a constant there, and not a value that happens to be zero.

    It is that of `made` by an entry of its input `index`.
    """
    try:
        with errstate(domain="ignore"):
            locals_ = next(locals_ for at, _, locals_ in neuron_partials(made, lambda entry: True) if at == index)
    except Exception:  # the rule understands only floats, and says so if higher orders are asked for
        return False
    return is_zero(locals_[place])


class Shares:
    """Adjoints or tangents, floats or neurons.

    Nothing is judged on the way, since an arm that was not taken neither raises nor poisons; what
    is not finite is kept with its cause.

    Args:
        numbers: what there is to begin with.
        name: "adjoint" or "tangent".
    """

    def __init__(self, numbers: dict[Node, Any], name: str) -> None:
        self.numbers = numbers
        self._name = name
        self._raises = domain_errors_raise()
        self._causes: dict[Node, DomainError] = {}

    def is_flawed(self, neuron: Node) -> bool:
        """Tell whether the number of a neuron is not finite and should be."""
        return neuron in self._causes

    def add(self, target: Node, source: Node, local: Any, made: Node, index: int) -> None:
        """Add to `target` the number of `source` times a local derivative, that of `made` by input `index`."""
        self.add_share(target, source, product(self.numbers[source], local), local, made, index)

    def add_share(self, target: Node, source: Node, share: Any, local: Any, made: Node, index: int) -> None:
        """Add a share of `source` to the number of `target`."""
        so_far = self.numbers.get(target, 0.0)
        total = self.numbers[target] = share if type(so_far) is float and so_far == 0.0 else so_far + share
        value = total if type(total) is float else total._value
        if value - value != 0.0 and target not in self._causes and self._raises:
            with errstate(domain="raise"):
                self._find_cause(target, source, value_of(local), value_of(so_far), made, index)

    def _find_cause(self, target: Node, source: Node, local: float, so_far: float, made: Node, index: int) -> None:
        """Keep the error that explains why the number of `target` is not finite, unless its constituents excuse it."""
        cause = self._causes.get(source)
        if cause is None:
            try:
                judge_share(made, index, local, self._name, value_of(self.numbers[source]), so_far)
            except DomainError as error:
                cause = error.with_traceback(None)
        if cause is not None:
            self._causes[target] = cause

    def judge(self, neuron: Node) -> None:
        """Raise `DomainError` if the number of this neuron is not finite and should be."""
        if neuron in self._causes:
            raise self._causes[neuron]
