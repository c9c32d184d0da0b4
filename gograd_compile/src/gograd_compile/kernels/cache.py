"""Machine code on disk, so that each kernel is compiled once per machine and not once per process.

The name of a file is a digest of all that the code depends on: what it was made from, its types, the processor, and the
versions of the libraries. `code_files` describes the form of the files. Files are written under another name first, so
that several processes may start at once.

The directory is GOGRAD_CACHE_DIR, or the user's cache directory. Whoever can write there could have code run, so
`private_files` decides which files are read. What is refused is compiled again, with a warning.
"""

from __future__ import annotations

import functools
import hashlib
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
from typing import Any, TypeVar

from gograd_compile.kernels import code_files, private_files
from gograd_compile.kernels.code_files import Code
from gograd_compile.reading import RefusedError
from gograd_core.extend import printing_files

__all__ = ["CacheWarning", "CodeCache", "clear", "directory", "jitted", "report"]

F = TypeVar("F", bound=Callable[..., Any])

OURS = ("gograd_*.py", "gograd_*.code", "gograd_*.new")
RESULTS = ("none", "bool", "int32", "int64", "uint64", "float64")
"""The names of the types of Numba that functions in the cache may return."""
_told: set[Path] = set()
_counts = {"loaded": 0, "compiled": 0}
_seconds = {"loaded": 0.0, "compiled": 0.0}


class CacheWarning(UserWarning):
    """Warn that compiled code cannot be kept, or is compiled again since others may have written what was kept."""


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


def jitted(**options: Any) -> Callable[[F], F]:
    """Make a decorator that compiles a function as numba.njit does with these options, and keeps its code in the cache.

    The function may use only what its module defines, or the modules of this package.
    """

    def decorate(function: Any) -> Any:
        dispatcher = import_module("numba").njit(nogil=True, error_model="numpy", **options)(function)
        source = inspect.getsource(sys.modules[function.__module__])
        key = "\n".join([function.__module__, function.__qualname__, repr(sorted(options.items())), source])
        dispatcher._cache = CodeCache(function, function.__name__, key)
        return dispatcher

    return decorate


class CodeCache:
    """The cache of one function, which Numba asks in place of numba.core.caching.FunctionCache.

    Attributes:
        origin: where the code came from the last time: "cache", "compiled", or "compiled, not cached".
    """

    def __init__(self, function: Callable[..., Any], name: str, key: str, source: str = "") -> None:
        self.function = function
        self.name = name
        self.key = key
        self.source = source
        self.origin = ""
        self._started = 0.0

    def load_overload(self, signature: Any, context: Any) -> Any:
        """Load the compiled function. It is None if there is no code, or if the code is refused."""
        self._started = time.perf_counter()
        context.refresh()
        key = self._key(signature, context.codegen())
        code = _read(self._file_name(key), key)
        if code is None:
            return None
        found = self._rebuilt(code, signature, context)
        self._count("loaded")
        self.origin = "cache"
        return found

    def save_overload(self, signature: Any, compiled: Any) -> None:
        """Write the code of a function that was compiled just now, if that is possible."""
        key, code = self._key(signature, compiled.codegen), _code_of(compiled)
        kept = code is not None and _write(self._file_name(key), code.to_bytes(key))
        if kept and self.source:  # for people to read: it is never imported
            _write(self._file_name(key).replace(".code", ".py"), self.source.encode())
        self._count("compiled")
        self.origin = "compiled" if kept else "compiled, not cached"

    def _key(self, signature: Any, codegen: Any) -> str:
        parts = [self.key, str(signature), str(codegen.magic_tuple()), *_surroundings()]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    def _file_name(self, key: str) -> str:
        return f"gograd_{self.name}_{key[:40]}.code"

    def _rebuilt(self, code: Code, signature: Any, context: Any) -> Any:
        """Rebuild Numba's record of a compiled function. What the file does not contain follows from the function."""
        environment, described = _numba("core.environment"), _numba("core.funcdesc").PythonFunctionDescriptor
        result, args = getattr(_numba("core.types"), code.result), getattr(signature, "args", signature)
        module, name = self.function.__module__, self.function.__qualname__
        facts = described(
            native=True, modname=module, qualname=name, unique_name=name, doc="", typemap=None, restype=result,
            calltypes=None, args=tuple(inspect.signature(self.function).parameters), kws=(),
            mangler=lambda *_, **__: code.function, argtypes=tuple(args), env_name=code.environment,
        )  # fmt: skip
        own, *others = (environment._rebuild_env(module, [], each) for each in (code.environment, *code.environments))
        library = code.library, "object", (code.compiled, code.bitcode)
        typed = _numba("core.typing").signature(result, *args)
        return _numba("core.compiler").CompileResult._rebuild(
            context, library, facts, own, typed, False, (), "", (), tuple(others)
        )

    def _count(self, what: str) -> None:
        _counts[what] += 1
        _seconds[what] += time.perf_counter() - self._started


@functools.cache
def _surroundings() -> tuple[str, ...]:
    """Collect what all compiled code depends on: the versions of libraries, and the sources that print and use it."""
    config = _numba("core.config")
    packages = ("numba", "llvmlite", "numpy", "gograd_core", "gograd_compile")
    versions = [f"{name} {import_module(name).__version__}" for name in packages]
    settings = [config.OPT, config.LOOP_VECTORIZE, config.BOUNDSCHECK, config.DEBUGINFO_DEFAULT]
    files = [*printing_files(), *sorted(Path(__file__).parent.glob("*.py"))]
    sources = [hashlib.sha256(path.read_bytes()).hexdigest() for path in files]
    return (sys.version, sysconfig.get_platform(), str(settings), *versions, *sources)


def _numba(name: str) -> Any:
    """Import a module of Numba as Any, since Numba has no types."""
    return import_module(f"numba.{name}")


def _files() -> list[Path]:
    return [path for pattern in OURS for path in directory().glob(pattern) if path.is_symlink() or not path.is_dir()]


def _code_of(compiled: Any) -> Code | None:
    """Collect what is kept of a function. It is None if it needs Python objects, or does not return a number."""
    library, facts, environment, signature, objectmode, lifted, _, at_start, others = compiled._reduce()
    result = str(signature.return_type)
    if objectmode or lifted or at_start or result not in RESULTS or any(each.consts for each in (environment, *others)):
        return None
    name, _, (compiled_object, bitcode) = library
    environments = tuple(each.env_name for each in others)
    return Code(name, facts.mangled_name, facts.env_name, result, environments, compiled_object, bitcode)


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


def _read(name: str, key: str) -> Code | None:
    """Read the code in a file. It is None if there is no file, or (with a warning) if it is refused."""
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


def _write(name: str, data: bytes) -> bool:
    """Write a file, and say whether that was possible. A process that reads it meanwhile sees all of it or nothing."""
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
