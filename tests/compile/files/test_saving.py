"""Compiled functions in files, in pickles and as copies."""

from __future__ import annotations

import concurrent.futures
import copy
import importlib.util
import multiprocessing
import pickle
import sys
from pathlib import Path

import numpy as np
import pytest

import gograd_compile
from gograd_compile import PathNotRecorded, ProgramFileError
from gograd_core import DomainError, Neuron, Op, ops
from round_trips import again
from source_lines import line_of


@pytest.fixture(scope="module")
def modules():
    """The module `modules` beside this one, under a name by which other processes find it, too."""
    spec = importlib.util.spec_from_file_location("gograd_test_modules", Path(__file__).with_name("modules.py"))
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def branches(x, p):
    """Two paths, of which one takes the logarithm."""
    if x[0] > 0.0:
        return ops.log(x[1]) * p["scale"] + x[0]
    return ops.exp(x[0]) * x[1] * p["scale"]


POINTS = [(np.array([0.5, 2.0]), {"scale": 3.0}), (np.array([-0.5, 2.0]), {"scale": 3.0})]


@pytest.fixture
def saved(compiled, backend, tmp_path):
    """Saves a function, and loads it."""

    def saved(f, **options):
        f.save(tmp_path / "program", **options)
        return gograd_compile.load(str(tmp_path / "program"), backend=backend)

    return saved


class TestFiles:
    def test_all_paths_and_derivatives_are_the_same(self, compiled, saved):
        f = compiled(branches)
        for point in POINTS:
            f(*point)
            f.hessian(*point)
        program = saved(f)
        for point in POINTS:
            assert program(*point) == f(*point)
            np.testing.assert_array_equal(program.grad(*point), f.grad(*point))
            np.testing.assert_array_equal(program.jacobian(*point), f.jacobian(*point))
            np.testing.assert_array_equal(program.hessian(*point), f.hessian(*point))
            np.testing.assert_array_equal(program.hvp(*point, np.ones(2)), f.hvp(*point, np.ones(2)))
        assert program.grad(*POINTS[0], wrt=1) == {"scale": np.log(2.0)}
        assert repr(program) == "<compiled branches>"

    def test_all_nestings_of_arguments_are_saved(self, compiled, saved):
        f = compiled(lambda *x: sum(entry * entry for entry in x))
        f(1.0), f(1.0, 2.0)
        program = saved(f)
        assert (program(3.0), program(3.0, 4.0)) == (9.0, 25.0)
        with pytest.raises(PathNotRecorded, match=r"\(number, number, number\); there are some for \(number,\); "):
            program(1.0, 2.0, 3.0)

    def test_an_outcome_that_was_not_recorded_names_the_line(self, compiled, saved):
        f = compiled(branches)
        f(*POINTS[0])
        with pytest.raises(PathNotRecorded, match=rf"{line_of(branches, 2)}: bool\(\) of a number was 1"):
            saved(f)(*POINTS[1])

    @pytest.mark.parametrize("method", ["hvp", "hessian"])
    def test_second_derivatives_must_have_been_recorded(self, compiled, saved, method):
        f = compiled(branches)
        f(*POINTS[0])
        vector = (np.ones(2),) if method == "hvp" else ()
        with pytest.raises(PathNotRecorded, match="call hvp or hessian once"):
            getattr(saved(f), method)(*POINTS[0], *vector)

    def test_second_derivatives_are_judged_by_their_results(self, compiled, saved):
        """What rules compute on the way may have a pole: here the slope of the root, whose arm is not taken."""
        f = compiled(lambda x: ops.where(x > 1.0, ops.sqrt(x - 1.0), x * x))
        f(2.0), f.hessian(2.0)
        assert saved(f).hessian(1.0) == 2.0
        f = compiled(lambda x: x**1.5)
        f(1.0), f.hessian(1.0)
        with pytest.raises(DomainError, match="the second derivatives at .* are .inf."):
            saved(f).hessian(0.0)

    @pytest.mark.parametrize("lines", [True, False])
    def test_errors_name_lines_if_these_were_saved(self, compiled, saved, lines):
        f = compiled(branches)
        f(*POINTS[0])
        line = f"; recorded at {line_of(branches, 3)}"
        with pytest.raises(DomainError) as caught:
            saved(f, lines=lines)(np.array([1.0, -1.0]), {"scale": 1.0})
        assert caught.value.operation is ops.log
        assert (line in str(caught.value)) is lines

    def test_captured_neurons_are_new_ones(self, compiled, saved):
        weight = Neuron(2.0, label="weight")
        f = compiled(lambda x: weight * x)
        f(1.0)
        program = saved(f)
        (found,) = program.captured
        assert (found.label, found.value) == ("weight", 2.0)
        assert program.backward(3.0) == 6.0
        assert (found.grad, weight.grad) == (3.0, 0.0)
        found.value = 5.0
        assert (program(1.0), f(1.0)) == (5.0, 2.0)

    def test_a_loaded_program_can_be_saved(self, compiled, saved):
        f = compiled(branches)
        f(*POINTS[0])
        assert saved(saved(f))(*POINTS[0]) == f(*POINTS[0])

    def test_batches(self, compiled, saved):
        f = compiled(lambda x: x * x if x > 0.0 else -x)
        x = np.array([1.0, -2.0, 3.0, -4.0])
        expected = f.batch()(x)
        np.testing.assert_array_equal(saved(f).batch()(x), expected)

    def test_what_was_not_called_has_nothing_to_save(self, compiled, tmp_path):
        with pytest.raises(ValueError, match="branches was not recorded yet.* call it first"):
            compiled(branches).save(tmp_path / "program")
        assert not (tmp_path / "program").exists()

    def test_operations_of_no_distribution(self, compiled, tmp_path):
        half = Op("half", forward=lambda xp, x: x / 2.0, partials=(lambda xp, out, x: 0.5,))
        f = compiled(half)
        f(1.0)
        with pytest.raises(TypeError, match="half .* cannot be saved"):
            f.save(tmp_path / "program")

    def test_what_is_no_program(self, tmp_path):
        (tmp_path / "program").write_bytes(b"nothing")
        with pytest.raises(ProgramFileError, match="program: it is not a saved program"):
            gograd_compile.load(tmp_path / "program")
        with pytest.raises(FileNotFoundError):
            gograd_compile.load(tmp_path / "other")


class TestPickles:
    def test_a_decorated_function_is_found_in_its_module(self, modules):
        assert again(modules.decorated) is modules.decorated

    def test_others_come_with_their_function(self, modules):
        found = again(modules.named)
        assert found(3.0) == 9.0
        assert (found.__wrapped__, found.store.check, found.store.max_paths) == (modules.plain, True, 3)
        assert found.backend is modules.named.backend

    def test_callable_objects_keep_their_neurons(self, modules, compiled):
        net = modules.Net(2.0)
        found, other = again((compiled(net), net))
        other.weight.value = 5.0
        assert found(1.0) == 5.0

    def test_methods_stay_those_of_their_objects(self, modules):
        net = modules.Net(2.0)
        assert net.loss(3.0) == 18.0
        other, loss = again((net, net.loss))
        other.weight.value = 1.0
        assert other.loss is loss
        assert (loss(3.0), net.loss(3.0)) == (9.0, 18.0)

    def test_a_plain_method_may_stand_in_place_of_a_compiled_one(self, modules):
        net = modules.Halved(2.0)
        assert net.loss(3.0) == 9.0
        other = again(net)
        other.weight.value = 1.0
        assert (other.loss(3.0), net.loss(3.0)) == (4.5, 9.0)
        assert type(super(modules.Halved, other).loss) is type(modules.decorated)

    def test_a_compiled_method_may_stand_in_place_of_another(self, modules):
        net = modules.Quartered(2.0)
        assert net.loss(3.0) == 4.5
        assert super(modules.Quartered, net).loss(3.0) == 18.0
        other, above = again((net, super(modules.Quartered, net).loss))
        other.weight.value = 1.0
        assert (other.loss(3.0), above(3.0), net.loss(3.0)) == (2.25, 9.0, 4.5)

    @pytest.mark.parametrize(("name", "value"), [("loss", 9.0), ("square", 18.0), ("cube", 54.0)])
    def test_methods_are_found_by_the_name_that_their_class_has(self, modules, name, value):
        """Also in copies of copies: their functions have other names, or none."""
        net = modules.Halved(2.0)
        assert getattr(net, name)(3.0) == value
        for one in (net, again(net), copy.deepcopy(net), copy.deepcopy(again(net)), again(copy.deepcopy(net))):
            other, method = again((one, getattr(one, name)))
            other.weight.value = 1.0
            assert (method(3.0), getattr(other, name)(3.0), getattr(one, name)(3.0)) == (
                value / 2.0,
                value / 2.0,
                value,
            )

    def test_functions_without_a_name_become_programs(self, compiled):
        weight = Neuron(2.0, label="weight")
        f = compiled(lambda x: weight * x if x > 0.0 else x)
        f(1.0)
        found, kept = again((f, weight))
        assert found.captured == (kept,)
        kept.value = 7.0
        assert (found(1.0), found.backward(2.0), kept.grad) == (7.0, 14.0, 2.0)
        with pytest.raises(PathNotRecorded):
            found(-1.0)

    def test_programs_keep_their_recordings(self, compiled, saved):
        f = compiled(lambda x: x * x + 1.0)
        f(1.0)
        program = again(saved(f))
        assert (program(3.0), program.__name__, program.backend) == (10.0, f.__name__, f.backend)

    def test_paths_keep_the_neurons_that_each_captured(self, compiled):
        weight, offset = Neuron(2.0, label="weight"), Neuron(5.0, label="offset")
        f = compiled(lambda x: weight * x if x > 0.0 else weight * x + offset)
        assert (f(1.0), f(-1.0)) == (2.0, 3.0)
        program = again(f)
        assert (program(1.0), program(-1.0)) == (2.0, 3.0)
        assert sorted(neuron.label for neuron in program.captured) == ["offset", "weight"]

    def test_programs_keep_the_lines_of_operations(self, compiled):
        f = compiled(lambda x: ops.log(x) + 1.0)
        f(1.0)
        with pytest.raises(DomainError, match="recorded at test_saving.py:[0-9]+ in <lambda>"):
            again(f)(-1.0)

    def test_copies_keep_settings(self, modules):
        f = gograd_compile.compile(modules.Net(2.0), backend="numpy", check=True, max_paths=3)
        copied = copy.deepcopy(f)
        assert (copied.store.check, copied.store.max_paths, copied.backend) == (True, 3, f.backend)

    def test_functions_without_a_name_must_have_been_called(self, compiled):
        with pytest.raises(TypeError, match="cannot be pickled before it is called"):
            pickle.dumps(compiled(lambda x: x))

    def test_process_pools(self, modules, compiled):
        """Under fork; by spawn, processes import the module by its name."""
        f = compiled(lambda x: x * x + 1.0)
        f(1.0)
        context = multiprocessing.get_context("fork")
        with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as pool:
            assert list(pool.map(f, [1.0, 2.0, 3.0])) == [2.0, 5.0, 10.0]


class TestCopies:
    def test_functions_are_their_own_copies(self, modules, compiled):
        for f in (modules.decorated, compiled(lambda x: x)):
            assert copy.copy(f) is f
            assert copy.deepcopy(f) is f

    def test_deep_copies_of_objects_have_neurons_of_their_own(self, modules, compiled):
        net = modules.Net(2.0)
        net.loss(1.0)
        f = compiled(net)
        other, g = copy.deepcopy((net, f))
        other.weight.value = 3.0
        assert (net.loss(1.0), f(1.0)) == (2.0, 2.0)
        assert (other.loss(1.0), g(1.0)) == (3.0, 3.0)

    def test_deep_copies_of_programs_too(self, compiled, saved):
        weight = Neuron(2.0)
        f = compiled(lambda x: weight * x)
        f(1.0)
        program = saved(f)
        other = copy.deepcopy(program)
        other.captured[0].value = 3.0
        assert (program(1.0), other(1.0)) == (2.0, 3.0)
