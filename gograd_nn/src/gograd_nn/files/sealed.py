"""Files of arrays and JSON, in the format safetensors, with a digest of all their bytes.

The metadata of a file has one entry, ``gograd``. It is a JSON object, and begins with the entry ``sha256``: the SHA-256
of the whole file, in which the 64 digits of the digest itself are zeros. So no byte of a file can change unnoticed. The
version of gograd that wrote the file is there, too, and is not compared.
Equal contents give equal bytes.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt

from gograd_core import __version__
from gograd_core.extend import RefusedError, quoted, read_file, write_file
from gograd_nn.files.errors import ModelFileError

__all__ = ["Arrays", "naming", "read_sealed", "replace_file", "write_sealed"]

Arrays = dict[str, npt.NDArray[np.float64]]

VERSION = 1
MOST_BYTES = 2**32
"""The largest file that is written or read."""
MOST_BYTES_OF_HEADER = 100_000_000
"""The largest header that safetensors reads."""
DIGEST = re.compile(rb'\\"sha256\\": \\"([0-9a-f]{64})\\"')  # as it stands in JSON inside JSON
ZEROS = "0" * 64
CHANGED = (
    "it was changed or cut off since it was written, or gograd_nn did not write it: take another copy of it, or train "
    "again. (For weights that PyTorch saved, see load_state_dict().)"
)


@contextmanager
def naming(path: str | os.PathLike[str]) -> Iterator[None]:
    """Let what is refused in the block name the file."""
    try:
        yield
    except RefusedError as error:
        raise ModelFileError(f"{os.fspath(path)}: {error}") from None
    except ModelFileError as error:
        error.args = (f"{os.fspath(path)}: {error}",)
        raise


def write_sealed(path: str | os.PathLike[str], kind: str, arrays: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
    """Write arrays of doubles, and facts as JSON, to a file of that kind.

    Raises:
        ModelFileError: the path is that of a folder or a device, or there is too much to be read again.
        OSError: the file cannot be written. What was there is unchanged.
    """
    from safetensors.numpy import save

    text = json.dumps(
        {"sha256": ZEROS, "format": kind, "version": VERSION, "gograd": __version__, **facts}, default=_plain
    )
    doubles = {name: np.asarray(array, dtype=np.float64, order="C") for name, array in arrays.items()}
    unsealed = save(doubles, {"gograd": text})
    if _header_size(unsealed) > MOST_BYTES_OF_HEADER:
        raise ModelFileError(f"{os.fspath(path)}: it would have a header of {_header_size(unsealed)} bytes")
    start, end = _place_of_digest(unsealed)
    digest = hashlib.sha256(unsealed).hexdigest().encode()
    replace_file(path, unsealed[:start] + digest + unsealed[end:])


def read_sealed(path: str | os.PathLike[str], *kinds: str) -> tuple[Arrays, dict[str, Any]]:
    """Read the arrays and facts of a file that `write_sealed` wrote, if it is of one of these kinds.

    Raises:
        ModelFileError: it is something else, or was changed.
        OSError: it cannot be read.
    """
    with naming(path):
        arrays, facts = _unsealed(read_file(path, MOST_BYTES))
        if facts.get("format") not in kinds:
            raise ModelFileError(f"it is a {quoted(facts.get('format'))}, and a {kinds[0]!r} was expected")
        if facts.get("version") != VERSION:
            raise ModelFileError(
                f"it has the version {quoted(facts.get('version'))} of its format, and this version of gograd_nn reads "
                f"{VERSION}: install the version that wrote it, gograd {quoted(facts.get('gograd'))}"
            )
        return arrays, facts


def replace_file(path: str | os.PathLike[str], data: bytes) -> None:
    """Write a file. A file that is there is replaced in one step, after everything has been written.

    Raises:
        ModelFileError: the path is that of a folder or a device, or there are more than `MOST_BYTES`.
        OSError: it cannot be written. What was there is unchanged.
    """
    with naming(path):
        if len(data) > MOST_BYTES:
            raise ModelFileError(f"it would have {len(data)} bytes, and {MOST_BYTES} is the most that can be read")
        write_file(path, data)


def _unsealed(data: bytes) -> tuple[Arrays, dict[str, Any]]:
    from safetensors import SafetensorError
    from safetensors.numpy import load

    start, end = _place_of_digest(data)
    unsealed = data[:start] + ZEROS.encode() + data[end:]
    if hashlib.sha256(unsealed).hexdigest().encode() != data[start:end]:
        raise ModelFileError(CHANGED)
    try:
        arrays = load(data)
        facts = json.loads(json.loads(data[8 : 8 + _header_size(data)])["__metadata__"]["gograd"])
    except (SafetensorError, ValueError, LookupError, TypeError, RecursionError):
        raise ModelFileError(CHANGED) from None
    if not isinstance(facts, dict) or any(array.dtype != np.float64 for array in arrays.values()):
        raise ModelFileError(CHANGED)
    return arrays, facts


def _header_size(data: bytes) -> int:
    return int.from_bytes(data[:8], "little")


def _place_of_digest(data: bytes) -> tuple[int, int]:
    """Find the digest. It is the first of its form, since the metadata stands before the names of arrays."""
    found = DIGEST.search(data, 8, 8 + min(_header_size(data), len(data)))
    if found is None:
        raise ModelFileError(CHANGED)
    return found.span(1)


def _plain(value: Any) -> Any:
    """Return an integer of NumPy as one of Python. A float of single precision would not compute as it did before."""
    if isinstance(value, np.integer | np.bool_):
        return value.item()
    raise TypeError(f"a file holds numbers of Python, texts, and lists and dicts of these, got {value!r}")
