"""Checkpoints: the state of a training in a file, from which it goes on after the program was killed."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import attrs
import numpy as np
import numpy.typing as npt

from gograd_core import Neuron
from gograd_core.extend import quoted, read_values, write_values
from gograd_nn.files.arrangement import Arrangement
from gograd_nn.files.errors import ModelFileError
from gograd_nn.files.models import CHECKPOINT
from gograd_nn.files.sealed import Arrays, naming, read_sealed, write_sealed

__all__ = ["Checkpoint"]

STATE = "training"
SHOWN = 5  # how many differences a message names
ANEW = "to begin anew, remove it or give another path"


class Trainer(Protocol):
    """What a checkpoint needs of an optimiser."""

    parameters: list[Neuron]
    steps: int


class Training(Protocol):
    """What a checkpoint needs of a training."""

    @property
    def is_over(self) -> bool: ...

    def state(self) -> dict[str, Any]: ...

    def load_state(self, state: Mapping[str, Any]) -> None: ...


@attrs.define(eq=False)
class Checkpoint:
    """A file with the state of a training. As a callback of `fit`, it writes the file again and again.

    Attributes:
        path: the path of the file.
        every: after how many steps it is written. None: after each epoch.
        model: the model. If it has parameters, they are in the file, even those that are not trained.
        optimiser: the optimiser, whose parameters are in the file.
        setting: what must be the same when the training is resumed, as texts and numbers.

    Raises:
        ValueError: `every` is less than 1.
    """

    path: str | os.PathLike[str]
    every: int | None
    model: Any
    optimiser: Trainer
    setting: Mapping[str, Any]
    parameters: list[Neuron] = attrs.field(init=False)
    arrangement: Arrangement = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        if self.every is not None and self.every < 1:
            raise ValueError(f"every must be 1 or more steps, got {self.every!r}")
        of_model = self.model.parameters() if hasattr(self.model, "parameters") else ()
        self.parameters = list(dict.fromkeys([*of_model, *self.optimiser.parameters]))
        self.arrangement = Arrangement.of(self.parameters)

    def after_step(self, training: Training) -> None:
        """Write the file, if it is to be written after so many steps."""
        if self.every is not None and self.optimiser.steps % self.every == 0:
            self.write(training)

    def after_epoch(self, training: Training) -> None:
        """Write the file, if it is to be written after each epoch, or if this was the last one."""
        if self.every is None or training.is_over:
            self.write(training)

    def write(self, training: Training) -> None:
        """Write the state of a training to the file, which is replaced in one step.

        Raises:
            ModelFileError: the path is that of a folder or a device.
            OSError: the file cannot be written. What was there is unchanged.
        """
        state = training.state()
        del state["parameters"]  # they stand in the file as the arrays of a model
        arrays = self.arrangement.arrays(self.parameters)
        facts = {
            "labels": self.arrangement.others,
            "setting": self.setting,
            STATE: _without_arrays(state, STATE, arrays),
        }
        write_sealed(self.path, CHECKPOINT, arrays, facts)

    def resume(self, training: Training) -> bool:
        """Let a training go on where the file ends. If there is no file, nothing is done, and the result is False.

        Raises:
            ModelFileError: the file belongs to another training or another model, or was changed. Nothing is done then.
            OSError: it cannot be read.
        """
        try:
            arrays, facts = read_sealed(self.path, CHECKPOINT)
        except FileNotFoundError:
            if Path(os.fsdecode(self.path)).parent.is_dir():
                return False
            raise  # nothing could be written
        with naming(self.path):
            self._compare(facts.get("setting"))
            values = self.arrangement.values(arrays, facts.get("labels"))
            before = np.empty(len(self.parameters))
            read_values(self.parameters, before)
            write_values(self.parameters, values)  # also those that are not trained: the model is tried with them
            place = {parameter: index for index, parameter in enumerate(self.parameters)}
            try:
                state = _with_arrays(facts[STATE], arrays)
                state["parameters"] = values[[place[parameter] for parameter in self.optimiser.parameters]]
                training.load_state(state)
            except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
                write_values(self.parameters, before)
                message = f"its state cannot be taken over: {error}. {ANEW.capitalize()}"
                raise ModelFileError(message, is_other_model=True) from None
        return True

    def _compare(self, setting: Any) -> None:
        """Refuse the file of a training with another setting."""
        before: Mapping[str, Any] = setting if isinstance(setting, dict) else {}
        names = [name for name in {**self.setting, **before} if self.setting.get(name) != before.get(name)]
        if names:
            found = {
                quoted(name)[1:-1]: f"was {_shown(before.get(name))}, and is {_shown(self.setting.get(name))}"
                for name in names[:SHOWN]
            }
            told = "; ".join(f"{name} {difference}" for name, difference in found.items())
            raise ModelFileError(
                f"it belongs to another training: {told}{'; …' if len(names) > SHOWN else ''}. "
                f"Use the setting that it was written with; or, {ANEW}",
                differences=found,
            )


def _without_arrays(tree: Any, path: str, arrays: dict[str, npt.NDArray[Any]]) -> Any:
    """Return the tree with the name of an array in place of each array, and add the arrays to `arrays`."""
    if isinstance(tree, Mapping):
        return {key: _without_arrays(entry, f"{path}/{key}", arrays) for key, entry in tree.items()}
    if isinstance(tree, np.ndarray):
        arrays[path] = tree
        return {"array": path}
    return tree


def _with_arrays(tree: Any, arrays: Arrays) -> Any:
    """Return the tree that `_without_arrays` got."""
    if not isinstance(tree, dict):
        return tree
    if tree.keys() == {"array"}:
        return arrays[tree["array"]]
    return {key: _with_arrays(entry, arrays) for key, entry in tree.items()}


def _shown(value: Any) -> str:
    """Write a setting for people. Of a digest, the first digits are enough."""
    text = quoted(value)
    return f"{text[:9]}…'" if re.fullmatch("'[0-9a-f]{64}'", text) else text
