"""What gograd-draw shows of a net. It asks for this, so that nothing here depends on it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

__all__ = ["picture_of"]


def picture_of(name: str, layers: Sequence[Any], parameters: int) -> dict[str, Any]:
    """Describe layers as columns of units: their activations, and how many parameters they have."""
    flat = list(_flattened(layers))
    widths = [_width(layer) for _, layer in flat]
    inputs = len(flat[0][1].units[0].w) if widths[0] else 0
    shape = "-".join(str(size) for size in (inputs, *widths) if size)
    columns = [{"title": "inputs", "lines": [f"{inputs:,} numbers"] if inputs else [], "units": inputs}]
    columns += [_column(title, layer, width) for (title, layer), width in zip(flat, widths, strict=True)]
    return {"name": f"{name} {shape}, {_counted(parameters)}", "columns": columns}


def _flattened(layers: Iterable[Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the layers, and those of nets among them, with the names that their parameters begin with."""
    for index, layer in enumerate(layers):
        title = f"{prefix}layer{index}"
        if hasattr(layer, "layers"):
            yield from _flattened(layer.layers, f"{title}.")
        else:
            yield title, layer


def _width(layer: Any) -> int:
    """Return how many units a layer has; 0 if it is another module, or a function."""
    return len(getattr(layer, "units", ()))


def _column(title: str, layer: Any, width: int) -> dict[str, Any]:
    if not width:
        own = _counted(len(layer.parameters())) if hasattr(layer, "parameters") else "no parameters"
        return {"title": getattr(layer, "__name__", type(layer).__name__), "lines": [own], "units": 0}
    activations = list(dict.fromkeys(_activation(unit.activation) for unit in layer.units))
    units = f"{width:,} unit{'s' if width > 1 else ''}"
    lines = [units, ", ".join(activations), _counted(len(layer.parameters()))]
    return {"title": title, "lines": lines, "units": width}


def _activation(activation: Any) -> str:
    """Name an activation: an operation, its name, any function, or None."""
    if activation is None:
        return "linear"
    name = getattr(activation, "name", None) or getattr(activation, "__name__", None)
    return name if isinstance(name, str) else str(activation)


def _counted(parameters: int) -> str:
    return f"{parameters:,} parameter{'' if parameters == 1 else 's'}"
