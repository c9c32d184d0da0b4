"""``python -m gograd`` is the command ``gograd``."""

from __future__ import annotations

from gograd.cli import app

app(prog_name="gograd")
