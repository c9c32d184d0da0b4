"""Print through how many files of gograd some calls pass: ``GOGRAD_PURE_PYTHON=1 python tools/files_passed.py``.

Files with rules count; generated code does not.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from gograd_compile import compile
from gograd_core import Neuron, engine, grad, ops


def files_passed(call: Callable[[], Any]) -> list[str]:
    """Run a call, and find the files of gograd whose functions ran."""
    seen = set()

    def note(frame: FrameType, event: str, _: Any) -> None:
        if event == "call":
            seen.add(frame.f_code.co_filename)

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        call()
    finally:
        sys.setprofile(before)
    return sorted(name for name in seen if f"{os.sep}gograd" in name and Path(name).is_file() and name != __file__)


def f(x: Any) -> Any:
    """Compute tanh(x) * x."""
    return ops.tanh(x) * x


def main() -> None:
    """Print the counts, each after one call that loads what is loaded once."""
    x, y = Neuron(0.5), Neuron(2.0)
    output, compiled = f(x), compile(f)
    calls: dict[str, Callable[[], Any]] = {
        "x * y": lambda: x * y,
        "ops.tanh(x)": lambda: ops.tanh(x),
        "backward() of tanh(x) * x": output.backward,
        "grad(f)(x)": lambda: grad(f)(0.5),
        "a compiled function, the second time": lambda: compiled(0.5),
    }
    print(engine())
    for what, call in calls.items():
        call()
        names = files_passed(call)
        shown = ", ".join("/".join(Path(name).parts[-2:]) for name in names)
        print(f"{what}: {len(names)} files ({shown})")


if __name__ == "__main__":
    main()
