"""Every exception and warning of gograd, and how messages quote values."""

from __future__ import annotations

import dis
import functools
import reprlib
import sys
from collections.abc import Callable
from typing import Any

__all__ = [
    "LONGEST",
    "NO_NUMBER",
    "AnomalyError",
    "AnomalyWarning",
    "DomainError",
    "InvalidOperationError",
    "OverflowDomainError",
    "PluginError",
    "PluginWarning",
    "RuleError",
    "StaleGraphError",
    "UnknownOperationError",
    "ValueDomainError",
    "ZeroDivisionDomainError",
    "no_such_name",
    "quoted",
]


class DomainError(Exception):
    """An operation made NaN out of numbers, or an infinity out of finite ones.

    Where Python's floats refuse the same operation, a subclass is raised that is also the class that they raise. So
    ``except ZeroDivisionError`` catches what it catches in a program that computes with floats.

    Attributes:
        fact: what was computed, and what came out.
        operation: the `Op` that was called.
        hint: what shows how the inputs came about; empty if nothing does, or it is shown already.
    """

    def __init__(
        self,
        fact: str,
        *,
        operation: Any = None,
        inputs: tuple[Any, ...] | Callable[[], tuple[Any, ...]] = (),
        hint: str = "",
    ) -> None:
        super().__init__(
            f"{fact}. Check the inputs{f' ({hint})' if hint else ''}, or keep the result of IEEE 754 with "
            "gograd_core.errstate(domain='ignore')."
        )
        self.fact = fact
        self.operation = operation
        self.hint = hint
        self._inputs = inputs

    @property
    def inputs(self) -> tuple[Any, ...]:
        """The inputs of the operation: floats. In a function that is recorded, what is computed with them is, too."""
        if callable(self._inputs):
            self._inputs = self._inputs()
        return self._inputs

    def give_floats(self) -> None:
        """Keep the inputs as floats from now on: the recording of the function that raised the error has ended."""
        self._inputs = tuple(getattr(entry, "_value", entry) for entry in self.inputs)

    def __reduce__(self) -> tuple[Any, ...]:
        make = functools.partial(type(self), operation=self.operation, inputs=self.inputs, hint=self.hint)
        return make, (self.fact,), {**self.__dict__, "_inputs": self.inputs}


class ZeroDivisionDomainError(DomainError, ZeroDivisionError):
    """An operation that raises ZeroDivisionError on floats, such as a division by zero."""


class OverflowDomainError(DomainError, OverflowError):
    """An operation that raises OverflowError on floats, such as ``exp(1000.0)``."""


class ValueDomainError(DomainError, ValueError):
    """An operation that raises ValueError on floats, such as ``log(-1.0)``."""


NO_NUMBER = (DomainError, ArithmeticError, ValueError)
"""What is raised where a function has no real value, on neurons and on floats."""


class AnomalyError(RuntimeError):
    """`detect_anomaly` found what it was asked to look for: an adjoint out of bounds, or a rule that is wrong."""


class AnomalyWarning(RuntimeWarning):
    """`detect_anomaly` found the first number that is not finite where this is no error."""


class InvalidOperationError(ValueError):
    """An `Op` is defined incorrectly, or cannot be registered."""


class RuleError(TypeError):
    """The forward function or a partial of an operation returned something that is not a number."""


class StaleGraphError(RuntimeError):
    """A leaf's value was set after a neuron was computed from it, so the gradient would belong to no point."""


class UnknownOperationError(AttributeError, LookupError):
    """No installed operation has that name or implements that Python operator."""


class PluginError(RuntimeError):
    """A plugin could not be loaded (raised only with `strict=True`)."""


class PluginWarning(UserWarning):
    """A plugin was left out, or one of its names was refused."""


TOO_EARLY = (
    "a plugin looked up or registered an operation while plugins were being loaded: return operations from the hook "
    "gograd_ops, and look others up through xp when a rule runs"
)

LONGEST = 200
"""The most characters that messages show of one thing."""


class _Repr(reprlib.Repr):
    def repr1(self, x: Any, level: int) -> str:
        """Choose a method by an interned name. Any other would stay in Python's cache of methods for a while."""
        kind = type(x)
        name = sys.intern(f"repr_{kind.__name__}")
        known = kind.__module__ in ("array", "builtins", "collections")
        method: Callable[[Any, int], str] = getattr(self, name, self.repr_instance) if known else self.repr_instance
        return method(x, level)


_REPR = _Repr()
_REPR.maxstring = _REPR.maxother = LONGEST // 2


def quoted(value: Any) -> str:
    """Return the `repr` of a value for a message, cut to `LONGEST` characters."""
    text = _REPR.repr(value)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def no_such_name(module: str, name: str, instead: str) -> Exception:
    """Make the error that `__getattr__` of a module raises, with what to write instead, if that is not empty.

    It is an ImportError for ``from module import name``, where Python would drop the text of an AttributeError.
    """
    hint = f": {instead}" if instead else ""
    asking = sys._getframe(2)
    if asking.f_code.co_code[asking.f_lasti] == dis.opmap["IMPORT_FROM"]:
        return ImportError(f"cannot import name {name!r} from {module!r}{hint}", name=module)
    return AttributeError(f"module {module!r} has no attribute {name!r}{hint}", name=name)
