"""A function run on neurons of its own, and the sweeps over what that recorded."""

from __future__ import annotations

import contextlib
import functools
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs

from gograd_core import engines
from gograd_core.checked.calls import is_array
from gograd_core.checked.rules import as_float
from gograd_core.derivatives.forward import ForwardSweep, creation_order
from gograd_core.derivatives.reverse_on_neurons import graph_adjoints
from gograd_core.derivatives.tree import Rebuild, flatten, flatten_like, flatten_result
from gograd_core.engines import Neuron, next_stamp
from gograd_core.errors import quoted
from gograd_core.followed import unfollowed
from gograd_core.plugins.engine_ops import variable
from gograd_core.recording import failed, recorder
from gograd_core.settings import Block, is_recording, now, without_derivative

__all__ = [
    "Trace",
    "as_neuron",
    "as_neurons",
    "deeper",
    "is_nested",
    "nested",
    "numbers_like",
    "positions",
    "pull",
    "require_function",
    "trace",
]


def is_nested() -> bool:
    """Return whether an outer transform differentiates what is computed here and now: it must then be neurons."""
    return now().depth > 0 and is_recording()


ONLY_FLOATS, ONLY_INTEGERS = {float}, {int}

deeper = Block(recording=True, deeper=True)


def nested() -> Block:
    """Return a block whose results will be differentiated: a graph is recorded, and transforms return neurons.

    Raises:
        TypeError: a recorder watches, in a no_grad block, where the results should have no derivative.
    """
    if without_derivative() and recorder() is not None:
        failed()
        raise TypeError("a derivative in a no_grad block cannot be recorded: instead pass it through stop_gradient")
    return deeper


def require_function(f: Any, name: str) -> None:
    """Refuse to differentiate what cannot be called, such as a number.

    Raises:
        TypeError: `f` is not a function.
    """
    if callable(f):
        return
    instead = ": for the derivative of a neuron, call gradient(output, inputs)" if type(f) is Neuron else ""
    raise TypeError(f"{name}() expects a function of numbers, got {quoted(f)}{instead}")


def positions(wrt: Any) -> int | tuple[int, ...]:
    """Convert `wrt`, the number of an argument or several of them, to Python's integers.

    Raises:
        TypeError: it is something else.
    """
    if type(wrt) is int or (type(wrt) is tuple and ONLY_INTEGERS.issuperset(map(type, wrt))):
        return wrt  # compiled functions ask at every call
    with contextlib.suppress(TypeError):
        return operator.index(wrt)
    if not isinstance(wrt, (str, bytes, Mapping)):
        with contextlib.suppress(TypeError):
            return tuple(map(operator.index, wrt))
    raise TypeError(f"wrt must be the number of an argument, or several, counted from 0; got {quoted(wrt)}")


@attrs.frozen(eq=False, repr=False, slots=False)
class Trace:
    """What a function did with its arguments: the graph between `inputs` and `outputs`.

    Attributes:
        argument: the argument with respect to which to differentiate, or a tuple of several, as given.
        result: what the function returned.
        like_argument: nests numbers, one per input, as in the argument.
        like_result: nests numbers, one per output, as in the result.
        inputs: a neuron for each number in `argument`.
        outputs: a neuron for each number in `result`.
        since: a stamp after those of the inputs; older neurons do not depend on them.
        graph: whether derivatives are to be neurons, not floats.
    """

    argument: Any
    result: Any
    like_argument: Rebuild
    like_result: Rebuild
    inputs: list[Neuron]
    outputs: list[Neuron]
    since: int
    graph: bool

    @property
    def value(self) -> Any:
        """What the function returned, as neurons or floats."""
        return self.like_result(self.outputs if self.graph else [output._value for output in self.outputs])

    def gradient(self) -> Trace:
        """Trace the gradient. The outputs of that trace are the derivatives of the one output."""
        outputs = pull(self.outputs, [1.0], self.inputs, since=self.since, graph=True)
        return attrs.evolve(self, outputs=outputs, result=self.argument, like_result=self.like_argument)

    def push(self, tangents: Sequence[Any]) -> list[Any]:
        """Compute the derivative of every output along a direction, given by a tangent per input."""
        seeds = dict(zip(self.inputs, tangents, strict=True))
        if not self.graph:
            return ForwardSweep(seeds).tangents(self.outputs, self.order)
        sweep = ForwardSweep(seeds, create_graph=True)
        return as_neurons(nested().run(sweep.tangents, self.outputs, self.order))

    @functools.cached_property
    def order(self) -> list[Neuron]:
        """The neurons between inputs and outputs, oldest first."""
        return creation_order(self.outputs, self.since)


def trace(
    f: Callable[..., Any],
    args: Sequence[Any],
    kwargs: Mapping[str, Any] | None = None,
    wrt: int | tuple[int, ...] = 0,
    *,
    create_graph: bool = False,
    scalar: bool = False,
) -> Trace:
    """Run `f` with fresh neurons for the numbers in the arguments `wrt`, and record what it does.

    Raises:
        TypeError: `f` does not return numbers (one number, if `scalar`), or an argument holds something else.
        IndexError: there is no argument `wrt`.
        ValueError: `wrt` names an argument twice.
    """
    if not isinstance(wrt, int) or not 0 <= wrt < len(args):
        places = _places(f, args, wrt)
    argument = args[wrt] if isinstance(wrt, int) else tuple([args[place] for place in places])
    graph = create_graph or is_nested()
    numbers, like_argument = flatten(argument)

    def run() -> tuple[list[Neuron], int, Any]:
        if ONLY_FLOATS.issuperset(map(type, numbers)):
            inputs = [*map(Neuron, numbers)]
        else:
            inputs = [_variable(x, attached=graph) for x in numbers]
        since = inputs[-1]._stamp + 1 if inputs else next_stamp()
        changed = list(args)
        fresh = like_argument(inputs)
        if isinstance(wrt, int):
            changed[wrt] = fresh
        else:
            for place, value in zip(places, fresh, strict=True):
                changed[place] = value
        return inputs, since, f(*changed, **kwargs) if kwargs else f(*changed)

    inputs, since, result = nested().run(run)
    results, like_result = ([result], _first) if scalar else flatten_result(result, _name(f))
    outputs = [x if type(x) is Neuron else as_neuron(x, f, scalar=scalar) for x in results]
    return Trace(argument, result, like_argument, like_result, inputs, outputs, since, graph)


_first = operator.itemgetter(0)


def as_neuron(number: Any, f: Callable[..., Any], *, scalar: bool) -> Neuron:
    """Return the neuron in an array without axes. Make a leaf, or a variable, of any other number.

    Raises:
        TypeError: `f` did not return a number, or a truth value.
    """
    expectation = f"{_name(f)} must return {'one number' if scalar else 'numbers'} to be differentiated;"
    if isinstance(number, bool):
        raise TypeError(f"{expectation} it returned a truth value, which has no derivative")
    number = number.item() if getattr(number, "shape", None) == () and is_array(number) else number
    found = unfollowed(number)
    if scalar and is_array(found):
        instead = "for its derivatives call jacobian, and for many points call the function once for each"
        raise TypeError(f"{expectation} it returned an array of shape {found.shape}: {instead}")
    if type(found) is not Neuron:
        return Neuron(as_float(found, expectation))
    neuron: Neuron = found if found is number else variable(found)  # a whole number would be a leaf
    return neuron


def pull(
    outputs: Sequence[Neuron], cotangents: Sequence[Any], inputs: Sequence[Neuron], *, since: int, graph: bool
) -> list[Any]:
    """Compute the derivatives, with respect to every input, of the sum of the outputs times their cotangents."""
    if not graph:
        return engines.adjoints(outputs, cotangents, inputs, since)
    return as_neurons(nested().run(graph_adjoints, outputs, cotangents, inputs, since))


def as_neurons(numbers: Sequence[Any]) -> list[Neuron]:
    """Make leaves of constant floats; neurons stay as they are."""
    return [number if type(number) is Neuron else Neuron(number) for number in numbers]


def numbers_like(example: Any, tree: Any, name: str, *, graph: bool) -> list[Any]:
    """List the numbers of `tree`, which must be nested as `example` is: floats and, if a `graph` is made, neurons.

    Raises:
        TypeError: one of them is neither a real number nor a neuron.
        ValueError: `tree` is nested differently.
    """
    found: list[Any] = []
    for number in map(unfollowed, flatten_like(example, tree, name)):
        if type(number) is not Neuron:
            found.append(as_float(number, name))
        else:
            found.append(number if graph else number._value)
    return found


def _places(f: Callable[..., Any], args: Sequence[Any], wrt: int | tuple[int, ...]) -> tuple[int, ...]:
    places = (wrt,) if isinstance(wrt, int) else wrt
    if places and not -len(args) <= min(places) <= max(places) < len(args):
        raise IndexError(f"wrt={wrt!r} is out of range: {_name(f)} was called with {len(args)} positional argument(s)")
    if len(places) > 1 and len({place % len(args) for place in places}) < len(places):
        raise ValueError(f"wrt={wrt!r} names an argument of {_name(f)} twice")
    return places


def _variable(number: Any, *, attached: bool) -> Neuron:
    """Make a fresh neuron for a number, so that only its use inside the function counts."""
    number = unfollowed(number)
    if type(number) is not Neuron:
        return Neuron(as_float(number, "differentiation"))
    fresh: Neuron = variable(number) if attached else Neuron(number._value)
    return fresh


def _name(f: Callable[..., Any]) -> str:
    return getattr(f, "__name__", repr(f))
