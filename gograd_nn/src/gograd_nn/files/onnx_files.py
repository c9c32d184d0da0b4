"""`to_onnx`: a multi-layer perceptron as a file that ONNX Runtime and others run."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, Literal

import attrs
import numpy as np

from gograd_core import Neuron, Op, ops
from gograd_core.extend import OWN_DISTRIBUTIONS, quoted, read_values
from gograd_nn.files.dense import Dense, Part, parts_of
from gograd_nn.files.onnx_operations import ACTIVATIONS, SINGLE_PRECISION, Call
from gograd_nn.files.sealed import replace_file
from gograd_nn.layers import Dropout, softmax

__all__ = ["to_onnx"]

OPSET, IR_VERSION = 20, 9  # of 2023; the first with Gelu
SOFTMAX = (Call("Softmax", attributes={"axis": -1}),)


def to_onnx(model: Any, path: str | os.PathLike[str], *, dtype: Literal["float64", "float32"] = "float64") -> None:
    """Write a multi-layer perceptron to a file in the format ONNX, for batches of any size.

    The input ``input`` of the graph has a row for each example, and so has its output ``output``. If the model returns
    a single number, that is a row of one. `Dropout` is left out, since it does something only while a net is trained.
    The package `onnx` must be installed: ``pip install "gograd-nn[onnx]"``.

    Args:
        model: a `Layer`, or a `Net` of layers, nets, dropouts and `softmax`. It may be compiled.
        path: the path of the file. A file that is there is replaced in one step.
        dtype: the type of all numbers. ONNX Runtime has fewer activations for "float64".

    Raises:
        ImportError: onnx is not installed.
        TypeError: something else is in the model, or there is no layer.
        ValueError: an activation is not in ONNX, or not for that type; a parameter is too large for that type; or the
            units of a layer differ.
        ModelFileError: the path is that of a folder or a device, or the file would be too large.
        OSError: the file cannot be written. What was there is unchanged.
    """
    try:
        import onnx
    except ImportError:
        raise ImportError('to_onnx() needs the package onnx: pip install "gograd-nn[onnx]"') from None
    if dtype not in ("float64", "float32"):
        raise ValueError(f"dtype must be 'float64' or 'float32', got {quoted(dtype)}")
    parts = [part for part in parts_of(model, "to_onnx()") if not isinstance(part, Dropout)]
    nodes = _Nodes(onnx.helper, dtype)
    for part in parts:
        nodes.add(part)
    graph = nodes.graph([part.size for part in parts if isinstance(part, Dense)])
    opset = onnx.helper.make_opsetid("", OPSET)
    made = onnx.helper.make_model(graph, producer_name="gograd_nn", ir_version=IR_VERSION, opset_imports=[opset])
    onnx.checker.check_model(made)
    replace_file(path, made.SerializeToString())


@attrs.define(eq=False)
class _Nodes:
    """The nodes of a graph that grows at its end, and its constants. `last` is the name of its result so far."""

    helper: Any
    dtype: str
    nodes: list[Any] = attrs.field(factory=list)
    constants: list[Any] = attrs.field(factory=list)
    last: str = "input"

    def add(self, part: Part) -> None:
        """Add a layer with its activation, or softmax."""
        if isinstance(part, Dense):
            inputs = [self._parameters(f"{part.name}.{name}", *found) for name, found in part.neurons().items()]
            self._node(part.name, "Gemm", [self.last, *inputs], transB=1)
            self._calls(f"{part.name}.activation", self._in_onnx(part))
        elif part is softmax:
            self._calls(f"softmax{len(self.nodes)}", SOFTMAX)
        else:
            raise ValueError(f"to_onnx() knows no function between layers but softmax, got {quoted(part)}")

    def graph(self, sizes: Sequence[tuple[int, int]]) -> Any:
        """Make the graph of a net whose layers have these sizes."""
        kind = self.helper.np_dtype_to_tensor_dtype(np.dtype(self.dtype))
        self._node("output", "Identity", [self.last])
        given = self.helper.make_tensor_value_info("input", kind, ["batch", sizes[0][1]])
        result = self.helper.make_tensor_value_info("output", kind, ["batch", sizes[-1][0]])
        return self.helper.make_graph(self.nodes, "gograd_nn", [given], [result], self.constants)

    def _in_onnx(self, layer: Dense) -> Sequence[Call]:
        """Find what the activation of a layer is in ONNX."""
        if layer.activation is None:
            return ()
        op = ops[layer.activation] if isinstance(layer.activation, str) else layer.activation
        if not isinstance(op, Op):
            raise ValueError(
                f"to_onnx() cannot read the function {quoted(op)}, the activation of {layer.name}: write the name of "
                "an operation"
            )
        calls = ACTIVATIONS.get(op.name) if op.provider and op.provider.distribution in OWN_DISTRIBUTIONS else None
        if calls is None:
            known = ", ".join(sorted(ACTIVATIONS))
            raise ValueError(f"the activation {op.name!r} of {layer.name} is not in ONNX. These are: {known}")
        if self.dtype == "float64" and op.name in SINGLE_PRECISION:
            raise ValueError(
                f"ONNX Runtime computes the activation {op.name!r} of {layer.name} in single precision only: write "
                "to_onnx(…, dtype='float32')"
            )
        return calls

    def _calls(self, name: str, calls: Sequence[Call]) -> None:
        """Add the nodes of an activation."""
        x = self.last
        for index, call in enumerate(calls):
            inputs = []
            for place, each in enumerate(call.inputs):
                if isinstance(each, float):
                    inputs.append(self._constant(f"{name}{index}.{place}", np.array(each)))
                else:
                    inputs.append(x if each == "x" else self.last)
            self._node(f"{name}{index}", call.operator, inputs, **call.attributes)

    def _node(self, name: str, operator: str, inputs: list[str], **attributes: Any) -> None:
        self.nodes.append(self.helper.make_node(operator, inputs, [name], name=name, **attributes))
        self.last = name

    def _parameters(self, name: str, neurons: Sequence[Neuron], shape: tuple[int, ...]) -> str:
        """Add the values of parameters as a constant."""
        values = np.empty(len(neurons))
        read_values(neurons, values)
        if self.dtype == "float32":
            too_large = np.isfinite(values) & (np.abs(values) > np.finfo(np.float32).max)
            if too_large.any():
                neuron = neurons[int(np.argmax(too_large))]
                raise ValueError(f"the parameter {neuron.label!r}, {neuron.value!r}, is too large for float32")
        return self._constant(name, values.reshape(shape))

    def _constant(self, name: str, values: Any) -> str:
        array = values.astype(self.dtype)
        kind = self.helper.np_dtype_to_tensor_dtype(array.dtype)
        self.constants.append(self.helper.make_tensor(name, kind, array.shape, array.tobytes(), raw=True))
        return name
