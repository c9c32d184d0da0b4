"""Graphs that are deep, wide, many, or shared between threads."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading

from gograd_core import Neuron, engine, ops

CHAIN = """
import pathlib, re, resource
from gograd_core import Neuron, ops

def peak():
    # getrusage would count what the parent held when it started us.
    status = pathlib.Path("/proc/self/status")
    if status.exists():
        return int(re.search(r"VmHWM:\\s+(\\d+) kB", status.read_text())[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

ops.add(1.0, 1.0)  # plugins are loaded
before = peak()
x = y = Neuron(1.0)
for _ in range({n}):
    y = y + 1.0
y.backward()
assert (x.grad, y.value) == (1.0, 1.0 + {n})
used = peak() - before
del y
print(used / {n})
"""


class TestSizes:
    def test_a_million_operations_in_a_row_without_recursion_in_few_bytes_each(self):
        # In a process of its own: the peak of memory is that of the whole process.
        done = subprocess.run(
            [sys.executable, "-c", CHAIN.format(n=1_000_000)], check=False, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        assert 40 < float(done.stdout) < (132 if engine().name == "native" else 700)

    def test_a_hundred_thousand_side_by_side(self):
        x = Neuron(1.0)
        ops.sum([x * 2.0 for _ in range(100_000)]).backward()
        assert x.grad == 200_000.0

    def test_graphs_are_freed_without_the_collector(self):
        # Counted in blocks of memory, since native neurons are unknown to the collector. Some are kept
        # for further neurons, so the first graph does not count.
        gc.disable()
        try:
            graph().backward()
            before = sys.getallocatedblocks()
            graph().backward()
            assert sys.getallocatedblocks() < before + 1000
        finally:
            gc.enable()


def graph():
    y = Neuron(1.0)
    for _ in range(10_000):
        y = ops.tanh(y * 1.5)
    return y


def test_threads_may_share_leaves():
    w = Neuron(2.0)

    def work():
        for _ in range(200):
            ops.sum([ops.tanh(w * 0.0) * 3.0 + w for _ in range(5)]).backward()

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert w.grad == 4 * 200 * 5.0
