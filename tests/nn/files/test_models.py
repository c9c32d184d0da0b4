"""`save` and `load`: which arrays are in the file, whose parameters they are, and what is refused."""

from __future__ import annotations

import json
import math
import os
import stat
import threading
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

import gograd_core
from gograd_compile import compile
from gograd_core import Neuron, StaleGraphError
from gograd_nn import (
    MLP,
    CausalAttention,
    Dropout,
    Embedding,
    Layer,
    LayerNorm,
    ModelFileError,
    Net,
    Perceptron,
    RMSNorm,
    load,
    save,
)


class Line:
    """A model of the user's own, with labels of the user's own."""

    def __init__(self, *labels):
        self.neurons = [Neuron(1.0 + place, label=label) for place, label in enumerate(labels)]

    def parameters(self):
        return self.neurons


def values_of(model):
    return [parameter.value for parameter in model.parameters()]


def shapes_in(path):
    return {name: array.shape for name, array in load_file(path).items()}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.safetensors"


def net():
    return Net(
        CausalAttention(2, bias=False),
        Embedding(2, 4),
        LayerNorm(4),
        Net(RMSNorm(4), Dropout(0.1), abs, Layer(4, 2, seed=3)),
        Perceptron(2),
    )


@pytest.mark.parametrize(
    ("make", "shapes"),
    [
        (
            lambda: MLP([3, 4, 1]),
            {"layer0.weight": (4, 3), "layer0.bias": (4,), "layer1.weight": (1, 4), "layer1.bias": (1,)},
        ),
        (lambda: Layer(12, 11, bias=False), {"weight": (11, 12)}),
        (lambda: Perceptron(3), {"weight": (3,), "bias": ()}),
        (
            net,
            {f"layer0.{name}.weight": (2, 2) for name in ("queries", "keys", "values", "outputs")}
            | {"layer1.weight": (2, 4), "layer2.weight": (4,), "layer2.bias": (4,), "layer3.layer0.weight": (4,)}
            | {"layer3.layer3.weight": (2, 4), "layer3.layer3.bias": (2,), "layer4.weight": (2,), "layer4.bias": ()},
        ),
        (lambda: Line("slope", "height"), {"parameters": (2,)}),
        (lambda: Line("", "", ""), {"parameters": (3,)}),
        (lambda: Line("w0", "w1", "slope", "b"), {"weight": (2,), "bias": (), "parameters": (1,)}),
        (lambda: Line("w0", "w2"), {"parameters": (2,)}),  # a gap
        (lambda: Line("w0", "w0"), {"parameters": (2,)}),  # the same label twice
        (lambda: Line("w1", "w01"), {"parameters": (2,)}),  # the same index twice
        (lambda: Line("w0", "unit0.w0"), {"parameters": (2,)}),  # of one and of two dimensions
        (lambda: Line("training/w0"), {"parameters": (1,)}),  # what checkpoints have besides
        (lambda: Line("\ud800.w0"), {"parameters": (1,)}),  # no text of Unicode
        (lambda: Line('"\\.w0', "\0.b"), {'"\\.weight': (1,), "\0.bias": ()}),
        (lambda: Line("w" + "9" * 5000, "wörter\n"), {"parameters": (2,)}),
    ],
)
def test_a_model_is_restored_from_its_arrays(make, shapes, path):
    saved, loaded = make(), make()
    for place, parameter in enumerate(saved.parameters()):
        parameter.value = 0.1 * place - 1.0
    save(saved, path)
    assert shapes_in(path) == shapes
    load(loaded, path)
    assert values_of(loaded) == values_of(saved)


def test_an_array_has_a_row_for_each_unit(path):
    layer = Layer(12, 11, seed=5)
    save(layer, path)
    arrays = load_file(path)
    assert arrays["weight"].tolist() == [[w.value for w in unit.w] for unit in layer.units]
    assert arrays["bias"].tolist() == [unit.b.value for unit in layer.units]


def test_all_doubles_come_back_as_they_were(path):
    numbers = [math.nan, math.inf, -math.inf, -0.0, 5e-324, 0.1, -1.7976931348623157e308]
    saved, loaded = Line(*"abcdefg"), Line(*"abcdefg")
    for neuron, number in zip(saved.neurons, numbers, strict=True):
        neuron.value = number
    save(saved, path)
    load(loaded, path)
    assert np.array(values_of(loaded)).tobytes() == np.array(numbers).tobytes()


def test_a_shared_parameter_is_in_the_file_once(path):
    layer = Layer(2, 2)
    save(Net(layer, layer), path)
    assert shapes_in(path) == {"layer1.weight": (2, 2), "layer1.bias": (2,)}
    line = Line("one", "two")
    line.neurons.append(line.neurons[0])
    save(line, path)
    assert shapes_in(path) == {"parameters": (2,)}


def test_a_list_of_neurons_and_a_compiled_model_are_models(path):
    model, other = MLP([2, 2], seed=1), MLP([2, 2], seed=2)
    save(compile(model), path)
    load(other.parameters(), path)
    assert values_of(other) == values_of(model)


def test_loading_makes_graphs_stale(path):
    model = MLP([2, 1])
    output = model([1.0, 2.0])
    save(model, path)
    load(model, path)
    with pytest.raises(StaleGraphError):
        output.backward()


def test_equal_models_give_equal_files(tmp_path):
    for name in "ab":
        save(net(), tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_what_stands_in_the_metadata(path):
    save(Line("w0", "slope"), path)
    with safe_open(path, "np") as file:
        metadata = file.metadata()
    facts = json.loads(metadata.pop("gograd"))
    assert metadata == {}
    assert len(facts.pop("sha256")) == 64
    assert facts == {"format": "gograd model", "version": 1, "gograd": gograd_core.__version__, "labels": ["slope"]}


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (MLP([3, 5, 1]), r"layer0.weight has the shape \(4, 3\), and in the model \(5, 3\); layer0.bias has"),
        (MLP([3, 4]), "it has no|the model has no layer1.weight"),
        (MLP([3, 4, 1, 1]), "it has no layer2.weight; it has no layer2.bias"),
        (Layer(3, 4), "it has no weight; it has no bias; the model has no layer0.bias; …. Make the model as"),
        (Line("slope"), "it has no parameters; the model has no layer0.bias; "),
    ],
)
def test_the_file_of_another_model_is_refused_by_names(other, message, path):
    save(MLP([3, 4, 1]), path)
    before = values_of(other)
    with pytest.raises(ModelFileError, match=f"^{path}: it belongs to another model: .*(?:{message})"):
        load(other, path)
    assert values_of(other) == before


def test_other_labels_are_refused(path):
    save(Line("slope", "height"), path)
    with pytest.raises(ModelFileError, match=r"labels .* \['slope', 'height'\], and those of the model \['height', 's"):
        load(Line("height", "slope"), path)


@pytest.mark.parametrize(
    ("model", "error", "message"),
    [
        (3.0, TypeError, "expected a model, which has a method parameters"),
        ([1.0], TypeError, "parameters are leaf neurons, got 1.0"),
        ([Neuron(1.0) + 1.0], TypeError, "parameters are leaf neurons"),
        (Net(abs), ValueError, "has no parameters"),
    ],
)
def test_what_is_no_model(model, error, message, path):
    with pytest.raises(error, match=message):
        save(model, path)
    with pytest.raises(error, match=message):
        load(model, path)
    assert not path.exists()


class TestFiles:
    def test_a_path_may_be_text(self, path):
        save(MLP([1, 1]), str(path))
        load(MLP([1, 1]), os.fsencode(path))

    def test_a_missing_file(self, path):
        with pytest.raises(FileNotFoundError, match="model.safetensors"):
            load(MLP([1, 1]), path)

    def test_a_folder(self, tmp_path):
        for do in (save, load):
            with pytest.raises(ModelFileError, match="it is not a file"):
                do(MLP([1, 1]), tmp_path)

    def test_a_file_of_pytorch(self, path):
        save_file({"0.weight": np.zeros((1, 1))}, path, {"format": "pt"})
        with pytest.raises(ModelFileError, match=r"gograd_nn did not write it: .* see load_state_dict\(\)"):
            load(MLP([1, 1]), path)

    @pytest.mark.skipif(os.name == "nt", reason="links and modes are those of POSIX")
    def test_a_link_stays_one_and_its_file_keeps_its_mode(self, path, tmp_path):
        save(MLP([1, 1], seed=1), path)
        path.chmod(0o640)
        link = tmp_path / "link"
        link.symlink_to(path.name)
        model, loaded = MLP([1, 1], seed=2), MLP([1, 1])
        save(model, link)
        load(loaded, path)
        assert link.is_symlink()
        assert stat.S_IMODE(path.stat().st_mode) == 0o640
        assert values_of(loaded) == values_of(model)

    @pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
    @pytest.mark.parametrize("where", ["os.fsync", "pathlib.Path.replace"])
    def test_what_was_there_stays_if_writing_fails(self, where, error, path, monkeypatch):
        model, other = MLP([1, 1], seed=1), MLP([1, 1], seed=2)
        save(model, path)

        def fail(*_):
            raise error

        monkeypatch.setattr(where, fail)
        with pytest.raises(type(error)):
            save(other, path)
        load(other, path)
        assert values_of(other) == values_of(model)
        assert os.listdir(path.parent) == [path.name]

    @pytest.mark.skipif(os.name == "nt", reason="there are no such limits")
    def test_what_was_there_stays_if_the_file_may_not_grow(self, path):
        resource = pytest.importorskip("resource")
        save(MLP([9, 9], seed=1), path)
        before, limits = path.read_bytes(), resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (500, limits[1]))
        try:
            with pytest.raises(OSError, match="File too large"):
                save(MLP([9, 9], seed=2), path)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert path.read_bytes() == before
        assert os.listdir(path.parent) == [path.name]

    def test_several_writers_and_a_reader(self, path):
        """Whoever reads finds one of the models, whole."""
        models = [MLP([9, 9], seed=seed) for seed in range(3)]
        expected = [values_of(model) for model in models]
        save(models[0], path)
        writers = [threading.Thread(target=lambda m=m: [save(m, path) for _ in range(10)]) for m in models]
        for writer in writers:
            writer.start()
        found = MLP([9, 9])
        for _ in range(30):
            load(found, path)
            assert values_of(found) in expected
        for writer in writers:
            writer.join()
        assert os.listdir(path.parent) == [path.name]

    def test_a_folder_that_is_missing(self, tmp_path):
        with pytest.raises(FileNotFoundError, match="No such file or directory: .*missing.file'$"):
            save(MLP([1, 1]), tmp_path / "missing" / "file")
        assert list(Path(tmp_path).iterdir()) == []
