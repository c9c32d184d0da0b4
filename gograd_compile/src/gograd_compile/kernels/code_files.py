"""Machine code in files: plain bytes, which are not unpickled.

A file begins with the SHA-256 digest of all that follows. Then come the length of a header, in four bytes (the least
significant one first), the header in JSON, the object code, and the same code as LLVM's bitcode, for functions that
call it. The header contains the key of the file, a digest of all that the code depends on. So no file passes for
another one.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

import attrs

from gograd_core.extend import RefusedError

__all__ = ["MOST_BYTES", "Code", "from_bytes"]

DIGEST, LENGTH = 32, 4  # bytes
MOST_BYTES = 2**26
"""The largest file that is read. The files of gograd have less than a million bytes."""
TEXTS = ("library", "function", "environment", "result")


@attrs.frozen(eq=False, repr=False)
class Code:
    """One function as machine code.

    Attributes:
        library: the name that Numba gives the code.
        function: the name of the function in it.
        environment: the name of the variable for the function's constants. There are none.
        result: the type of what it returns.
        environments: the same names for the functions that are a part of it.
        compiled: the object code.
        bitcode: the same code as LLVM's bitcode.
    """

    library: str
    function: str
    environment: str
    result: str
    environments: tuple[str, ...]
    compiled: bytes
    bitcode: bytes

    def to_bytes(self, key: str) -> bytes:
        """Return the bytes of the file with that key."""
        facts = {name: getattr(self, name) for name in TEXTS}
        header = json.dumps({"key": key, **facts, "environments": self.environments, "object": len(self.compiled)})
        rest = len(header).to_bytes(LENGTH, "little") + header.encode() + self.compiled + self.bitcode
        return hashlib.sha256(rest).digest() + rest


def from_bytes(data: bytes, key: str) -> Code:
    """Read what `Code.to_bytes` wrote.

    Raises:
        RefusedError: the data was changed or cut off, or written with another key.
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
