"""Checks of the state of a training, which may come from a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs
import numpy as np

from gograd_core.extend import quoted
from gograd_nn.training.history import Epoch

__all__ = ["check_setting", "check_state"]


def check_setting(state: Mapping[str, Any], setting: Mapping[str, Any], digests: Mapping[str, Any]) -> None:
    """Refuse the state of a training with another setting, or with other data, of which it has digests.

    Raises:
        ValueError: it is one.
    """
    for name, own in setting.items():
        if state.get(name) != own:
            raise ValueError(f"this training has {name}={own!r}, but the state has {state.get(name)!r}")
    if any(state.get(name) != own for name, own in digests.items()):
        raise ValueError("the state is that of a training with other examples, or others held out: give the same")


def check_state(state: Mapping[str, Any], parameters: int, examples: int, batch_size: int, outputs: int) -> None:
    """Refuse a state in which an entry is missing, or is not of the kind that a training has.

    Args:
        state: what `Training.state` returned, or something else.
        parameters: how many parameters are trained.
        examples: how many examples there are.
        batch_size: how many of them a step takes.
        outputs: how many numbers the model returns.

    Raises:
        ValueError: an entry is wrong or missing.
    """
    right: dict[str, Callable[[Any], bool]] = {
        "first": _is_count,
        "epoch": lambda epoch: _is_count(epoch) and epoch >= state["first"],
        "step": lambda step: _is_count(step) and (step - 1) * batch_size < examples,
        "switch": lambda switch: switch is None or _is_count(switch),
        "engine": lambda text: isinstance(text, str),
        "stopped": lambda text: isinstance(text, str),
        "optimiser": lambda state: isinstance(state, Mapping),
        "trial": lambda row: row is None or (isinstance(row, list) and all(map(_is_number, row))),
        "best_parameters": lambda array: np.shape(array) in ((0,), (parameters,)),
        "total_loss": _is_number,
        "outputs": lambda rows: np.shape(rows) == (min(state["step"] * batch_size, examples), outputs),
        "history": lambda rows: isinstance(rows, list) and all(map(_is_row, rows)),
        "best": lambda best: _are(best, number=_is_score, epoch=_is_count, waited=_is_count),
    }
    for name, is_right in right.items():
        if name not in state or not is_right(state[name]):
            raise ValueError(f"the entry {name!r} of the state is {quoted(state.get(name))}")


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 0


def _is_number(value: Any) -> bool:
    return isinstance(value, float)


def _is_score(value: Any) -> bool:
    return value is None or isinstance(value, float)


def _is_row(row: Any) -> bool:
    """Say whether it is an epoch, as `attrs.asdict` gives it."""
    scores = {each.name: _is_score for each in attrs.fields(Epoch)}
    return _are(row, **{**scores, "number": _is_count, "metrics": _are_numbers})


def _are_numbers(metrics: Any) -> bool:
    return isinstance(metrics, Mapping) and all(map(_is_number, metrics.values()))


def _are(entries: Any, **right: Callable[[Any], bool]) -> bool:
    return (
        isinstance(entries, dict)
        and entries.keys() == right.keys()
        and all(is_right(entries[name]) for name, is_right in right.items())
    )
