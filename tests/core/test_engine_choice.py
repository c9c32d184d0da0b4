"""Which engine runs: a native one that is there and cannot be loaded is said aloud, its absence is not."""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import sys
import sysconfig

import pytest

import gograd_core

PACKAGE = pathlib.Path(gograd_core.__file__).parent
INSTALLED = PACKAGE.parent

PROGRAM = """
import importlib.abc, importlib.machinery, sys, warnings

class Broken(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path, target=None):
        if name == "gograd_core._native":
            {found}

    def create_module(self, spec):
        raise {error}

    def exec_module(self, module):
        pass

sys.meta_path.insert(0, Broken())
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    import gograd_core
    x = gograd_core.Neuron(3.0)
    x.backward()
    import gograd_core.settings, gograd_core.engines
print(gograd_core.engine())
print(x.grad, [warning.category.__name__ for warning in caught if "engine" in str(warning.message)])
print(*(warning.message for warning in caught if "engine" in str(warning.message)))
"""


def run(program, path, **variables):
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONPATH": str(path), "GOGRAD_PURE_PYTHON": "0"} | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def broken(error):
    return PROGRAM.format(found="return importlib.machinery.ModuleSpec(name, self)", error=error)


FAILURES = [
    "ImportError('_native.so: undefined symbol: PyThreadState_Missing', name='gograd_core._native')",
    "ImportError('dynamic module does not define module export function')",
    "ModuleNotFoundError(\"No module named 'needed'\", name='needed')",
    "SystemError('initialization of _native failed')",
    "RuntimeError('compiled for another Python')",
]


@pytest.mark.parametrize("error", FAILURES)
def test_one_that_cannot_be_loaded_warns_once_with_the_reason(error):
    engine, rest, message = run(broken(error), INSTALLED)
    kind, _, reason = error.partition("(")
    assert engine.startswith("python: the native engine is installed but cannot be loaded")
    assert kind in engine
    assert reason.split("'")[1].split('"')[0] in engine
    assert rest == "1.0 ['RuntimeWarning']"
    assert engine.removeprefix("python: ") in message
    assert "GOGRAD_PURE_PYTHON=1" in message


def test_its_absence_is_quiet():
    absent = "raise ModuleNotFoundError(f'No module named {name!r}', name=name)"
    engine, rest, *_ = run(PROGRAM.format(found=absent, error="None"), INSTALLED)
    assert engine.startswith("python: the native engine was not built when gograd-core was installed")
    assert rest == "1.0 []"


def test_so_is_a_broken_one_that_nobody_asked_for():
    engine, rest, *_ = run(broken("ImportError('broken')"), INSTALLED, GOGRAD_PURE_PYTHON="1")
    assert engine == "python: the environment variable GOGRAD_PURE_PYTHON asks for it"
    assert rest == "1.0 []"


def test_a_file_that_is_no_library(tmp_path):
    copy = tmp_path / "gograd_core"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("*.so", "*.pyd", "__pycache__"))
    (copy / f"_native{sysconfig.get_config_var('EXT_SUFFIX')}").write_bytes(b"no library at all")
    program = "import gograd_core; print(gograd_core.engine(), gograd_core.__file__)"
    (line,) = run(program, tmp_path)
    assert line.startswith("python: the native engine is installed but cannot be loaded (ImportError: ")
    assert str(tmp_path) in line
