"""`adapted`: a private second import, which nobody else sees, and in which neurons pass for floats."""

from __future__ import annotations

import copy
import importlib
import importlib.metadata
import pickle
import subprocess
import sys
import textwrap
import threading

import numpy as np
import pytest
import somebody

import gograd_compile
from gograd_core import Neuron, adapted, grad, value_and_grad


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Write a package, and return its name."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def write(name, **modules):
        (tmp_path / name).mkdir(exist_ok=True)
        for module, text in {"__init__": "", **modules}.items():
            (tmp_path / name / f"{module}.py").write_text(textwrap.dedent(text), encoding="utf-8")
        importlib.invalidate_caches()
        return name

    return write


class TestImports:
    def test_the_copy_is_another_module(self):
        mine = adapted("somebody")
        assert mine is not somebody
        assert mine.__file__ == somebody.__file__
        assert sys.modules["somebody"] is somebody
        mine.LOADED.append("mine")
        assert somebody.LOADED == []

    def test_the_same_names_give_the_same_copy(self):
        assert adapted("somebody.first") is adapted("somebody").one
        assert adapted("somebody", "colorsys") is not adapted("somebody")
        assert adapted("somebody", "colorsys") is adapted("somebody", "colorsys")
        assert adapted("somebody", "colorsys") is adapted("somebody", "somebody.first", "colorsys")

    def test_every_way_to_import_stays_in_the_copy(self):
        mine = adapted("somebody")
        assert mine.one.other is mine.second
        assert mine.second.first is mine.one
        assert mine.lazily(Neuron(0.5)).value == somebody.lazily(0.5)
        with pytest.raises(TypeError, match="cut its graph"):
            somebody.lazily(Neuron(0.5))

    def test_values_and_derivatives(self):
        value, slope = value_and_grad(adapted("somebody").both)(0.3)
        assert value == somebody.both(0.3) == adapted("somebody").both(0.3)
        assert slope == pytest.approx(2 * np.cos(0.3) + np.sin(0.3) + 0.3 * np.cos(0.3), rel=1e-14)

    def test_the_original_is_not_imported(self):
        code = "import sys, gograd_core; gograd_core.adapted('colorsys'); assert 'colorsys' not in sys.modules"
        subprocess.run([sys.executable, "-c", code], check=True)

    def test_importing_the_core_does_not_import_it(self):
        code = "import sys, gograd_core; assert not [name for name in sys.modules if 'gograd_core.programs' in name]"
        subprocess.run([sys.executable, "-c", code], check=True)

    def test_a_namespace_package(self, tmp_path, monkeypatch):
        (tmp_path / "spaced" / "inner").mkdir(parents=True)
        (tmp_path / "spaced" / "inner" / "leaf.py").write_text("import math\ndef f(x): return math.sin(x)")
        monkeypatch.syspath_prepend(str(tmp_path))
        assert grad(adapted("spaced.inner.leaf").f)(0.0) == 1.0

    def test_a_module_in_an_archive(self, tmp_path, monkeypatch):
        import zipfile

        with zipfile.ZipFile(tmp_path / "zipped.zip", "w") as archive:
            archive.writestr("zipped/__init__.py", "from .leaf import f")
            archive.writestr("zipped/leaf.py", "import math\ndef f(x): return math.sin(x)")
        monkeypatch.syspath_prepend(str(tmp_path / "zipped.zip"))
        assert grad(adapted("zipped").f)(0.0) == 1.0

    def test_a_package_that_asks_for_its_own_version(self, tmp_path, package):
        name = package("versioned", __init__="from importlib.metadata import version\n__version__ = version(__name__)")
        (tmp_path / "versioned-1.2.dist-info").mkdir()
        (tmp_path / "versioned-1.2.dist-info" / "METADATA").write_text(
            "Name: versioned\nVersion: 1.2\n", encoding="utf-8"
        )
        assert adapted(name).__version__ == "1.2"
        assert not [each for each in importlib.metadata.distributions() if "<" in each.metadata["Name"]]

    def test_files_of_a_package(self, tmp_path, package):
        name = package(
            "filed", __init__="from importlib.resources import files\nTEXT = (files(__name__) / 'a.txt').read_text()"
        )
        (tmp_path / "filed" / "a.txt").write_text("here", encoding="utf-8")
        assert adapted(name).TEXT == "here"

    def test_reloading(self, package):
        name = package("reloaded", leaf="import math\ndef f(x): return math.sin(x)")
        mine = adapted(f"{name}.leaf")
        assert importlib.reload(mine) is mine
        assert grad(mine.f)(0.0) == 1.0


class TestThreads:
    def test_each_thread_gets_what_it_asks_for(self, package):
        name = package("slow", __init__="import time, math\ntime.sleep(0.05)\nfrom . import leaf\n", leaf="x = 1.0")
        found, start = [], threading.Barrier(8)

        def look(which):
            start.wait()
            module = adapted(name) if which else importlib.import_module(name)
            found.append((which, module.__name__, module.leaf.__name__, id(module)))

        threads = [threading.Thread(target=look, args=(index % 2,)) for index in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert {(which, *names) for which, *names, _ in found} == {
            (0, "slow", "slow.leaf"),
            (1, "<adapted slow>.slow", "<adapted slow>.slow.leaf"),
        }
        assert len({entry[-1] for entry in found}) == 2

    def test_an_import_that_fails_leaves_nothing_behind(self, package):
        name = package("failing", __init__="from . import leaf", leaf="import math\nraise KeyError('at import')")
        before = set(sys.modules)
        with pytest.raises(KeyError, match="at import"):
            adapted(name)
        assert {module for module in set(sys.modules) - before if "leaf" in module or module == name} == set()
        package(name, __init__="from . import leaf", leaf="import math\nf = math.sin")
        assert grad(adapted(name).leaf.f)(0.0) == 1.0
        assert importlib.import_module(name).leaf.f(0.5) == np.sin(0.5)


class TestNumbers:
    @pytest.mark.parametrize("x", [0.5, -0.0, float("inf"), 3])
    def test_plain_numbers_get_the_answers_of_the_original(self, x):
        original, mine = (load("somebody.classes") for load in (importlib.import_module, adapted))
        assert mine.questions(x) == original.questions(x)
        assert mine.kind(x) == original.kind(x)

    def test_a_neuron_gets_those_of_a_float(self):
        mine = adapted("somebody.classes")
        assert mine.questions(Neuron(0.5)) == mine.questions(0.5)
        assert mine.kind(Neuron(0.5)) == "float"
        assert grad(lambda mass: mine.Body(mass).weight())(2.0) == 9.81

    def test_a_call_of_float(self):
        look_alike = adapted("somebody.classes").Body.limit
        x = Neuron(2.0)
        assert look_alike(x) is x
        assert look_alike("1.5") == look_alike("0x1.8p0" and 1.5) == look_alike.fromhex("0x1.8p0") == 1.5
        assert type(look_alike(True)) is type(look_alike()) is float
        with pytest.raises(ValueError, match="could not convert"):
            look_alike("x")

    def test_classes_that_derive_from_float(self):
        mine = adapted("somebody.classes")
        assert isinstance(mine.Direction.EAST, float)
        assert type(mine.Dynamic) is type
        assert mine.Dynamic.__module__ == mine.__name__
        assert isinstance(mine.Metre(2.0), float)
        with pytest.raises(TypeError, match="cut its graph"):
            mine.Metre(Neuron(2.0))

    def test_numba_is_hidden(self):
        assert importlib.import_module("somebody.classes").jit is not None
        assert adapted("somebody.classes").jit is None

    def test_numpy_takes_the_look_alike_for_float(self):
        assert np.zeros(2, dtype=adapted("somebody.classes").Body.limit).dtype == np.float64

    def test_a_compiled_copy_follows_a_float_of_an_integer(self, package):
        name = package("stairs", __init__="import math\ndef f(x): return x * float(math.floor(x))")
        f = gograd_compile.compile(adapted(name).f)
        assert [f.value_and_grad(x) for x in (1.5, 2.5, 7.25)] == [(1.5, 1.0), (5.0, 2.0), (50.75, 7.0)]
        assert [recording["recorded"] for recording in f.explain()["recordings"]] == [1]


class TestBothCopies:
    def test_classes_are_different_ones(self):
        original, mine = (load("somebody.classes") for load in (importlib.import_module, adapted))
        assert not isinstance(original.Body(1.0), mine.Body)
        assert not isinstance(mine.Body(1.0), original.Body)

    def test_an_object_of_the_original_refuses_neurons(self):
        body = importlib.import_module("somebody.classes").Body(Neuron(2.0))
        with pytest.raises(TypeError, match="cut its graph"):
            body.weight()

    def test_pickles_of_either_give_its_own_class(self):
        for load in (importlib.import_module, adapted):
            body = load("somebody.classes").Body(2.0)
            for again in (pickle.loads(pickle.dumps(body)), copy.deepcopy(body)):
                assert type(again) is type(body)
                assert again == body


class TestReport:
    def test_what_is_in_it(self):
        report = adapted.report(adapted("statistics"))
        assert report.module == "statistics"
        assert "statistics" in report.adapted
        outside = {each.name: each for each in report.outside}
        assert outside["_statistics"].is_c
        assert outside["_statistics"].names == ("_normal_dist_inv_cdf",)
        assert outside["random"].uses_math
        assert "math" not in outside
        assert report.helpers == ("fractions", "random")
        assert "adapted('statistics', 'fractions', 'random')" in str(report)

    def test_what_is_hidden(self):
        (numba,) = [each for each in adapted.report(adapted("somebody.classes")).outside if each.is_missing]
        assert numba.name == "numba"

    def test_helpers_that_were_named_are_adapted(self, package):
        package("helper_of_mine", __init__="import math\nf = math.sin")
        name = package("needs_help", __init__="import helper_of_mine\ndef f(x): return helper_of_mine.f(x)")
        assert adapted.report(adapted(name)).helpers == ("helper_of_mine",)
        with pytest.raises(TypeError, match="cut its graph"):
            adapted(name).f(Neuron(0.5))
        helped = adapted(name, "helper_of_mine")
        assert adapted.report(helped).helpers == ()
        assert grad(helped.f)(0.0) == 1.0

    def test_c_is_shared_and_refuses_neurons(self):
        mine = adapted("statistics").NormalDist(0.0, 1.0)
        assert mine.inv_cdf(0.3) == importlib.import_module("statistics").NormalDist().inv_cdf(0.3)
        with pytest.raises(TypeError, match="cut its graph"):
            mine.inv_cdf(Neuron(0.3))

    @pytest.mark.parametrize("given", [importlib, "statistics", 3])
    def test_it_takes_what_adapted_returned(self, given):
        with pytest.raises(TypeError, match="takes a module that adapted"):
            adapted.report(given)


class TestRefusals:
    @pytest.mark.parametrize(
        ("given", "error", "message"),
        [
            ("nobodys", ModuleNotFoundError, "no module 'nobodys'"),
            ("somebody.nothing", ModuleNotFoundError, "no module 'somebody.nothing'"),
            ("somebody.classes.Body", ModuleNotFoundError, "no module 'somebody.classes.Body'"),
            ("__main__", ValueError, "other people's"),
            ("math", ImportError, "gograd_core.math"),
            ("_statistics", ImportError, "'_statistics'"),
            ("", ValueError, "full names"),
            (".first", ValueError, "full names"),
            ("gograd_core.math", ValueError, "other people's"),
            (3, TypeError, "takes names of modules, got 3"),
            (importlib, TypeError, "write 'importlib'"),
        ],
    )
    def test_what_is_no_module_to_adapt(self, given, error, message):
        with pytest.raises(error, match=message):
            adapted(given)

    def test_a_dependency_that_is_missing_keeps_its_own_error(self, package):
        name = package("lacking", __init__="import nobody_has_this")
        with pytest.raises(ModuleNotFoundError, match="^No module named 'nobody_has_this'") as caught:
            adapted(name)
        assert "a private copy of 'lacking'" in caught.value.__notes__[0]

    def test_a_module_that_needs_numba_is_told_why_not(self, package):
        name = package("needs_numba", __init__="from numba import njit")
        with pytest.raises(ModuleNotFoundError, match="hidden from adapted programs"):
            adapted(name)
