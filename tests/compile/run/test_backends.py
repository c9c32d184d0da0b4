"""Which backend runs if none is asked for."""

from __future__ import annotations

import warnings

import pytest

from gograd_compile.run import backends

find = backends.backend.__wrapped__  # without what it remembers


class Unusable:
    def __init__(self):
        raise self.error


@pytest.fixture
def native(monkeypatch):
    """A function that lets the native backend fail."""

    def fail(error):
        monkeypatch.setitem(backends.BACKENDS, "native", type("Native", (Unusable,), {"error": error}))
        backends.backend.cache_clear()

    yield fail
    backends.backend.cache_clear()


@pytest.mark.parametrize("missing", backends.NEEDED)
def test_without_what_it_needs_it_is_numpy_in_silence(native, missing):
    native(ImportError(f"the native backend needs {missing}", name=missing))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert find().name == "numpy"


@pytest.mark.parametrize("name", [None, "llvmlite.binding", "numpy.linalg"])
def test_with_an_llvmlite_that_cannot_be_used_it_is_numpy_with_a_warning(native, name):
    native(ImportError("llvmlite needs a newer system", name=name))
    with pytest.warns(
        RuntimeWarning, match=r"cannot be used \(llvmlite needs a newer system\).*NumPy, which is slower"
    ):
        assert find().name == "numpy"


def test_without_the_library_it_is_numpy_and_the_native_one_says_what_to_install(monkeypatch):
    monkeypatch.setattr(backends, "prepared", None)
    backends.backend.cache_clear()
    try:
        assert find().name == "numpy"
        with pytest.raises(ImportError, match="library of gograd_compile, which was not built: install a C compiler"):
            find("native")
    finally:
        backends.backend.cache_clear()


def test_one_that_is_asked_for_by_name_fails(native):
    native(ImportError("llvmlite needs a newer system"))
    with pytest.raises(ImportError, match="a newer system"):
        find("native")
