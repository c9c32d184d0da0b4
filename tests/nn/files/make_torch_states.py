"""Makes nets in PyTorch, and stores their states and what they compute in torch_states.json.

Run it again with `pip install torch==2.13.0`, in an environment of its own. The tests do not need PyTorch.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch
from torch import nn

torch.manual_seed(7)
NETS = {
    "tanh": nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)),
    "three layers": nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 3), nn.ReLU(), nn.Linear(3, 1)),
    "no biases": nn.Sequential(nn.Linear(2, 3, bias=False), nn.Sigmoid(), nn.Linear(3, 2, bias=False)),
    "no activation": nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 2)),
    "dropout": nn.Sequential(nn.Linear(2, 3), nn.GELU(), nn.Dropout(0.5), nn.Linear(3, 2), nn.Softmax(dim=-1)),
    "many layers": nn.Sequential(*(module for _ in range(7) for module in (nn.Linear(2, 2), nn.Softplus()))),
    "single precision": nn.Sequential(nn.Linear(2, 2), nn.SiLU()),
}


def figures(name, net):
    net = net.eval() if name == "single precision" else net.eval().double()
    inputs = torch.randn(3, net[0].in_features, dtype=net[0].weight.dtype)
    state = {key: tensor.tolist() for key, tensor in net.state_dict().items()}
    return {"state": state, "inputs": inputs.tolist(), "outputs": net(inputs).tolist()}


if __name__ == "__main__":
    found = {"torch": torch.__version__.split("+")[0], "nets": {name: figures(name, net) for name, net in NETS.items()}}
    Path(__file__).with_name("torch_states.json").write_text(json.dumps(found, separators=(",", ":")) + "\n")
