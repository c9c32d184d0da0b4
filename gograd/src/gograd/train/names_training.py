"""The training of the example microgpt, and the file in which it stands."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import numpy as np

from gograd import microgpt
from gograd_nn import ModelFileError
from gograd_nn.files.digests import digest
from gograd_nn.files.sealed import read_sealed, write_sealed

__all__ = ["NamesTraining"]

FORMAT = "gograd names"
PAUSE = 1.0
"""After how many seconds the file is written again."""


@attrs.define(eq=False)
class NamesTraining:
    """A training of the example, from its beginning or from a file.

    Attributes:
        names: the names, shuffled.
        engine: which engine computes the gradients.
        steps: the number of the last step.
        planned: after how many steps the rate is zero.
        file: where the training is kept, if anywhere.
        done: how many steps were taken.
    """

    names: list[str]
    engine: str
    steps: int
    planned: int
    file: Path | None
    done: int = 0
    parameters: Any = attrs.field(init=False)
    moments: Any = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.parameters = microgpt.start(self.names)
        self.moments = np.zeros((2, len(self.parameters)))

    @classmethod
    def resumed(
        cls, file: Path, names: list[str], *, engine: str | None, steps: int | None, planned: int | None
    ) -> NamesTraining:
        """Read a training from its file. What is None is as it was before.

        Raises:
            ModelFileError: the file was changed, or is that of another training.
            OSError: it cannot be read.
        """
        arrays, facts = read_sealed(file, FORMAT)
        for option, given in (("engine", engine), ("planned", planned)):
            if given not in (None, facts[option]):
                raise ModelFileError(f"{file}: --{option} was {facts[option]}, and is {given}: leave it out")
        training = cls(names, facts["engine"], steps or facts["steps"], facts["planned"], file, facts["done"])
        if digest(training.names) != facts["names"]:
            raise ModelFileError(f"{file}: the names were different: give the same --data")
        if steps is not None and steps > training.planned:
            raise ModelFileError(
                f"{file}: the rate is zero after step {training.planned}, so later steps would learn nothing: to learn "
                f"longer, begin anew with --steps {steps}"
            )
        training.parameters, training.moments = (np.array(arrays[name]) for name in ("parameters", "moments"))
        return training

    @property
    def per_step(self) -> int:
        """Count the names of a step."""
        return microgpt.BATCH if self.engine == "batched" else 1

    def run(self, is_interrupted: Callable[[], bool]) -> Iterator[tuple[float, float]]:
        """Train up to the last step, or until interrupted, and write the file now and then. Yield losses and rates."""
        data = itertools.islice(microgpt.examples(self.names, self.engine), self.done, None)
        steps = range(self.done + 1, self.steps + 1)
        saved = time.monotonic()
        for loss, rate in microgpt.train(self.parameters, data, self.engine, steps, self.planned, self.moments):
            self.done += 1
            if time.monotonic() > saved + PAUSE:
                self.save()
                saved = time.monotonic()
            yield loss, rate
            if is_interrupted():
                break
        self.save()

    def save(self) -> None:
        """Write the file, if there is to be one.

        Raises:
            OSError: it cannot be written. What was there is unchanged.
        """
        if self.file is not None:
            arrays = {"parameters": self.parameters, "moments": self.moments}
            facts = {name: getattr(self, name) for name in ("engine", "steps", "planned", "done")}
            write_sealed(self.file, FORMAT, arrays, {**facts, "names": digest(self.names)})
