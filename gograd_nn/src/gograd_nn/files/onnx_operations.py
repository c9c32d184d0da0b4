"""Which operations ONNX has, and which of them ONNX Runtime computes in single precision only."""

from __future__ import annotations

from typing import Any

import attrs

__all__ = ["ACTIVATIONS", "SINGLE_PRECISION", "Call"]


@attrs.frozen
class Call:
    """One node of a graph.

    Attributes:
        operator: the name of an operator of ONNX.
        inputs: "x" is the input of the activation, and "y" the result of the call before this one. A number is a
            constant.
    """

    operator: str
    inputs: tuple[str | float, ...] = ("x",)
    attributes: dict[str, Any] = attrs.field(factory=dict)


ACTIVATIONS: dict[str, tuple[Call, ...]] = {
    "abs": (Call("Abs"),),
    "asinh": (Call("Asinh"),),
    "atan": (Call("Atan"),),
    "cos": (Call("Cos"),),
    "cosh": (Call("Cosh"),),
    "elu": (Call("Elu"),),
    "erf": (Call("Erf"),),
    "exp": (Call("Exp"),),
    "expit": (Call("Sigmoid"),),
    "gelu": (Call("Gelu"),),
    "gelu_tanh": (Call("Gelu", attributes={"approximate": "tanh"}),),
    "hard_tanh": (Call("Clip", ("x", -1.0, 1.0)),),
    "identity": (Call("Identity"),),
    "leaky_relu": (Call("LeakyRelu", attributes={"alpha": 0.01}),),
    "log_sigmoid": (Call("Neg"), Call("Softplus", ("y",)), Call("Neg", ("y",))),
    "mish": (Call("Mish"),),
    "neg": (Call("Neg"),),
    "relu": (Call("Relu"),),
    "selu": (Call("Selu"),),
    "sigmoid": (Call("Sigmoid"),),
    "silu": (Call("Sigmoid"), Call("Mul", ("x", "y"))),
    "sin": (Call("Sin"),),
    "sinh": (Call("Sinh"),),
    "softplus": (Call("Softplus"),),
    "softsign": (Call("Softsign"),),
    "square": (Call("Mul", ("x", "x")),),
    "tanh": (Call("Tanh"),),
}
"""What each operation of gograd's own packages is in ONNX."""

SINGLE_PRECISION = frozenset(
    {
        *("asinh", "atan", "cosh", "elu", "erf", "gelu", "leaky_relu", "log_sigmoid", "mish", "selu", "sinh"),
        *("softplus", "softsign"),
        "gelu_tanh",  # runs in doubles, but with constants of single precision
    }
)
"""The operations above that ONNX Runtime (1.32) computes in single precision only."""
