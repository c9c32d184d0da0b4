"""Random graphs of all installed operations, against HIPS autograd: an engine that shares nothing with ours.

Derivatives agree to 1e-10, relative to the largest term that any path contributes: the two
engines add adjoints in different orders, and where terms cancel, what is left is rounding.
"""

from __future__ import annotations

import functools
import itertools
import math
import operator

import autograd
import autograd.numpy as anp
import autograd.scipy.special as asp
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from gograd_core import DomainError, Neuron, current, gradient
from gograd_core.namespaces import scalar

constant = autograd.tracer.getval


def length(vector):
    return anp.sqrt(sum(x * x for x in vector))


def log_ndtr(x):
    tail = 0.5 * asp.erfc(anp.abs(x) / math.sqrt(2.0))
    return anp.where(x > 0.0, anp.log1p(-tail), anp.log(tail))


# What each operation is to autograd. An operation that has a forward rule needs no entry, unless
# the rule uses functions that autograd does not differentiate.
PEERS = {
    "abs": anp.abs,
    "acos": anp.arccos,
    "acosh": anp.arccosh,
    "add": lambda x, y: x + y,
    "asin": anp.arcsin,
    "asinh": anp.arcsinh,
    "atan": anp.arctan,
    "atan2": anp.arctan2,
    "atanh": anp.arctanh,
    "beta": asp.beta,
    "betaln": asp.betaln,
    "cbrt": lambda x: anp.sign(x) * anp.abs(x) ** (1.0 / 3.0),
    "ceil": anp.ceil,
    "clip": lambda x, lower, upper: anp.minimum(anp.maximum(x, lower), upper),
    "copysign": lambda x, y: anp.abs(x) * anp.sign(y),
    "digamma": asp.digamma,
    "dist": lambda x, y: length([p - q for p, q in zip(x, y, strict=True)]),
    "dot": lambda x, y: anp.dot(anp.array(x), anp.array(y)),
    "entr": lambda x: -x * anp.log(x),
    "erf": asp.erf,
    "erfc": asp.erfc,
    "erfcinv": asp.erfcinv,
    "erfcx": lambda x: anp.exp(x * x) * asp.erfc(x),
    "erfinv": asp.erfinv,
    "exp2": anp.exp2,
    "expit": asp.expit,
    "floor": anp.floor,
    "floor_divide": lambda x, y: anp.floor(x / y),
    "fma": lambda x, y, z: x * y + z,
    "fmod": lambda x, y: x - y * anp.trunc(x / y),
    "fsum": lambda x: anp.sum(anp.array(x)),
    "gamma": asp.gamma,
    "hypot": lambda x, y: length([x, y]),
    "i0": asp.i0,
    "i1": asp.i1,
    "ieee_remainder": lambda x, y: x - y * anp.rint(x / y),
    "j0": asp.j0,
    "j1": asp.j1,
    "ldexp": lambda x, i: x * 2.0 ** constant(i),
    "lgamma": asp.gammaln,
    "log_ndtr": log_ndtr,
    "logit": asp.logit,
    "logsumexp": lambda x: asp.logsumexp(anp.array(x)),
    "max": lambda x: anp.max(anp.array(x)),
    "mean": lambda x: anp.mean(anp.array(x)),
    "min": lambda x: anp.min(anp.array(x)),
    "ndtr": lambda x: 0.5 * asp.erfc(-x / math.sqrt(2.0)),
    "ndtri": lambda p: math.sqrt(2.0) * asp.erfinv(2.0 * p - 1.0),
    "norm": length,
    "pow": lambda x, y: x**y,
    "positive": lambda x: x,
    "prod": lambda x: anp.prod(anp.array(x)),
    "remainder": anp.remainder,
    "round": anp.rint,
    "stop_gradient": constant,
    "sum": lambda x: anp.sum(anp.array(x)),
    "trunc": anp.trunc,
    "where": lambda c, x, y: anp.where(constant(c) != 0.0, x, y),
    "xlogy": lambda x, y: x * anp.log(y),
}
WITHOUT_PEER = {"polygamma", "round_to"}  # the order and the digits are integers, which random graphs do not have
OPERATIONS = [
    op for op in current.registry.operations() if op.name in PEERS or (any(op.partials) and op.name not in WITHOUT_PEER)
]
LEAVES = 3
POINTS = st.lists(
    st.builds(operator.mul, st.floats(0.01, 3.0), st.sampled_from((-1, 1))),
    min_size=LEAVES,
    max_size=LEAVES,
    unique_by=abs,
)
TOLERANCE = 1e-10

# Where the two engines may choose otherwise, or where rounding decides.
KINKS = {"clip", "copysign", "elu", "hard_tanh", "leaky_relu", "max", "maximum", "min", "minimum", "selu", "where"}
JUMPS = {"ceil", "floor", "floor_divide", "fmod", "ieee_remainder", "remainder", "round", "trunc"}
BORDERS = {
    **dict.fromkeys(("acos", "acosh", "asin", "atanh", "erfinv"), (-1.0, 1.0)),
    "erfcinv": (2.0,),
    "hard_tanh": (-1.0, 1.0),
    "log_base": (1.0,),
    "logit": (1.0,),
    "ndtri": (1.0,),
}


class AutogradNamespace:
    """What forward rules take their functions from, so that autograd differentiates them."""

    def __getattr__(self, name):
        if name in PEERS:
            return PEERS[name]
        return getattr(anp, name) if name in scalar.__all__ else peer_of(current.registry[name])


def peer_of(op):
    """What the operation is to autograd: without an entry above, its forward rule."""
    return PEERS[op.name] if op.name in PEERS else functools.partial(op.formula, AutogradNamespace())


@st.composite
def programs(draw):
    """Three numbers, and a list of (operation, positions of its inputs among them and earlier results).

    Steps that are not ordinary at these numbers are left out.
    """
    points = draw(POINTS)
    results = [Neuron(point) for point in points]
    program = []
    for _ in range(draw(st.integers(4, 20))):
        op = draw(st.sampled_from(OPERATIONS))
        position = st.integers(-len(results), -1)  # counted from the latest result, so that graphs are deep
        column = st.lists(position, min_size=2, max_size=2)
        step = op, [draw(column if op.variadic else position) for _ in op.partials]
        inputs = inputs_of(step, results)
        try:
            result = op(*inputs)
            if is_ordinary(op, inputs, result):
                results.append(result)
                program.append(step)
        except DomainError:
            pass
    assume(program)
    return points, program


def inputs_of(step, results):
    op, positions = step
    return [[results[i] for i in p] if op.variadic else results[p] for p in positions]


def run(program, leaves, operations):
    results = list(leaves)
    for step in program:
        results.append(operations(step[0])(*inputs_of(step, results)))
    return results


def is_ordinary(op, inputs, result):
    """No overflow, no tie, no kink, no jump, and no result so small that only the rounding of its inputs is left."""
    neurons = list(itertools.chain(*inputs)) if op.variadic else inputs
    values = [neuron.value for neuron in neurons]
    if abs(result.value) > 1e6 or has_tie([0.0, *map(abs, values)] if op.name in KINKS else [0.0, values[-1]]):
        return False
    if any(abs(x - border) < 1e-3 for border in BORDERS.get(op.name, ()) for x in values):
        return False
    if op.name in JUMPS and is_near_half_integer(values[0] / (*values, 1.0)[1]):
        return False
    derivatives = gradient(result, list(dict.fromkeys(neurons)))
    sensitivity = sum(abs(x.value * d) for x, d in zip(dict.fromkeys(neurons), derivatives, strict=True))
    return sensitivity <= 1e5 * abs(result.value)


def has_tie(values):
    return any(abs(x - y) < 1e-6 for index, x in enumerate(values) for y in values[:index])


def is_near_half_integer(quotient):
    return abs(2.0 * quotient - round(2.0 * quotient)) < 1e-6 * max(1.0, abs(quotient))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(programs())
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_agree_with_autograd(graph):
    points, program = graph
    neurons = [Neuron(point) for point in points]
    results = run(program, neurons, lambda op: op)
    try:
        results[-1].backward()
    except DomainError:
        assume(False)

    def peer(leaves):
        return run(program, leaves, peer_of)[-1] + 0.0 * leaves[0]  # depends on a leaf in any case

    expected = [float(derivative) for derivative in autograd.grad(peer)(points)]
    value = float(peer(points))
    assume(math.isfinite(value))
    assert results[-1].value == pytest.approx(value, rel=TOLERANCE, abs=0)
    largest = max([abs(result.grad * result.value) for result in results] + [abs(n.grad) for n in results])
    for neuron, derivative in zip(neurons, expected, strict=True):
        assume(math.isfinite(derivative))
        assert abs(neuron.grad - derivative) <= TOLERANCE * max(abs(derivative), largest)
        assert gradient(results[-1], neuron) == neuron.grad
