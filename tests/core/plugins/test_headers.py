"""The headers of a distribution, read without importlib-metadata's parser of e-mails, which is slow."""

from __future__ import annotations

import importlib.metadata

import pytest

from gograd_core.plugins.loading import _headers

TEXTS = {
    "ordinary": "Metadata-Version: 2.1\nName: a\nVersion: 1.0\nRequires-Dist: b>1\nRequires-Dist: c\n\nName: b\n",
    "folded": "Name: a\nVersion: 1.0\nRequires-Dist: gograd-core (>=0.1,\n  <0.05)\nRequires-Dist: c\n",
    "other ends of lines": "Name: a\r\nVersion: 1.0\r\nRequires-Dist: b\r\n\r\nVersion: 2.0\r\n",
    "other separators": "Name: a\nVersion: 1.0\nLicense: x\x0cRequires-Dist: gograd-core<0\nRequires-Dist: b\n",
}


class Text(importlib.metadata.Distribution):
    def __init__(self, text):
        self.text = text

    def read_text(self, filename):
        return self.text if filename == "METADATA" else None

    def locate_file(self, path):
        return path


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_are_those_of_importlib_metadata(text):
    distribution = Text(text)
    found = _headers(distribution)
    assert found["Name"] == [distribution.metadata["Name"]]
    assert found["Version"] == [distribution.version]
    assert [" ".join(each.split()) for each in found["Requires-Dist"]] == [
        " ".join(each.split()) for each in distribution.requires or ()
    ]
