"""Running the command in this process."""

from __future__ import annotations

import pytest
from rich.text import Text
from typer.testing import CliRunner

from gograd.cli import app


@pytest.fixture
def run():
    """Runs the command; gives its exit code, output and error output."""

    def run(*arguments, columns=160):
        result = CliRunner().invoke(app, [*map(str, arguments)], env={"COLUMNS": str(columns)})
        return result.exit_code, Text.from_ansi(result.stdout).plain, Text.from_ansi(result.stderr).plain

    return run
