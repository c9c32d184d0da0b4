"""Examples: what goes into a model, and what should come out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from numbers import Real
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

from gograd_core.extend import quoted
from gograd_nn import losses
from gograd_nn.files.digests import digest
from gograd_nn.layers.examples import in_places
from gograd_nn.losses import binary_cross_entropy, cross_entropy
from gograd_nn.optimisers.optimiser import Array

__all__ = ["Data", "Examples", "NotNumbers"]


class NotNumbers(Exception):  # noqa: N818 - it never leaves this package
    """Examples are not numbers in arrays of one shape, so they are not data of a compiled function."""


@attrs.frozen(eq=False)
class Data:
    """Examples as arrays with a row for each, and what makes of a row what the model, and the loss, get in `fit`."""

    inputs: Array
    targets: Array
    input_of: Callable[[Any], Any]
    target_of: Callable[[Any], Any]


@attrs.define(eq=False)
class Examples:
    """Inputs, and a target for each. Both have places from 0 on.

    Frames and other tables become arrays. In arrays, narrow numbers become wide, so that whatever a model does with
    them, it does with the digits that compiled code has, and uint8 does not wrap around.

    Raises:
        ValueError: there are none, or not as many targets as inputs.
    """

    inputs: Sequence[Any]
    targets: Sequence[Any]
    _tables: dict[str, Any] = attrs.field(factory=dict, init=False)  # arrays that `check_numbers` made of both

    def __attrs_post_init__(self) -> None:
        self.inputs, self.targets = _wide(in_places(self.inputs)), _wide(in_places(self.targets))
        if len(self.inputs) != len(self.targets) or len(self.inputs) == 0:
            raise ValueError(
                f"expected as many targets as inputs, at least one; got {len(self.targets)} and {len(self.inputs)}"
            )

    def __len__(self) -> int:
        return len(self.inputs)

    @cached_property
    def digest(self) -> str:
        """Compute a digest of inputs and targets, as they are when it is first asked for."""
        return digest(self.inputs, self.targets)

    def check_numbers(self, loss: Any, of: str = "") -> None:
        """Refuse NaN and infinity, since they would make all parameters NaN. `of` says of which examples these are.

        A loss that is not gograd's own may know what to do with such targets.

        Raises:
            ValueError: a number is not finite.
        """
        for name in ("inputs", "targets") if loss in vars(losses).values() else ("inputs",):
            rows = getattr(self, name)
            table = self._tables[name] = _table(rows)
            found = _not_finite(rows, table)
            if found is not None:
                places, number = found
                raise ValueError(
                    f"{of}{name}{''.join(f'[{place}]' for place in places)} is {number}: leave such examples out, or "
                    "put a number in its place"
                )

    def split(self, share: Any, seed: int) -> tuple[Examples, Examples]:
        """Split off a share of the examples, drawn at random, in their order.

        Raises:
            ValueError: `share` is not a number, or one of the two parts would have no examples.
        """
        count = round(float(share) * len(self)) if isinstance(share, Real) and 0.0 < float(share) < 1.0 else 0
        if not 0 < count < len(self):
            raise ValueError(
                "held_out is a share of the examples, or a tuple of inputs and targets; got "
                f"{quoted(share)} of {len(self)}"
            )
        chosen = np.zeros(len(self), dtype=np.bool_)
        chosen[np.random.default_rng([seed, count]).permutation(len(self))[:count]] = True
        return self._part(np.flatnonzero(~chosen)), self._part(np.flatnonzero(chosen))

    def _part(self, places: npt.NDArray[np.intp]) -> Examples:
        return Examples([self.inputs[i] for i in places], [self.targets[i] for i in places])

    def classes(self, outputs: int, loss: Any) -> npt.NDArray[np.int64] | None:
        """Return the class of each target; None if targets are numbers to be approximated.

        Of a single output, the classes are 1 and -1. Otherwise they are places in the output.
        """
        try:
            table = np.array(self.targets, dtype=np.float64).reshape(len(self), -1)
        except (TypeError, ValueError):  # not numbers, or rows of different lengths
            return None
        if table.shape[1] == outputs > 1:
            one_hot = np.all((table == 0.0) | (table == 1.0)) and np.all(table.sum(axis=1) == 1.0)
            return table.argmax(axis=1) if one_hot else None
        if table.shape[1] != 1:
            return None
        found = set(table.ravel().tolist())
        if outputs > 1:
            return table.ravel().astype(np.int64) if found.issubset(range(outputs)) else None
        if found <= {-1, 1} or (found <= {0, 1} and loss is binary_cross_entropy):
            return np.where(table.ravel() > 0.0, 1, -1)
        return None

    def distinct_targets(self) -> list[int]:
        """List the places at which a target stands for the first time; all of them if targets are not numbers."""
        try:
            table = np.array(self.targets, dtype=np.float64).reshape(len(self), -1)
        except (TypeError, ValueError):
            return list(range(len(self)))
        rows = table.ravel() if table.shape[1] == 1 else table
        found: list[int] = np.sort(np.unique(rows, axis=0, return_index=True)[1]).tolist()
        return found

    def data(self, outputs: int, loss: Any) -> Data:
        """Return inputs and targets as arrays. For `cross_entropy`, classes become one-hot rows.

        Raises:
            NotNumbers: they are not numbers in arrays of one shape.
        """
        inputs, targets = self._array("inputs", self.inputs), self._array("targets", self.targets)
        target_of = _container_of("targets", self.targets)
        if loss is cross_entropy and targets.ndim == 1:
            classes = self.classes(outputs, loss)
            if classes is None:
                raise NotNumbers("targets are not classes")
            targets, target_of = np.eye(outputs)[classes], np.ndarray.tolist
        return Data(inputs, targets, _container_of("inputs", self.inputs), target_of)

    def _array(self, name: str, rows: Sequence[Any]) -> Array:
        table = self._tables.pop(name, None)  # only once: the examples may change
        try:
            found = np.array(rows if table is None else table, dtype=np.float64)
        except (TypeError, ValueError):
            raise NotNumbers(f"the {name} are not numbers in rows of one length") from None
        first = rows if isinstance(rows, np.ndarray) else rows[0]
        if name == "inputs" and isinstance(first, np.ndarray | np.generic) and first.dtype.kind == "b":
            raise NotNumbers("the inputs are bools, which add up differently: make them numbers with astype(float)")
        return found


def _wide(rows: Any) -> Any:
    """Return rows in which arrays, and numbers of NumPy, have 64 bits per number. Bools stay as they are."""
    if isinstance(rows, np.ndarray | np.generic):
        kind, size = rows.dtype.kind, rows.dtype.itemsize
        wide = {"f": np.float64, "i": np.int64, "u": np.int64}.get(kind) if size < 8 else None
        return rows if wide is None else rows.astype(wide)
    if isinstance(rows, list | tuple) and any(isinstance(row, np.ndarray | np.generic) for row in rows):
        return list(map(_wide, rows))
    return rows


def _table(rows: Any) -> Any:
    """Make an array of nested lists and arrays. It is None if they are not numbers in rows of one length."""
    if not isinstance(rows, list | tuple | np.ndarray):
        return None
    try:
        table = np.asarray(rows)
    except Exception:  # rows of different lengths, or whatever they hold raises
        return None
    return table if table.dtype.kind in "biuf" else None


def _not_finite(rows: Any, table: Any) -> tuple[list[int], float] | None:
    """Find a number that is not finite in nested lists and arrays. Return its place in each, and the number."""
    if not isinstance(rows, list | tuple | np.ndarray):
        return ([], float(rows)) if isinstance(rows, float | np.floating) and not np.isfinite(rows) else None
    if table is None:
        found = ((place, _not_finite(row, _table(row))) for place, row in enumerate(rows))
        return next((([place, *inner[0]], inner[1]) for place, inner in found if inner is not None), None)
    if table.dtype.kind != "f" or np.isfinite(table).all():
        return None
    places = np.argwhere(~np.isfinite(table))[0].tolist()
    return places, float(table[tuple(places)])


def _container_of(name: str, rows: Sequence[Any]) -> Callable[[Any], Any]:
    """Return what makes of an array the container in which a model gets each of these rows."""
    if isinstance(rows, np.ndarray):
        return _as_it_is
    found = set(map(type, rows))
    kinds = {next((kind for kind in CONTAINERS if issubclass(each, kind)), None) for each in found}
    if len(kinds) > 1:
        raise NotNumbers(f"the {name} are in containers of different kinds")
    return CONTAINERS.get(kinds.pop(), _as_it_is)


def _as_it_is(row: Any) -> Any:
    return row


CONTAINERS: dict[Any, Callable[[Any], Any]] = {list: np.ndarray.tolist, tuple: tuple, np.ndarray: _as_it_is}
"""What makes of an array a row of each kind. Other rows are numbers."""
