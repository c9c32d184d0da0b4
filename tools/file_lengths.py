"""Print what is longer than the house allows: ``python tools/file_lengths.py``.

Files of Python, Cython and JavaScript may have 300 lines, and those of tests 400. Functions outside of tests may have
50 besides their docstring, and the files that one reads to understand the engine 950 together.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
CORE = ROOT / "gograd_core" / "src" / "gograd_core"
MOST_IN_A_FILE, MOST_IN_A_TEST, MOST_IN_A_FUNCTION, MOST_TO_READ = 300, 400, 50, 950
FOLDERS = ("gograd*", "benchmarks", "docs", "examples", "tools")
SUFFIXES = {".py", ".pyx", ".pxi", ".pxd", ".js"}
SKIPPED = {"tests", "build", "_build", "node_modules"}
ALLOWED = {"_kernels.c"}
# `many_at_once.py` offers other packages what the engine itself does not use, and `of_floats.py` is about speed only.
FURTHER = {"many_at_once.py", "of_floats.py"}
ENGINE = (path for path in sorted((CORE / "engines").glob("*.py")) if path.name not in FURTHER)
READING_SET = (CORE / "current.py", *ENGINE, CORE / "op" / "__init__.py")


def sources() -> Iterator[Path]:
    """Find the files of Python, Cython and JavaScript outside of tests."""
    for folder in FOLDERS:
        for root in ROOT.glob(folder):
            for path in sorted(root.rglob("*")):
                if path.suffix in SUFFIXES and not SKIPPED & set(path.relative_to(ROOT).parts):
                    yield path


def lines_of(path: Path) -> int:
    """Count the lines of a file."""
    return len(path.read_text(encoding="utf-8").splitlines())


def long_functions(path: Path) -> Iterator[tuple[str, int]]:
    """Find the functions of a Python file that are too long, and their lines without the docstring."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first, last = node.body[0], node.end_lineno or node.lineno
            length = last - node.lineno + 1
            if ast.get_docstring(node) is not None:
                length -= (first.end_lineno or first.lineno) - first.lineno + 1
            if length > MOST_IN_A_FUNCTION:
                yield node.name, length


def main() -> int:
    """Print what is too long. The count is the exit status."""
    found = []
    for path in sources():
        name = path.relative_to(ROOT)
        if (length := lines_of(path)) > MOST_IN_A_FILE:
            found.append(f"{name}: {length} lines")
        if path.suffix == ".py":
            found += [f"{name}: {function} has {length} lines" for function, length in long_functions(path)]
    for path in sorted((ROOT / "tests").rglob("*.py")):
        if (length := lines_of(path)) > MOST_IN_A_TEST:
            found.append(f"{path.relative_to(ROOT)}: {length} lines")
    to_read = sum(map(lines_of, READING_SET))
    if to_read > MOST_TO_READ:
        found.append(f"the reading set: {to_read} lines")
    print(*found, f"the reading set has {to_read} lines", sep="\n")
    return len(found)


if __name__ == "__main__":
    sys.exit(main())
