"""Writes functions in the language of LLVM, instruction by instruction.

A number is a `double`, and a truth value an `i1`. Nothing may be reordered or fused.
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from gograd_core.extend import Symbol

__all__ = ["APART", "FEW", "INLINE", "NOTHING", "Function", "constant"]

COMPARISONS = {
    "less": "olt", "less_equal": "ole", "greater": "ogt", "greater_equal": "oge", "equal": "oeq", "not_equal": "une",
}  # fmt: skip
INFINITY = "0x7FF0000000000000"
INLINE: Mapping[str, str] = {
    "add": "fadd double {a}, {b}",
    "subtract": "fsub double {a}, {b}",
    "multiply": "fmul double {a}, {b}",
    "divide": "fdiv double {a}, {b}",
    "negative": "fneg double {a}",
    "abs": "call double @llvm.fabs.f64(double {a})",
    "sqrt": "call double @llvm.sqrt.f64(double {a})",
    "ceil": "call double @llvm.ceil.f64(double {a})",
    "floor": "call double @llvm.floor.f64(double {a})",
    "trunc": "call double @llvm.trunc.f64(double {a})",
    "round": "call double @llvm.rint.f64(double {a})",  # as long as nobody changes how the processor rounds
    "copysign": "call double @llvm.copysign.f64(double {a}, double {b})",
    "signbit": "bits = bitcast double {a} to i64; icmp slt i64 {bits}, 0",
    "isnan": "fcmp uno double {a}, {a}",
    "isinf": f"size = call double @llvm.fabs.f64(double {{a}}); fcmp oeq double {{size}}, {INFINITY}",
    "isfinite": f"size = call double @llvm.fabs.f64(double {{a}}); fcmp olt double {{size}}, {INFINITY}",
    "maximum": (
        "less = fcmp olt double {a}, {b}; nan = fcmp uno double {b}, {b}; second = or i1 {less}, {nan};"
        "select i1 {second}, double {b}, double {a}"
    ),
    "minimum": (
        "more = fcmp ogt double {a}, {b}; nan = fcmp uno double {b}, {b}; second = or i1 {more}, {nan};"
        "select i1 {second}, double {b}, double {a}"
    ),
    "sign": (
        "more = fcmp ogt double {a}, 0.0; less = fcmp olt double {a}, 0.0; nan = fcmp uno double {a}, {a};"
        "one = select i1 {more}, double 1.0, double 0.0; other = select i1 {less}, double 1.0, double 0.0;"
        "sign = fsub double {one}, {other}; select i1 {nan}, double {a}, double {sign}"
    ),
    "where": "select i1 {a}, double {b}, double {c}",
    "logical_and": "and i1 {a}, {b}",
    "logical_or": "or i1 {a}, {b}",
    "logical_xor": "xor i1 {a}, {b}",
    "logical_not": "xor i1 {a}, true",
    **{name: f"fcmp {condition} double {{a}}, {{b}}" for name, condition in COMPARISONS.items()},
}
"""Functions for which there are vector instructions: what follows a semicolon uses what was named before it."""

NOTHING, APART, FEW = "", "!1", "!1, !2"
"""What LLVM is told of a loop."""
HINTS = (
    "!0 = distinct !{}",
    '!1 = !{!"llvm.loop.parallel_accesses", !0}',
    '!2 = !{!"llvm.loop.interleave.count", i32 1}',
)
CHOICE_OF_TRUTHS = "select i1 {a}, i1 {b}, i1 {c}"


def constant(symbol: Symbol) -> str:
    """Write the number of a constant, by its bits, or its truth value."""
    if symbol.is_truth:
        return str(bool(symbol.value)).lower()
    return f"0x{struct.unpack('>Q', struct.pack('>d', symbol.value))[0]:016X}"


class Function:
    """A function that is being written.

    Attributes:
        declared: what it uses from elsewhere: declarations by name.
    """

    def __init__(self, head: str) -> None:
        self.head = head
        self.declared: dict[str, str] = {}
        self._allocated: list[str] = []
        self._lines: list[str] = []
        self._label = "entry"
        self._counter = itertools.count()
        self._hints: list[str] = []
        self._mark = ""

    def text(self, result: str = "void") -> str:
        """Write the module that has only this function."""
        body = "\n".join(f"  {line}" for line in (*self._allocated, *self._lines, f"ret {result}"))
        lines = (*self.declared.values(), "", f"{self.head} {{", "entry:", body, "}", *self._hints)
        return "".join(f"{line}\n" for line in lines)

    def add(self, instruction: str) -> str:
        """Write an instruction, and return the name of its result."""
        name = f"%v{next(self._counter)}"
        self.do(f"{name} = {instruction}")
        return name

    def do(self, instruction: str) -> None:
        """Write an instruction that has no result."""
        self._lines.append(instruction)

    def allocate(self, kind: str) -> str:
        """Make a place in memory that exists as long as the function runs."""
        name = f"%v{next(self._counter)}"
        self._allocated.append(f"{name} = alloca {kind}")
        return name

    def shifted(self, start: str, entries: str) -> str:
        """Compute the address of a later double."""
        return start if entries == "0" else self.add(f"getelementptr double, ptr {start}, i64 {entries}")

    def load(self, start: str, entry: str = "0") -> str:
        """Load a double."""
        return self.add(f"load double, ptr {self.shifted(start, entry)}{self._mark}")

    def store(self, value: str, start: str, entry: str = "0") -> None:
        """Store a double."""
        self.do(f"store double {value}, ptr {self.shifted(start, entry)}{self._mark}")

    def call(self, name: str, operands: Sequence[str]) -> str:
        """Call a function of the C library."""
        self.declared[name] = f"declare double @{name}({', '.join('double' for _ in operands)})"
        return self.add(f"call double @{name}({', '.join(f'double {each}' for each in operands)})")

    def apply(self, symbol: Symbol, operands: Sequence[str]) -> str:
        """Apply the function of a symbol, one of INLINE, to its arguments, whose names or numbers these are."""
        truths = 1 if symbol.function == "where" else len(operands) if symbol.function.startswith("logical_") else 0
        given = [
            self.add(f"fcmp une double {operand}, 0.0") if place < truths and not argument.is_truth else operand
            for place, (operand, argument) in enumerate(zip(operands, symbol.arguments, strict=True))
        ]
        is_choice_of_truths = symbol.function == "where" and symbol.is_truth
        template = CHOICE_OF_TRUTHS if is_choice_of_truths else INLINE[symbol.function]
        *earlier, last = template.split(";")
        names = dict(zip("abc", given, strict=False))
        for each in earlier:
            name, _, instruction = each.strip().partition(" = ")
            names[name] = self._inline(instruction, names)
        return self._inline(last.strip(), names)

    def _inline(self, instruction: str, names: Mapping[str, str]) -> str:
        _, call, rest = instruction.partition("call double @")
        if call:
            name, _, operands = rest.partition("(")
            self.declared[name] = f"declare double @{name}({', '.join('double' for _ in operands.split(','))})"
        return self.add(instruction.format_map(names))

    @contextmanager
    def loop(self, count: str, kind: str = NOTHING) -> Iterator[str]:
        """Write a loop around the instructions of the block, which get the name of the index.

        With APART or FEW, no round reads or writes a double that another one writes. FEW says that there are few.
        """
        number = next(self._counter)
        head, body, following, done, index = (f"{name}{number}" for name in ("head", "body", "next", "done", "i"))
        self._lines += [
            f"br label %{head}", f"{head}:",
            f"%{index} = phi i64 [0, %{self._label}], [%{index}.next, %{following}]",
            f"%{index}.more = icmp slt i64 %{index}, {count}",
            f"br i1 %{index}.more, label %{body}, label %{done}", f"{body}:",
        ]  # fmt: skip
        self._label = body
        hint = self._hint(kind)
        yield f"%{index}"
        self._lines += [
            f"br label %{following}", f"{following}:",
            f"%{index}.next = add nsw i64 %{index}, 1", f"br label %{head}{hint}", f"{done}:",
        ]  # fmt: skip
        self._label = done

    def _hint(self, kind: str) -> str:
        """Write what LLVM is told of a loop."""
        if kind == NOTHING:
            return ""
        self._hints = self._hints or [*HINTS]
        self._mark = ", !llvm.access.group !0"
        name = f"!{len(self._hints)}"
        self._hints.append(f"{name} = distinct !{{{name}, {kind}}}")
        return f", !llvm.loop {name}"
