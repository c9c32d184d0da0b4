"""Machine code on disk, so that each kernel is compiled once per machine and not once per process.

The name of a file is a digest of all that the code depends on: what it was made from, its types, the processor, and the
versions of the libraries. `code_files` describes the form of the files. Files are written under another name first, so
that several processes may start at once.

The directory is GOGRAD_CACHE_DIR, or the user's cache directory. Whoever can write there could have code run, so
`private_files` decides which files are read. What is refused is compiled again, with a warning.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from gograd_compile.kernels import code_files, private_files
from gograd_compile.kernels.code_files import Code
from gograd_core.extend import RefusedError

__all__ = ["CacheWarning", "NotKept", "clear", "count", "directory", "only_kept", "read", "report", "write"]

OURS = ("gograd_*.ll", "gograd_*.py", "gograd_*.code", "gograd_*.new")
_told: set[Path] = set()
_counts = {"loaded": 0, "compiled": 0}
_seconds = {"loaded": 0.0, "compiled": 0.0}
_only_kept: ContextVar[bool] = ContextVar("gograd_compile only_kept", default=False)


class CacheWarning(UserWarning):
    """Warn that compiled code cannot be kept, or is compiled again since others may have written what was kept."""


class NotKept(BaseException):
    """Code is not in the cache, in a block where nothing may be compiled."""


@contextmanager
def only_kept() -> Iterator[None]:
    """Raise NotKept in the block instead of compiling code that is not in the cache."""
    token = _only_kept.set(True)
    try:
        yield
    finally:
        _only_kept.reset(token)


def directory() -> Path:
    """Find the directory in which compiled code is kept."""
    if chosen := os.environ.get("GOGRAD_CACHE_DIR"):
        return Path(chosen)
    from platformdirs import user_cache_path

    return user_cache_path("gograd", appauthor=False)


def clear() -> None:
    """Remove all compiled code from the cache. Code that this process has loaded continues to run."""
    for path in _files():
        path.unlink(missing_ok=True)


def report() -> dict[str, Any]:
    """Report how large the cache is, and what this process has loaded and compiled."""
    sizes = [path.lstat().st_size for path in _files()]
    return {
        "directory": str(directory()),
        "files": len(sizes),
        "bytes": sum(sizes),
        **_counts,
        "seconds loading": _seconds["loaded"],
        "seconds compiling": _seconds["compiled"],
    }


def count(what: str, seconds: float) -> None:
    """Note that code was "loaded" or "compiled", and how long that took."""
    _counts[what] += 1
    _seconds[what] += seconds


def _files() -> list[Path]:
    return [path for pattern in OURS for path in directory().glob(pattern) if path.is_symlink() or not path.is_dir()]


def _trusted_directory() -> Path | None:
    """Resolve links to the directory. It is None if there is none, or (with a warning) if others may write to it."""
    try:
        return private_files.directory_of_user(directory())
    except OSError:
        return None
    except RefusedError as error:
        _tell(
            directory(),
            f"compiled code is neither read from {directory()} nor kept there, since {error}. Others could have code "
            "run there, so every process compiles its own. Remove their right to write (chmod go-w), or set "
            "GOGRAD_CACHE_DIR to a directory of yours",
        )
        return None


def read(name: str, key: str) -> Code | None:
    """Read the code in a file. It is None if there is no file, or (with a warning) if it is refused.

    Raises:
        NotKept: it would be None, in a block of `only_kept`.
    """
    found = _read(name, key)
    if found is None and _only_kept.get():
        raise NotKept(name)
    return found


def _read(name: str, key: str) -> Code | None:
    folder = _trusted_directory()
    if folder is None:
        return None
    try:
        return code_files.from_bytes(private_files.read_private_file(folder / name, code_files.MOST_BYTES), key)
    except FileNotFoundError:
        return None
    except RefusedError as error:
        _tell(
            folder / name,
            f"{folder / name} is not run, since {error}. Its code is compiled again and replaces it. If this "
            "happens again, somebody else writes there: set GOGRAD_CACHE_DIR to a directory of yours",
        )
        return None


def write(name: str, data: bytes) -> bool:
    """Write a file, and say whether that was possible. A process that reads it meanwhile sees all of it or nothing."""
    import tempfile  # when something is compiled

    try:
        private_files.make_directory(directory())
        folder = _trusted_directory()
        if folder is None:
            return False
        handle, new = tempfile.mkstemp(dir=folder, prefix="gograd_", suffix=".new")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            os.replace(new, folder / name)
        finally:
            Path(new).unlink(missing_ok=True)
    except OSError as error:  # no space, or on Windows a file that another process is reading
        _tell(
            directory(),
            f"compiled code cannot be kept in {directory()} ({error.strerror}), so every process compiles its own. "
            "Set GOGRAD_CACHE_DIR to a directory that can be written",
        )
        return False
    return True


def _tell(place: Path, message: str) -> None:
    if place not in _told:
        _told.add(place)
        warnings.warn(message, CacheWarning, stacklevel=2)
