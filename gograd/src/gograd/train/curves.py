"""The learning curve of a training."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from gograd_nn import History

__all__ = ["draw_curve"]


def draw_curve(axis: Axes, history: History) -> None:
    """Draw loss and accuracy of each epoch, of the training data and of those held out."""
    epochs = history.epochs
    numbers = [epoch.number for epoch in epochs]
    marker = "o" if len(epochs) <= 40 else ""
    axis.set_title("learning curve", loc="left")
    axis.set_xlabel("epoch")
    axis.set_ylabel("mean loss (cross-entropy)", color="tab:red")
    axis.plot(numbers, [epoch.loss for epoch in epochs], "--", color="tab:red")
    held_out_losses = [epoch.held_out_loss for epoch in epochs if epoch.held_out_loss is not None]
    axis.plot(numbers, held_out_losses, color="tab:red", marker=marker, markersize=3)
    axis.set_ylim(bottom=0.0)
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    percent = axis.twinx()
    percent.set_ylabel("accuracy, %", color="tab:blue")
    training = [100.0 * epoch.accuracy for epoch in epochs if epoch.accuracy is not None]
    percent.plot(numbers, training, "--", color="tab:blue")
    held_out = [100.0 * epoch.held_out_accuracy for epoch in epochs if epoch.held_out_accuracy is not None]
    percent.plot(numbers, held_out, color="tab:blue", marker=marker, markersize=3)
    percent.set_ylim(top=100.0)
    percent.plot([], [], "--", color="0.4", label="training")
    percent.plot([], [], color="0.4", label="held out", marker=marker, markersize=3)
    percent.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, frameon=False, borderaxespad=0.1)
