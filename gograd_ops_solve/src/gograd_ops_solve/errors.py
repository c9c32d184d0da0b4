"""What is raised where a solver finds nothing."""

from __future__ import annotations

from gograd_core import DomainError

__all__ = ["NotFoundError", "SolveError"]


class SolveError(DomainError):
    """A solver found no solution. The message says what was solved, with which numbers, and what to try."""


class NotFoundError(Exception):
    """Why a solver found nothing; it does not know the name of the function, nor the parameters."""
