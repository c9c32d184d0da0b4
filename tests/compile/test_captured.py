"""Neurons that a compiled function captures: leaves are live inputs, which `backward` gives a gradient."""

from __future__ import annotations

import numpy as np
import pytest

from gograd_compile import RecordingError
from gograd_core import DomainError, Neuron, ops
from gograd_core.extend import add_gradients


def test_captured_leaves_are_read_at_every_call(compiled):
    leaf = Neuron(2.0)
    c = compiled(lambda x: leaf * x + leaf)
    assert c(3.0) == 8.0
    leaf.value = 5.0
    assert c(3.0) == 20.0
    assert c.batch()(np.array([1.0, 2.0])).tolist() == [10.0, 15.0]
    assert c.grad(3.0) == 5.0
    assert leaf.grad == 0.0


def test_captured_leaves_decide(compiled, count_paths):
    leaf = Neuron(1.0)
    c = compiled(lambda x: x * leaf if leaf > 0.0 else x)
    assert c(3.0) == 3.0
    leaf.value = -1.0
    assert c(4.0) == 4.0
    assert c.batch()(np.array([5.0, 6.0])).tolist() == [5.0, 6.0]
    leaf.value = 2.0
    assert c(3.0) == 6.0
    assert count_paths(c) == 2


def test_gradients_are_added(compiled):
    a, b, unused = Neuron(2.0), Neuron(3.0), Neuron(7.0)

    def f(x):
        _ = unused * x
        return a * b * x + a

    c = compiled(f)
    assert c.backward(4.0) == 26.0
    assert (a.grad, b.grad) == (13.0, 8.0)
    assert c.backward(4.0) == 26.0
    assert (a.grad, b.grad, unused.grad) == (26.0, 16.0, 0.0)
    values = c.batch().backward(np.array([1.0, -1.0, 2.0]))
    assert values.tolist() == [8.0, -4.0, 14.0]
    assert (a.grad, b.grad) == (26.0 + 9.0, 16.0 + 4.0)


def test_paths_that_capture_different_leaves(compiled):
    """Each gets its own share of the derivatives of a batch."""
    a, b, both = Neuron(2.0), Neuron(3.0), Neuron(5.0)

    def f(x):
        return a * x * both if x > 0.0 else both + 10.0 * b * x

    xs = np.array([1.0, -1.0, 2.0, -3.0])
    for order in (xs, xs[::-1]):
        for leaf in (a, b, both):
            leaf.grad = 0.0
        compiled(f).batch().backward(order)
        assert (a.grad, b.grad, both.grad) == (15.0, -40.0, 8.0)


def test_paths_that_capture_one_leaf_each(compiled):
    a, b = Neuron(2.0), Neuron(3.0)
    c = compiled(lambda x: a * x if x > 0.0 else b * x)
    c.batch().backward(np.array([1.0, -2.0]))
    assert (a.grad, b.grad) == (1.0, -2.0)


def test_a_captured_interior_neuron_is_an_error_that_names_it(compiled):
    leaf = Neuron(2.0)
    interior = leaf * 3.0
    interior.label = "loudness"
    with pytest.raises(RecordingError, match="loudness"):
        compiled(lambda x: x * interior)(1.0)
    with pytest.raises(RecordingError, match="mul"):
        compiled(lambda x: x * (leaf * 3.0 if x > 1.0 else interior))(1.0)


def test_leaves_made_inside_are_constants(compiled):
    def f(x):
        weight = Neuron(2.5)
        return weight * x + weight

    c = compiled(f)
    assert c.value_and_grad(2.0) == (7.5, 2.5)
    assert c.backward(4.0) == 12.5
    assert c.batch().grad(np.array([1.0, 2.0])).tolist() == [2.5, 2.5]


def test_a_result_that_is_a_captured_leaf(compiled):
    leaf = Neuron(2.0)
    c = compiled(lambda x: leaf)
    assert c.value_and_grad(1.0) == (2.0, 0.0)
    assert c.backward(1.0) == 2.0
    assert leaf.grad == 1.0
    leaf.value = 3.0
    assert c(1.0) == 3.0


def test_one_leaf_in_many_places(compiled):
    leaf = Neuron(3.0)
    c = compiled(lambda x: ops.dot([leaf, x, leaf], [leaf, leaf, 2.0]) * leaf)
    assert c.backward(2.0) == (9.0 + 6.0 + 6.0) * 3.0
    assert leaf.grad == 21.0 + 3.0 * (6.0 + 2.0 + 2.0)


def train(parameters, loss, step):
    """Twenty steps down the gradient; `step` adds it to the parameters' `grad` and gives the loss."""
    losses = []
    for _ in range(20):
        for p in parameters:
            p.grad = 0.0
        losses.append(step(loss))
        for p in parameters:
            p.value -= 0.05 * p.grad
    return losses, [p.value for p in parameters]


def fresh_parameters():
    return [Neuron(0.1 * (k % 5) - 0.15) for k in range(7)]


def training_loss(parameters, activation):
    def loss():
        total = 0.0
        for x, target in ((0.5, 1.0), (-1.0, 0.25), (0.75, -0.5)):
            hidden = [activation(parameters[2 * k] * x + parameters[2 * k + 1]) for k in range(3)]
            error = hidden[0] * hidden[1] - hidden[2] * parameters[6] - target
            total = total + error * error
        return total

    return loss


def eagerly(loss):
    result = loss()
    result.backward()
    return result.value


@pytest.mark.parametrize("activation", [lambda x: x * x, ops.tanh, ops.relu], ids=["square", "tanh", "relu"])
def test_training_is_as_in_the_engine(activation, compiled):
    """Each derivative is a sum of few terms, off by 1e-15 of the largest; twenty steps make at most 1e-13 of it."""
    ours, theirs = fresh_parameters(), fresh_parameters()
    c = compiled(training_loss(ours, activation))
    found = train(ours, c, lambda each: each.backward())
    expected = train(theirs, training_loss(theirs, activation), eagerly)
    for numbers, others in zip(found, expected, strict=True):
        assert numbers == pytest.approx(others, rel=1e-13, abs=1e-14)


@pytest.mark.parametrize("activation", [lambda x: x, lambda x: x + 1.0], ids=["identity", "shift"])
def test_training_a_model_with_one_term_per_derivative_is_the_same_to_the_last_bit(activation, compiled):
    """One use of each parameter: there is nothing to add in another order."""

    def loss_of(p):
        return lambda: (activation(p[0] * 0.7 + p[1]) * p[2] - p[3]) * p[4] - p[5] * p[6]

    ours, theirs = fresh_parameters(), fresh_parameters()
    c = compiled(loss_of(ours))
    assert train(ours, c, lambda each: each.backward()) == train(theirs, loss_of(theirs), eagerly)


def test_an_error_adds_nothing(compiled):
    leaf = Neuron(-1.0)
    c = compiled(lambda x: ops.log(leaf * x))
    leaf.value = 1.0
    c.backward(1.0)
    leaf.value, leaf.grad = -1.0, 0.5
    with pytest.raises(DomainError):
        c.backward(1.0)
    with pytest.raises(DomainError):
        c.batch().backward(np.array([-1.0, 1.0]))
    assert leaf.grad == 0.5


def test_gradients_of_all_paths_of_a_batch_are_added_in_one_step(compiled, monkeypatch):
    """An interrupt between two steps would leave some of them."""
    leaf, steps = Neuron(3.0), []
    monkeypatch.setattr(
        "gograd_compile.batch.add_gradients", lambda *given: (steps.append(leaf.grad), add_gradients(*given))
    )
    c = compiled(lambda x: x * leaf if x > 0.0 else x * leaf * leaf)
    assert c.batch().backward(np.array([1.0, -1.0, 2.0])).tolist() == [3.0, -9.0, 6.0]
    assert (steps, leaf.grad) == ([0.0], -3.0)
