"""ONNX: ONNX Runtime computes what the model does, or the activation is refused by its name."""

from __future__ import annotations

import math
import os
import sys

import numpy as np
import onnx
import onnxruntime as runtime
import pytest
from onnx.reference import ReferenceEvaluator

from gograd_compile import compile
from gograd_core import Op, no_grad, ops
from gograd_nn import MLP, Dropout, Layer, ModelFileError, Net, softmax, to_onnx
from gograd_nn.files.onnx_operations import ACTIVATIONS, SINGLE_PRECISION

pytestmark = pytest.mark.any_engine

IN_DOUBLES = [name for name in ACTIVATIONS if name not in SINGLE_PRECISION]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.onnx"


def batch(columns, rows=20, scale=2.0):
    return np.random.default_rng(5).normal(size=(rows, columns), scale=scale)


def outputs_of(model, inputs):
    """What the model itself computes."""
    found = [no_grad().run(model, row) for row in inputs.tolist()]
    rows = [output if isinstance(output, list) else [output] for output in found]
    return np.array([[getattr(number, "value", number) for number in row] for row in rows])


def run(path, inputs, dtype="float64"):
    session = runtime.InferenceSession(path, providers=["CPUExecutionProvider"])
    (found,) = session.run(["output"], {"input": inputs.astype(dtype)})
    assert found.dtype == dtype
    return found


def error_of(found, expected):
    """The largest error, by the largest number."""
    return np.max(np.abs(found - expected)) / np.max(np.abs(expected))


@pytest.mark.parametrize("activation", IN_DOUBLES)
def test_doubles(activation, path):
    model = MLP([4, 8, 8, 3], activation, seed=2)
    to_onnx(model, path)
    inputs = batch(4)
    assert error_of(run(path, inputs), outputs_of(model, inputs)) < 1e-12  # sums in another order


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_single_precision(activation, path):
    model = MLP([4, 8, 8, 3], activation, seed=2)
    to_onnx(model, path, dtype="float32")
    inputs = batch(4, scale=0.5).astype(np.float32).astype(np.float64)
    assert error_of(run(path, inputs, "float32"), outputs_of(model, inputs)) < 1e-5


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_each_activation_by_itself(activation, path):
    """Each one where it bends, saturates and is flat, without a net around it that could hide it."""
    model = Layer(1, 1, activation, bias=False)
    model.units[0].w[0].value = 1.0
    to_onnx(model, path, dtype="float32")
    inputs = np.array([[-30.0], [-3.0], [-1.0], [-0.5], [-0.0], [0.0], [1e-3], [0.25], [1.0], [2.5], [8.0], [30.0]])
    found, expected = run(path, inputs, "float32"), outputs_of(model, inputs)
    assert found == pytest.approx(expected, rel=1e-5, abs=2e-7)


@pytest.mark.parametrize("activation", sorted(SINGLE_PRECISION))
def test_activations_that_onnx_runtime_has_in_single_precision_only(activation, path):
    with pytest.raises(ValueError, match=f"the activation '{activation}' of layer0 .*to_onnx\\(…, dtype='float32'\\)"):
        to_onnx(MLP([2, 3, 1], activation), path)
    assert not path.exists()


NETS = {
    "one output": lambda: MLP([3, 1], seed=1),
    "a layer": lambda: Layer(3, 2, "tanh", seed=1),
    "no biases": lambda: Net(Layer(3, 2, "relu", bias=False, seed=1), Layer(2, 2, None, bias=False, seed=2)),
    "softmax": lambda: Net(Layer(3, 4, "sigmoid", seed=1), Dropout(0.5), softmax, Net(Layer(4, 3, None), softmax)),
    "an operation as activation": lambda: Layer(3, 2, ops.tanh, seed=1),
    "a long name": lambda: Layer(3, 2, "gograd-ops-extra:swish", seed=1),
    "compiled": lambda: compile(MLP([3, 4, 2], seed=3)),
}


@pytest.mark.parametrize("name", NETS)
def test_nets(name, path):
    model = NETS[name]()
    to_onnx(model, path)
    inputs = batch(3)
    expected = outputs_of(model, inputs)
    assert run(path, inputs).shape == expected.shape
    assert error_of(run(path, inputs), expected) < 1e-12


def test_the_reference_of_onnx_agrees(path):
    """A second oracle, in plain NumPy."""
    model = Net(Layer(3, 4, "tanh", seed=1), Layer(4, 4, "relu", seed=2), Layer(4, 2, None, seed=3), softmax)
    to_onnx(model, path)
    inputs = batch(3)
    (found,) = ReferenceEvaluator(str(path)).run(None, {"input": inputs})
    assert error_of(found, outputs_of(model, inputs)) < 1e-12


def test_what_is_in_the_file(path):
    to_onnx(MLP([3, 4, 1], "tanh"), path)
    model = onnx.load(path)
    assert model.producer_name == "gograd_nn"
    assert {tensor.name: tuple(tensor.dims) for tensor in model.graph.initializer} == {
        "layer0.weight": (4, 3),
        "layer0.bias": (4,),
        "layer1.weight": (1, 4),
        "layer1.bias": (1,),
    }
    assert [node.op_type for node in model.graph.node] == ["Gemm", "Tanh", "Gemm", "Identity"]
    onnx.checker.check_model(model, full_check=True)


def test_numbers_that_are_not_finite(path):
    model = Layer(1, 2, None)
    model.units[0].b.value, model.units[1].b.value = math.nan, math.inf
    for dtype in ("float64", "float32"):
        to_onnx(model, path, dtype=dtype)
        found = run(path, np.zeros((1, 1)), dtype)[0].tolist()
        assert math.isnan(found[0])
        assert found[1] == math.inf


def test_an_operation_of_the_same_name_by_somebody_else(path):
    """Another rule than that of ONNX."""
    other = Op("tanh", forward=lambda xp, x: x * 2.0, partials=(lambda xp, out, x: 2.0,), samples=((0.5,),))
    with pytest.raises(ValueError, match="the activation 'tanh' of layer0 is not in ONNX"):
        to_onnx(Layer(1, 1, other), path)


@pytest.mark.parametrize(
    ("model", "dtype", "error", "message"),
    [
        (
            Layer(1, 1, "log1p"),
            "float32",
            ValueError,
            "the activation 'log1p' of layer0 is not in ONNX. These are: abs",
        ),
        (
            MLP([2, 2, 1], lambda x: x),
            "float64",
            ValueError,
            "cannot read the function <function .*ion of layer0",
        ),
        (
            Net(Layer(1, 1), abs),
            "float64",
            ValueError,
            "no function between layers but softmax, got <built-in",
        ),
        (Net(abs), "float64", TypeError, "takes a net of layers"),
        (Layer(1, 1), "float16", ValueError, "dtype must be 'float64' or 'float32', got 'float16'"),
        (3.0, "float64", TypeError, r"to_onnx\(\) takes a net of layers"),
    ],
)
def test_what_is_refused(model, dtype, error, message, path):
    with pytest.raises(error, match=message):
        to_onnx(model, path, dtype=dtype)
    assert not path.exists()


def test_a_parameter_that_is_too_large_for_single_precision(path):
    model = MLP([2, 1])
    model.parameters()[1].value = 1e39
    with pytest.raises(ValueError, match=r"the parameter 'layer0.unit0.w1', 1e\+39, is too large for float32"):
        to_onnx(model, path, dtype="float32")
    to_onnx(model, path)


def test_without_onnx(path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ImportError, match=r'pip install "gograd-nn\[onnx\]"'):
        to_onnx(MLP([1, 1]), path)


def test_a_folder(tmp_path):
    with pytest.raises(ModelFileError, match="it is not a file"):
        to_onnx(MLP([1, 1]), tmp_path)
    assert os.listdir(tmp_path) == []
