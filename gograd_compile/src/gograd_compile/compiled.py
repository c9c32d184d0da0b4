"""`compile`: a function that is recorded when it is called first, and runs natively from then on."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from typing import Any

import numpy as np

from gograd_compile.batch import Batched
from gograd_compile.explain.explanation import Explanation, explain
from gograd_compile.files.portable import Portable, compiled_anew, from_tapes
from gograd_compile.files.saving import recorded
from gograd_compile.files.storage import load_tapes, save_tapes
from gograd_compile.nesting.trees import flatten, nest_matrix, numbers_like
from gograd_compile.nesting.whole_numbers import positions, whole
from gograd_compile.paths.path import CAPTURED, VALUES, Want
from gograd_compile.paths.point_run import at_point
from gograd_compile.paths.store import Wrt
from gograd_compile.run.backends import Backend
from gograd_core import DomainError, Neuron
from gograd_core.extend import add_gradients, jacobians, observers, recorder, require_function, transforms

__all__ = ["Compiled", "compile", "load"]

BY_CAPTURED = Want("adjoints", CAPTURED)
SEEDS_ALONE = np.empty(0, dtype=np.intp)
"""The numbers that differ between the points, where seeds alone do."""


class Compiled(Portable):
    """A function that runs as recorded: made by `compile`, or by `load`.

    Arguments are positional: numbers, or NumPy arrays of them, nested in containers. Results are nested as
    the function nests them. Where it was not recorded for arguments nested in this way, or a number decides otherwise
    than in any recording, it is recorded anew.

    Every method that runs it raises

    - TypeError where an argument is no number, or is named; RecordingError, if the function cannot be recorded;
    - DomainError where a value, or a derivative that is asked for, is not finite although the numbers that it is made
      of are (see `errstate`): it names the operation, its inputs, and the line where it was recorded;
    - PathNotRecorded where a program that was loaded would have to be recorded;
    - whatever the function raises while it is recorded.

    Methods that take `wrt`, the argument to differentiate by (or several, counted from 0), raise TypeError if that
    is no whole number, IndexError if there is no such argument, and ValueError if it is given twice.
    """

    @property
    def backend(self) -> Backend:
        """What runs it."""
        return self.store.backend

    @property
    def captured(self) -> tuple[Neuron, ...]:
        """The leaf neurons that it reads at every call, as far as they are known: after the first call."""
        return self.store.captured

    def __call__(self, *args: Any, **named: Any) -> Any:
        """What the function returns: floats and NumPy arrays, nested as the function nests them.

        Inside of a function that is being recorded the function itself runs, and becomes a part of that one.
        """
        if (inlined := self._inlined(named)) is not None:
            return inlined(*args)
        numbers, structure = flatten(args)
        try:
            path, outputs, _ = at_point(self.store.paths_of(structure), VALUES, numbers)
        except DomainError as error:
            answer = self.store.ask_engine(error, "value", structure, numbers)
            return answer.structure.build(answer.numbers)
        return path.structure.build(outputs)

    def value_and_grad(self, *args: Any, wrt: Wrt = 0, **named: Any) -> tuple[float, Any]:
        """The value, and the gradient by the argument `wrt`, nested as that is (a tuple, if there are several).

        Costs about three runs of the values alone, however many numbers there are in the argument.

        Raises:
            TypeError: the function does not return one number.
        """
        wrt = positions(wrt)
        if (inlined := self._inlined(named)) is not None:
            return transforms.value_and_grad(inlined, wrt)(*args)
        numbers, structure = flatten(args)
        want, chosen = self.store.want("adjoints", structure, wrt)
        try:
            path, outputs, gradient = at_point(self.store.paths_of(structure), want, numbers)
        except DomainError as error:
            answer = self.store.ask_engine(error, "gradient", structure, numbers, want.wrt)
            return answer.structure.build(answer.numbers[:1]), chosen.build(answer.numbers[1:])
        return path.structure.build(outputs), chosen.build(gradient)

    def grad(self, *args: Any, wrt: Wrt = 0, **named: Any) -> Any:
        """The gradient alone, as `value_and_grad` gives it."""
        return self.value_and_grad(*args, wrt=wrt, **named)[1]

    def backward(self, *args: Any) -> float:
        """Add the derivatives by the captured leaf neurons to their `grad`; gives the value.

        Raises:
            TypeError: the function does not return one number.
        """
        numbers, structure = flatten(args)
        path, outputs, gradient = at_point(self.store.paths_of(structure), BY_CAPTURED, numbers)
        add_gradients(path.tape.captured, gradient)
        value: float = path.structure.build(outputs)
        return value

    def jacobian(self, *args: Any, wrt: Wrt = 0, **named: Any) -> Any:
        """The derivative of every number of the result by every number of the argument `wrt`.

        Nested as the result; in the place of each number or array is what is nested as the argument, with the axes of
        the result followed by those of the argument. Forward or reverse mode, whichever needs fewer sweeps; of one
        number it is the gradient.
        """
        wrt = positions(wrt)
        if (inlined := self._inlined(named)) is not None:
            return jacobians.jacobian(inlined, wrt)(*args)
        numbers, structure = flatten(args)
        want, chosen = self.store.want("push", structure, wrt, SEEDS_ALONE)
        try:
            path, outputs, _ = at_point(self.store.paths_of(structure), VALUES, numbers)
            if chosen.size <= len(outputs) > 1:
                matrix = self.store.matrix(path, want, numbers).T
            else:
                matrix = self.store.matrix(path, self.store.want("pull", structure, wrt, SEEDS_ALONE)[0], numbers)
        except DomainError as error:
            answer = self.store.ask_engine(error, "jacobian", structure, numbers, want.wrt)
            return nest_matrix(answer.numbers.reshape(-1, chosen.size), answer.structure, chosen)
        return nest_matrix(matrix, path.structure, chosen)

    def hvp(self, *args_and_vector: Any, wrt: Wrt = 0, **named: Any) -> Any:
        """The Hessian times a vector, which comes after the arguments, nested as the argument `wrt` is.

        Raises:
            TypeError: the function does not return one number, or no vector was given.
            ValueError: the vector is nested otherwise.
        """
        if len(args_and_vector) < 2:
            raise TypeError(
                f"hvp() takes the arguments of {self.__name__}, and after them a vector, nested as the argument wrt is"
            )
        wrt = positions(wrt)
        if (inlined := self._inlined(named)) is not None:
            return jacobians.hvp(inlined, wrt)(*args_and_vector)
        *args, vector = args_and_vector
        numbers, structure = flatten(tuple(args))
        want, chosen = self.store.want("push", structure, wrt)
        seeds = numbers_like(chosen, vector, "the vector")
        try:
            _, _, product = at_point(self.store.paths_of(structure, wrt), want, numbers, seeds)
        except DomainError as error:
            return chosen.build(self.store.ask_engine(error, "hvp", structure, numbers, want.wrt, seeds).numbers)
        return chosen.build(product[1:])  # the first is the derivative of the value

    def hessian(self, *args: Any, wrt: Wrt = 0, **named: Any) -> Any:
        """The second derivatives by the numbers of the argument `wrt`, nested as that is, twice.

        Raises:
            TypeError: the function does not return one number.
        """
        wrt = positions(wrt)
        if (inlined := self._inlined(named)) is not None:
            return jacobians.hessian(inlined, wrt)(*args)
        numbers, structure = flatten(args)
        want, chosen = self.store.want("push", structure, wrt, SEEDS_ALONE)
        try:
            path, _, _ = at_point(self.store.paths_of(structure, wrt), VALUES, numbers)
            matrix = self.store.matrix(path, want, numbers)[:, 1:].T
        except DomainError as error:
            answer = self.store.ask_engine(error, "hessian", structure, numbers, want.wrt)
            matrix = answer.numbers.reshape(chosen.size, chosen.size)
        return nest_matrix(matrix, chosen, chosen)

    def batch(self, in_axes: Any = 0, *, threads: int | None = None) -> Batched:
        """The same function at many points at once, as jax.vmap has it.

        Args:
            in_axes: per argument the axis along which the points lie, or None, if all share the argument; one entry for
                all arguments, or a tuple with one for each, which may be nested as the argument is.
            threads: how many work at once, unless given as many as there are processors; results do not depend on it.

        Raises:
            TypeError, ValueError: `threads` is no whole number of 1 or more.
        """
        return Batched(self.store, in_axes, None if threads is None else whole("threads", threads))

    def explain(self) -> Explanation:
        """What was recorded, what became of it and how long that took: a dict that prints as a text."""
        return explain(self.store)

    def save(self, path: str | os.PathLike[str], *, lines: bool = True) -> None:
        """Write to a file what was recorded so far, for all arguments: `load` makes a program of it.

        Second derivatives are in it if hvp or hessian was called. Captured neurons are saved with their values.

        Args:
            path: where to; a file that is there is replaced, once all is written.
            lines: save also where each operation ran, for messages, and whether the function ignores its errors:
                for that, the function runs again.

        Raises:
            ValueError: nothing was recorded yet.
            TypeError: an operation comes from no installed distribution, or something is nested in what only Python
                knows, such as a named tuple.
        """
        save_tapes(path, recorded(self.store, lines=lines), self.__name__)

    def _inlined(self, named: dict[str, Any]) -> Callable[..., Any] | None:
        """The function itself, where this is called inside of one that is being recorded, of which it becomes a part.

        Raises:
            TypeError: there are `named` arguments.
        """
        if named:
            raise TypeError(f"arguments of a compiled function are positional, got {', '.join(named)} by name")
        return self.store.f if observers and recorder() is not None else None


def compile(
    f: Callable[..., Any] | None = None, *, backend: str | None = None, check: bool = False, max_paths: int = 256
) -> Any:
    """Record `f` when it is called, and run the recording natively from then on; also a decorator.

    Numbers in the arguments are inputs; so are leaf neurons that `f` captures, which are read at every call.
    Everything else that `f` uses is taken as it is when `f` is recorded: plain numbers, and leaves that it makes
    itself. Which way comparisons turn out is checked in every run; where it is another way, `f` is recorded again.

    Args:
        f: a function of positional arguments that computes with Python's operators and the operations of `ops`.
        backend: "native" (needs Numba) or "numpy"; the native one, if Numba is installed, unless given.
        check: record twice each time, and raise `RecordingError` if `f` does not do the same: random draws, lists that
            it changes, the time. It also finds operations in threads that `f` starts.
        max_paths: how many paths are kept for arguments of one nesting; the least recently used are dropped.

    Returns:
        A `Compiled`; or, without `f`, a decorator that makes one.

    Raises:
        TypeError: `f` cannot be called, or `max_paths` is no whole number.
        ValueError: there is no backend of that name, or `max_paths` is less than 1.
        ImportError: the native backend was asked for, and Numba is not installed.
    """
    if f is None:
        return functools.partial(compile, backend=backend, check=check, max_paths=max_paths)
    require_function(f, "compile")
    if whole("max_paths", max_paths) < 1:
        raise ValueError(f"max_paths must be 1 or more, got {max_paths}")
    return compiled_anew(Compiled, f, backend, check, max_paths)


def load(path: str | os.PathLike[str], *, backend: str | None = None) -> Compiled:
    """A program that `Compiled.save` wrote. It has no function: what was not recorded raises `PathNotRecorded`.

    Captured neurons are new leaves, with the values saved; `captured` gives them.

    Args:
        path: the file. Nothing in it is run, imported or unpickled.
        backend: as for `compile`.

    Raises:
        ProgramFileError: it is no program, was changed or cut off, or needs operations that are not installed so.
        OSError: the file cannot be read.
    """
    return from_tapes(Compiled, *load_tapes(path), backend)
