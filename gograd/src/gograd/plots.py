"""The picture of an operation: the function and its derivatives, for each input."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from gograd_core import Neuron, Op, errstate
from gograd_core.extend import inside

__all__ = ["curves", "draw_operation"]

POINTS = 601
COLUMNS = 3


def draw_operation(op: Op, path: Path) -> None:
    """Draw an operation that has samples and is not variadic into a file. The ending determines the format."""
    columns = min(op.arity, COLUMNS)
    rows = math.ceil(op.arity / columns)
    figure = Figure(figsize=(max(4.4, 3.6 * columns), 3.2 * rows), layout="constrained")
    figure.suptitle(f"{op.name}({', '.join(op.input_names)})")
    for index, axis in enumerate(figure.subplots(rows, columns, squeeze=False).flat):
        if index < op.arity:
            _draw_input(op, index, axis)
        else:
            axis.set_axis_off()
    figure.savefig(path, dpi=120)


def _draw_input(op: Op, index: int, axis: Axes) -> None:
    name = op.input_names[index]
    x, value, slope = curves(op, index)
    low, high = _heights(value, slope)
    axis.plot(x, _with_gaps(value, high - low), color="tab:blue", label=op.symbol)
    if op.partials[index] is not None:
        axis.plot(x, _with_gaps(slope, high - low), "--", color="tab:red", label=f"d / d{name}")
    axis.set_ylim(low, high)
    axis.axhline(0.0, color="0.8", linewidth=0.8, zorder=0)
    others = [f"{n} = {v:g}" for i, (n, v) in enumerate(zip(op.input_names, op.samples[0], strict=True)) if i != index]
    axis.set_title(", ".join(others), fontsize=8)
    axis.set_xlabel(name)
    axis.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    axis.legend(fontsize=9)


def curves(op: Op, index: int) -> tuple[Any, Any, Any]:
    """Compute values and derivatives along one input, around the first sample. They are NaN outside the domain.

    The other inputs are those of the first sample.
    """
    width = max(2.0 * abs(op.samples[0][index]), 5.0 if op.arity == 1 else 1.0)
    x = np.linspace(-width, width, POINTS)
    real = x[[math.isfinite(_value_and_slope(op, index, at)[0]) for at in x]]
    x = np.linspace(real.min(), real.max(), POINTS)
    value, slope = np.transpose([_value_and_slope(op, index, at) for at in x])
    return x, value, slope


@errstate(domain="ignore")
def _value_and_slope(op: Op, index: int, at: float) -> tuple[float, float]:
    point = tuple(at if i == index else float(x) for i, x in enumerate(op.samples[0]))
    if not inside(op, point):
        return math.nan, math.nan
    x = Neuron(at)
    out = op(*point[:index], x, *point[index + 1 :])
    if type(out) is not Neuron:  # a comparison
        return float(out), math.nan
    if op.partials[index] is not None:
        out.backward()
    return out.value, x.grad


def _heights(*drawn: Any) -> tuple[float, float]:
    """Choose the range in which to show several curves: all of each curve, unless it goes to a pole."""
    ends: list[float] = []
    for numbers in drawn:
        finite = numbers[np.isfinite(numbers)]
        if finite.size:
            ends += _without_poles(finite)
    margin = 0.08 * (max(ends) - min(ends)) or 1.0
    return min(ends) - margin, max(ends) + margin


def _without_poles(numbers: Any) -> tuple[float, float]:
    low, quarter, three_quarters, high = map(float, np.quantile(numbers, [0.0, 0.25, 0.75, 1.0]))
    usual = three_quarters - quarter
    if 0.0 < 20.0 * usual < high - low:
        return max(low, quarter - 3.0 * usual), min(high, three_quarters + 3.0 * usual)
    return low, high


def _with_gaps(numbers: Any, height: float) -> Any:
    """Remove the lines that would connect the two sides of a pole."""
    jumps = np.abs(np.diff(numbers, append=np.nan)) > height
    return np.where(jumps, np.nan, numbers)
