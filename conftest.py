"""The examples of README and docs are tests: Python blocks run, console blocks are compared with what they print."""

from __future__ import annotations

import doctest
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from sybil import Example, Sybil
from sybil.parsers.markdown import CodeBlockParser, PythonCodeBlockParser

from gograd_core import Registry, engine

# The same examples on every run and machine; HYPOTHESIS_PROFILE=default looks for new ones.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


def pytest_report_header() -> str:
    return f"gograd's engine: {engine()}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """At the end of a run: how many broken rules the conformance kit rejected."""
    total: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", "") == "call":
                total.update(dict(report.user_properties).get("mutants", {}))
    if total:
        terminalreporter.section("mutants of operations")
        terminalreporter.line(", ".join(f"{count} {fate}" for fate, count in total.most_common()))


FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


class ConsoleParser(CodeBlockParser):
    """Blocks of ``$ command`` lines, each followed by what the command prints."""

    language = "console"

    def evaluate(self, example: Example) -> str | None:
        for block in example.parsed.split("$ ")[1:]:
            command, _, expected = block.partition("\n")
            with tempfile.TemporaryDirectory() as folder:
                done = subprocess.run(
                    command,
                    check=False,
                    shell=True,
                    cwd=folder,
                    text=True,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    env={
                        **os.environ,
                        "COLUMNS": "80",
                        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
                    },
                )
            if not doctest.OutputChecker().check_output(expected, done.stdout, FLAGS):
                return f"{command}\nprinted:\n{done.stdout}\nexpected:\n{expected}"
        return None


def own_registry(namespace: dict[str, Any]) -> None:
    """What a page registers, other pages and tests do not see."""
    namespace["_registry"] = Registry().__enter__()


def back(namespace: dict[str, Any]) -> None:
    namespace["_registry"].__exit__(None, None, None)


pytest_collect_file = Sybil(
    parsers=[PythonCodeBlockParser(doctest_optionflags=FLAGS), ConsoleParser()],
    patterns=["*.md"],
    excludes=["tutorial-*.md"],  # each block goes on from the one before: see tests/packaging
    setup=own_registry,
    teardown=back,
).pytest()
