"""Planted faults are named with operation and line: in eager mode, compiled, at one point, in batches, and loaded."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest

from gograd_compile import PathNotRecorded, compile, load
from gograd_core import (
    AnomalyError,
    AnomalyWarning,
    DomainError,
    Neuron,
    detect_anomaly,
    errstate,
    gradient,
    no_grad,
    ops,
)
from planted_faults import FAULTS, log_in_a_net, norm, root, wrong_rule

REPORTED = DomainError, AnomalyError


def report(error):
    """Everything that is said of an error."""
    return "\n".join([str(error), *getattr(error, "__notes__", ())])


def backward(f, at):
    f(Neuron(at)).backward()


def eager_gradient(f, at):
    x = Neuron(at)
    gradient(f(x), x)


def method(name):
    return lambda compiled, at, good: getattr(compiled, name)(at)


def batched(compiled, at, good):
    return compiled.batch().value_and_grad(np.array([good, at, good]))


def captured(compiled, at, good):
    x = Neuron(at, "x")
    try:
        compile(lambda: compiled.__wrapped__(x), backend="numpy").backward()
    finally:
        assert x.grad == 0.0


EAGER = {"backward": backward, "gradient": eager_gradient}
COMPILED = {
    **{name: method(name) for name in ("value_and_grad", "grad", "jacobian", "hessian")},
    "batch": batched,
    "captured": captured,
}


def check(fault, error):
    text = report(error)
    assert str(error).startswith(fault.named)
    assert fault.line in text
    rest = text[text.index("came about") if fault.is_value else text.index("the way from there") :]
    if isinstance(error, DomainError):
        assert (fault.line if fault.is_value else "(gograd-ops-") in text
    places = [rest.index(each) for each in fault.listed]
    assert places == sorted(places)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.f.__name__)
@pytest.mark.parametrize("way", EAGER)
def test_eager(fault, way):
    with detect_anomaly(**fault.settings), pytest.raises(REPORTED) as caught:
        EAGER[way](fault.f, fault.at)
    check(fault, caught.value)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.f.__name__)
@pytest.mark.parametrize("way", COMPILED)
@pytest.mark.parametrize("is_warm", [False, True], ids=["fresh", "recorded before"])
def test_compiled(fault, way, is_warm):
    compiled = compile(fault.f, backend="numpy")
    if is_warm:
        compiled.value_and_grad(fault.good)
        compiled.hessian(fault.good)
    with detect_anomaly(**fault.settings), pytest.raises(REPORTED) as caught:
        COMPILED[way](compiled, fault.at, fault.good)
    check(fault, caught.value)
    assert ("at point 1 of the batch" in report(caught.value)) is (way == "batch")


def test_the_native_backend_says_the_same():
    compiled = compile(root)
    assert compiled.value_and_grad(4.0) == (5.0, 0.5)
    assert compiled.value_and_grad(4.0) == (5.0, 0.5)  # a prepared call
    with detect_anomaly():
        assert compiled.value_and_grad(4.0) == (5.0, 0.5)
        with pytest.raises(DomainError) as caught:
            compiled.value_and_grad(0.0)
    assert "the way from there to the output" in report(caught.value)


@pytest.mark.parametrize("method", ["value_and_grad", "grad", "jacobian", "hessian"])
def test_batches_name_the_point(method):
    points = np.array([4.0, 1.0, 0.0, 9.0])
    with detect_anomaly(), pytest.raises(DomainError, match="sqrt") as caught:
        getattr(compile(root).batch(), method)(points)
    assert "at point 2 of the batch" in report(caught.value)


def test_products_with_vectors_name_the_way():
    compiled = compile(root)
    with detect_anomaly(), pytest.raises(DomainError, match="sqrt") as caught:
        compiled.hvp(0.0, 1.0)
    assert "the way from there to the output" in report(caught.value)
    with detect_anomaly(), pytest.raises(DomainError, match="sqrt") as caught:
        compiled.batch().hvp(np.array([1.0, 0.0]), np.ones(2))
    assert "at point 1 of the batch" in report(caught.value)


@pytest.mark.parametrize("points", [0.0, np.array([4.0, 0.0])], ids=["one point", "batch"])
def test_where_errors_are_ignored_a_warning_says_the_same(points):
    compiled = compile(norm)
    run = compiled.batch() if isinstance(points, np.ndarray) else compiled
    expected = errstate(domain="ignore").run(run, points)
    with errstate(domain="ignore"), detect_anomaly(), pytest.warns(AnomalyWarning, match="div") as caught:
        found = run(points)
    np.testing.assert_array_equal(found, expected)
    assert len(caught) == 1
    text = str(caught[0].message)
    assert "came about" in text
    assert "planted_faults.py:" in text
    assert ("at point 1 of the batch" in text) is (run is not compiled)
    assert caught[0].filename.endswith("planted_faults.py")


@pytest.mark.parametrize("f", [root, lambda x: ops.tanh(x) * ops.exp(x) / (1.0 + x * x)])
def test_without_an_anomaly_the_values_are_the_same(f):
    compiled, points = compile(f), np.linspace(0.1, 2.0, 20)
    values, gradients = compiled.batch().value_and_grad(points)
    hessians = compiled.batch().hessian(points)
    with detect_anomaly(vanishing=1e-12, exploding=1e12, check=True):
        found, found_gradients = compiled.batch().value_and_grad(points)
        np.testing.assert_array_equal([compiled(point) for point in points.tolist()], values)
        np.testing.assert_array_equal(compiled.batch()(points), values)
        np.testing.assert_array_equal(found, values)
        # the engine adds derivatives up in another order: a few roundings
        np.testing.assert_allclose(found_gradients, gradients, rtol=1e-13)
        np.testing.assert_allclose(compiled.batch().hessian(points), hessians, rtol=1e-12)


def test_blocks_change_nothing_for_what_comes_after(tmp_path):
    """Points inside are no evidence of what is worth a recording."""
    compiled = compile(root)
    with detect_anomaly():
        for _ in range(100):
            compiled(4.0)
            compiled.batch()(np.full(50, 4.0))
    assert (compiled.explain()["recorded"], compiled.explain()["evaluated"]) == (0, 0)
    with pytest.raises(ValueError, match="not recorded yet"):
        compiled.save(tmp_path / "saved")
    compiled(4.0)
    assert (compiled.explain()["recorded"], compiled.explain()["evaluated"]) == (1, 0)


def test_captured_neurons_get_their_gradients():
    w = Neuron(2.0, "w")
    compiled = compile(lambda x: ops.sqrt(x) * w)
    with detect_anomaly():
        assert compiled.backward(9.0) == 6.0
        assert compiled.batch().backward(np.array([4.0, 16.0])).tolist() == [4.0, 8.0]
    assert w.grad == 9.0


def test_a_caught_error_is_no_anomaly():
    def guarded(x):
        try:
            return ops.log(x) * 2.0
        except ValueError:
            return x * 3.0

    compiled = compile(guarded)
    with detect_anomaly():
        assert compiled(-1.0) == -3.0
        assert compiled.value_and_grad(-1.0) == (-3.0, 3.0)
        assert compiled.batch()(np.array([-1.0, 1.0])).tolist() == [-3.0, 0.0]


def test_without_graphs_the_operation_is_still_named():
    with no_grad(), detect_anomaly(), pytest.raises(DomainError) as caught:
        compile(log_in_a_net)(-0.5)
    assert "log_in_a_net" in report(caught.value)


class TestLoaded:
    """Programs without their function: their recordings run on neurons."""

    @staticmethod
    def loaded(tmp_path, f, *points, **settings):
        compiled = compile(f)
        for point in points:
            compiled(point)
        compiled.save(tmp_path / "saved", **settings)
        return load(tmp_path / "saved")

    @pytest.mark.parametrize(
        "fault", [fault for fault in FAULTS if fault.f is not wrong_rule], ids=lambda fault: fault.f.__name__
    )
    @pytest.mark.parametrize("is_batch", [False, True], ids=["one point", "batch"])
    def test_faults_are_named(self, fault, is_batch, tmp_path):
        program = self.loaded(tmp_path, fault.f, fault.good)
        run, at = (program.batch(), np.array([fault.at])) if is_batch else (program, fault.at)
        with detect_anomaly(**fault.settings), pytest.raises(REPORTED) as caught:
            run.value_and_grad(at)
        check(fault, caught.value)

    def test_the_right_path_is_replayed(self, tmp_path):
        def f(x):
            return ops.sqrt(x) * 2.0 if x > 0.0 else ops.log(x + 1.0)

        program = self.loaded(tmp_path, f, 4.0, -0.5)
        with detect_anomaly(exploding=1e9):
            assert program.value_and_grad(4.0) == (4.0, 0.5)
            assert program(-0.5) == math.log(0.5)
            assert program.batch()(np.array([-0.5, 9.0])).tolist() == [math.log(0.5), 6.0]
            with pytest.raises(ValueError, match=r"log\(-1.0\)") as caught:
                program(-2.0)
        assert "recorded at test_anomalies.py:" in report(caught.value)

    def test_caught_and_ignored_errors_are_no_anomalies(self, tmp_path):
        def f(x):
            try:
                y = ops.log(x) * 2.0
            except ValueError:
                y = x * 3.0
            with errstate(domain="ignore"):
                return y + ops.where(x > 0.0, 1.0, ops.sqrt(x))

        program = self.loaded(tmp_path, f, 4.0, -0.5)
        with warnings.catch_warnings(), detect_anomaly():
            warnings.simplefilter("error", AnomalyWarning)
            assert math.isnan(program(-1.0))
            assert program(1.0) == 1.0

    def test_a_path_that_was_not_recorded(self, tmp_path):
        program = self.loaded(tmp_path, lambda x: x * 2.0 if x > 0.0 else x, 4.0)
        with detect_anomaly(), pytest.raises(PathNotRecorded):
            program(-1.0)

    def test_without_lines(self, tmp_path):
        program = self.loaded(tmp_path, root, 4.0, lines=False)
        with detect_anomaly(), pytest.raises(DomainError) as caught:
            program.grad(0.0)
        assert "test_without_lines = 0.0, adjoint 2.0" in report(caught.value)


class TestNamesOfArguments:
    @staticmethod
    def f(w, xs, *more):
        return ops.log(ops.dot(w, xs) * more[0])

    ARGS = [1.0, -2.0], np.array([3.0, 4.0]), 5.0

    @pytest.mark.parametrize("run", ["__call__", "grad", "jacobian", "hessian"])
    def test_they_are_labels_in_the_explanation(self, run):
        compiled = compile(self.f, backend="numpy")
        with detect_anomaly(), pytest.raises(DomainError) as caught:
            getattr(compiled, run)(*self.ARGS)
        assert "dot(w[0]=1.0, w[1]=-2.0, xs[0]=3.0, xs[1]=4.0)" in report(caught.value)
        assert "mul(-5.0, x2=5.0)" in report(caught.value)

    def test_in_a_batch_and_in_a_loaded_program_too(self, tmp_path):
        compiled = compile(lambda w: ops.log(w * 2.0))
        compiled(1.0)
        compiled.save(tmp_path / "saved")
        for run, name in ((compiled.batch(), "w"), (load(tmp_path / "saved").batch(), "x0")):
            with detect_anomaly(), pytest.raises(DomainError) as caught:
                run(np.array([1.0, -1.0]))
            assert f"mul({name}=-1.0, 2.0)" in report(caught.value)

    def test_they_stay_away_elsewhere(self):
        seen = []
        compiled = compile(lambda x: (seen.append(x.label), ops.exp(x))[1], backend="numpy")
        detect_anomaly().run(compiled, 1.0)
        compiled(2.0)
        assert seen == ["x", ""]


@pytest.mark.parametrize("run", ["__call__", "value_and_grad", "jacobian", "hessian", "batch"])
@pytest.mark.parametrize("is_loaded", [False, True])
def test_no_error_of_gograd_stands_behind_the_one_that_is_raised(run, is_loaded, tmp_path):
    program = compile(lambda x: ops.log(x * 1.0))
    program(1.0)
    program.hessian(1.0)
    program.save(tmp_path / "saved")
    program = load(tmp_path / "saved") if is_loaded else program
    with detect_anomaly(), pytest.raises(DomainError) as caught:
        program.batch()(np.array([-1.0])) if run == "batch" else getattr(program, run)(-1.0)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_an_error_outside_of_the_block_names_it():
    compiled = compile(ops.log)
    compiled(1.0)
    with pytest.raises(DomainError, match=r"detect_anomaly\(\) shows how they came about"):
        compiled(-1.0)


def test_a_block_inside_a_recorded_function_warns():
    def inside(x):
        with detect_anomaly():
            return ops.exp(x)

    for f in (inside, detect_anomaly()(ops.exp)):
        compiled = compile(f)
        with pytest.warns(AnomalyWarning, match="open the block around the call instead") as caught:
            assert compiled(1.0) == math.e
        assert {each.filename for each in caught} == {__file__}
        with warnings.catch_warnings():
            warnings.simplefilter("error", AnomalyWarning)
            assert detect_anomaly().run(compiled, 1.0) == math.e
            assert f(Neuron(0.0)).value == 1.0
