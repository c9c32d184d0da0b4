"""Machine code for functions in the language of LLVM: compiled by llvmlite, or loaded from the cache."""

from __future__ import annotations

import functools
import hashlib
import sys
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import llvmlite
import llvmlite.binding as llvm
import numpy as np

from gograd_compile.kernels import cache
from gograd_compile.kernels.code_files import Code
from gograd_compile.kernels.stages import symbol_of
from gograd_compile.kernels.ufuncs import inner_loop
from gograd_core.extend import resolve

__all__ = ["Loaded", "load"]

SPEED = 3
"""The level of optimisation."""

if llvm.llvm_version_info < (20,):  # earlier versions write pointers and passes in other ways
    raise ImportError(f"native kernels need llvmlite 0.45 or later, and {llvmlite.__version__} is installed")


class Loaded(NamedTuple):
    """A function in memory, which stays there.

    Attributes:
        address: where it is.
        origin: where its code came from: "cache", "compiled", or "compiled, not cached".
    """

    address: int
    origin: str


class _Machine:
    """What compiles for this processor, and keeps the code."""

    def __init__(self) -> None:
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        self.triple, self.cpu = llvm.get_process_triple(), llvm.get_host_cpu_name()
        self.features = llvm.get_host_cpu_features().flatten()
        self.engine: Any = llvm.create_mcjit_compiler(llvm.parse_assembly(""), self._new_target())

    @functools.cached_property
    def target(self) -> Any:
        """Return what code is compiled for. The engine takes another one, which it frees."""
        return self._new_target()

    def _new_target(self) -> Any:
        relocation = "static" if self.triple.startswith(("i386", "i686", "x86")) else "default"
        return llvm.Target.from_triple(self.triple).create_target_machine(
            cpu=self.cpu, features=self.features, opt=SPEED, reloc=relocation, codemodel="jitdefault", jit=True
        )

    def compile(self, text: str) -> bytes:
        """Compile a module to object code."""
        module = llvm.parse_assembly(text)
        module.triple, module.data_layout = self.triple, str(self.target.target_data)
        module.verify()
        tuning = llvm.create_pipeline_tuning_options(speed_level=SPEED)
        tuning.loop_vectorization = tuning.slp_vectorization = True
        builder = llvm.create_pass_builder(self.target, tuning)
        builder.getModulePassManager().run(module, builder)
        code: bytes = self.target.emit_object(module)
        return code

    def link(self, name: str, code: bytes) -> int:
        """Put object code in memory, and find the address of its function. It is 0 if there is no such function."""
        self.engine.add_object_file(llvm.ObjectFileRef.from_data(code))
        self.engine.finalize_object()
        address: int = self.engine.get_function_address(name)
        return address


_machine = functools.cache(_Machine)
_lock = threading.Lock()


def load(name: str, kind: str, text: str, loops: Iterable[str] = ()) -> Loaded:
    """Compile the function of that name in a module, or load its code from the cache.

    Args:
        name: the name, which no other function may have.
        kind: what the file in the cache is named after.
        text: the module.
        loops: the ufuncs whose inner loops it calls.

    Raises:
        ImportError: it calls a function that the C library lacks.
    """
    with _lock:
        return _load(name, kind, text, loops)


def _load(name: str, kind: str, text: str, loops: Iterable[str]) -> Loaded:
    start, machine = time.perf_counter(), _machine()
    for ufunc in loops:
        _bind(ufunc)
    for function in _called(text):
        if not llvm.address_of_symbol(function):
            raise ImportError(f"native code calls {function}(), which this C library lacks")
    key = hashlib.sha256("\0".join([text, name, *_surroundings()]).encode()).hexdigest()
    file = f"gograd_{kind}_{key[:40]}.code"
    found = cache.read(file, key)
    if found is not None and (address := machine.link(found.function, found.compiled)):
        cache.count("loaded", time.perf_counter() - start)
        return Loaded(address, "cache")
    code = machine.compile(text)
    kept = cache.write(file, Code("", name, "", "none", (), code, b"").to_bytes(key))
    if kept:  # for people to read
        cache.write(file.replace(".code", ".ll"), text.encode())
    address = machine.link(name, code)
    cache.count("compiled", time.perf_counter() - start)
    return Loaded(address, "compiled" if kept else "compiled, not cached")


@functools.cache
def _surroundings() -> tuple[str, ...]:
    """Collect what all code depends on, besides its text: the processor, the compiler, and how it is asked."""
    machine = _machine()
    own = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
    return sys.platform, machine.triple, machine.cpu, machine.features, llvmlite.__version__, own


@functools.cache
def _bind(ufunc: str) -> None:
    """Give the inner loop of a ufunc the name by which machine code finds it."""
    found = resolve(ufunc)
    assert isinstance(found, np.ufunc)
    loop, data = inner_loop(found)
    llvm.add_symbol(symbol_of(ufunc), loop)
    llvm.add_symbol(f"{symbol_of(ufunc)}_data", data or loop)  # a symbol cannot be NULL; those loops ignore it


def _called(text: str) -> list[str]:
    """List the functions of the C library that a module declares."""
    heads = (line.removeprefix("declare double @").partition("(")[0] for line in text.splitlines() if " @" in line)
    return [name for name in heads if name.isidentifier()]
