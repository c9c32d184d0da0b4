"""What gograd-draw shows of a net. It asks for this, so that nothing here depends on it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

__all__ = ["picture_of"]


def picture_of(name: str, layers: Sequence[Any], parameters: int) -> dict[str, Any]:
    """Describe layers as columns of units: their activations, and how many parameters they have."""
    flat = list(_flattened(layers))
    widths = [_width(layer) for layer in flat]
    sizes = [len(flat[0].units[0].w) if widths[0] else 0, *widths]
    shape = "-".join(str(size) for size in sizes if size)
    columns = [{"title": "inputs", "lines": [], "units": sizes[0]}]
    columns += [_column(index, layer, width) for (index, layer), width in zip(enumerate(flat), widths, strict=True)]
    return {"name": f"{name} {shape}, {_counted(parameters)}", "columns": columns}


def _flattened(layers: Iterable[Any]) -> Iterator[Any]:
    """Yield the layers, and those of nets among them."""
    for layer in layers:
        if hasattr(layer, "layers"):
            yield from _flattened(layer.layers)
        else:
            yield layer


def _width(layer: Any) -> int:
    """Return how many units a layer has; 0 if it is another module, or a function."""
    return len(getattr(layer, "units", ()))


def _column(index: int, layer: Any, width: int) -> dict[str, Any]:
    if not width:
        own = _counted(len(layer.parameters())) if hasattr(layer, "parameters") else "no parameters"
        return {"title": getattr(layer, "__name__", type(layer).__name__), "lines": [own], "units": 0}
    activations = list(dict.fromkeys(_activation(unit.activation) for unit in layer.units))
    units = f"{width:,} unit{'s' if width > 1 else ''}"
    lines = [units, ", ".join(activations), _counted(len(layer.parameters()))]
    return {"title": f"layer{index}", "lines": lines, "units": width}


def _activation(activation: Any) -> str:
    """Name an activation: an operation, its name, any function, or None."""
    if activation is None:
        return "linear"
    name = getattr(activation, "name", None) or getattr(activation, "__name__", None)
    return name if isinstance(name, str) else str(activation)


def _counted(parameters: int) -> str:
    return f"{parameters:,} parameter{'' if parameters == 1 else 's'}"
