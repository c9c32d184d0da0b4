"""microgpt with arrays of JAX in double precision: `microgpt_jax.py --data FILE [--steps N] [--planned N]`.

A whole step is compiled, once for names of every length, since rows after the end of a name have weight 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from microgpt_data import BLOCK, HEADS, WIDTH, report, weights

jax.config.update("jax_enable_x64", True)


def normalised(x: Any) -> Any:
    return x * (jnp.mean(x * x, axis=-1, keepdims=True) + 1e-5) ** -0.5


def loss_of(m: dict[str, Any], inputs: Any, targets: Any, share: Any) -> Any:
    x = normalised(m["wte"][inputs] + m["wpe"])
    normal = normalised(x)
    query, key, value = ((normal @ m[name].T).reshape(BLOCK, HEADS, -1) for name in ("wq", "wk", "wv"))
    fits = jnp.einsum("ihd,jhd->hij", query, key) * (WIDTH // HEADS) ** -0.5
    fits = jnp.where(jnp.tril(jnp.ones((BLOCK, BLOCK), bool)), fits, -jnp.inf)
    x = x + jnp.einsum("hij,jhd->ihd", jax.nn.softmax(fits), value).reshape(BLOCK, WIDTH) @ m["wo"].T
    x = x + jax.nn.relu(normalised(x) @ m["fc1"].T) @ m["fc2"].T
    chosen = jnp.take_along_axis(jax.nn.log_softmax(x @ m["lm_head"].T), targets[:, None], axis=1)[:, 0]
    return -jnp.dot(share, chosen)


@jax.jit
def trained(m: Any, first: Any, second: Any, number: Any, rate: Any, example: Any) -> Any:
    """Do one step of Adam. Returns the loss, and all that has changed."""
    loss, gradient = jax.value_and_grad(loss_of)(m, *example)
    first = jax.tree.map(lambda mean, g: 0.85 * mean + 0.15 * g, first, gradient)
    second = jax.tree.map(lambda mean, g: 0.99 * mean + 0.01 * g * g, second, gradient)

    def changed(p: Any, mean: Any, square: Any) -> Any:
        return p - rate * mean / (1 - 0.85**number) / (jnp.sqrt(square / (1 - 0.99**number)) + 1e-8)

    return loss, jax.tree.map(changed, m, first, second), first, second


def losses(names: list[list[int]], steps: int, planned: int) -> Iterator[float]:
    m = {name: jnp.array(rows) for name, rows in weights().items()}
    first = second = jax.tree.map(jnp.zeros_like, m)
    examples = []
    for tokens in names[:steps]:
        count = len(tokens) - 1
        inputs, targets = np.zeros((2, BLOCK), np.int32)
        inputs[:count], targets[:count] = tokens[:-1], tokens[1:]
        examples.append((inputs, targets, (np.arange(BLOCK) < count) / count))
    for step in range(steps):
        rate = 0.01 * (1 - step / planned)
        loss, m, first, second = trained(m, first, second, step + 1.0, rate, examples[step % len(examples)])
        yield float(loss)


if __name__ == "__main__":
    report(losses)
