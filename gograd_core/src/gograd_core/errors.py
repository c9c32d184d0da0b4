"""Every exception and warning of gograd, and `errstate`, which says when `DomainError` is raised."""

from __future__ import annotations

from typing import Any, Literal

from gograd_core.blocks import Block, now

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
        fact: what was computed, and what came out.
        operation: the `Op` that was called.
        inputs: its inputs, as floats.
    """

    def __init__(self, fact: str, *, operation: Any = None, inputs: tuple[Any, ...] = ()) -> None:
        super().__init__(
            f"{fact}. Check the inputs, or let the result of IEEE 754 stand with gograd_core.errstate(domain='ignore')."
        )
        self.fact = fact
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


TOO_EARLY = (
    "a plugin looked up or registered an operation while plugins are being loaded: return operations from the hook "
    "gograd_ops, and look others up through xp when a rule runs"
)


Policy = Literal["raise", "ignore"]


def domain_errors_raise() -> bool:
    """Whether, here and now, a result outside the real numbers is an error."""
    return now().domain == "raise"


def errors_ignored() -> bool:
    """Whether the user said so, here and now."""
    return now().domain == "ignore"


def errors_matter() -> bool:
    """Whether an error of an operation here and now is raised, now or when what is recorded runs later."""
    return now().domain in ("raise", "later")


def unjudged() -> Block:
    """A block in which the engine runs what it judges itself afterwards, if that is to be judged."""
    return Block() if errors_ignored() else Block(domain="afterwards")


def not_ignored() -> Block:
    """A block for what is recorded: errors that the caller ignores are not ignored by the function itself."""
    return Block(domain="later") if errors_ignored() else Block()


class errstate(Block):
    """What happens where an operation leaves the real numbers: ``with errstate(domain="ignore"):``.

    ``"raise"`` (the default everywhere) raises `DomainError`; ``"ignore"`` lets the result of
    IEEE 754 stand. Holds for the current thread or task, may be nested, and may decorate a function.

    Raises:
        ValueError: `domain` is neither of the two.
    """

    def __init__(self, *, domain: Policy) -> None:
        if domain not in ("raise", "ignore"):
            raise ValueError(f"errstate(domain=...) takes 'raise' or 'ignore', not {domain!r}")
        super().__init__(domain=domain)
