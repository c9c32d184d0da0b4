"""Both engines offer what `interfaces.Engine` says. mypy checks this file; nothing runs it."""

from __future__ import annotations

from gograd_core import _native, engines
from gograd_core.interfaces import Engine

NATIVE: Engine = _native
PYTHON: Engine = engines  # to mypy, which takes the branch of the Python engine
