"""A training that is killed, as a program: its arguments are a checkpoint (or "-"), an engine, and when it is to die.

It prints what it has learned, in hexadecimal digits. The last argument counts what happens on the disk: 1 is when half
of the first checkpoint has been written, 2 when all of it has, 3 when it has replaced the file, and so on.
"""

from __future__ import annotations

import io
import math
import os
import pathlib
import signal
import sys
from importlib import import_module

from gograd_nn import SGD, CosineDecay, Dropout, EarlyStopping, Layer, Net, WarmUp, fit, mse
from gograd_nn.training.choice import Choice

INPUTS = [[0.1 * k, math.sin(k)] for k in range(60)]
TARGETS = [[0.3 * x - 0.5 * y * y] for x, y in INPUTS]


def train(checkpoint, engine, epochs):
    if engine == "switch":  # in the middle of an epoch, as if kernels had to be compiled first
        import_module("gograd_nn.training.fit").choose = lambda *_: Choice(
            20, "compiled code takes over after 20 steps"
        )
    net = Net(Layer(2, 6, seed=1), Dropout(0.3), Layer(6, 1, None, seed=2))
    optimiser = SGD(net.parameters(), 0.05, momentum=0.9, schedule=WarmUp(10, CosineDecay(80, lowest=0.1)))
    history = fit(
        net, INPUTS, TARGETS, loss=mse, optimiser=optimiser, epochs=epochs, batch_size=7, seed=3, held_out=0.2,
        metrics=["mae"], clip=0.5, early_stopping=EarlyStopping(patience=epochs), checkpoint=checkpoint, every=1,
        engine={"switch": "auto"}.get(engine, engine), progress=False,
    )  # fmt: skip
    numbers = [*(parameter.value for parameter in net.parameters()), *optimiser.velocities.tolist()]
    numbers += [number for epoch in history.epochs for number in epoch.numbers().values()]
    return [float(number).hex() for number in numbers]


def die_after(count):
    """Kill this process at the `count`-th of the moments above."""
    left = count

    def moment():
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def write(file, data):
        written = file.raw.write(data[: len(data) // 2])
        moment()
        file.raw.write(data[written:])
        moment()

    def replace(path, target):
        os.replace(path, target)
        moment()

    class Slow(io.BufferedWriter):
        def write(self, data):
            write(self, data)

    real = pathlib.Path.open
    pathlib.Path.open = lambda path, mode="r", **_: Slow(io.FileIO(path, "x")) if mode == "xb" else real(path, mode)
    pathlib.Path.replace = replace


if __name__ == "__main__":
    path, engine, epochs, dies = sys.argv[1:]
    if int(dies):
        die_after(int(dies))
    print(*train(None if path == "-" else path, engine, int(epochs)))
