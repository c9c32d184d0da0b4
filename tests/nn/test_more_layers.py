"""Softmax, normalisation, embedding, attention and dropout: values and derivatives against mpmath at 50 digits."""

from __future__ import annotations

import copy
import math
import random
from statistics import fmean

import mpmath
import numpy as np
import pytest

from gograd_core import Neuron, UnknownOperationError, gradient, ops
from gograd_nn import (
    MLP,
    CausalAttention,
    Dropout,
    Embedding,
    Layer,
    LayerNorm,
    Net,
    Perceptron,
    RMSNorm,
    attend,
    drawn_masks,
    dropping_out,
    one_hot,
    softmax,
    summary,
)

# A few dozen roundings of 2**-53, relative to the largest number: where terms of opposite sign are added, the small
# results have fewer digits of their own.
BOUND = 1e-13


def mp_softmax(values):
    powers = [mpmath.exp(value) for value in values]
    return [power / sum(powers) for power in powers]


def mp_layer_norm(values, epsilon):
    mean = sum(values) / len(values)
    variance = sum((value - mean) ** 2 for value in values) / len(values)
    return [(value - mean) / mpmath.sqrt(variance + epsilon) for value in values]


def mp_rms_norm(values, epsilon):
    size = mpmath.sqrt(sum(value**2 for value in values) / len(values) + epsilon)
    return [value / size for value in values]


def mp_affine(values, w, b):
    return [value * scale + shift for value, scale, shift in zip(values, w, b, strict=True)]


def mp_linear(values, parameters):
    """A linear layer with a bias; each unit has its weights, and then its bias."""
    size = len(values) + 1
    units = [parameters[start : start + size] for start in range(0, len(parameters), size)]
    return [sum(w * x for w, x in zip(unit, [*values, 1], strict=True)) for unit in units]


def mp_attention(vectors, parameters, heads):
    count = len(parameters) // 4
    queries, keys, values, outputs = (parameters[k * count : (k + 1) * count] for k in range(4))
    found = []
    for place, vector in enumerate(vectors):
        query = mp_linear(vector, queries)
        size = len(query) // heads
        seen = [(mp_linear(v, keys), mp_linear(v, values)) for v in vectors[: place + 1]]
        joined = []
        for start in range(0, len(query), size):
            part = range(start, start + size)
            weights = mp_softmax([sum(query[i] * key[i] for i in part) / mpmath.sqrt(size) for key, _ in seen])
            joined += [sum(w * value[i] for w, (_, value) in zip(weights, seen, strict=True)) for i in part]
        found.append(mp_linear(joined, outputs))
    return found


def oracle(f, point):
    """Value and gradient of an mpmath function of a list of numbers."""
    with mpmath.workdps(50):
        point = [mpmath.mpf(x) for x in point]

        def along(k):
            return lambda t: f([*point[:k], t, *point[k + 1 :]])

        return float(f(point)), [float(mpmath.diff(along(k), point[k])) for k in range(len(point))]


def total(numbers):
    """Make one number, in which every result counts differently."""
    return sum((k % 5 - 1.5) * number for k, number in enumerate(numbers, start=1))


def check(output, neurons, expected, by):
    assert output.value == pytest.approx(expected, rel=BOUND, abs=BOUND)
    largest = max(map(abs, by))
    assert gradient(output, neurons) == pytest.approx(by, rel=BOUND, abs=BOUND * largest)


def set_values(module, rng):
    for parameter in module.parameters():
        parameter.value = rng.uniform(-1.5, 1.5)
    return [parameter.value for parameter in module.parameters()]


POINTS = [[0.5, -1.0, 2.0, 0.25], [30.0, -3.0, 1.0, 29.5], [1e-3, 2e-3, -1e-3, 0.0]]


@pytest.mark.parametrize("point", POINTS)
def test_softmax(point):
    neurons = [Neuron(x) for x in point]
    check(total(softmax(neurons)), neurons, *oracle(lambda x: total(mp_softmax(x)), point))


def test_softmax_of_huge_numbers():
    assert softmax([1000.0, 1000.0, -1e308]) == [0.5, 0.5, 0.0]
    first, second = Neuron(710.0), Neuron(-710.0)
    share, rest = softmax([first, second])
    share.backward()
    assert (share.value, rest.value, first.grad, second.grad) == (1.0, 0.0, 0.0, 0.0)


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize(("make", "formula"), [(LayerNorm, mp_layer_norm), (RMSNorm, mp_rms_norm)])
@pytest.mark.parametrize("epsilon", [None, 0.5])
def test_normalisation(make, formula, epsilon, point):
    module = make(4) if epsilon is None else make(4, epsilon)
    epsilon = module.epsilon
    parameters = set_values(module, random.Random(1))
    neurons = [Neuron(x) for x in point]

    def reference(numbers):
        shifts = numbers[8:] or [0] * 4
        return total(mp_affine(formula(numbers[:4], epsilon), numbers[4:8], shifts))

    check(total(module(neurons)), [*neurons, *module.parameters()], *oracle(reference, [*point, *parameters]))


def test_defaults_of_normalisation_are_those_of_pytorch():
    assert (LayerNorm(2).epsilon, RMSNorm(2).epsilon) == (1e-5, 2.0**-52)
    assert [p.value for p in LayerNorm(2).parameters()] == [1.0, 1.0, 0.0, 0.0]
    assert [p.value for p in RMSNorm(2).parameters()] == [1.0, 1.0]
    assert LayerNorm(2, affine=False).parameters() == RMSNorm(2, scale=False).parameters() == []
    assert [p.label for p in Net(LayerNorm(1)).parameters()] == ["layer0.w0", "layer0.b0"]


@pytest.mark.parametrize("heads", [1, 2])
@pytest.mark.parametrize("length", [1, 3])
def test_attention(heads, length):
    rng = random.Random(5)
    attention = CausalAttention(2, heads)
    parameters = set_values(attention, rng)
    rows = [[rng.uniform(-2.0, 2.0) for _ in range(2)] for _ in range(length)]
    neurons = [[Neuron(x) for x in row] for row in rows]
    flat = [x for row in rows for x in row]

    def reference(numbers):
        vectors = [numbers[2 * k : 2 * k + 2] for k in range(length)]
        found = mp_attention(vectors, numbers[2 * length :], heads)
        return total(x for row in found for x in row)

    output = total(x for row in attention(neurons) for x in row)
    inputs = [x for row in neurons for x in row]
    check(output, [*inputs, *attention.parameters()], *oracle(reference, [*flat, *parameters]))


def test_attention_does_not_see_what_follows():
    attention = CausalAttention(4, 2, seed=1)
    rows = [[Neuron(0.1 * (i + j)) for i in range(4)] for j in range(3)]
    found = attention(rows)
    assert [number.value for number in attention(rows[:2])[1]] == [number.value for number in found[1]]
    by = gradient(ops.sum(found[0]), rows)
    assert any(by[0])
    assert not any(by[1] + by[2])


def test_attention_has_labelled_parameters():
    assert len(CausalAttention(4, 2).parameters()) == 4 * (4 * 4 + 4)
    assert len(CausalAttention(4, 2, bias=False).parameters()) == 4 * 4 * 4
    labels = [p.label for p in Net(CausalAttention(2)).parameters()]
    assert (labels[0], labels[-1]) == ("layer0.queries.unit0.w0", "layer0.outputs.unit1.b")
    assert len(set(labels)) == len(labels)


def test_an_embedding_gives_a_row_of_its_table():
    table = Embedding(3, 2, seed=4)
    for index in range(3):
        by_index, by_row = table(index), table(one_hot(index, 3))
        assert by_index[0] is table.rows[index][0]
        assert [x.value for x in by_row] == [x.value for x in by_index]
        for found in (by_index, by_row):
            by = gradient(found[0] + 2.0 * found[1], table.parameters())
            assert by == [float(k // 2 == index) * (1 + k % 2) for k in range(6)]
    assert table(np.int64(2))[0] is table.rows[2][0]
    assert [p.label for p in table.parameters()][-1] == "row2.w1"
    numbers = [p.value for p in Embedding(100, 50, deviation=0.08, seed=1).parameters()]
    assert fmean(x * x for x in numbers) == pytest.approx(0.08**2, rel=5.0 * math.sqrt(2.0 / 5000))


def test_dropout_does_nothing_unless_it_is_asked_to():
    layer = Dropout(0.25)
    assert layer([1.0, 2.0]) == [1.0, 2.0]
    assert layer([1.0, 2.0], mask=[0.0, 4.0 / 3.0]) == [0.0, 8.0 / 3.0]
    with dropping_out(lambda count, share: [share] * count):
        assert layer([1.0, 2.0]) == [0.25, 0.5]
        assert layer([1.0, 2.0], mask=[1.0, 0.0]) == [1.0, 0.0]
    assert layer([1.0, 2.0]) == [1.0, 2.0]
    assert copy.deepcopy(layer).share == 0.25


def test_masks_are_drawn_by_their_seed():
    masks = drawn_masks(3)(10_000, 0.25)
    assert masks == drawn_masks(3)(10_000, 0.25) != drawn_masks(4)(10_000, 0.25)
    assert set(masks) == {0.0, 4.0 / 3.0}
    assert fmean(masks) == pytest.approx(1.0, abs=5.0 * math.sqrt(1.0 / 3.0 / 10_000))  # five deviations
    source = drawn_masks(random.Random(3))
    assert [*source(4_000, 0.25), *source(6_000, 0.25)] == masks
    assert drawn_masks(0)(5, 0.0) == [1.0] * 5


def test_a_block_ends_after_an_error():
    with pytest.raises(RuntimeError), dropping_out(drawn_masks(0)):
        raise RuntimeError
    assert Dropout(0.9)([1.0] * 50) == [1.0] * 50


def test_units_without_bias():
    unit = Perceptron(2, None, bias=False)
    unit.w[0].value, unit.w[1].value = 2.0, 3.0
    assert unit([5.0, 7.0]).value == 31.0
    assert unit.parameters() == unit.w
    layer = Layer(2, 3, "relu", bias=False)
    assert len(layer.parameters()) == 6
    for weight in layer.units[1].w:
        weight.value = -1.0
    for unit in (layer.units[0], layer.units[2]):
        unit.w[0].value = unit.w[1].value = 1.0
    assert summary(Net(layer), [[1.0, 2.0], [0.5, 0.0]]).layers[0].dead == (1,)


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        (LayerNorm(2), "<LayerNorm of 2 numbers, 4 parameters>"),
        (RMSNorm(2, scale=False), "<RMSNorm of 2 numbers, 0 parameters>"),
        (Dropout(0.25), "<Dropout of 25%>"),
        (Embedding(3, 2), "<Embedding of 3 rows of 2, 6 parameters>"),
        (CausalAttention(2, 2, bias=False), "<CausalAttention of 2 numbers, 2 heads, 16 parameters>"),
    ],
)
def test_modules_are_described(module, expected):
    assert repr(module) == expected


def test_a_summary_of_vectors():
    found = summary(Net(CausalAttention(2)), [[[1.0, 2.0], [0.5, 0.0]]])
    assert found.layers[0].parameters == 24


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: Layer(2, 2, "sigmiod"), UnknownOperationError, "Did you mean 'sigmoid'"),
        (lambda: MLP([2, 2, 1], "atan2"), ValueError, "an activation takes one number, but 'atan2' takes 2 numbers"),
        (lambda: Layer(2, 2, ops.logsumexp), ValueError, "'logsumexp' takes a column of numbers"),
        (lambda: Layer(2, 2, "softmax"), ValueError, r"write Net\(Layer\(…, activation=None\), gograd_nn.softmax\)"),
        (lambda: Perceptron(2, 0.5), TypeError, "the name of an operation, a function or None, got 0.5"),
        (lambda: MLP(2, [16, 16, 1]), TypeError, r"such as MLP\(\[2, 16, 16, 1\]\), got MLP\(2, \[16, 16, 1\]\)"),
        (lambda: MLP([2, 1])(np.ones((2, 3))), ValueError, "this perceptron takes 2 inputs, got 3"),
        (lambda: Net(list, Layer(2, 1))([[1.0, 2.0]] * 100), ValueError, r"got 100 rows .* \[model\(example\) for"),
        (lambda: Layer(1, 1)(2.0), TypeError, "a sequence of 1 numbers, got 2.0"),
        (lambda: LayerNorm(2)([1.0]), ValueError, "this LayerNorm takes 2 inputs, got 1"),
        (lambda: RMSNorm(2)([[1.0]]), ValueError, "this RMSNorm takes 2 inputs, got 1"),
        (lambda: RMSNorm(0), ValueError, "n_inputs of RMSNorm must be 1 or more, got 0"),
        (lambda: LayerNorm(2, -1.0), ValueError, "epsilon must not be negative, got -1.0"),
        (lambda: softmax([]), ValueError, "at least one number"),
        (lambda: softmax(1.0), TypeError, "takes all outputs of a layer, got 1.0"),
        (lambda: Dropout(1.0), ValueError, r"share must be in \[0, 1\), got 1.0"),
        (lambda: Dropout(0.5)([1.0], mask=[1.0, 0.0]), ValueError, "got 1 inputs, but a mask of 2 factors"),
        (lambda: Embedding(0, 2), ValueError, "n_rows of an embedding must be 1 or more, got 0"),
        (lambda: Embedding(2, 2)(2), IndexError, "has the rows 0 to 1, got 2"),
        (lambda: Embedding(2, 2)(-1), IndexError, "got -1"),
        (lambda: Embedding(2, 2)(Neuron(1.0)), TypeError, "a one-hot row or a whole number"),
        (lambda: Embedding(2, 2)([1.0]), ValueError, "one thing per call, takes 2 inputs, got 1"),
        (lambda: CausalAttention(4, 3), ValueError, "a multiple of n_heads, got 4 and 3"),
        (lambda: CausalAttention(2)([1.0, 2.0]), TypeError, "this CausalAttention takes a sequence of 2 numbers"),
        (lambda: attend([1.0], [], []), ValueError, "as many values as keys, at least one; got 0 and 0"),
        (lambda: attend([1.0], [[1.0]], []), ValueError, "got 0 and 1"),
    ],
)
def test_wrong_uses_say_what_to_write(call, error, message):
    with pytest.raises(error, match=message):
        call()
