"""Machine code on disk, so that each kernel is compiled once per machine and not once per process.

A file's name says all that the code depends on: what it was made from, its types, the processor, and
the versions of whatever has a hand in it. A file begins with the hash of what follows: one that was cut
or altered is compiled anew. Files are written under another name first, so processes may start at once.

The directory is GOGRAD_CACHE_DIR, or the user's cache directory; whoever can write there can have
code run, as with Numba's own caches.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import inspect
import os
import sys
import sysconfig
import tempfile
import time
import warnings
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar, overload

from gograd_core import scalar
from gograd_core.kernels import jit

__all__ = ["CacheWarning", "CodeCache", "clear", "directory", "jitted", "report"]

F = TypeVar("F", bound=Callable[..., Any])

OURS = ("gograd_*.py", "gograd_*.code", "gograd_*.new")
_told: set[Path] = set()
_counts = {"loaded": 0, "compiled": 0}
_seconds = {"loaded": 0.0, "compiled": 0.0}


class CacheWarning(UserWarning):
    """Compiled code cannot be kept: each process compiles its own."""


def directory() -> Path:
    """Where compiled code is kept."""
    chosen = os.environ.get("GOGRAD_CACHE_DIR")
    if chosen:
        return Path(chosen)
    from platformdirs import user_cache_path

    return user_cache_path("gograd", appauthor=False)


def clear() -> None:
    """Remove what is cached; code that this process has already goes on running."""
    for path in _files():
        path.unlink(missing_ok=True)


def report() -> dict[str, Any]:
    """How large the cache is, and what this process has loaded and compiled."""
    sizes = [path.stat().st_size for path in _files()]
    return {
        "directory": str(directory()),
        "files": len(sizes),
        "bytes": sum(sizes),
        **_counts,
        "seconds loading": _seconds["loaded"],
        "seconds compiling": _seconds["compiled"],
    }


@overload
def jitted(function: F, /) -> F: ...


@overload
def jitted(**options: Any) -> Callable[[F], F]: ...


def jitted(function: Callable[..., Any] | None = None, /, **options: Any) -> Any:
    """A decorator, with or without arguments: as numba.njit, and compiled code is kept in the cache.

    What a function uses stands in its module, or in those of this package.

    Args:
        function: what is decorated.
        options: of numba.njit, besides nogil and error_model.
    """
    if function is None:
        return functools.partial(jitted, **options)
    dispatcher = import_module("numba").njit(nogil=True, error_model="numpy", **options)(function)
    source = inspect.getsource(sys.modules[function.__module__])
    key = "\n".join([function.__module__, function.__qualname__, repr(sorted(options.items())), source])
    dispatcher._cache = CodeCache(function.__name__, key)
    return dispatcher


class CodeCache:
    """What Numba asks for the machine code of one function, in place of numba.core.caching.FunctionCache.

    Attributes:
        origin: "cache", "compiled", or "compiled, not cached"; of what it was asked for last.
    """

    def __init__(self, name: str, key: str, source: str = "") -> None:
        self.name = name
        self.key = key
        self.source = source
        self.origin = ""
        self._started = 0.0

    @property
    def cache_path(self) -> str:
        return str(directory())

    def load_overload(self, signature: Any, context: Any) -> Any:
        """The compiled function; None if there is none, or a broken one."""
        compiler, serialize = _numba("core.compiler"), _numba("core.serialize")
        self._started = time.perf_counter()
        context.refresh()
        try:
            data = self._path(signature, context.codegen()).read_bytes()
        except OSError:
            return None
        if hashlib.sha256(data[32:]).digest() != data[:32]:
            return None
        found = compiler.CompileResult._rebuild(context, *serialize.loads(data[32:]))
        self._count("loaded")
        self.origin = "cache"
        return found

    def save_overload(self, signature: Any, compiled: Any) -> None:
        """Keep a function that was compiled just now, if that is possible."""
        data = _numba("core.serialize").dumps(compiled._reduce())
        path = self._path(signature, compiled.codegen)
        kept = _write(path, hashlib.sha256(data).digest() + data)
        if kept and self.source:
            _write(path.with_suffix(".py"), self.source.encode())  # for readers: it is never imported
        self._count("compiled")
        self.origin = "compiled" if kept else "compiled, not cached"

    def enable(self) -> None:
        """For Numba."""

    def disable(self) -> None:
        """For Numba."""

    def flush(self) -> None:
        """For Numba."""

    def _path(self, signature: Any, codegen: Any) -> Path:
        parts = [self.key, str(signature), str(codegen.magic_tuple()), *_surroundings()]
        digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()
        return directory() / f"gograd_{self.name}_{digest[:40]}.code"

    def _count(self, what: str) -> None:
        _counts[what] += 1
        _seconds[what] += time.perf_counter() - self._started


@functools.cache
def _surroundings() -> tuple[str, ...]:
    """What all compiled code depends on: the versions of libraries, and the sources of what it always uses."""
    config = _numba("core.config")
    packages = ("numba", "llvmlite", "numpy", "gograd-core", "gograd-compile")
    versions = [f"{name} {importlib.metadata.version(name)}" for name in packages]
    settings = [config.OPT, config.LOOP_VECTORIZE, config.BOUNDSCHECK, config.DEBUGINFO_DEFAULT]
    files = [Path(scalar.__file__ or ""), Path(jit.__file__), *sorted(Path(__file__).parent.glob("*.py"))]
    sources = [hashlib.sha256(path.read_bytes()).hexdigest() for path in files]
    return (sys.version, sysconfig.get_platform(), str(settings), *versions, *sources)


def _numba(name: str) -> Any:
    """A module of Numba, which says nothing of its types."""
    return import_module(f"numba.{name}")


def _files() -> list[Path]:
    return [path for pattern in OURS for path in directory().glob(pattern)]


def _write(path: Path, data: bytes) -> bool:
    """Whether the file could be written; whoever reads it meanwhile sees all of it or nothing."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix="gograd_", suffix=".new")
    except OSError as error:
        _tell(path.parent, error)
        return False
    new = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        new.replace(path)
    except OSError as error:  # no space, or on Windows a file that another process is reading
        new.unlink(missing_ok=True)
        _tell(path.parent, error)
        return False
    return True


def _tell(folder: Path, error: OSError) -> None:
    if folder not in _told:
        _told.add(folder)
        warnings.warn(
            f"compiled code cannot be kept in {folder} ({error.strerror}), so that every process compiles its own; "
            "set GOGRAD_CACHE_DIR to a directory that can be written",
            CacheWarning,
            stacklevel=2,
        )
