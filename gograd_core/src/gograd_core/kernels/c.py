"""Kernels in C, generated from the rules of operations."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

import attrs

from gograd_core.kernels.bodies import Body
from gograd_core.kernels.calls import CALLS
from gograd_core.kernels.expansion import Expansion, ExpansionError, expand
from gograd_core.kernels.expressions import HELPERS
from gograd_core.kernels.fingerprint import fingerprint
from gograd_core.op.native_functions import expected, too_many

if TYPE_CHECKING:
    from gograd_core.op import Op

__all__ = ["KernelSource", "kernel_source"]

KEYWORDS = {
    "asm", "auto", "break", "case", "char", "const", "continue", "default", "do", "double", "else", "enum",
    "extern", "float", "for", "goto", "if", "inline", "int", "long", "register", "restrict", "return", "short",
    "signed", "sizeof", "static", "struct", "switch", "typedef", "typeof", "union", "unsigned", "void", "volatile",
    "while", "errno", "far", "near", "linux", "unix", "d", "i", "n", "out", "bool", "true", "false", "nullptr",
    "alignas", "alignof", "constexpr", "static_assert", "thread_local", "typeof_unqual", "intptr_t", "size_t",
}  # fmt: skip
"""Names that an input cannot have in C, because they are keywords or in use."""


@attrs.frozen
class KernelSource:
    """The kernels of an operation in C.

    Attributes:
        name: the name of the operation.
        functions: the names of the C functions, first forward and then the partials; None for a partial that is None.
        signatures: the types of forward and of all partials, as `Kernels` gives them.
        code: the definitions of the functions.
        helpers: the names of the functions in `HELPERS` that they call.
        printed_from: the `fingerprint` of the rules.
    """

    name: str
    functions: tuple[str | None, ...]
    signatures: tuple[str, str]
    code: str
    helpers: tuple[str, ...]
    printed_from: str

    @property
    def digest(self) -> str:
        """A digest of everything on which the values depend."""
        text = "".join([*(HELPERS[name] for name in self.helpers), self.code])
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def kernel_source(op: Op) -> KernelSource:
    """Print the rules of `op` as functions of C.

    Raises:
        ExpansionError: it has no kernels; the message says why.
    """
    if reason := too_many(op):
        raise ExpansionError(op, reason)
    try:
        return _printed(op, expand(op))
    except RecursionError:
        raise ExpansionError(op, "its expressions are nested too deeply") from None


def _printed(op: Op, expansion: Expansion) -> KernelSource:
    if expansion.forward.is_truth:
        raise ExpansionError(op, "it gives a bool, and has no derivative")
    inputs = [_identifier(name, position) for position, name in enumerate(op.input_names)]
    if len(set(inputs)) < len(inputs):
        inputs = [f"x{position}" for position in range(len(inputs))]
    columns = op.variadic
    parameters = ["intptr_t n", *(f"double *{name}" for name in inputs)] if columns else [f"double {x}" for x in inputs]
    names = dict(zip(expansion.inputs, (f"{x}[i]" for x in inputs) if columns else inputs, strict=True))
    names[expansion.out] = "out"
    functions: list[str | None] = [f"{op.name}_forward"]
    body = Body(expansion.forward, names)
    code = [f"static double {functions[0]}({', '.join(parameters)})\n{{\n{body.returned()}}}\n"]
    for partial, name in zip(expansion.partials, op.input_names, strict=True):
        functions.append(None if partial is None else f"{op.name}_by_{name if name.isascii() else len(functions) - 1}")
        if partial is None:
            continue
        body = Body(partial, names)
        head = f"static {'void' if columns else 'double'} {functions[-1]}"
        taken = ["double out", *parameters, *(["double *restrict d"] if columns else [])]
        code.append(f"{head}({', '.join(taken)})\n{{\n{body.stored() if columns else body.returned()}}}\n")
    text = "\n".join(code)
    return KernelSource(op.name, tuple(functions), expected(op), text, _helpers_of(text), fingerprint(op))


def _identifier(name: str, position: int) -> str:
    """Choose a name in C for an input: its own, unless that means something else there."""
    if not name.isascii():
        return f"x{position}"
    taken = name in KEYWORDS or name in CALLS.values() or re.fullmatch(r"t\d+|xp_.*|[A-Z_].*", name)
    return f"{name}_" if taken else name


def _helpers_of(code: str) -> tuple[str, ...]:
    """List the helpers that `code` calls; none of them calls another."""
    return tuple(name for name in HELPERS if f"{name}(" in code)
