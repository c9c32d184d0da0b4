"""docs/tutorial-operation-package.md, run as it stands: in two clean environments, without network."""

from __future__ import annotations

import ast
import difflib
import doctest
import re

import pytest

FENCE = re.compile(r"(?<=^```)(\w+)\n(.*?)(?=^```$)", re.DOTALL | re.MULTILINE)
COMMAND = re.compile(r"^(\((\w+)\) \$ (.*)\n)((?:(?!\(\w+\) \$ ).*\n)*)", re.MULTILINE)
FILE = re.compile(r"# (\S+/\S+)\n")
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
# What the reader's pip takes from an index is here already. (pip reads a 0 here as: no isolation.)
VARIABLES = {"COLUMNS": "80", "PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


class Reader:
    """Does what the page says, block by block. Gives each block as it should be."""

    def __init__(self, environments, folder):
        self.environments = environments
        self.folder = folder
        for environment in environments.values():
            environment.variables.update(VARIABLES)

    def console(self, block):
        return COMMAND.sub(lambda found: found[1] + self._command(found[2], found[3], found[4]), block)

    def _command(self, environment, command, expected):
        if command.startswith("cd "):
            self.folder /= command.removeprefix("cd ")
            return ""
        done = self.environments[environment].execute("sh", "-c", f"{command} 2>&1", cwd=self.folder)
        return expected if doctest.OutputChecker().check_output(expected, done.stdout, FLAGS) else done.stdout

    def python(self, block):
        """A file, or functions that take the place of those of the same names in it; or a session."""
        named = FILE.match(block)
        if named is None:
            assert block.startswith(">>>")
            code = f"import doctest; doctest.run_docstring_examples({block!r}, {{}}, optionflags={FLAGS})"
            return block + self.environments["using"].run(code)
        file, new = self.folder / named[1], block.removeprefix(named[0])
        functions = [node for node in ast.parse(new).body if isinstance(node, ast.FunctionDef)]
        if len(functions) < len(ast.parse(new).body):
            file.write_text(new)
            return block
        for function in functions:
            old = file.read_text()
            (replaced,) = [node for node in ast.parse(old).body if getattr(node, "name", "") == function.name]
            file.write_text(old.replace(ast.get_source_segment(old, replaced), ast.get_source_segment(new, function)))
        return block

    def toml(self, block):
        """A part of the package's metadata."""
        whole = (self.folder / "pyproject.toml").read_text()
        return block if block in whole else whole

    def sh(self, block):
        """What the fixture has done instead."""
        return block


@pytest.fixture
def reader(make_environment, tmp_path):
    environments = {name: make_environment(tmp_path / name) for name in ("writing", "using")}
    environments["writing"].bring("gograd", "pip", "pytest", "setuptools")
    environments["using"].bring("gograd", "pip")
    return Reader(environments, tmp_path)


def test_the_page_is_what_happens(reader, request):
    page = (request.config.rootpath / "docs" / "tutorial-operation-package.md").read_text(encoding="utf-8")
    happened = FENCE.sub(lambda found: f"{found[1]}\n{getattr(reader, found[1])(found[2])}", page)
    difference = "\n".join(difflib.unified_diff(page.splitlines(), happened.splitlines(), "the page", "what happened"))
    assert not difference, difference
