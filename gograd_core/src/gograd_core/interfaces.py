"""What the rooms of the core expect of each other: a node of the graph, an operation, and an engine."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import attrs

__all__ = ["Engine", "Flat", "Node", "Op"]


class Node(Protocol):
    """A neuron, as the code that serves both engines sees it."""

    label: str
    grad: float
    _grad: Any  # a float; None where nobody asks for the adjoint
    _origin: Any  # the code and the instruction that made it; None unless that was traced

    @property
    def _value(self) -> float: ...

    @property
    def _operation(self) -> Any: ...

    @property
    def _constituents(self) -> tuple[Any, ...]: ...

    @property
    def _stamp(self) -> int: ...

    @property
    def value(self) -> float: ...

    @property
    def operation(self) -> Any: ...

    def __abs__(self) -> Any: ...

    def __mul__(self, other: Any) -> Any: ...


class Op(Protocol):
    """An operation, as the code that calls or differentiates it sees it."""

    def __call__(self, *inputs: Any, **named: Any) -> Any: ...

    @property
    def name(self) -> str: ...

    @property
    def title(self) -> str: ...

    @property
    def doc(self) -> str: ...

    @property
    def forward(self) -> Callable[..., Any]: ...

    @property
    def partials(self) -> tuple[Callable[..., Any] | None, ...]: ...

    @property
    def variadic(self) -> bool: ...

    @property
    def input_names(self) -> tuple[str, ...]: ...

    @property
    def xp(self) -> Any: ...

    @property
    def implementations(self) -> Mapping[str, Any]: ...

    @property
    def reference(self) -> Callable[..., Any] | None: ...

    @property
    def formula(self) -> Callable[..., Any] | None: ...

    @property
    def scope(self) -> Any: ...

    def flatten(self, columns: Sequence[Any]) -> tuple[Any, ...]: ...

    def columns(self, entries: Sequence[Any]) -> list[Sequence[Any]]: ...

    def bind(self, xp: Any) -> Callable[..., Any]: ...


@attrs.frozen(eq=False, repr=False)
class Flat:
    """A graph as arrays: first the leaves, then the interior neurons, both oldest first.

    The number of a neuron is its place in that row.

    Attributes:
        leaves: the neurons without operation, and those too old to be followed further.
        operations: every operation that occurs, in the order of first use.
        codes: which of them made each interior neuron.
        starts: where the constituents of each interior neuron begin in `inputs`, followed by the length of `inputs`.
        inputs: all constituents in a row: a neuron's number, or ``~c`` for entry c of `constants`.
        constants: the different floats among them; 0.0 and -0.0 are different.
        values: the value of each neuron.
        stamps: the stamp of each neuron: when it was made, or its value set.
        outputs: the numbers of the neurons whose graph it is.
    """

    leaves: list[Any]
    operations: list[Any]
    codes: array[int]
    starts: array[int]
    inputs: array[int]
    constants: array[float]
    values: array[float]
    stamps: array[int]
    outputs: array[int]


class Engine(Protocol):
    """What an engine offers to the core. There are two engines, and they behave alike.

    The docstrings of the functions are those of the Python engine, in the room `engines`.
    """

    @property
    def Neuron(self) -> Callable[..., Node]: ...  # noqa: N802

    @property
    def Operation(self) -> type[Any]: ...  # noqa: N802

    def node(self, op: Any, value: float, constituents: tuple[Any, ...]) -> Node: ...

    def next_stamp(self) -> int: ...

    def bind_method(self, name: str, op: Any) -> None: ...

    def bind_operator(self, symbol: str, arity: int, op: Any) -> None: ...

    def discover(self, on: bool) -> None: ...

    @property
    def MathFunction(self) -> Callable[..., Callable[..., Any]]: ...  # noqa: N802

    def adjoints(
        self, outputs: Sequence[Any], seeds: Sequence[float], inputs: Sequence[Any], since: int
    ) -> list[float]: ...

    def adjoints_and_rounding(
        self, output: Any, inputs: Sequence[Any], since: int
    ) -> tuple[list[float], float, list[Any]]: ...

    def value_inside(self, block: Any, f: Callable[..., Any], args: tuple[Any, ...]) -> Any: ...

    def value_and_adjoints(
        self, block: Any, f: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any], inputs: list[Any],
        neuron_of: Callable[[Any], Any],
    ) -> tuple[float, list[float]]: ...  # fmt: skip

    def of_floats(
        self, block: Any, f: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any],
        wrt: int | tuple[int, ...], neuron_of: Callable[[Any], Any],
    ) -> tuple[float, Any] | None: ...  # fmt: skip

    def reachable(self, outputs: Sequence[Any], since: int) -> tuple[list[Any], list[Any]]: ...

    def visit(self, outputs: Sequence[Any], since: int = 0) -> tuple[list[Any], list[Any]]: ...

    def run(self, visited: tuple[list[Node], list[Node]], propagate: Callable[..., None], *args: Any) -> None: ...

    def flatten(self, outputs: Sequence[Any], since: int) -> Flat: ...

    def leaves_of(self, values: Any, into: Any) -> list[Any]: ...

    def read_adjoints(
        self, outputs: Sequence[Any], seeds: Sequence[float], inputs: list[Any], since: int, into: Any
    ) -> None: ...

    def read_values(self, neurons: Sequence[Any], into: Any) -> None: ...

    def write_values(self, leaves: Sequence[Any], values: Any) -> None: ...

    def read_gradients(self, neurons: Sequence[Any], into: Any) -> None: ...

    def write_gradients(self, neurons: Sequence[Any], gradients: Any) -> None: ...

    def add_gradients(self, neurons: Sequence[Any], gradients: Any) -> None: ...

    def walk(self, tree: Any, container: Any, leaves: list[Any], tokens: list[Any]) -> None: ...

    def nest(self, plan: Any, leaves: list[Any]) -> Any: ...
