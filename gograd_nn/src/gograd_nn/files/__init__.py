"""Files: parameters, checkpoints, and exchange with PyTorch and ONNX."""

from __future__ import annotations

from gograd_nn.files.errors import ModelFileError
from gograd_nn.files.models import load, save
from gograd_nn.files.onnx_files import to_onnx
from gograd_nn.files.torch_states import load_state_dict, state_dict

__all__ = ["ModelFileError", "load", "load_state_dict", "save", "state_dict", "to_onnx"]
