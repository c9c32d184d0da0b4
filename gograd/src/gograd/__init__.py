"""The command `gograd`: train a network, list the operations, differentiate an expression."""

from __future__ import annotations

__version__ = "0.1.0"

__all__: list[str] = []
