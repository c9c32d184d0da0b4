"""Native kernels compute what the rules compute: to the last bit, if they call no function of a library."""

from __future__ import annotations

import itertools
import math
import random
import struct
import sys

import pytest

pytest.importorskip("numba")

import numpy as np

from comparing import bits
from compositions import COMPOSITIONS
from gograd_compile.kernels import CHUNK, expand, kernel, specialize
from gograd_compile.kernels.generate import INLINE, LOOPS
from gograd_core import Op, current
from gograd_core.checked.rules import as_numbers, run_rule
from gograd_core.extend import postorder
from gograd_core.kernels.expansion import ExpansionError
from gograd_core.kernels.expansion import expand as expand_for_c
from gograd_core.namespaces import scalar
from gograd_core.namespaces.columns import Column
from kernel_calls import CALL, in_lanes

pytestmark = pytest.mark.any_engine

TINY, HUGE = 5e-324, sys.float_info.max
SPECIAL = (0.0, -0.0, 1.0, -1.0, 2.5, -2.5, math.inf, -math.inf, math.nan, TINY, -TINY, HUGE, -HUGE)
RANDOM_POINTS = 300
# NumPy's functions and the C library's are accurate to an ulp or so each, and rules combine a few.
ULPS = 4
ULPS_OF = {"mish": 16}  # a sample lies where its derivative is a small difference of terms


def written_out(op, expand):
    try:
        return expand(op)
    except ExpansionError:
        return None


OPERATIONS = [op for op in current.registry.operations() if written_out(op, expand_for_c)]
OTHERS = [op for op in current.registry.operations() if written_out(op, expand) and op not in OPERATIONS]
OF_SCIPY = [op for op in OTHERS if not op.variadic]
NUMBERS = [op for op in OPERATIONS if not op.variadic]
COLUMNS = [op for op in OPERATIONS + OTHERS if op.variadic]


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GOGRAD_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


def run(found, columns):
    """What a kernel gives at all points, chunk by chunk, of one column per input."""
    columns = np.array(columns, float)
    results = []
    for start in range(0, columns.shape[1], CHUNK):
        chunk = columns[:, start : start + CHUNK]
        count = chunk.shape[1]
        inputs = np.full((len(chunk), CHUNK), np.nan)
        inputs[:, :count] = chunk
        scratch = np.full((found.scratch + 1, CHUNK), np.nan)
        out = np.full(CHUNK, 12345.0)
        CALL(found.address)(count, 0, out.ctypes.data, inputs.ctypes.data, scratch.ctypes.data)
        assert (out[count:] == 12345.0).all()
        results.append(out[:count])
    return np.concatenate(results).tolist()


def run_columns(found, inputs, length, results):
    return in_lanes(found, np.reshape(inputs, (-1, 1)), length, results)[:, 0].tolist()


def is_exact(rule):
    """Whether a kernel gives the bits that the rule gives on floats: it calls no function of a library."""
    return all(
        each.is_leaf or each.function in INLINE or each.function in ("sum", "max", "min") for each in postorder([rule])
    )


def agree(found, expected, is_exact, ulps=ULPS):
    if is_exact or not (math.isfinite(expected) and math.isfinite(found)):
        return bits(found) == bits(expected)
    return abs(found - expected) <= ulps * math.ulp(expected)


def assert_agree(found, expected, is_exact, points, ulps=ULPS):
    wrong = [
        (point, one, other)
        for point, one, other in zip(points, found, expected, strict=True)
        if not agree(one, other, is_exact, ulps)
    ]
    assert not wrong, wrong[:3]


def points(op):
    """Samples, edges, special values in all combinations, and numbers of any bits."""
    chosen = random.Random(op.name)
    count = len(op.partials)
    found = [*op.samples, *(edge.inputs for edge in op.edges)]
    found += itertools.product(SPECIAL, repeat=count) if count < 4 else []
    return found + [struct.unpack(f"{count}d", chosen.randbytes(8 * count)) for _ in range(RANDOM_POINTS)]


def test_of_few_operations_python_computes_the_value():
    others = {op.name for op in current.registry.operations()} - {op.name for op in OPERATIONS + OTHERS}
    assert others == {"dist", "norm", "round_to"}


@pytest.mark.parametrize("op", NUMBERS, ids=lambda op: op.name)
def test_operations(op):
    rules, chosen = expand(op), points(op)
    values = [float(run_rule(op, op.forward, *point)) for point in chosen]
    columns = [*zip(*chosen, strict=True)]
    found = kernel(rules.forward, rules.inputs)
    assert_agree(run(found, columns), values, is_exact(rules.forward), chosen)
    for index, partial in enumerate(rules.partials):
        if partial is None:
            continue
        local = [
            as_numbers(op, run_rule(op, op.partials[index], out, *point), 1, "a partial")[0]
            for out, point in zip(values, chosen, strict=True)
        ]
        found = kernel(partial, (rules.out, *rules.inputs))
        assert_agree(run(found, [values, *columns]), local, is_exact(partial), chosen, ULPS_OF.get(op.name, ULPS))


@pytest.mark.parametrize("op", COLUMNS, ids=lambda op: op.name)
def test_variadic_operations(op):
    chosen = random.Random(op.name)
    rules = expand(op)
    forward = kernel(rules.forward, rules.inputs)
    partials = [None if each is None else kernel(each, (rules.out, *rules.inputs)) for each in rules.partials]
    some = [[[chosen.gauss(0.0, 2.0) for _ in range(length)] for _ in rules.inputs] for length in (1, 2, 3, 7, 40)]
    special = [[SPECIAL] * len(rules.inputs), [SPECIAL[:6]] * len(rules.inputs)]
    for point in [*op.samples, *(edge.inputs for edge in op.edges), *some, *special]:
        length = len(point[0])
        if not length:
            continue  # Python's rules may raise there
        arguments, flat = [Column(column) for column in point], [*itertools.chain(*point)]
        out = float(run_rule(op, op.forward, *arguments))
        found = run_columns(forward, flat, length, 1)
        assert_agree(found, [out], is_exact(rules.forward), [point])
        for rule, written, partial in zip(op.partials, rules.partials, partials, strict=True):
            if partial is not None:
                local = as_numbers(op, run_rule(op, rule, out, *arguments), length, "a partial")
                found = run_columns(partial, [out, *flat], length, length)
                assert_agree(found, local, is_exact(written), [point] * length)


@pytest.mark.parametrize(("name", "value"), [("sum", 0.0), ("dot", 0.0), ("prod", 1.0), ("mean", math.nan)])
def test_nothing(name, value):
    rules = expand(current.registry[name])
    found = run_columns(kernel(rules.forward, rules.inputs), [], 0, 1)
    assert bits(found[0]) == bits(value)


@pytest.mark.parametrize("op", OF_SCIPY, ids=lambda op: op.name)
def test_operations_that_scipy_computes_are_what_they_are_on_arrays(op):
    rules = expand(op)
    columns = [np.array(column) for column in zip(*[*op.samples, *(edge.inputs for edge in op.edges)], strict=True)]
    with np.errstate(all="ignore"):
        expected = op(*columns)
    assert_agree(
        run(kernel(rules.forward, rules.inputs), columns), expected.tolist(), True, [*zip(*columns, strict=True)]
    )


@pytest.mark.parametrize(
    "implementation",
    [
        np.frompyfunc(math.gamma, 1, 1),
        np.vectorize(math.gamma),
        lambda x: np.where(x > 0.0, math.gamma(x), x),
        np.add.reduce,
        "numpy:modf",
        "no_such_package:gamma",
    ],
    ids=["of objects", "of arrays alone", "of floats alone", "a reduction", "of two results", "missing"],
)
def test_other_implementations_cannot_be_kernels(implementation):
    op = Op("made_up", implementations={"scalar": math.gamma, "numpy": implementation}, partials=(None,))
    with pytest.raises(ExpansionError, match="made_up .* a function of Python computes its value"):
        expand(op)


def function(name, count):
    """A function of the array API standard as the kernel of an operation, and on floats."""
    if count == 1:
        op = Op("made_up", forward=lambda xp, x: getattr(xp, name)(x), partials=(None,))
    else:
        op = Op("made_up", forward=lambda xp, x, y: getattr(xp, name)(x, y), partials=(None, None))
    rules = expand(op)
    return kernel(rules.forward, rules.inputs), getattr(scalar, name)


BINARY = ("atan2", "floor_divide", "pow", "remainder")
STANDARD = sorted(LOOPS.keys() & set(scalar.__all__))


def sweep(name):
    """Numbers of any bits, of moderate size, and beside 1 and 0."""
    chosen = random.Random(name)
    sizes = [
        lambda: struct.unpack("d", chosen.randbytes(8))[0],
        lambda: chosen.uniform(-800.0, 800.0),
        lambda: chosen.uniform(-3.0, 3.0),
        lambda: chosen.choice((-1.0, 1.0)) * 10.0 ** chosen.uniform(-20.0, 20.0),
        lambda: 1.0 + chosen.choice((-1.0, 1.0)) * 10.0 ** chosen.uniform(-16.0, 0.0),
    ]
    return [size() for size in sizes for _ in range(2000)]


@pytest.mark.parametrize("name", STANDARD)
def test_functions_over_a_wide_range(name):
    columns = [sweep(f"{name} {index}") for index in range(1 + (name in BINARY))]
    found, on_floats = function(name, len(columns))
    chosen = [*zip(*columns, strict=True)]
    exact = name in ("remainder", "floor_divide")
    assert_agree(run(found, columns), [on_floats(*point) for point in chosen], exact, chosen)


@pytest.mark.parametrize("name", STANDARD)
def test_functions_give_the_same_bits_wherever_a_point_lies_in_a_chunk(name):
    columns = [sweep(f"{name} {index}")[:: 10000 // CHUNK + 1] for index in range(1 + (name in BINARY))]
    found, _ = function(name, len(columns))
    alone = [run(found, [[number] for number in point])[0] for point in zip(*columns, strict=True)]
    assert list(map(bits, run(found, columns))) == list(map(bits, alone))


OF_COLUMNS = {
    "remainder": lambda xp, x, y: xp.remainder(x, y),
    "floor_divide": lambda xp, x, y: xp.floor_divide(x, y),
    "choices of truth values": lambda xp, x, y: xp.where(xp.where(x < y, xp.isfinite(x), xp.signbit(y)), xp.sign(x), y),
    "numbers as truth values": lambda xp, x, y: xp.where(xp.logical_or(x, xp.logical_not(y)), -x, xp.minimum(x, y)),
    "a number for all": lambda xp, x, y: x * xp.max(y) - xp.min(x) * len(y),
}


@pytest.mark.parametrize("length", [1, 2, 13])
@pytest.mark.parametrize("rule", OF_COLUMNS.values(), ids=OF_COLUMNS)
def test_exact_rules_of_columns(rule, length):
    def entries(xp, out, x, y):
        return rule(xp, x, y)

    def total(xp, x, y):
        return xp.sum(rule(xp, x, y))

    op = Op("made_up", forward=total, partials=(entries, None), variadic=True)
    rules = expand(op)
    forward, partial = kernel(rules.forward, rules.inputs), kernel(rules.partials[0], (rules.out, *rules.inputs))
    xs, ys = zip(*itertools.product(SPECIAL, repeat=2), strict=True)
    xs, ys = [*xs, *sweep("x")[::5]], [*ys, *sweep("y")[::5]]
    for start in range(0, len(xs) - length, length):
        point = xs[start : start + length], ys[start : start + length]
        arguments, flat = [Column(column) for column in point], [*itertools.chain(*point)]
        assert_agree(run_columns(forward, flat, length, 1), [run_rule(op, total, *arguments)], True, [point])
        local = as_numbers(op, run_rule(op, entries, 0.0, *arguments), length, "a partial")
        assert_agree(run_columns(partial, [0.0, *flat], length, length), local, True, [point] * length)


EXACT = COMPOSITIONS | {
    "rounding and signs": lambda xp, x: (
        xp.clip(x, -1.0, 1.0) * xp.sign(x) + xp.copysign(xp.floor(x), -x) + xp.trunc(x) + xp.ceil(x)
    ),
    "a sign, a size and a root": lambda xp, x: xp.round(x) * xp.where(xp.signbit(x), 3.0, xp.abs(x)) + xp.sqrt(x),
    "predicates": lambda xp, x: xp.where(xp.isinf(x), 1.0, xp.where(xp.isfinite(x), x, 2.0)),
    "a truth value": lambda xp, x: x > 0.5,
    "the input itself": lambda xp, x: x,
    "a constant": lambda xp, x: -0.0,
    "a multiplication and an addition that are not fused": lambda xp, x: 0.1 + x * x + x,
}


@pytest.mark.parametrize("rule", EXACT.values(), ids=EXACT)
def test_exact_compositions(rule):
    op = Op("made_up", forward=rule, partials=(None,))
    rules = expand(op)
    chosen = [*SPECIAL, *sweep("compositions")[::10]]
    found = kernel(rules.forward, rules.inputs)
    assert is_exact(rules.forward)
    assert_agree(run(found, [chosen]), [float(run_rule(op, rule, x)) for x in chosen], True, chosen)


def test_an_operation_in_a_rule_may_be_one_that_scipy_computes():
    pytest.importorskip("scipy")
    op = Op("made_up", forward=lambda xp, x: xp.gamma(x) + 1.0, partials=(None,))
    rules = expand(op)
    assert run(kernel(rules.forward, rules.inputs), [[5.0]]) == [25.0]


def test_calls_of_calls():
    op = Op(
        "made_up",
        forward=lambda xp, x, y: xp.exp(-xp.log1p(x * x)) + xp.pow(2.0, xp.tanh(y)) * xp.hypot(x, 3.0) + xp.erf(x),
        partials=(None, None),
    )
    rules = expand(op)
    columns = [sweep("x")[2000:6000], sweep("y")[2000:6000]]
    chosen = [*zip(*columns, strict=True)]
    expected = [run_rule(op, op.forward, *point) for point in chosen]
    assert_agree(run(kernel(rules.forward, rules.inputs), columns), expected, False, chosen)


class TestSpecialized:
    @pytest.mark.parametrize("exponent", [-1.0, 0.0, 1.0, 2.0, 3.0, 0.5])
    def test_powers(self, exponent):
        op = current.registry["pow"]
        rules = expand(op)
        chosen = [*SPECIAL, *sweep("powers")[::10]]
        values = [run_rule(op, op.forward, x, exponent) for x in chosen]
        found = kernel(specialize(rules.forward, {rules.inputs[1]: exponent}), rules.inputs[:1])
        assert_agree(run(found, [chosen]), values, False, chosen)
        local = [run_rule(op, op.partials[0], value, x, exponent) for value, x in zip(values, chosen, strict=True)]
        found = kernel(specialize(rules.partials[0], {rules.inputs[1]: exponent}), (rules.out, *rules.inputs))
        assert_agree(run(found, [values, chosen, chosen]), local, False, chosen)

    @pytest.mark.parametrize("exponent", [0.0, 1.0, 2.0])
    def test_simple_powers_call_no_function(self, exponent):
        rules = expand(current.registry["pow"])
        for rule in (rules.forward, rules.partials[0]):
            assert is_exact(specialize(rule, {rules.inputs[1]: exponent}))

    def test_choices_are_made(self):
        op = Op("made_up", forward=lambda xp, x, y: xp.where(xp.isnan(y), xp.exp(x), x / y), partials=(None, None))
        rules = expand(op)
        made = specialize(rules.forward, {rules.inputs[1]: 0.0})
        assert run(kernel(made, rules.inputs[:1]), [[1.0, -1.0]]) == [math.inf, -math.inf]
