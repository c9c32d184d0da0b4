"""Lines of source, as messages name them."""

from __future__ import annotations

from pathlib import Path


def line_of(function, below):
    """What messages say of a line that is so many lines below the function's first one."""
    code = function.__code__
    return f"{Path(code.co_filename).name}:{code.co_firstlineno + below} in {code.co_name}"
