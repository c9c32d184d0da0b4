"""Kernels generated from rules compute what the rules compute, bit for bit, special values included."""

from __future__ import annotations

import ctypes
import importlib.util
import itertools
import math
import random
import re
import shutil
import struct
import subprocess
import sys
import sysconfig
from importlib.machinery import ExtensionFileLoader

import pytest

from gograd_core import current
from gograd_core.checked.rules import as_numbers, run_rule
from gograd_core.kernels.c import kernel_source
from gograd_core.kernels.expansion import ExpansionError
from gograd_core.kernels.extension import print_extension
from gograd_core.namespaces.columns import Column

COMPILER = shutil.which("gcc") or shutil.which("clang") or shutil.which("cc")
OPTIONS = ("-O2", "-ffp-contract=off", "-fno-math-errno", "-Wall", "-Werror", "-shared", "-fPIC")
TINY, HUGE = 5e-324, sys.float_info.max
SPECIAL = (0.0, -0.0, 1.0, -1.0, math.inf, -math.inf, math.nan, TINY, -TINY, HUGE, -HUGE)
RANDOM_POINTS = 1000
# Python's hypot is an algorithm of its own, an ulp at most from the C library's; partials use it twice.
ULPS_OF_HYPOT = 4

KINDS = {
    "double": ctypes.c_double,
    "double *": ctypes.POINTER(ctypes.c_double),
    "intptr_t": ctypes.c_ssize_t,
    "void": None,
}

pytestmark = [
    pytest.mark.any_engine,
    pytest.mark.skipif(COMPILER is None or sys.platform == "win32", reason="needs a C compiler of Unix"),
]


def has_kernels(op):
    try:
        return bool(kernel_source(op))
    except ExpansionError:
        return False


OPERATIONS = [op for op in current.registry.operations() if has_kernels(op)]


@pytest.fixture(scope="session")
def kernels(tmp_path_factory):
    """The kernels of all operations that can have them, compiled as a distribution compiles its own."""
    folder = tmp_path_factory.mktemp("kernels")
    (folder / "_all.c").write_text(print_extension(OPERATIONS, "all", "_all").text)
    library = folder / "_all.so"
    flags = ["-undefined", "dynamic_lookup"] if sys.platform == "darwin" else []
    include = f"-I{sysconfig.get_path('include')}"
    subprocess.run([COMPILER, *OPTIONS, *flags, include, folder / "_all.c", "-o", library, "-lm"], check=True)
    loader = ExtensionFileLoader("_all", str(library))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("_all", loader))
    loader.exec_module(module)
    return module.KERNELS


def native(capsule):
    """The function in a capsule, whose name says what it takes."""
    name = ctypes.pythonapi.PyCapsule_GetName
    name.restype, name.argtypes = ctypes.c_char_p, [ctypes.py_object]
    pointer = ctypes.pythonapi.PyCapsule_GetPointer
    pointer.restype, pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    signature = name(capsule)
    result, arguments = re.fullmatch(r"(\w+) \((.*)\)", signature.decode()).groups()
    return ctypes.CFUNCTYPE(KINDS[result], *(KINDS[each] for each in arguments.split(", ")))(
        pointer(capsule, signature)
    )


def array(numbers):
    return (ctypes.c_double * len(numbers))(*numbers)


def native_value(op, forward, point):
    return forward(len(point[0]), *map(array, point)) if op.variadic else forward(*point)


def native_partial(op, partial, out, point):
    if not op.variadic:
        return [partial(out, *point)]
    found = array([0.0] * len(point[0]))
    partial(out, len(point[0]), *map(array, point), found)
    return list(found)


def points(op):
    """Samples, edge points, special values in all combinations, numbers from near 1 and of any size."""
    yield from (tuple(sample) for sample in op.samples)
    yield from (edge.inputs for edge in op.edges)
    count = len(op.partials)
    chosen = random.Random(op.name)

    def any_number():
        return struct.unpack("d", chosen.randbytes(8))[0]

    def moderate_number():
        return chosen.choice((-1.0, 1.0)) * 10.0 ** chosen.uniform(-3.0, 3.0)

    if not op.variadic:
        yield from itertools.product(SPECIAL, repeat=count)
    for number in (any_number, moderate_number, lambda: chosen.choice((*SPECIAL, moderate_number()))):
        for _ in range(RANDOM_POINTS):
            if op.variadic:
                length = chosen.randint(1, 5)
                yield tuple(tuple(number() for _ in range(length)) for _ in range(count))
            else:
                yield tuple(number() for _ in range(count))


def same(found, expected, ulps):
    if math.isnan(expected) or not math.isfinite(found) or not ulps:
        return struct.pack("d", found) == struct.pack("d", expected) or (math.isnan(found) and math.isnan(expected))
    return abs(found - expected) <= ulps * math.ulp(expected)


@pytest.mark.parametrize("op", OPERATIONS, ids=lambda op: op.name)
def test_kernels_compute_what_the_rules_compute(op, kernels):
    _, _, forward, partials = kernels[op.name]
    forward = native(forward)
    partials = [partial and native(partial) for partial in partials]
    ulps = ULPS_OF_HYPOT if "hypot(" in kernel_source(op).code else 0
    for point in points(op):
        if op.variadic and not point[0]:
            continue  # Python's rules may raise there
        arguments = [Column(column) for column in point] if op.variadic else point
        out = float(run_rule(op, op.forward, *arguments))
        found = native_value(op, forward, point)
        assert same(found, out, ulps), f"forward at {point}"
        for index, (rule, partial) in enumerate(zip(op.partials, partials, strict=True)):
            assert (rule is None) == (partial is None)
            if rule is None:
                continue
            local = run_rule(op, rule, out, *arguments)
            expected = as_numbers(op, local, len(point[0]) if op.variadic else 1, f"partial {index}")
            found = native_partial(op, partial, out, point)
            assert all(map(same, found, expected, [ulps] * len(found))), f"partial {index} at {point}"


@pytest.mark.parametrize(
    ("name", "value"),
    [("sum", 0.0), ("dot", 0.0), ("prod", 1.0), ("mean", math.nan), ("max", math.nan), ("min", math.nan)],
)
def test_kernels_of_nothing(name, value, kernels):
    op = current.registry[name]
    _, _, forward, partials = kernels[name]
    nothing = ((),) * len(op.partials)
    assert same(native_value(op, native(forward), nothing), value, 0)
    for partial in partials:
        assert native_partial(op, native(partial), value, nothing) == []
