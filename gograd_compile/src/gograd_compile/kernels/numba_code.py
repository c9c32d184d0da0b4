"""Code that Numba compiles, on disk: of the functions that operations provide for Numba.

Importing this module does not import Numba.
"""

from __future__ import annotations

import functools
import hashlib
import inspect
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from gograd_compile.kernels import cache
from gograd_compile.kernels.code_files import Code

__all__ = ["CodeCache", "c_function"]

RESULTS = ("none", "bool", "int32", "int64", "uint64", "float64")
"""The names of the types of Numba that functions in the cache may return."""


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
        code = cache.read(self._file_name(key), key)
        if code is None:
            return None
        found = self._rebuilt(code, signature, context)
        cache.count("loaded", time.perf_counter() - self._started)
        self.origin = "cache"
        return found

    def save_overload(self, signature: Any, compiled: Any) -> None:
        """Write the code of a function that was compiled just now, if that is possible."""
        key, code = self._key(signature, compiled.codegen), _code_of(compiled)
        kept = code is not None and cache.write(self._file_name(key), code.to_bytes(key))
        if kept and self.source:  # for people to read: it is never imported
            cache.write(self._file_name(key).replace(".code", ".py"), self.source.encode())
        cache.count("compiled", time.perf_counter() - self._started)
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


@functools.cache
def _surroundings() -> tuple[str, ...]:
    """Collect what code of Numba depends on: the versions of libraries, and the sources of this package."""
    from sysconfig import get_platform

    config = _numba("core.config")
    packages = ("numba", "llvmlite", "numpy", "gograd_core", "gograd_compile")
    versions = [f"{name} {import_module(name).__version__}" for name in packages]
    settings = [config.OPT, config.LOOP_VECTORIZE, config.BOUNDSCHECK, config.DEBUGINFO_DEFAULT]
    files = sorted(Path(__file__).parent.glob("*.py"))
    sources = [hashlib.sha256(path.read_bytes()).hexdigest() for path in files]
    return (sys.version, get_platform(), str(settings), *versions, *sources)


def _numba(name: str) -> Any:
    """Import a module of Numba as Any, since Numba has no types."""
    return import_module(f"numba.{name}")


def _code_of(compiled: Any) -> Code | None:
    """Collect what is kept of a function. It is None if it needs Python objects, or does not return a number."""
    library, facts, environment, signature, objectmode, lifted, _, at_start, others = compiled._reduce()
    result = str(signature.return_type)
    if objectmode or lifted or at_start or result not in RESULTS or any(each.consts for each in (environment, *others)):
        return None
    name, _, (compiled_object, bitcode) = library
    environments = tuple(each.env_name for each in others)
    return Code(name, facts.mangled_name, facts.env_name, result, environments, compiled_object, bitcode)


def c_function(function: Any, kind: Any, code: CodeCache) -> Any:
    """Compile a function that C can call, with a signature of Numba, or load it from the cache."""
    compiled = import_module("numba.core.ccallback").CFunc(
        function, (kind.args, kind.return_type), locals={}, options={"error_model": "numpy"}
    )
    compiled._cache = code
    compiled.compile()
    return compiled
