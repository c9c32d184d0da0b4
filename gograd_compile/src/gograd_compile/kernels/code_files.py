"""Machine code in files: plain bytes, which are not unpickled.

A file begins with the SHA-256 digest of all that follows. Then come the length of a header, in four bytes (the least
significant one first), the header in JSON, the object code, and LLVM's bitcode of the same, for functions that call
it. The header has the key of the file: all that the code depends on, as a digest. So no file passes for another one.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

import attrs

from gograd_compile.reading import RefusedError

__all__ = ["MOST_BYTES", "Code", "from_bytes"]

DIGEST, LENGTH = 32, 4  # bytes
MOST_BYTES = 2**26
"""The most that a file may have; those of gograd have less than a million."""
TEXTS = ("library", "function", "environment", "result")


@attrs.frozen
class Code:
    """One function as machine code.

    Attributes:
        library: what Numba calls the code.
        function: the name of the function in it.
        environment: the name of the variable where the function finds its constants: it has none.
        environments: those of the functions that are a part of it.
        result: the type of what it returns.
        compiled: the object code.
        bitcode: the same for LLVM.
    """

    library: str
    function: str
    environment: str
    result: str
    environments: tuple[str, ...]
    compiled: bytes
    bitcode: bytes

    def to_bytes(self, key: str) -> bytes:
        """Write the bytes of the file of that key."""
        facts = {name: getattr(self, name) for name in TEXTS}
        header = json.dumps({"key": key, **facts, "environments": self.environments, "object": len(self.compiled)})
        rest = len(header).to_bytes(LENGTH, "little") + header.encode() + self.compiled + self.bitcode
        return hashlib.sha256(rest).digest() + rest


def from_bytes(data: bytes, key: str) -> Code:
    """Read what `Code.to_bytes` wrote.

    Raises:
        RefusedError: it was changed or cut off, or written under another key.
    """
    if hashlib.sha256(data[DIGEST:]).digest() != data[:DIGEST]:
        raise RefusedError("it was changed or cut off since it was written")
    start = DIGEST + LENGTH
    end = start + int.from_bytes(data[DIGEST:start], "little")
    try:
        header: dict[str, Any] = json.loads(data[start:end])
        if header["key"] != key:
            raise RefusedError("it is the code of something else")
        middle = end + header["object"]
        code = Code(
            **{name: header[name] for name in TEXTS},
            environments=tuple(header["environments"]),
            compiled=data[end:middle],
            bitcode=data[middle:],
        )
    except (ValueError, KeyError, TypeError, RecursionError):
        raise RefusedError("it does not have the form of a file with code") from None
    return code
