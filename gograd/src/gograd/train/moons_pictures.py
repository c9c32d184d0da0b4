"""The pictures of a net that learns the moons: the border that it found, and how it came to it."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from PIL import Image

from gograd.train.curves import draw_curve
from gograd.train.learning import Examples, Settings
from gograd.train.moons import Snapshot, Snapshots, shares_on
from gograd_nn import History
from gograd_nn.matrices import Matrix

__all__ = ["animate_border", "draw_border"]

COLOURS = ("tab:blue", "tab:orange")
SHADES = LinearSegmentedColormap.from_list("moons", ["#8fbbdc", "#f7f7f7", "#ffbf86"])
MARGIN, POINTS = 0.4, 121
MOST_FRAMES, COLOURS_OF_GIF = 60, 64
PAUSE, LAST_PAUSE = 70, 2500  # milliseconds


def draw_border(history: History, values: Matrix, examples: Examples, settings: Settings, path: Path) -> None:
    """Draw the border and the learning curve into a file. The ending of `path` determines the format."""
    figure = Figure(figsize=(11.0, 4.6), layout="constrained")
    plane, curve = figure.subplots(1, 2, width_ratios=[1.25, 1.0])
    accuracy = history.epochs[-1].held_out_accuracy if history.epochs else None
    plane.set_title("the border" + ("" if accuracy is None else f"; held-out accuracy {accuracy:.1%}"))
    _draw_plane(plane, values, examples, settings)
    draw_curve(curve, history)
    figure.savefig(path, dpi=120)


def animate_border(snapshots: Snapshots, examples: Examples, settings: Settings, path: Path) -> None:
    """Draw how the border is learned into a GIF, whose frames are closer together at the beginning."""
    last = len(snapshots.epochs) - 1
    chosen = sorted({round(last * share**2) for share in np.linspace(0.0, 1.0, MOST_FRAMES)})
    frames = [_frame(snapshots.epochs[index], examples, settings) for index in chosen]
    palette = frames[-1].quantize(COLOURS_OF_GIF)
    first, *others = (frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames)
    pauses = [PAUSE] * len(others) + [LAST_PAUSE]
    first.save(path, save_all=True, append_images=others, duration=pauses, loop=0, optimize=True)


def _frame(snapshot: Snapshot, examples: Examples, settings: Settings) -> Image.Image:
    """Draw the plane after an epoch."""
    number, values, accuracy = snapshot
    figure = Figure(figsize=(5.6, 4.1))
    axis = figure.add_axes((0.09, 0.07, 0.89, 0.85))  # to find the layout of each frame would take as long as the rest
    _draw_plane(axis, values, examples, settings)
    axis.set_title(f"epoch {number}: " + ("untrained" if accuracy is None else f"held-out accuracy {accuracy:.1%}"))
    drawn = io.BytesIO()
    figure.savefig(drawn, format="rgba", dpi=100)
    return Image.frombytes("RGBA", (560, 410), drawn.getvalue()).convert("RGB")


def _draw_plane(axis: Axes, values: Matrix, examples: Examples, settings: Settings) -> None:
    """Draw the probability as shades, the border as a line, and the examples as points."""
    points = np.array([*examples.inputs, *examples.held_out_inputs])
    (left, low), (right, high) = points.min(axis=0) - MARGIN, points.max(axis=0) + MARGIN
    x, y = np.linspace(left, right, POINTS), np.linspace(low, high, POINTS)
    shares = shares_on(values, settings, x, y)
    extent = (left, right, low, high)
    axis.imshow(shares, extent=extent, origin="lower", cmap=SHADES, vmin=0.0, vmax=1.0, interpolation="bilinear")
    if shares.min() < 0.5 < shares.max():
        axis.contour(x, y, shares, levels=[0.5], colors="0.2", linewidths=1.5)
    for parts, marker, size, name in (
        ((examples.inputs, examples.targets), "o", 13, "training"),
        ((examples.held_out_inputs, examples.held_out_targets), "D", 19, "held out"),
    ):
        at, colours = np.array(parts[0]), [COLOURS[target] for target in parts[1]]
        axis.scatter(at[:, 0], at[:, 1], c=colours, marker=marker, s=size, edgecolors="white", linewidths=0.6)
        axis.scatter([], [], c="0.4", marker=marker, s=size, label=name)
    axis.legend(loc="upper right", fontsize=8)
    axis.set_xlim(left, right)
    axis.set_ylim(low, high)
