"""What is known about an operation besides its rules: its provider, its edge points and its accuracy."""

from __future__ import annotations

from typing import Any

import attrs

from gograd_core.errors import InvalidOperationError

__all__ = ["HIGHER", "Accuracy", "Edge", "Provider"]


@attrs.frozen
class Provider:
    """Where an operation came from: a distribution's entry point, or `register`."""

    distribution: str
    version: str = ""
    entry_point: str = ""

    @property
    def plugin(self) -> str:
        """The name of the plugin, "DISTRIBUTION:ENTRY_POINT"."""
        return f"{self.distribution}:{self.entry_point}"

    def __str__(self) -> str:
        return f"{self.distribution} {self.version}".strip()


@attrs.frozen
class Edge:
    """A pinned fact about a point on the border of the domain.

    Attributes:
        inputs: the point; for a variadic operation each input is a column.
        value: what the forward rule gives there by IEEE 754. (inf and nan raise `DomainError` outside
            ``errstate(domain="ignore")``, unless the inputs contain one.)
        partials: what each partial gives; None where the operation has none. For a variadic operation it is a tuple
            if the entries of a column differ.
        why: the reason, in a sentence, which docs/edge-points.md prints.
    """

    inputs: tuple[Any, ...]
    value: float | bool
    partials: tuple[Any, ...]
    why: str


@attrs.frozen
class Accuracy:
    """How accurate value and derivatives are: the error that the conformance kit allows.

    Attributes:
        ulps: units in the last place of the exact result.
        input_ulps: in addition, as much as the result changes if every input changes by so many units in its last
            place. Near a zero of the function this is more than any number of `ulps`.
        why: the reason, which docs/accuracy.md prints. It is needed if more than 4 `ulps` are allowed.
        second: the same for second derivatives; 16 ulps and 4 of the inputs unless given.
        third: the same for third derivatives; as for second ones unless given.
    """

    ulps: float = 4.0
    input_ulps: float = attrs.field(default=0.0, kw_only=True)
    why: str = ""
    second: Accuracy | None = attrs.field(default=None, kw_only=True)
    third: Accuracy | None = attrs.field(default=None, kw_only=True)

    def __attrs_post_init__(self) -> None:
        if (self.ulps > 4.0 or self.input_ulps > 0.0) and not self.why:
            raise InvalidOperationError(f"{self!r} must say why the operation is not accurate to 4 ulps")

    def of(self, order: int) -> Accuracy:
        """Return what is allowed for derivatives of an order, from 0 (the value) to 3."""
        if order < 2:
            return self
        return (order == 3 and self.third) or self.second or HIGHER


HIGHER = Accuracy(16.0, input_ulps=4.0, why="a sum of a few terms, each with an error and rounded inputs of its own")
"""What is allowed for second and third derivatives of an operation that states nothing else."""


def normalised(name: str) -> str:
    """Normalise a name as Python normalises identifiers: ``ops.ﬁt``, with a ligature, asks for "fit"."""
    if name.isascii():
        return name
    import unicodedata  # only for such names

    return unicodedata.normalize("NFKC", name)
