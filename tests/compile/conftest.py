"""What the tests of compiled functions share: a cache of compiled code, backends, comparisons to the last bit."""

from __future__ import annotations

import functools
import importlib.util
import os
import sys
from pathlib import Path

import pytest

import comparing
import gograd_compile
from gograd_compile.call import prepared
from gograd_core import DomainError


@pytest.fixture(scope="session", autouse=True)
def compiled_code(tmp_path_factory):
    """One cache of compiled code per test run, which all workers share: compiling takes longer than all else."""
    run = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        run = run.parent
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GOGRAD_CACHE_DIR", str(run / "compiled-code"))
        yield


@pytest.fixture(params=["native", "numpy"])
def backend(request):
    if request.param == "native" and (prepared is None or importlib.util.find_spec("llvmlite") is None):
        pytest.skip("needs llvmlite, and a C compiler when gograd-compile is built")
    return request.param


@pytest.fixture
def compiled(backend):
    """`gograd_compile.compile` for that backend."""
    return functools.partial(gograd_compile.compile, backend=backend)


@pytest.fixture(scope="session")
def generated():
    """The module `generated_programs` beside this one."""
    file = Path(__file__).with_name("generated_programs.py")
    spec = importlib.util.spec_from_file_location("generated_programs", file)
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.fixture(scope="session")
def count_paths():
    """How many paths a compiled function has recorded and kept."""
    return lambda f: sum(len([*paths]) for paths in f.store.paths.values())


@pytest.fixture(scope="session")
def bits():
    """Numbers as bits, in a row: any NaN is the same, and -0.0 is not 0.0."""
    return comparing.bits


@pytest.fixture(scope="session")
def outcome():
    """What a call gives, or which error it raises: of a `DomainError` the operation too."""

    def outcome(f, *args, **kwargs):
        try:
            return f(*args, **kwargs)
        except DomainError as error:
            return DomainError, error.operation.name
        except Exception as error:
            return type(error), ""

    return outcome
