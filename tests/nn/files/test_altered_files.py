"""Files of models that were altered, cut off, or made to deceive, are refused, and nothing is loaded from them."""

from __future__ import annotations

import hashlib
import json
import random
import re

import numpy as np
import pytest
from safetensors.numpy import save as to_safetensors

from gograd_nn import MLP, ModelFileError, load, save

pytestmark = pytest.mark.any_engine

WHAT_TO_DO = "model: it was changed or cut off .* take another copy of it, or train again"


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "model"
    save(MLP([6, 8, 3], seed=1), path)
    return path.read_bytes()


@pytest.fixture
def refused(tmp_path):
    """Asserts that some bytes are refused as a file of a model, whose parameters stay as they were."""
    model = MLP([6, 8, 3], seed=2)
    before = [parameter.value for parameter in model.parameters()]

    def refused(data, message=WHAT_TO_DO):
        (tmp_path / "model").write_bytes(data)
        with pytest.raises(ModelFileError, match=message):
            load(model, tmp_path / "model")
        assert [parameter.value for parameter in model.parameters()] == before

    return refused


def sealed(header, arrays=b""):
    """A file with this header, whose digest is right."""
    zeros = b"0" * 64
    unsealed = len(header).to_bytes(8, "little") + header + arrays
    assert unsealed.count(zeros) == 1
    return unsealed.replace(zeros, hashlib.sha256(unsealed).hexdigest().encode())


def with_facts(facts, arrays=None):
    text = json.dumps({"sha256": "0" * 64, **facts}) if isinstance(facts, dict) else facts
    data = to_safetensors(arrays or {"parameters": np.zeros(2)}, {"gograd": text})
    size = int.from_bytes(data[:8], "little")
    return sealed(data[8 : 8 + size], data[8 + size :])


def test_every_one_of_a_thousand_altered_bytes(data, refused):
    rng = random.Random(1)
    assert len(data) > 1000
    for place in rng.sample(range(len(data)), 1000):
        altered = bytearray(data)
        altered[place] ^= rng.randrange(1, 256)
        refused(bytes(altered))


def test_bits_of_the_header_and_its_length(data, refused):
    for place in range(8 + int.from_bytes(data[:8], "little")):
        refused(data[:place] + bytes([data[place] ^ 1 << place % 8]) + data[place + 1 :])


def test_a_digest_in_capitals(data, refused):
    digest = re.search(rb"[0-9a-f]{64}", data)[0]
    assert digest.upper() != digest
    refused(data.replace(digest, digest.upper()))


def test_files_that_were_cut_off_or_prolonged(data, refused):
    for size in [*range(0, len(data), 7), len(data) - 1]:
        refused(data[:size])
    for more in (b"\0", b" " * 8, data):
        refused(data + more)
        refused(more + data)


def test_a_header_of_any_size(data, refused):
    for size in (0, 1, len(data), 2**31, 2**63, 2**64 - 1):
        refused(size.to_bytes(8, "little") + data[8:])


MODEL = {"format": "gograd model", "version": 1, "labels": []}


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({}, "it is a None, and a 'gograd model' was expected"),
        ({**MODEL, "format": ["x"] * 10_000}, r"it is a \['x', 'x', .* \.\.\.\], and a"),
        ({**MODEL, "version": 2, "gograd": "9.1"}, "it has the version 2 .* the version that wrote it, gograd '9.1'"),
        ({**MODEL, "version": None}, "it has the version None"),
        (MODEL, "it belongs to another model: it has no layer0.weight"),
        (f'["sha256", {{"sha256": "{"0" * 64}"}}]', WHAT_TO_DO),
        (f'{"[" * 100_000}{{"sha256": "{"0" * 64}"}}', WHAT_TO_DO),
        (f'{{"sha256": "{"0" * 64}"', WHAT_TO_DO),
    ],
)
def test_facts_that_are_wrong_though_the_digest_is_right(facts, message, refused):
    refused(with_facts(facts), message)


def shapes(**wrong):
    return {
        "layer0.weight": np.zeros((8, 6)),
        "layer0.bias": np.zeros(8),
        "layer1.weight": np.zeros((3, 8)),
        "layer1.bias": np.zeros(3),
    } | {name.replace("_", "."): array for name, array in wrong.items()}


@pytest.mark.parametrize(
    ("arrays", "facts", "message"),
    [
        (
            shapes(layer0_weight=np.zeros((6, 8))),
            {},
            r"layer0.weight has the shape \(6, 8\), and in the model \(8, 6\)",
        ),
        (shapes(layer1_bias=np.zeros(3, dtype=np.float32)), {}, WHAT_TO_DO),
        (shapes(layer2_bias=np.zeros(3)), {}, "the model has no layer2.bias"),
        (shapes(), {"labels": ["x"]}, "the labels of the array 'parameters'"),
        (shapes(), {"labels": None}, "the labels of the array 'parameters'"),
    ],
)
def test_arrays_that_are_wrong_though_the_digest_is_right(arrays, facts, message, refused):
    refused(with_facts({**MODEL, **facts}, arrays), message)


FACTS = r'"{\"sha256\": \"DIGEST\"}"'
ENTRY = '{"dtype":"F64","shape":[1],"data_offsets":[0,8]}'


@pytest.mark.parametrize(
    "header",
    [
        f'{{"__metadata__":{{"gograd":{FACTS}}},"a":{ENTRY}}}',  # without the data
        f'{{"__metadata__":{{"gograd":{FACTS}}},"a":{ENTRY},"a":{ENTRY}}}',
        f'{{"__metadata__":{{"gograd":{FACTS}}},"a":7}}',
        f'{{"__metadata__":{{"other":{FACTS}}}}}',
        f'{{"__metadata__":{FACTS}}}',
        f"{{{FACTS}:{ENTRY}}}",
        f"[{FACTS}]",
        FACTS,
        f"\xff{FACTS}",
        f'{{"__metadata__":{{"gograd":{FACTS}}}',
    ],
)
def test_headers_that_are_no_headers_though_the_digest_is_right(header, refused):
    refused(sealed(header.replace("DIGEST", "0" * 64).encode("latin-1")))
