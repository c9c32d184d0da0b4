"""The command `gograd`: train, differentiate, list, check and write operations."""

from __future__ import annotations

__version__ = "0.1.0"

__all__: list[str] = []
