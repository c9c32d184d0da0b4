"""Calls of an operation with numbers, neurons and arrays, with every check.

The engines have shorter ways for the common cases. They call these functions when anything is out of the ordinary.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from gograd_core import current, recording, settings
from gograd_core.checked.refusals import DOMAIN_ERRORS, error_code
from gograd_core.checked.rules import as_float, as_number, describe, judge, run_rule
from gograd_core.computed import function_of
from gograd_core.errors import DomainError
from gograd_core.followed import Followed, unfollowed
from gograd_core.interfaces import Node, Op
from gograd_core.lines import origin, watching
from gograd_core.namespaces.columns import Column

__all__ = ["Operation", "apply", "apply_in_block", "call", "followed_inputs", "is_array", "observed"]

USUAL = ("raise", "ignore", "python")
"""What `errstate` takes."""
NUMPYS = {"axis", "dtype", "out"}
"""What NumPy's functions of whole arrays name, all None, when they call the method of a single number."""


def call(op: Op, /, *inputs: Any, **named: Any) -> Any:
    """Call an operation with numbers, neurons or arrays, by position or by the names of its inputs.

    Numbers give a float, or a bool if the operation is a comparison. With a neuron among them the result is a Neuron
    that remembers its inputs; a comparison still gives a bool, which a `Recorder` follows. Arrays give an array of
    their library. An array together with a neuron, or an object array, is computed entry by entry and gives an object
    array. The inputs of a variadic operation are sequences of equal length.

    Raises:
        TypeError: the number of inputs is wrong, a name is unknown, or an input is not a number.
        ValueError: columns have unequal lengths.
        DomainError: the result is not finite although the inputs are (see `errstate`).
    """
    if named:
        inputs = _in_order(op, inputs, named)
    if len(inputs) != len(op.partials):
        raise TypeError(_wrong_count(op, inputs))
    for x in inputs:
        kind = type(x)
        if kind is not current.Neuron and kind is not float:
            if kind is Followed:
                return op(*map(unfollowed, inputs))
            if is_array(x):
                return call_with_arrays(op, inputs)
    return apply(op, op.flatten(inputs) if op.variadic else inputs)


def _in_order(op: Op, inputs: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, ...]:
    """Put the inputs given by name after those given by position.

    Raises:
        TypeError: a name is unknown, or an input is missing or given twice.
    """
    names = op.input_names
    of_one = op.variadic and [*map(type, inputs)] == [current.Neuron]
    if of_one and named.keys() <= NUMPYS and all(each is None for each in named.values()):
        return (list(inputs),)
    for name in named:
        if name not in names:
            raise TypeError(f"{op.title} has no input {name!r}: it takes {', '.join(names)}")
        if name in names[: len(inputs)]:
            raise TypeError(f"{op.title} got its input {name!r} twice")
    missing = [name for name in names[len(inputs) :] if name not in named]
    if missing:
        raise TypeError(f"{op.title} is missing its input {missing[0]!r}: it takes {', '.join(names)}")
    return (*inputs, *(named[name] for name in names[len(inputs) :]))


def _wrong_count(op: Op, inputs: tuple[Any, ...]) -> str:
    names, count = op.input_names, len(op.partials)
    kind = "column" if op.variadic else "input"
    takes = f"{op.title} takes {count} {kind}{'s' * (count > 1)} ({', '.join(names)}), got {len(inputs)}"
    if op.variadic:
        return f"{takes}. A column is one list: {op.name}({', '.join(['[1.0, 2.0, 3.0]'] * count)})"
    if count > 1 and len(inputs) == 1 and isinstance(inputs[0], (list, tuple)):
        return f"{takes}, a {type(inputs[0]).__name__}. Pass them separately: {op.name}({', '.join(names)})"
    return takes


def _constant(op: Op, entry: Any) -> float:
    """Convert what is no neuron to a float.

    Raises:
        TypeError: it is not a real number.
    """
    try:
        return as_float(entry, op.title)
    except TypeError as error:
        if op.variadic or not isinstance(entry, (list, tuple)):
            raise
        raise TypeError(f"{error}. For several numbers call it several times, or pass arrays") from None


def apply(op: Op, entries: tuple[Any, ...]) -> Any:
    """Call `op` with numbers and neurons (the entries of its columns in a row), and judge and record the result."""
    constituents: list[Any] = []
    values: list[float] = []
    involved = False
    for entry in entries:
        if type(entry) is current.Neuron:
            involved = True
            constituents.append(entry)
            values.append(entry._value)
        else:
            constant = entry if type(entry) is float else _constant(op, entry)
            constituents.append(constant)
            values.append(constant)
    try:
        instead = function_of(op) if settings.replacing else None
        if instead is None:
            out = run_rule(op, op.forward, *(map(Column, op.columns(values)) if op.variadic else values))
        else:
            out = instead(*op.columns(values)) if op.variadic else instead(*values)
        is_truth = False
        if type(out) is not float:
            is_truth = isinstance(out, bool)
            if is_truth and not (involved and recording.recorder() is not None):
                return out
            out = as_number(op, out)
    except BaseException:
        if involved:
            recording.failed()
        raise
    if out - out != 0.0:
        try:
            judge_value(op, values, out, constituents)
        except DomainError as error:
            if not involved or recording.recorder() is None:
                raise
            made = current.node(op, out, tuple(constituents))
            kind = DOMAIN_ERRORS[recording.decided(made, "domain", error_code(op, values))]
            if kind is not None:
                raise kind(error.fact, operation=op, inputs=lambda: followed_inputs(made), hint=error.hint) from None
            return observed(made)
    if not involved:
        return out
    if not settings.is_recording():
        return noted(current.Neuron(out))
    neuron = current.node(op, out, tuple(constituents))
    if is_truth and any(op.partials):
        neuron = current.plain(neuron)  # without a recorder it is a bool, which has no derivative
    neuron = observed(neuron) if settings.pauses else neuron
    return Followed(neuron, bool(out), most=1.0) if is_truth else neuron


def judge_value(op: Op, values: Sequence[float], out: float, constituents: Sequence[Any]) -> None:
    """Judge a result, and tell what watches for anomalies, also of a result that is no error here.

    Raises:
        DomainError: the result is not finite although the inputs are.
    """
    watch = watching()
    of_neurons = any(type(entry) is not float for entry in constituents)
    run = functools.partial(
        judge, op, values, out, lambda: describe(op, constituents), is_value=True, of_neurons=of_neurons
    )
    try:
        run()
    except DomainError as error:
        if watch is not None:
            watch.found_value(error, op, constituents, ignored=False)
        raise
    if watch is None or settings.now().domain not in USUAL:  # what the engine computes for itself is judged later
        return
    try:
        settings.errstate(domain="raise").run(run)
    except DomainError as error:
        watch.found_value(error, op, constituents, ignored=True)
    else:
        watch.met_value(op, constituents, out)


def apply_in_block(op: Op, entries: tuple[Any, ...], out: float) -> Any:
    """Make the result `out` of an operator of the Python engine while a block is open somewhere: `trace`, say."""
    here = settings.now()
    if not (here.tracing and here.recording) or here.wants_nodes or settings.replacing:
        return apply(op, entries)
    made = current.node(op, out, entries)
    made._label = "", origin()  # the label of a new neuron
    return made


def followed_inputs(neuron: Node) -> tuple[Any, ...]:
    """Return what an error gives as inputs while a recorder watches: whoever catches it may compute with them."""
    return tuple(entry if type(entry) is float else current.stop_gradient(entry) for entry in neuron._constituents)


def observed(neuron: Node) -> Node:
    """Tell the recorder, if any, of a neuron that an operation made. Return what the operation is to return."""
    noted(neuron)
    recorder = recording.recorder()
    if recorder is None:
        return neuron
    if recorder.wants_nodes:
        recorder.made(neuron)
    if not settings.without_derivative():
        return neuron
    made_by: Any = neuron.operation
    return current.stop_gradient(neuron) if any(made_by.partials) else neuron


def noted(neuron: Node) -> Node:
    """Note in a neuron the user's line that is running, if `trace` is in force."""
    if settings.now().tracing:
        neuron._origin = origin()
    return neuron


def is_array(x: Any) -> bool:
    return hasattr(x, "__array_namespace__") and (x.shape != () or _holds_neurons([x]))


def call_with_arrays(op: Op, inputs: tuple[Any, ...]) -> Any:
    """Call `op` with arrays: by their own library, or entry by entry if neurons are involved."""
    inputs = tuple(map(unfollowed, inputs))
    arrays = [x for x in inputs if is_array(x)]
    if op.variadic:
        if any(len(array.shape) != 1 for array in arrays):
            raise ValueError(f"{op.title} expects one-dimensional columns, got shapes {[a.shape for a in arrays]}")
        if len(arrays) < len(inputs) or _holds_neurons(arrays) or len({array.shape for array in arrays}) > 1:
            return apply(op, op.flatten(inputs))
    elif _holds_neurons(inputs):
        import numpy as np  # an object array exists, so NumPy is there

        return np.frompyfunc(op, len(inputs), 1)(*inputs)
    library = arrays[0].__array_namespace__()
    return op.bind(op.scope.arrays(library))(*[_real(library, x) for x in inputs])


def _real(library: Any, x: Any) -> Any:
    """Convert integers to floats, since rules compute with real numbers."""
    integers = is_array(x) and library.isdtype(x.dtype, "integral")
    return library.astype(x, library.float64) if integers else x


def _holds_neurons(inputs: Sequence[Any]) -> bool:
    return any(type(x) is current.Neuron or getattr(x, "dtype", None) == "O" for x in inputs)


class Operation:
    """The base class of `Op` in the Python engine, which makes it callable."""

    __slots__ = ()
    __call__ = call

    def _prepare(self, kernels: Any) -> None:
        """Do nothing: this engine reads the rules from the operation itself, and runs no kernels."""
