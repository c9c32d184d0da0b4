"""`compile`: records a function when it is first called, and runs the recording as native code after that."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

import gograd_core
from gograd_compile.files.portable import Portable, compiled_anew, from_file
from gograd_compile.nesting.trees import flatten, nest_matrix, numbers_like, row_of
from gograd_compile.nesting.whole_numbers import whole
from gograd_compile.paths.budget import NoPath
from gograd_compile.paths.path import CAPTURED, ONLY_SEEDS, VALUES, Want
from gograd_compile.paths.point_run import at_point
from gograd_compile.paths.prepared import general
from gograd_compile.paths.store import Wrt
from gograd_compile.run.backends import Backend
from gograd_core import DomainError, Neuron
from gograd_core.extend import (
    add_gradients,
    is_computed,
    observers,
    positions,
    recorder,
    replacing,
)  # fmt: skip

if TYPE_CHECKING:
    from gograd_compile.batch import Batched
    from gograd_compile.explain.explanation import Explanation

__all__ = ["Compiled", "compile", "load"]

WITH_CAPTURED = Want("adjoints", CAPTURED)


class Compiled(Portable):
    """A function that runs as it was recorded. `compile` and `load` make it.

    A call computes what the function returns: floats and NumPy arrays, nested as the function nests them. Inside
    another function that is being recorded, the function itself runs and becomes part of that recording.

    Arguments are positional: numbers or NumPy arrays of them, nested in containers. Results are nested as the function
    nests them. The function is recorded again for arguments that are nested differently, and if a comparison turns out
    differently from all recordings. If it has many paths, not every path is worth a recording. Without one, the
    function itself runs. Values are the same to the last bit, and derivatives are added up in a different order.

    Every method that runs it raises

    - TypeError if an argument is not a number, or is passed by name;
    - RecordingError if the function cannot be recorded;
    - DomainError if a value, or a derivative that is asked for, is not finite although the numbers that it is made of
      are (see `errstate`). It names the operation, its inputs, and the line where it was recorded;
    - PathNotRecorded if a loaded program would have to be recorded again;
    - whatever the function raises while it is recorded.

    `wrt` is the argument to differentiate with respect to, or several of them, counted from 0. Methods that take it
    raise TypeError if it is not a whole number, IndexError if there is no such argument, and ValueError if an argument
    is given twice.
    """

    @property
    def backend(self) -> Backend:
        """Return the backend that runs it."""
        return self.store.backend

    @property
    def captured(self) -> tuple[Neuron, ...]:
        """List the leaf neurons that it reads at every call. It knows them after the first call."""
        return self.store.captured

    def _anyhow(self, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        if (inlined := self._inlined(named)) is not None:
            return inlined(*args)
        numbers, structure = flatten(args)
        try:
            path, outputs, _ = at_point(self.store.paths_of(structure), VALUES, numbers)
        except (DomainError, NoPath) as reason:
            answer = self.store.answer(reason, "value", structure, numbers)
            return answer.structure.build(answer.numbers)
        self.store.prepare(VALUES, (structure, None), path, VALUES)
        return path.structure.build(outputs)

    def value_and_grad(self, *args: Any, wrt: Wrt = 0, **named: Any) -> tuple[float, Any]:
        """Compute the value, and the gradient with respect to the argument `wrt`, which is nested like the argument.

        If `wrt` is several arguments, the gradient is a tuple. This takes about three times as long as the value.

        Raises:
            TypeError: the function does not return one number.
        """
        found: tuple[float, Any] = NotImplemented if named else self._prepared(wrt, args)
        if found is not NotImplemented:
            return found
        wrt = positions(wrt)
        if (inlined := self._inlined(named)) is not None:
            return gograd_core.value_and_grad(inlined, wrt)(*args)
        numbers, structure = flatten(args)
        want, chosen = self.store.want("adjoints", structure, wrt)
        try:
            path, outputs, gradient = at_point(self.store.paths_of(structure), want, numbers)
        except (DomainError, NoPath) as reason:
            answer = self.store.answer(reason, "gradient", structure, numbers, want.wrt)
            return answer.structure.build(answer.numbers[:1]), chosen.build(answer.numbers[1:])
        self.store.prepare(wrt, (structure, None), path, want, chosen)
        return path.structure.build(outputs), chosen.build(gradient)

    def grad(self, *args: Any, wrt: Wrt = 0, **named: Any) -> Any:
        """Compute the gradient that `value_and_grad` returns."""
        return self.value_and_grad(*args, wrt=wrt, **named)[1]

    def backward(self, *args: Any) -> float:
        """Add the derivatives with respect to the captured leaf neurons to their `grad`, and return the value.

        Raises:
            TypeError: the function does not return one number.
        """
        found: float = self.store.calls.get(WITH_CAPTURED, general)(args)
        if found is not NotImplemented:
            return found
        numbers, structure = flatten(args)
        try:
            path, outputs, gradient = at_point(self.store.paths_of(structure), WITH_CAPTURED, numbers)
        except (DomainError, NoPath) as reason:
            answer = self.store.answer(reason, "captured", structure, numbers)
            add_gradients(answer.captured, np.asarray(answer.numbers[1:], dtype=np.float64))
            return float(answer.numbers[0])
        add_gradients(path.tape.captured, gradient)
        self.store.prepare(WITH_CAPTURED, (structure, None), path, WITH_CAPTURED, row_of(len(gradient)))
        value: float = path.structure.build(outputs)
        return value

    def jacobian(self, *args: Any, wrt: Wrt = 0, **named: Any) -> Any:
        """Compute the derivative of every number in the result with respect to every number in the argument `wrt`.

        The Jacobian is nested like the result. In the place of each number or array is something nested like the
        argument, whose arrays have the axes of the result followed by those of the argument. For a function that
        returns one number, it is the gradient. Forward or reverse mode is used, whichever needs fewer sweeps.
        """
        wrt = positions(wrt)
        if (inlined := self._inlined(named)) is not None:
            return gograd_core.jacobian(inlined, wrt)(*args)
        numbers, structure = flatten(args)
        want, chosen = self.store.want("push", structure, wrt, ONLY_SEEDS)
        try:
            path, outputs, _ = at_point(self.store.paths_of(structure), VALUES, numbers)
            if chosen.size <= len(outputs) > 1:
                matrix = self.store.matrix(path, want, numbers).T
            else:
                matrix = self.store.matrix(path, self.store.want("pull", structure, wrt, ONLY_SEEDS)[0], numbers)
        except (DomainError, NoPath) as reason:
            answer = self.store.answer(reason, "jacobian", structure, numbers, want.wrt)
            return nest_matrix(answer.numbers.reshape(-1, chosen.size), answer.structure, chosen)
        return nest_matrix(matrix, path.structure, chosen)

    def hvp(self, *args_and_vector: Any, wrt: Wrt = 0, **named: Any) -> Any:
        """Multiply the Hessian by a vector, which comes after the arguments and is nested like the argument `wrt`.

        Raises:
            TypeError: the function does not return one number, or no vector was given.
            ValueError: the vector is nested differently.
        """
        if len(args_and_vector) < 2:
            raise TypeError(f"hvp() takes the arguments of {self.__name__}, then a vector nested like the argument wrt")
        wrt = positions(wrt)
        if (inlined := self._inlined(named)) is not None:
            return gograd_core.hvp(inlined, wrt)(*args_and_vector)
        if (found := self.store.calls.get(("hvp", wrt), general)(args_and_vector)) is not NotImplemented:
            return found
        *args, vector = args_and_vector
        numbers, structure = flatten(tuple(args))
        want, chosen = self.store.want("push", structure, wrt)
        seeds = numbers_like(chosen, vector, "the vector")
        try:
            path, _, product = at_point(self.store.paths_of(structure, wrt), want, numbers, seeds)
        except (DomainError, NoPath) as reason:
            return chosen.build(self.store.answer(reason, "hvp", structure, numbers, want.wrt, seeds).numbers)
        self.store.prepare(("hvp", wrt), (structure, wrt), path, want, chosen)
        return chosen.build(product[1:])  # the first is the derivative of the value

    def hessian(self, *args: Any, wrt: Wrt = 0, **named: Any) -> Any:
        """Compute the second derivatives with respect to the numbers in the argument `wrt`, nested twice like it.

        Raises:
            TypeError: the function does not return one number.
        """
        wrt = positions(wrt)
        if (inlined := self._inlined(named)) is not None:
            return gograd_core.hessian(inlined, wrt)(*args)
        if (found := self.store.calls.get(("hessian", wrt), general)(args)) is not NotImplemented:
            return found
        numbers, structure = flatten(args)
        want, chosen = self.store.want("push", structure, wrt, ONLY_SEEDS)
        try:
            path, _, _ = at_point(self.store.paths_of(structure, wrt), VALUES, numbers)
            matrix = self.store.matrix(path, want, numbers)[:, 1:].T
            self.store.prepare(("hessian", wrt), (structure, wrt), path, want, chosen)
        except (DomainError, NoPath) as reason:
            answer = self.store.answer(reason, "hessian", structure, numbers, want.wrt)
            matrix = answer.numbers.reshape(chosen.size, chosen.size)
        return nest_matrix(matrix, chosen, chosen)

    def batch(self, in_axes: Any = 0, *, threads: int | None = None) -> Batched:
        """Return the same function for many points at once, as jax.vmap does.

        Args:
            in_axes: for each argument the axis along which the points lie, or None if all points share the argument:
                one entry for all arguments, or a tuple with an entry for each, which may be nested like the argument.
            threads: how many threads to use, by default one for each processor. Results do not depend on it.

        Raises:
            TypeError: `threads` is not a whole number.
            ValueError: `threads` is less than 1.
        """
        from gograd_compile.batch import Batched  # what not every program needs is imported when it is used

        return Batched(self.store, in_axes, None if threads is None else whole("threads", threads))

    def explain(self) -> Explanation:
        """Report what was recorded, what was made of it, and how long that took, in a dict that prints as text."""
        from gograd_compile.explain.explanation import explain

        return explain(self.store)

    def _gograd_picture_(self) -> dict[str, Any]:
        """Describe the levels of the schedule, for gograd-draw."""
        from gograd_compile.explain.picture import picture_of

        return picture_of(self.store)

    def _inlined(self, named: dict[str, Any]) -> Callable[..., Any] | None:
        """Return the function itself inside a function that is recorded, or evaluated without a recording.

        Raises:
            TypeError: there are `named` arguments.
        """
        if named:
            raise TypeError(f"arguments of a compiled function are positional, got {', '.join(named)} by name")
        is_part = (observers and recorder() is not None) or (replacing and is_computed())
        return self.store.f if is_part else None


def compile(
    f: Callable[..., Any] | None = None, *, backend: str | None = None, check: bool = False, max_paths: int = 256
) -> Any:
    """Record `f` when it is called, and run the recording as native code after that. Also works as a decorator.

    The inputs are the numbers in the arguments, and the leaf neurons that `f` captures, which are read at every call.
    Everything else that `f` uses (plain numbers, and leaves that it makes) is fixed when `f` is recorded. Every run
    checks how comparisons turn out. If one turns out differently, `f` is recorded again, or runs without a recording if
    another one is not worth what it costs.

    Args:
        f: a function of positional arguments that computes with Python's operators and the operations of `ops`.
        backend: "native" or "numpy". By default it is the native one if what it needs is installed.
        check: whether to record twice each time, and raise `RecordingError` if `f` does something else the second time,
            because of random draws, lists that it changes, or the time. It finds operations in other threads, too.
        max_paths: how many paths are kept for arguments of one nesting. The least recently used are dropped.

    Returns:
        A `Compiled`. Without `f`, a decorator that makes one.

    Raises:
        TypeError: `f` cannot be called, or `max_paths` is not a whole number.
        ValueError: there is no backend of that name, or `max_paths` is less than 1.
        ImportError: the native backend was asked for, and something that it needs is not installed.
    """
    if f is None:
        return functools.partial(compile, backend=backend, check=check, max_paths=max_paths)
    return compiled_anew(Compiled, f, backend, check, max_paths)


def load(path: str | os.PathLike[str], *, backend: str | None = None) -> Compiled:
    """Load a program that `Compiled.save` wrote. It raises `PathNotRecorded` if it would have to be recorded again.

    Captured neurons are new leaves with the saved values. `captured` lists them.

    Args:
        path: the file. Nothing in it is run, imported or unpickled.
        backend: as for `compile`.

    Raises:
        ProgramFileError: it is not a program, was changed or cut off, or needs operations that are not installed in
            the same version.
        OSError: the file cannot be read.
    """
    return from_file(Compiled, path, backend)
