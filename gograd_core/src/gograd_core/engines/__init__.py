"""The engine that runs: the native one, or the readable one in Python. Both behave alike.

The core takes the engine from here, and the settings of blocks from `settings`. No other module knows that
there are two engines.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gograd_core import current
from gograd_core.engine_choice import native

__all__ = [
    "RESERVED_NAMES", "MathFunction", "Neuron", "Operation", "add_gradients", "adjoints", "adjoints_and_rounding",
    "bind_method", "bind_operator", "discover", "flatten", "leaves_of", "nest", "next_stamp", "node", "of_floats",
    "reachable", "read_adjoints", "read_gradients", "read_values", "run", "value_and_adjoints", "value_inside", "visit",
    "walk", "write_gradients", "write_values",
]  # fmt: skip

if TYPE_CHECKING or native is None:
    from gograd_core.checked.calls import Operation
    from gograd_core.checked.math_functions import MathFunction
    from gograd_core.containers import nest, walk
    from gograd_core.engines import many_at_once as many
    from gograd_core.engines.backward import adjoints, adjoints_and_rounding, reachable, run, visit
    from gograd_core.engines.flat import flatten
    from gograd_core.engines.neuron import Neuron, next_stamp, node
    from gograd_core.engines.of_floats import of_floats, value_and_adjoints, value_inside
    from gograd_core.engines.operators import bind_method, bind_operator, discover

    add_gradients, read_values, write_values = many.add_gradients, many.read_values, many.write_values
    read_gradients, write_gradients = many.read_gradients, many.write_gradients
    leaves_of, read_adjoints = many.leaves_of, many.read_adjoints
else:
    adjoints, adjoints_and_rounding = native.adjoints, native.adjoints_and_rounding
    reachable, run, visit = native.reachable, native.run, native.visit
    of_floats, value_and_adjoints, value_inside = native.of_floats, native.value_and_adjoints, native.value_inside
    bind_method, bind_operator, discover = native.bind_method, native.bind_operator, native.discover
    add_gradients, flatten, read_values = native.add_gradients, native.flatten, native.read_values
    read_gradients, write_gradients, write_values = native.read_gradients, native.write_gradients, native.write_values
    Neuron, Operation, next_stamp, node = native.Neuron, native.Operation, native.next_stamp, native.node
    leaves_of, read_adjoints = native.leaves_of, native.read_adjoints
    MathFunction, nest, walk = native.MathFunction, native.nest, native.walk

current.Neuron, current.node = Neuron, node
if native is not None:
    native.connect()

RESERVED_NAMES = frozenset(dir(Neuron))
"""Names that no operation may have: Neuron's own attributes."""

discover(True)  # nothing was looked up yet
