"""Scalar programs full of matrix products: the digits network beside NumPy by hand, and other programs at one point.

A step of the network computes the loss of each example and the summed derivatives by all parameters, on one thread, in
double precision. Runs are interleaved; each ratio is that of medians. If JAX is installed among the peers, it takes
part: `jax.jit` on arrays, compared with NumPy by hand in its own process.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from tables_by_hand import INPUTS, OUTPUTS, SIZES, assert_same, blas, by_hand, data  # before NumPy

import numpy as np  # isort: skip
from processes import PEERS, medians, note_load, run  # isort: skip
from rich.console import Console  # isort: skip
from rich.table import Table  # isort: skip
from tables_models import MODELS, Model, digits  # isort: skip

from gograd_compile import compile
from gograd_core import value_and_grad

PARAMETERS_SHARED = (None, 0, 0)


def beside_numpy(hidden: int, count: int) -> dict[str, float]:
    """Measure a step of the network, in microseconds."""
    arguments = data(hidden, count)
    step = partial(compile(digits).batch(PARAMETERS_SHARED, threads=1).value_and_grad, *arguments)
    for _ in range(3):  # later calls may be answered in another way
        assert_same(step(), by_hand(*arguments))
    return medians({"gograd": step, "by hand": partial(by_hand, *arguments)})


def by_jax() -> list[dict[str, float]] | str:
    """Measure the same with JAX, or say why there is nothing to measure."""
    try:
        found: list[dict[str, float]] = run("tables_jax.py", python=PEERS / "bin" / "python")
    except (RuntimeError, OSError) as error:
        return str(error)
    return found


def at_one_point(model: Model) -> list[str]:
    """Measure value and gradient by the parameters: microseconds, and what was compiled."""
    f = compile(model.loss)
    wrt = 0 if isinstance(model.arguments[-1], np.ndarray) else tuple(range(len(model.arguments)))
    call = partial(f.value_and_grad, *model.arguments, wrt=wrt)
    assert_near_eager(call(), value_and_grad(model.loss, wrt)(*model.arguments))
    path = f.explain()["recordings"][0]["paths"][0]
    (program,) = path["programs"]
    terms = sum(program["terms"].values())
    counts = path["operations"]["recorded"], terms, sum(table["how_many"] for table in program["tables"])
    microseconds, share = medians({"call": call})["call"], program["terms"]["tables"] / terms
    return [model.title, f"{microseconds:.1f}", *(f"{count:,}" for count in counts), f"{share:.0%}"]


def assert_near_eager(found: Any, expected: Any) -> None:
    """Compare a value, and its derivatives as one row, with those of neurons."""
    rows = [np.concatenate([*map(np.ravel, derivatives)]) if isinstance(derivatives, tuple) else np.ravel(derivatives)
            for _, derivatives in (found, expected)]  # fmt: skip
    assert abs(found[0] - expected[0]) <= 1e-10 * abs(expected[0]), "another value was computed"
    assert np.abs(rows[0] - rows[1]).max() <= 1e-10 * np.abs(rows[1]).max(), "other derivatives were computed"


def main() -> None:
    console = Console(width=110)
    jax = by_jax()
    table = Table(
        title=f"Digits network {INPUTS}-H-{OUTPUTS}, B examples: a step in µs, and its ratio to NumPy by hand"
    )
    for column in ("H", "B", "NumPy by hand", "gograd_compile", "ratio", "jax.jit, ratio"):
        table.add_column(column, justify="right")
    for place, (hidden, count) in enumerate(SIZES):
        times = beside_numpy(hidden, count)
        ratio = times["gograd"] / times["by hand"]
        of_jax = "–" if isinstance(jax, str) else f"{jax[place]['jax'] / jax[place]['by hand']:.2f}"
        row = str(hidden), str(count), f"{times['by hand']:.0f}", f"{times['gograd']:.0f}", f"{ratio:.2f}", of_jax
        table.add_row(*row)
    console.print(table)
    console.print(f"one thread, BLAS: {blas()}", highlight=False)
    if isinstance(jax, str):
        console.print(f"JAX: {jax}", highlight=False)
    table = Table(title="Value and gradient at one point")
    for column in ("", "µs per call", "operations", "terms", "tables", "terms in them"):
        table.add_column(column, justify="right" if column else "left")
    for model in MODELS:
        table.add_row(*at_one_point(model))
    console.print(table)
    console.print(note_load())


if __name__ == "__main__":
    main()
