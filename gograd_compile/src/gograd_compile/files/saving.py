"""Recordings as files and pickles have them, and back in a store."""

from __future__ import annotations

from typing import Any

from gograd_compile.files.storage import Recorded
from gograd_compile.paths.path import Path
from gograd_compile.paths.paths import Paths
from gograd_compile.paths.store import Store

__all__ = ["recorded", "with_tapes"]


def recorded(store: Store, *, lines: bool) -> list[Recorded]:
    """Collect every path that was recorded.

    Args:
        store: what was recorded of the function.
        lines: find out the lines of source first, which records each path again.

    Raises:
        ValueError: there is none.
    """
    found = [
        Recorded(structure, path.structure, path.with_lines() if lines else path.tape, gradient, path.has_truths)
        for (structure, gradient), paths in store.paths.items()
        for path in paths
    ]
    if not found:
        raise ValueError(f"{store.name} was not recorded yet, so there is nothing to save: call it first")
    return found


def with_tapes(store: Store, tapes: list[Recorded]) -> None:
    """Give a program that has no function the paths that were saved."""
    by_key: dict[Any, Paths] = {}
    for structure, result, tape, gradient, has_truths in tapes:
        paths = by_key.setdefault((structure, gradient), Paths(None, store.backend, len(tapes)))
        paths.add(Path(result, tape, store.backend, is_gradient=gradient is not None, has_truths=has_truths))
    for key, paths in by_key.items():
        store.paths.add(key, paths)
