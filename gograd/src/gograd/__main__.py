"""``gograd`` and ``python -m gograd``: the command. Most of it is imported once Ctrl-C no longer shows a traceback."""

from __future__ import annotations

import signal

from gograd.interrupts import is_watched, leave

__all__ = ["main"]


def main() -> None:
    """Run the command."""
    if is_watched():
        signal.signal(signal.SIGINT, leave)  # until Python has ended
    from gograd.cli import app

    app(prog_name="gograd")


if __name__ == "__main__":
    main()
