"""Writes functions in the language of LLVM, instruction by instruction.

A number is a `double`, and a truth value an `i1`. Nothing may be reordered or fused. In loops over columns, LLVM may
replace a call of the C library by an equal one, such as pow(2, x) by exp2(x), which may differ in the last bit.
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from gograd_core.extend import CALLS, Symbol

__all__ = ["INLINE", "Function", "constant"]

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

CHOICE_OF_TRUTHS = "select i1 {a}, i1 {b}, i1 {c}"
REMAINDER = (
    "rest = frem double {a}, {b}; below = fcmp olt double {rest}, 0.0; negative = fcmp olt double {b}, 0.0;"
    "differ = xor i1 {below}, {negative}; is_zero = fcmp oeq double {rest}, 0.0;"
)
WITHOUT_LIBRARY: Mapping[str, str] = {
    "remainder": (
        f"{REMAINDER} moved = fadd double {{rest}}, {{b}};"
        "found = select i1 {differ}, double {moved}, double {rest};"
        "zero = call double @llvm.copysign.f64(double 0.0, double {b});"
        "select i1 {is_zero}, double {zero}, double {found}"
    ),
    "floor_divide": (
        f"{REMAINDER} whole = fsub double {{a}}, {{rest}}; nearly = fdiv double {{whole}}, {{b}};"
        "lower = fsub double {nearly}, 1.0; stays = xor i1 {differ}, true; same = or i1 {is_zero}, {stays};"
        "quotient = select i1 {same}, double {nearly}, double {lower};"
        "floor = call double @llvm.floor.f64(double {quotient}); gap = fsub double {quotient}, {floor};"
        "higher = fadd double {floor}, 1.0; over = fcmp ogt double {gap}, 0.5;"
        "rounded = select i1 {over}, double {higher}, double {floor}; ratio = fdiv double {a}, {b};"
        "zero = call double @llvm.copysign.f64(double 0.0, double {ratio});"
        "vanishes = fcmp oeq double {quotient}, 0.0; found = select i1 {vanishes}, double {zero}, double {rounded};"
        "pole = fcmp oeq double {b}, 0.0; select i1 {pole}, double {ratio}, double {found}"
    ),
}
"""Functions that the C library lacks, with the meaning that they have in Python. `b` may be 0."""


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

    def text(self, result: str = "void") -> str:
        """Write the module that has only this function."""
        body = "\n".join(f"  {line}" for line in (*self._allocated, *self._lines, f"ret {result}"))
        return "".join(f"{line}\n" for line in (*self.declared.values(), "", f"{self.head} {{", "entry:", body, "}"))

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
        return self.add(f"load double, ptr {self.shifted(start, entry)}")

    def store(self, value: str, start: str, entry: str = "0") -> None:
        """Store a double."""
        self.do(f"store double {value}, ptr {self.shifted(start, entry)}")

    def call(self, name: str, operands: Sequence[str]) -> str:
        """Call a function of the C library."""
        self.declared[name] = f"declare double @{name}({', '.join('double' for _ in operands)})"
        return self.add(f"call double @{name}({', '.join(f'double {each}' for each in operands)})")

    def apply(self, symbol: Symbol, operands: Sequence[str]) -> str:
        """Apply the function of a symbol to its arguments, whose names or numbers these are."""
        truths = 1 if symbol.function == "where" else len(operands) if symbol.function.startswith("logical_") else 0
        given = [
            self.add(f"fcmp une double {operand}, 0.0") if place < truths and not argument.is_truth else operand
            for place, (operand, argument) in enumerate(zip(operands, symbol.arguments, strict=True))
        ]
        template = INLINE.get(symbol.function) or WITHOUT_LIBRARY.get(symbol.function)
        if template is None:
            return self.call(CALLS[symbol.function], given)
        if symbol.function == "where" and symbol.is_truth:
            template = CHOICE_OF_TRUTHS
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
    def loop(self, count: str) -> Iterator[str]:
        """Write a loop around the instructions of the block, which get the name of the index. Loops are not nested."""
        number = next(self._counter)
        head, body, done, index = (f"{name}{number}" for name in ("head", "body", "done", "i"))
        self._lines += [
            f"br label %{head}", f"{head}:",
            f"%{index} = phi i64 [0, %{self._label}], [%{index}.next, %{body}]",
            f"%{index}.more = icmp slt i64 %{index}, {count}",
            f"br i1 %{index}.more, label %{body}, label %{done}", f"{body}:",
        ]  # fmt: skip
        yield f"%{index}"
        self._lines += [f"%{index}.next = add nsw i64 %{index}, 1", f"br label %{head}", f"{done}:"]
        self._label = done
