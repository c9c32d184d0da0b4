"""What comes back from a pickle, or from a file."""

from __future__ import annotations

import pickle

import gograd_compile


def again(thing):
    return pickle.loads(pickle.dumps(thing))


def reloaded(f, folder, **options):
    """The program of a compiled function, saved in a file and loaded, for the same backend."""
    f.save(folder / "program", **options)
    return gograd_compile.load(folder / "program", backend=f.backend.name)
