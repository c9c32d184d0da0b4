"""The digits network with arrays of JAX, in double precision on one core: prints JSON for each size of `tables.py`."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from tables_by_hand import SIZES, assert_same, by_hand, data  # before NumPy: it has one thread

import jax  # isort: skip
import jax.numpy as jnp  # isort: skip
from compiled_worker import confine  # isort: skip
from processes import medians  # isort: skip

jax.config.update("jax_enable_x64", True)


def losses_of(parameters: Any, x: Any, classes: Any) -> Any:
    first, first_bias, second, second_bias = parameters
    scores = jnp.tanh(x @ first.T + first_bias) @ second.T + second_bias
    return jax.nn.logsumexp(scores, axis=1) - (classes * scores).sum(axis=1)


def total(parameters: Any, x: Any, classes: Any) -> Any:
    losses = losses_of(parameters, x, classes)
    return losses.sum(), losses


@jax.jit
def step(parameters: Any, x: Any, classes: Any) -> Any:
    (_, losses), gradient = jax.value_and_grad(total, has_aux=True)(parameters, x, classes)
    return losses, gradient


def finished(*arguments: Any) -> Any:
    return jax.block_until_ready(step(*arguments))


def main() -> None:
    found = []
    for hidden, count in SIZES:
        arguments = data(hidden, count)
        assert_same(step(*arguments), by_hand(*arguments))
        confine(1)  # the threads that JAX has started by now, too
        on_device = jax.device_put(arguments)
        found.append(medians({"jax": partial(finished, *on_device), "by hand": partial(by_hand, *arguments)}))
    print(json.dumps(found))


if __name__ == "__main__":
    main()
