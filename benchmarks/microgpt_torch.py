"""microgpt with tensors of PyTorch in double precision: `microgpt_torch.py --data FILE [--steps N] [--planned N]`.

`tests/examples/microgpt/losses.txt` has the losses that it printed with torch 2.13.0.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from microgpt_data import HEADS, WIDTH, report, weights
from torch.nn.functional import cross_entropy, embedding, linear, relu, rms_norm, scaled_dot_product_attention


def loss_of(m: dict[str, torch.Tensor], tokens: torch.Tensor) -> torch.Tensor:
    inputs, targets = tokens[:-1], tokens[1:]
    x = embedding(inputs, m["wte"]) + m["wpe"][: len(inputs)]
    x = rms_norm(x, (WIDTH,), eps=1e-5)
    normal = rms_norm(x, (WIDTH,), eps=1e-5)
    heads = [linear(normal, m[name]).unflatten(1, (HEADS, -1)).transpose(0, 1) for name in ("wq", "wk", "wv")]
    mixed = scaled_dot_product_attention(*heads, is_causal=True)
    x = x + linear(mixed.transpose(0, 1).flatten(1), m["wo"])
    x = x + linear(relu(linear(rms_norm(x, (WIDTH,), eps=1e-5), m["fc1"])), m["fc2"])
    return cross_entropy(linear(x, m["lm_head"]), targets)


def losses(names: list[list[int]], steps: int, planned: int) -> Iterator[float]:
    m = {name: torch.tensor(rows, dtype=torch.float64, requires_grad=True) for name, rows in weights().items()}
    adam = torch.optim.Adam(m.values(), lr=0.01, betas=(0.85, 0.99), eps=1e-8)
    documents = [torch.tensor(tokens) for tokens in names]
    for step in range(steps):
        adam.param_groups[0]["lr"] = 0.01 * (1 - step / planned)
        adam.zero_grad()
        loss = loss_of(m, documents[step % len(documents)])
        loss.backward()
        adam.step()
        yield loss.item()


if __name__ == "__main__":
    torch.set_num_threads(1)
    report(losses)
