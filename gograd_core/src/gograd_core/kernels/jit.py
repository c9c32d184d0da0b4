"""Kernels compiled while the program runs: the rules of operations, written out in Python and compiled by Numba."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from gograd_core import current
from gograd_core.engine_choice import engine
from gograd_core.kernels.bodies import Body
from gograd_core.kernels.c import kernel_source
from gograd_core.kernels.calls import CALLS
from gograd_core.kernels.expansion import expand
from gograd_core.kernels.expressions import HELPERS, OPERATORS, Text
from gograd_core.kernels.symbols import Symbol, postorder
from gograd_core.namespaces import scalar
from gograd_core.op.kernels import Kernels
from gograd_core.op.native_functions import expected

if TYPE_CHECKING:
    from gograd_core.op import Op

__all__ = ["PythonBody", "compile_kernels", "helpers", "printing_files"]

SIGNS = {"logical_and": "and", "logical_or": "or", "logical_xor": "!="}
PREDICATES = {"isfinite": math.isfinite, "isinf": math.isinf, "isnan": math.isnan}  # macros in C, no functions

OWN = {"xp_floor_divide": lambda x, y: x // y if y != 0.0 else x / y}  # exceptions serve in Python


def compile_kernels(names: str | Iterable[str]) -> None:
    """Compile the rules of operations with Numba, and run the native code in their place from now on.

    This is for the native engine, and for operations whose package ships no kernels. It takes a few tenths of a second
    per operation, and a second or two to start Numba. Either all operations are compiled, or none.

    Args:
        names: one name or several, as in ``ops.NAME``, or "DISTRIBUTION:NAME".

    Raises:
        UnknownOperationError: no installed operation has that name.
        InvalidOperationError: a rule cannot be written out as expressions, since it uses ``if`` or calls a function of
            Python, for example. The message names the operation and the reason.
        RuntimeError: the Python engine runs, which always calls the rules themselves.
        ImportError: Numba is not installed.
    """
    ops = [current.registry[name] for name in ([names] if isinstance(names, str) else names)]
    if engine().name != "native":
        raise RuntimeError(f"only the native engine uses kernels; this engine is {engine()}")
    compiled = [(op, _compile(op)) for op in ops]
    for op, kernels in compiled:
        op.attach(kernels)


def _compile(op: Op) -> Kernels:
    digest = kernel_source(op).digest  # kernels in C have the same
    expansion = expand(op)
    inputs = [f"x{position}" for position in range(len(op.partials))]
    names = dict(zip(expansion.inputs, (f"{x}[i]" for x in inputs) if op.variadic else inputs, strict=True))
    names[expansion.out] = "out"
    parameters = ["n", *inputs] if op.variadic else inputs
    of_forward, of_partials = expected(op)
    forward = _function(expansion.forward, names, parameters, of_forward)
    taken = ["out", *parameters, *(["d"] if op.variadic else [])]
    partials = tuple(
        None if partial is None else _function(partial, names, taken, of_partials) for partial in expansion.partials
    )
    return Kernels(forward, partials, digest, "compiled", op.rules)


def _function(root: Symbol, names: dict[Symbol, str], parameters: Sequence[str], signature: str) -> Any:
    """Compile a C function of this signature that returns what `root` stands for, or stores it in `d`."""
    numba = _numba()
    body = PythonBody(root, names)
    code = body.stored() if "d" in parameters else body.returned()
    namespace = _functions([root])
    exec(f"def kernel({', '.join(parameters)}):\n{code}", namespace)
    number = numba.types.float64
    types = {
        "double": number,
        "double *": numba.types.CPointer(number),
        "intptr_t": numba.types.intp,
        "void": numba.types.void,
    }
    result, arguments = signature.removesuffix(")").split(" (")
    kind = types[result](*(types[argument] for argument in arguments.split(", ")))
    return numba.cfunc(kind, error_model="numpy")(namespace["kernel"])


def _numba() -> Any:
    try:
        import numba
    except ModuleNotFoundError:
        raise ImportError("compile_kernels needs Numba: pip install gograd-core[native]") from None
    return numba


class PythonBody(Body):
    """The statements of a function in Python, for Numba. The semicolons at the end of some of them do no harm."""

    starts: ClassVar[Mapping[str, str]] = {
        "sum": "0.0",
        "prod": "1.0",
        "max": "-inf if n > 0 else nan",
        "min": "inf if n > 0 else nan",
    }

    def format(self, symbol: Symbol, operands: Sequence[Text]) -> Text:
        function, code = symbol.function, [operand.code for operand in operands]
        if function == "constant":
            return Text(f"({bool(symbol.value) if symbol.is_truth else symbol.value!r})")
        if function == "length":
            return Text("float(n)")
        if function == "where":
            return Text(f"({code[1]} if {code[0]} else {code[2]})")
        if function == "negative":
            return Text(f"(-{code[0]})")
        if function == "logical_not":
            return Text(f"(not {code[0]})")
        if function in SIGNS:
            return Text(f"(bool({code[0]}) {SIGNS[function]} bool({code[1]}))")
        if function in OPERATORS:
            return Text(f"({code[0]} {OPERATORS[function][0]} {code[1]})")
        return Text(f"{CALLS[function]}({', '.join(code)})")

    def declare(self, kind: str, name: str, value: str) -> str:  # noqa: ARG002 - types are inferred
        return f"{name} = {value}"

    def loop(self, block: list[str]) -> list[str]:
        return ["for i in range(n):", *block]

    def choose(self, name: str, condition: str, blocks: list[list[str]]) -> list[str]:  # noqa: ARG002 - it sets it
        return [f"if {condition}:", *blocks[0], "else:", *blocks[1]]


def _functions(roots: Iterable[Symbol]) -> dict[str, Any]:
    """Map the names in C of what the Python code for these symbols calls to functions that Numba can call."""
    types = _numba().types
    functions: dict[str, Any] = {"inf": math.inf, "nan": math.nan, **helpers()}
    for symbol in postorder(roots):
        name = CALLS.get(symbol.function)
        if name and name not in functions:
            kind = types.float64(*[types.float64] * len(symbol.arguments))
            functions[name] = types.ExternalFunction(name, kind)
    return functions


@functools.cache
def printing_files() -> tuple[Path, ...]:
    """List the source files on which the code for Numba depends."""
    return Path(scalar.__file__ or ""), Path(__file__)


def helpers() -> dict[str, Any]:
    """Return the functions that the C library lacks, from the namespace of floats, compiled by Numba."""
    jit = _numba().njit(error_model="numpy")
    helpers = {name: jit(OWN.get(name) or getattr(scalar, name.removeprefix("xp_"))) for name in HELPERS}
    return {**helpers, **PREDICATES, "signbit": jit(scalar.signbit)}
