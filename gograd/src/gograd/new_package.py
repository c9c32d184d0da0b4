"""The command `gograd new`: makes a complete package of operations, for its author to change."""

from __future__ import annotations

import datetime
import importlib.util
import json
import keyword
import re
import shutil
import sys
import unicodedata
from pathlib import Path
from typing import Annotated

import typer

from gograd.console import cannot_write, console, fail
from gograd_core import __version__ as core_version
from gograd_core.extend import OWN_DISTRIBUTIONS, canonical

__all__ = ["new_package"]

TEMPLATE = Path(__file__).with_name("new-package")
SUFFIX = ".jinja"
OURS = {"gograd", "gograd-nn", "gograd-compile", "gograd-draw", "gograd-ops-solve", *OWN_DISTRIBUTIONS}
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")


def new_package(
    name: Annotated[str, typer.Argument(help="The name of the distribution, such as my-ops.")],
    folder: Annotated[Path | None, typer.Option(help="The folder for it. The default is ./NAME.")] = None,
    author: Annotated[str, typer.Option(help="For the licence and the metadata.")] = "",
) -> None:
    """Make a package of operations, with an example, tests by the conformance kit, and everything a wheel needs."""
    module = re.sub(r"[-.]+", "_", name).lower()
    if problem := _problem(name, module):
        raise fail(problem)
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in author):
        raise fail(f"the author's name has a control character: {author!r}")
    target = folder or Path(name)
    files = {target / path: text for path, text in _files(name, module, author).items()}
    try:
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise fail(f"{target} already exists and is not an empty folder")
        _write(target, files)
    except OSError as error:
        raise fail(cannot_write(error)) from None
    screen = console()
    for file in files:
        screen.print(file, soft_wrap=True)
    screen.print(
        f"\nWrite your operations in {target / 'src' / module / '__init__.py'}. Next:\n"
        f"  cd {target}\n  pip install --editable . --group test\n  pytest",
        soft_wrap=True,
    )


def _write(target: Path, files: dict[Path, str]) -> None:
    """Write all files or, as far as possible, none. A folder that already existed (it is empty) stays."""
    was_there = target.exists()
    try:
        for file, text in files.items():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
    except OSError:
        shutil.rmtree(target, ignore_errors=True)
        if was_there:
            target.mkdir(exist_ok=True)
        raise


def _problem(name: str, module: str) -> str:
    """Explain why there cannot be such a package; empty if there can."""
    if not _NAME.fullmatch(name):
        return f"{name!r} is not a valid name for a distribution: use letters, digits, and - _ . between them"
    if not module.isidentifier() or keyword.iskeyword(module):
        return f"{name!r} does not give a valid name for a module: {module!r}"
    if module in sys.stdlib_module_names or canonical(name) in OURS:
        return f"{name!r} is taken by {'gograd' if canonical(name) in OURS else 'Python'} itself: choose another name"
    if _is_importable(module):
        return f"{name!r} is taken: a module {module!r} is already installed and would hide yours; choose another name"
    return ""


def _is_importable(module: str) -> bool:
    """Return whether a module can be imported. A folder without code (a namespace package) does not count."""
    spec = None if module in sys.modules else importlib.util.find_spec(module)
    return module in sys.modules or (spec is not None and spec.origin is not None)


def _files(name: str, module: str, author: str) -> dict[str, str]:
    """Write the files of the package."""
    import jinja2  # only needed here

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATE), undefined=jinja2.StrictUndefined, keep_trailing_newline=True
    )
    environment.filters["quoted"] = lambda text: json.dumps(text, ensure_ascii=False)  # TOML's strings are JSON's
    major, minor, *_ = map(int, core_version.split("."))
    facts = {
        "name": name,
        "module": module,
        "author": author,
        "year": datetime.date.today().year,
        "core": f">={major}.{minor},<{major}.{minor + 1}",
    }
    return {
        path.replace("MODULE", module).removesuffix(SUFFIX): environment.get_template(path).render(facts)
        for path in environment.list_templates()
    }
