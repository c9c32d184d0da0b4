"""Every exception and warning of gograd, and `errstate`, which says when `DomainError` is raised."""

from __future__ import annotations

from contextlib import ContextDecorator
from contextvars import ContextVar, Token
from types import TracebackType
from typing import Any, Literal

__all__ = [
    "DomainError",
    "InvalidOperationError",
    "PluginError",
    "PluginWarning",
    "RuleError",
    "StaleGraphError",
    "UnknownOperationError",
    "errstate",
]


class DomainError(ArithmeticError, ValueError):
    """An operation made NaN out of numbers, or an infinity out of finite ones.

    Attributes:
        operation: the `Op` that was called.
        inputs: its inputs, as floats.
    """

    def __init__(self, message: str, *, operation: Any = None, inputs: tuple[Any, ...] = ()) -> None:
        super().__init__(message)
        self.operation = operation
        self.inputs = inputs


class InvalidOperationError(ValueError):
    """An `Op` was defined wrongly, or may not be registered."""


class RuleError(TypeError):
    """The forward function or a partial of an operation returned something that is not a number."""


class StaleGraphError(RuntimeError):
    """A leaf's value was set after a neuron was computed from it: the gradient belongs to no point."""


class UnknownOperationError(AttributeError, LookupError):
    """No installed operation has that name or implements that Python operator."""


class PluginError(RuntimeError):
    """A plugin could not be loaded (raised with `strict=True` only)."""


class PluginWarning(UserWarning):
    """A plugin was left out, or one of its names was refused."""


Policy = Literal["raise", "ignore"]

_domain: ContextVar[Policy] = ContextVar("gograd_domain", default="raise")


def domain_errors_raise() -> bool:
    """Whether, here and now, a result outside the real numbers is an error."""
    return _domain.get() == "raise"


class errstate(ContextDecorator):
    """What happens where an operation leaves the real numbers: ``with errstate(domain="ignore"):``.

    ``"raise"`` (the default everywhere) raises `DomainError`; ``"ignore"`` lets the result of
    IEEE 754 stand. Holds for the current thread or task, may be nested, and may decorate a function.

    Raises:
        ValueError: `domain` is neither of the two.
    """

    def __init__(self, *, domain: Policy) -> None:
        if domain not in ("raise", "ignore"):
            raise ValueError(f"errstate(domain=...) takes 'raise' or 'ignore', not {domain!r}")
        self._policy: Policy = domain
        self._tokens: list[Token[Policy]] = []

    def __enter__(self) -> None:
        self._tokens.append(_domain.set(self._policy))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        _domain.reset(self._tokens.pop())
