"""A checkpoint is refused if the model, or the loss, is another one, though names and sizes are the same."""

from __future__ import annotations

import random

import pytest

from gograd_nn import MLP, SGD, Dropout, Layer, ModelFileError, Net, fit, mae, mse

INPUTS = [[0.1 * k, (-1.0) ** k] for k in range(12)]
TARGETS = [0.3 * x - 0.5 * y for x, y in INPUTS]


class Scaled:
    """A net, and a number of its own that no file has."""

    def __init__(self, factor, noise=0.0):
        self.net, self.factor, self.noise = MLP([2, 3, 1], seed=1), factor, noise
        self.parameters = self.net.parameters

    def __call__(self, x):
        return self.factor * self.net(x) + random.gauss(0.0, self.noise)


def make_loss(error, weight=1.0):
    return lambda output, target: weight * error(output, target)


def train(path, model, loss=mse, epochs=1, frozen=0, **settings):
    optimiser = SGD(model.parameters()[frozen:], 0.1)
    settings = {"loss": loss, "optimiser": optimiser, "epochs": epochs, "progress": False, **settings}
    fit(model, INPUTS, TARGETS, batch_size=4, checkpoint=path, **settings)
    return [parameter.value for parameter in model.parameters()]


def squares():
    square = Layer(2, 2, seed=1)
    return Net(square, Layer(2, 1, None, seed=2), lambda outputs: outputs[0])


@pytest.mark.parametrize("engine", ["eager", "compiled"])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((MLP([2, 3, 1], "tanh"),), (MLP([2, 3, 1], "relu"),)),
        ((Scaled(1.0),), (Scaled(0.9),)),
        ((MLP([2, 3, 1]), make_loss(mse)), (MLP([2, 3, 1]), make_loss(mae))),
        ((MLP([2, 3, 1]), make_loss(mse)), (MLP([2, 3, 1]), make_loss(mse, 0.5))),
        ((squares(),), (Net(*squares().layers[:2], lambda outputs: -outputs[0]),)),
    ],
)
def test_it_is_refused_and_nothing_changes(before, after, engine, tmp_path):
    path = tmp_path / "run.safetensors"
    train(path, *before, engine=engine)
    model = after[0]
    values = [parameter.value for parameter in model.parameters()]
    with pytest.raises(ModelFileError, match="first example were .* and are .*: the model, or the loss, is another"):
        train(path, *after, epochs=2, engine=engine)
    assert [parameter.value for parameter in model.parameters()] == values


def dropping(*shares):
    layers = [Layer(2, 3, seed=1), Layer(3, 3, seed=2), Layer(3, 1, None, seed=3)]
    layers[1:1] = [Dropout(share) if share else list for share in shares]
    return Net(*layers, lambda outputs: outputs[0])


@pytest.mark.parametrize("engine", ["eager", "compiled"])
@pytest.mark.parametrize(
    ("shares", "after", "difference"),
    [
        ([0.5], [0.25], r"dropout=\[\[0.25, 3\]\], but the state has \[\[0.5, 3\]\]"),
        ([0.5, 0.25], [0.25, 0.5], r"dropout=\[\[0.25, 3\], \[0.5, 3\]\], but the state has \[\[0.5, 3\], \["),
        ([0.5, 0.5], [0.5, 0.0], r"dropout=\[\[0.5, 3\]\], but the state has \[\[0.5, 6\]\]"),
    ],
)
def test_other_dropout_is_refused(shares, after, difference, engine, tmp_path):
    path = tmp_path / "run.safetensors"
    train(path, dropping(*shares), engine=engine)
    kept, model = path.read_bytes(), dropping(*after)
    with pytest.raises(ModelFileError, match=f"this training has {difference}") as caught:
        train(path, model, epochs=2, engine=engine)
    assert caught.value.is_other_model
    assert [parameter.value for parameter in model.parameters()] == [
        parameter.value for parameter in dropping(*after).parameters()
    ]
    assert path.read_bytes() == kept


@pytest.mark.parametrize("engine", ["eager", "compiled"])
def test_a_share_that_changed_is_that_of_the_file(engine, tmp_path):
    def share(model, epochs, path=None, first=0.25):
        dropout = model.layers[1]
        dropout.share = first

        def fall(training):
            dropout.share = 0.25 / len(training.history.epochs)

        return train(path, model, epochs=epochs, engine=engine, callbacks=[fall])

    expected = share(dropping(0.5), 5)
    share(dropping(0.5), 3, tmp_path / "run")
    with pytest.raises(ModelFileError, match=r"dropout=\[\[0.25, 3\]\], but the state has \[\[0.08333"):
        share(dropping(0.5), 5, tmp_path / "run")
    assert share(dropping(0.5), 5, tmp_path / "run", first=0.25 / 3) == expected


def test_a_refusal_says_what_differs(tmp_path):
    path = tmp_path / "run.safetensors"
    train(path, squares())
    with pytest.raises(ModelFileError) as caught:
        train(path, squares(), loss=mae, seed=3)
    assert caught.value.differences["seed"] == "was 0, and is 3"
    assert caught.value.differences.keys() == {"loss", "seed"}
    assert not caught.value.is_other_model
    with pytest.raises(ModelFileError) as caught:
        train(path, MLP([2, 5, 1]))
    assert (caught.value.differences, caught.value.is_other_model) == ({}, True)


def test_parameters_that_are_not_trained_belong_to_the_model_in_the_file(tmp_path):
    expected = train(None, MLP([2, 3, 1], seed=1), epochs=2, frozen=4)
    train(tmp_path / "run", MLP([2, 3, 1], seed=1), frozen=4)
    assert train(tmp_path / "run", MLP([2, 3, 1], seed=5), epochs=2, frozen=4) == expected


def test_a_model_that_draws_random_numbers_cannot_be_compared(tmp_path):
    train(tmp_path / "run", Scaled(1.0, noise=0.1), engine="eager")
    train(tmp_path / "run", Scaled(1.0, noise=0.1), epochs=2, engine="eager")
