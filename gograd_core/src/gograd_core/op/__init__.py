"""What an operation is: a forward rule, one partial derivative per input, and facts about them."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any

import attrs

from gograd_core import current, engines
from gograd_core.errors import InvalidOperationError
from gograd_core.namespaces.arrays import ArrayNamespace
from gograd_core.namespaces.columns import ColumnNamespace
from gograd_core.namespaces.per_registry import IN_FORCE, Scope
from gograd_core.op.columns import columns_of, entries_of
from gograd_core.op.help import Doc, OwnSignature
from gograd_core.op.implementations import Implemented
from gograd_core.op.kernels import Kernels
from gograd_core.op.metadata import Accuracy, Edge, Provider
from gograd_core.op.validation import as_name, as_names, as_tuple, validate, validate_kernels
from gograd_core.recording import outside_transforms

__all__ = ["Op"]

Rule = Callable[..., Any]


@attrs.frozen(eq=False, repr=False)
class Op(engines.Operation):
    """An operation on numbers, called like a function on floats, neurons and arrays.

    Attributes:
        name: how it is called: ``ops.NAME(x)``, ``x.NAME()``.
        forward: ``forward(xp, *inputs)`` returns the value, computed with functions and constants from `xp`. It is not
            needed if `implementations` has a function of floats.
        partials: one ``partial(xp, out, *inputs)`` per input: the local derivative of the value with respect to that
            input. None in place of a function: there is no such derivative.
        samples: points inside the domain, each a tuple of inputs. Tests of the rules start from them.
        edges: pinned facts about points on the border of the domain.
        domain: where the value is a real number, as a condition in Python on the rules' names of the inputs:
            "-1 <= x <= 1". A column is a sequence of numbers: "all(p > 0 for p in x)". The condition may call functions
            of `math`, and abs, all, any, len, max, min and sum. Empty: everywhere.
        accuracy: how accurate value and derivatives are; 4 ulps unless given.
        reference: ``reference(mp, *inputs)``, an independent formula in mpmath, if there is one.
        operator: the operator of Python that it implements: ``"+"``, ``"abs"``, ``"<"``. With one input ``"-"`` is the
            sign.
        math: the function of Python's `math` that it is, for this number of inputs, if the operation of that name is
            another one: ``math.remainder`` is not the standard's.
        symbol: how it is drawn; `name` unless given.
        doc: what it computes, in a sentence.
        aliases: further names.
        variadic: whether the inputs are columns of equal length.
        opaque: whether the rules understand only floats.
        implementations: functions that replace `forward` in some backends ("scalar", "numpy", "jax", "mpmath", …),
            because the standard's functions cannot express it. Each is a function, or "package.module:name", which is
            imported when it is needed. Without one for NumPy, that for floats is called point by point.
        kernels: the rules for floats as native code, if there is any; see `Kernels`.
        provider: who registered it; set by the registry.

    Raises:
        InvalidOperationError: a field is wrong; the message names the operation and the field.
    """

    name: str = attrs.field(converter=as_name)
    forward: Rule = attrs.field(kw_only=True, default=None)
    partials: tuple[Rule | None, ...] = attrs.field(kw_only=True, converter=as_tuple)
    samples: tuple[tuple[Any, ...], ...] = attrs.field(kw_only=True, default=(), converter=as_tuple)
    edges: tuple[Edge, ...] = attrs.field(kw_only=True, default=(), converter=as_tuple)
    domain: str = attrs.field(kw_only=True, default="")
    accuracy: Accuracy = attrs.field(kw_only=True, default=Accuracy())
    reference: Callable[..., Any] | None = attrs.field(kw_only=True, default=None)
    operator: str | None = attrs.field(kw_only=True, default=None)
    math: str | None = attrs.field(kw_only=True, default=None)
    symbol: str = attrs.field(kw_only=True, default="")
    doc: str = attrs.field(kw_only=True, default="")
    aliases: tuple[str, ...] = attrs.field(kw_only=True, default=(), converter=as_names)
    variadic: bool = attrs.field(kw_only=True, default=False)
    opaque: bool = attrs.field(kw_only=True, default=False)
    implementations: Mapping[str, Rule | str] = attrs.field(kw_only=True, factory=dict)
    kernels: Kernels | None = attrs.field(kw_only=True, default=None)
    provider: Provider | None = attrs.field(kw_only=True, default=None)
    arity: int = attrs.field(init=False)
    """The number of inputs; 0 for a variadic operation, whose columns have any length."""
    scope: Scope = attrs.field(init=False)
    """Where its rules find other operations; set by the registry."""
    xp: Any = attrs.field(init=False)
    """What its rules receive to compute with floats."""

    def __attrs_post_init__(self) -> None:
        validate(self)
        object.__setattr__(self, "arity", 0 if self.variadic else len(self.partials))
        if not self.symbol:
            object.__setattr__(self, "symbol", self.operator or self.name)
        if self.opaque:
            rules = [rule and outside_transforms(rule) for rule in (self.formula, *self.partials)]
            object.__setattr__(self, "forward", rules[0])
            object.__setattr__(self, "partials", tuple(rules[1:]))
        if self.implementations:
            object.__setattr__(self, "forward", Implemented(self))
        self._set_kernels(self.kernels)
        self.enter(IN_FORCE)

    def enter(self, scope: Scope) -> None:
        """Let the rules find other operations in `scope`. The registry that owns the operation calls this."""
        object.__setattr__(self, "scope", scope)
        object.__setattr__(self, "xp", scope.columns if self.variadic else scope.floats)
        self._prepare()

    def attach(self, kernels: Kernels | None) -> None:
        """Run these kernels in place of the rules from now on.

        Raises:
            InvalidOperationError: they do not fit; the operation then stays as it was.
        """
        before = self.kernels
        try:
            self._set_kernels(kernels)
            if kernels is not None and self.kernels is None:
                raise InvalidOperationError(f"{self.title}: these kernels were made for other rules")
            self._prepare()
        except BaseException:
            object.__setattr__(self, "kernels", before)
            raise

    def _set_kernels(self, kernels: Kernels | None) -> None:
        """Use these kernels, unless they were made for other rules, which ``attrs.evolve`` has replaced."""
        object.__setattr__(self, "kernels", kernels)
        validate_kernels(self)
        if kernels is not None:
            object.__setattr__(self, "kernels", kernels.of(self.rules))

    def __repr__(self) -> str:
        return f"<Op {self.title}>"

    def __copy__(self) -> Op:
        return self  # it never changes

    def __deepcopy__(self, memo: object) -> Op:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        """Return where the operation came from. A pickle holds only that, and looks the operation up again."""
        name = f"{self.provider.distribution}:{self.name}" if self.provider else self.name
        if name not in current.registry or current.registry[name] is not self:
            raise TypeError(
                f"{self.title} cannot be pickled: only operations of the process-wide registry are found again by name"
            )
        return look_up, (name,)

    @property
    def title(self) -> str:
        """The name and the provider as messages give them, "tanh (gograd-ops-extra 0.1.0)"."""
        return f"{self.name} ({self.provider or 'not registered'})"

    flatten, columns = entries_of, columns_of

    @property
    def formula(self) -> Rule | None:
        """The forward rule as its author wrote it; None if there are only `implementations`."""
        return self.forward.formula if isinstance(self.forward, Implemented) else self.forward

    @property
    def rules(self) -> tuple[Any, ...]:
        """The rules on floats as the author gave them: forward, the function that replaces it, and the partials."""
        return (self.formula, self.implementations.get("scalar"), *self.partials)

    @property
    def input_names(self) -> tuple[str, ...]:
        """The names that the rules give the inputs; x0, x1, … if they give none."""
        count = len(self.partials)
        for rule, skipped in ((self.formula, 1), *((partial, 2) for partial in self.partials)):
            parameters = list(inspect.signature(rule).parameters.values())[skipped:] if rule else []
            if len(parameters) == count and all(p.kind is not p.VAR_POSITIONAL for p in parameters):
                return tuple(parameter.name for parameter in parameters)
        return tuple(f"x{index}" for index in range(count))

    def bind(self, xp: Any) -> Rule:
        """Return the function of the namespace `xp` that rules call. Its results are not judged.

        Raises:
            InvalidOperationError: the operation understands only floats.
        """
        if self.opaque and xp.backend not in ("scalar", *self.implementations):
            raise InvalidOperationError(f"{self.title} is opaque: it computes only with floats, not in {xp.backend}")
        columns = self.variadic and not isinstance(xp, ArrayNamespace)  # arrays are columns already
        bound = functools.partial(self.forward, ColumnNamespace(xp) if columns else xp)
        vars(bound)["variadic"] = self.variadic
        return bound


Op.__doc__, Op.__signature__ = Doc(Op.__doc__ or ""), OwnSignature()  # type: ignore[assignment, attr-defined]


def look_up(name: str) -> Op:
    """Find an operation in the process-wide registry. Pickles call this."""
    found: Op = current.registry[name]
    return found
