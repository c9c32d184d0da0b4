"""What discovery costs with fifty packages of twenty operations each, and a look-up afterwards.

Makes the packages as real distributions in a temporary folder, then measures in new processes.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

PACKAGES, OPERATIONS, RUNS = 50, 20, 7
MODULE = """
from gograd_core import Op, hookimpl

{rules}
OPS = ({ops})

@hookimpl
def gograd_ops():
    return OPS
"""
RULES = """
def {name}_forward(xp, x):
    return xp.tanh({i} * x)

def {name}_partial(xp, out, x):
    return {i} * (1.0 - out * out)
"""
OP = 'Op("{name}", forward={name}_forward, partials=({name}_partial,), samples=((0.5,), (-1.0,)), doc="Number {i}."),'
FIRST = """
import sys, time
sys.path[:0] = [{folder!r}]
from gograd_core import ops
start = time.perf_counter()
ops.tanh
print(time.perf_counter() - start, len(ops))
"""
LATER = """
import timeit
from gograd_core import ops
ops.tanh
empty = min(timeit.repeat("ops", globals=globals(), number=1_000_000, repeat=7))
print(min(timeit.repeat("ops.tanh", globals=globals(), number=1_000_000, repeat=7)) - empty, len(ops))
"""


def make(folder: Path, package: int) -> None:
    module = f"dummy_ops_{package}"
    names = [(f"dummy_{package}_{i}", i) for i in range(OPERATIONS)]
    rules = "".join(RULES.format(name=name, i=i) for name, i in names)
    (folder / f"{module}.py").write_text(
        MODULE.format(rules=rules, ops=" ".join(OP.format(name=n, i=i) for n, i in names))
    )
    info = folder / f"{module}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: dummy-ops-{package}\nVersion: 1.0\nRequires-Dist: gograd-core>=0.1\n"
    )
    (info / "entry_points.txt").write_text(f"[gograd.ops]\ndummy = {module}\n")


def median(code: str) -> tuple[float, int]:
    """Of several runs: the seconds that `code` prints, and the number of operations."""
    lines = [
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
        for _ in range(RUNS)
    ]
    return statistics.median(float(seconds) for seconds, _ in lines), int(lines[0][1])


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        before, own = median(FIRST.format(folder=name))
        for package in range(PACKAGES):
            make(folder, package)
        subprocess.run([sys.executable, "-m", "compileall", "-q", name], check=True)  # as pip does when it installs
        after, all_of_them = median(FIRST.format(folder=name))
    print(f"first look-up, {own} operations of gograd's own: {before * 1e3:.0f} ms")
    print(f"first look-up, {all_of_them} operations, {PACKAGES} packages more: {after * 1e3:.0f} ms")
    later, _ = median(LATER)
    print(f"ops.NAME afterwards: {later * 1e3:.0f} ns")


if __name__ == "__main__":
    main()
