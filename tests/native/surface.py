"""What can be seen of `Neuron` from outside, as JSON; test_surface.py compares that of both engines."""

from __future__ import annotations

import inspect
import json
import pickle

from gograd_core import Neuron, engines, ops

ops.add(1.0, 1.0)  # plugins are loaded


def parameters(function):
    """Names, kinds and defaults; annotations are mypy's concern."""
    try:
        signature = inspect.signature(function)
    except ValueError as error:
        return str(error)
    return [(each.name, each.kind.name, repr(each.default)) for each in signature.parameters.values()]


def text(thing):
    return inspect.cleandoc(thing.__doc__ or "")


public = [name for name in dir(Neuron) if not name.startswith("_")]
leaf = Neuron(0.1, "leaf")
leaf.grad = -2.5
made = leaf * Neuron(3.0)

print(
    json.dumps(
        {
            "public names": public,
            "special methods": [name for name in dir(Neuron) if name.startswith("__") and name.endswith("__")],
            "docstrings": {name: text(getattr(Neuron, name)) for name in public} | {"Neuron": text(Neuron)},
            "kinds": {name: callable(getattr(Neuron, name)) for name in public},
            "signature": parameters(Neuron),
            "signatures": {
                name: parameters(getattr(Neuron, name)) for name in public if callable(getattr(Neuron, name))
            },
            "bound signatures": {name: parameters(getattr(leaf, name)) for name in ("backward", "tanh", "atan2")},
            "method names": {
                name: getattr(Neuron, name).__name__ for name in public if callable(getattr(Neuron, name))
            },
            "name": Neuron.__name__,
            "qualified name": Neuron.__qualname__,
            "module": Neuron.__module__,
            "bases": [base.__name__ for base in Neuron.__mro__],
            "hashable": isinstance(hash(leaf), int),
            "weakly referable": Neuron.__weakrefoffset__ != 0,
            "has a dictionary": Neuron.__dictoffset__ != 0,
            "functions": {
                name: parameters(getattr(engines, name))
                for name in engines.__all__
                if inspect.isroutine(getattr(engines, name))
            },
            "pickles": [pickle.dumps(leaf, protocol).hex() for protocol in range(pickle.HIGHEST_PROTOCOL + 1)],
        }
    )
)
