"""A package that knows nothing of gograd, and does what is hard to adapt."""

import somebody.first as one

from . import second
from .classes import Body as Body

LOADED = []


def lazily(x):
    import importlib

    from somebody import late

    assert importlib.import_module(f"{__name__}.late") is importlib.import_module(".late", __package__) is late
    return late.double(x)


def both(x):
    return one.f(x) + second.g(x)
