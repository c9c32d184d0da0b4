"""The choice of the engine. It is made when gograd_core is imported, before anything else in it."""

from __future__ import annotations

import os
import warnings
from importlib import import_module
from typing import Any, Literal

import attrs

__all__ = ["Engine", "engine", "native"]

NAME = "gograd_core._native"


@attrs.frozen
class Engine:
    """Which engine runs, "native" or "python", and why."""

    name: Literal["native", "python"]
    why: str

    def __str__(self) -> str:
        return f"{self.name}: {self.why}"


def engine() -> Engine:
    """Return which engine runs in this process, and why. It was chosen when gograd_core was imported."""
    return _engine


def _choose() -> tuple[Any, Engine]:
    """Load the native engine's module. Return None if it was not built and, with a warning, if it cannot be loaded."""
    if os.environ.get("GOGRAD_PURE_PYTHON", "0") not in ("", "0"):
        return None, Engine("python", "the environment variable GOGRAD_PURE_PYTHON asks for it")
    try:
        return import_module(NAME), Engine("native", "it was built when gograd-core was installed")
    except Exception as error:  # a damaged library may fail in any way
        if isinstance(error, ModuleNotFoundError) and error.name == NAME:
            return None, Engine("python", f"the native engine was not built when gograd-core was installed ({error})")
        why = f"the native engine is installed but cannot be loaded ({type(error).__name__}: {error})"
    warnings.warn(
        f"{why}. The Python engine runs instead, which is much slower: reinstall gograd-core, "
        "or set GOGRAD_PURE_PYTHON=1 if that is what you want.",
        RuntimeWarning,
        stacklevel=2,
    )
    return None, Engine("python", why)


native, _engine = _choose()
