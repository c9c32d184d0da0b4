"""Interrupts sweeps over graphs of as many neurons as the argument says; prints the longest delay in seconds.

The graphs: a chain, one in which stamps lie far apart, and one neuron made of all leaves.
"""

from __future__ import annotations

import signal
import sys
import time

from gograd_core import Neuron, gradient, ops
from gograd_core.engines import flatten

SIZE = int(sys.argv[1])


def ring(number, frame):
    raise KeyboardInterrupt


def chain():
    z = x = Neuron(1.0)
    for _ in range(SIZE):
        z = z * 1.0
    return x, z


def sparse():
    z = x = Neuron(1.0)
    for _ in range(SIZE):
        z = z * 1.0
        _ = abs(-x)  # freed, and its stamp is nobody's
    return x, z


def wide():
    x = Neuron(1.0)
    return x, ops.sum([x * 1.0 for _ in range(SIZE)])


def leaves():
    xs = [Neuron(1.0) for _ in range(SIZE)]
    return xs[0], ops.sum(xs)


def delays(x, z):
    """From the moment the timer was to ring to the moment a sweep was left, at moments spread over its duration."""
    for sweep in (z.backward, lambda: gradient(z, x), lambda: flatten([z], 0)):
        begun = time.perf_counter()
        sweep()
        duration = time.perf_counter() - begun
        x.grad = 0.0
        for part in range(1, 10):
            due = time.perf_counter() + duration * part / 10
            signal.setitimer(signal.ITIMER_REAL, duration * part / 10)
            try:
                sweep()
                signal.setitimer(signal.ITIMER_REAL, 0.0)
                x.grad = 0.0
            except KeyboardInterrupt:
                yield time.perf_counter() - due


signal.signal(signal.SIGALRM, ring)
found = {make.__name__: max(delays(*make()), default=0.0) for make in (chain, sparse, wide, leaves)}
print(max(found.values()), found)
