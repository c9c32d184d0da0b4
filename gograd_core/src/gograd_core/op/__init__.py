"""What an operation is: a forward rule, one partial derivative per input, and facts about them."""

from __future__ import annotations

import functools
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
from gograd_core.op.implementations import forward_to_run, partials_to_run
from gograd_core.op.kernels import Kernels, KernelsInUse
from gograd_core.op.metadata import Accuracy, Edge, Provider
from gograd_core.op.validation import as_name, as_names, as_tuple, checked_arity, parameter_names, validate_kernels

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
        operator: Python's operator that it implements: ``"+"``, ``"abs"``, ``"<"``. With one input ``"-"`` is the
            sign.
        math: the function of Python's `math` that it is, for this number of inputs, if the operation of that name is
            another one: ``math.remainder`` is not the standard's.
        symbol: how it is drawn; `name` unless given.
        doc: what it computes, in a sentence.
        aliases: additional names.
        advice: what to write where a value or a derivative is not finite, in a sentence. Messages quote it.
        variadic: whether the inputs are columns of equal length.
        opaque: whether the rules understand only floats.
        implementations: functions that replace `forward` in some backends ("scalar", "numpy", "jax", "mpmath", …),
            because the standard's functions cannot express it. Each is a function, or "package.module:name", which is
            imported when it is needed. Without one for NumPy, that for floats is called point by point.
        kernels: the rules for floats as native code, if there is any; see `Kernels`.
        provider: who registered it; set by the registry.
        scope: where its rules find other operations; set by the registry.

    Raises:
        InvalidOperationError: a field is wrong; the message names the operation and the field.
    """

    name: str = attrs.field(converter=as_name)
    formula: Rule | None = attrs.field(kw_only=True, alias="forward", default=None)
    """The forward rule as its author wrote it; None if there are only `implementations`."""
    _partials: tuple[Rule | None, ...] = attrs.field(kw_only=True, converter=as_tuple)
    samples: tuple[tuple[Any, ...], ...] = attrs.field(kw_only=True, default=(), converter=as_tuple)
    edges: tuple[Edge, ...] = attrs.field(kw_only=True, default=(), converter=as_tuple)
    domain: str = attrs.field(kw_only=True, default="")
    accuracy: Accuracy = attrs.field(kw_only=True, default=Accuracy())
    reference: Callable[..., Any] | None = attrs.field(kw_only=True, default=None)
    operator: str | None = attrs.field(kw_only=True, default=None)
    math: str | None = attrs.field(kw_only=True, default=None)
    symbol: str = attrs.field(kw_only=True, default=attrs.Factory(lambda op: op.operator or op.name, takes_self=True))
    doc: str = attrs.field(kw_only=True, default="")
    advice: str = attrs.field(kw_only=True, default="")
    aliases: tuple[str, ...] = attrs.field(kw_only=True, default=(), converter=as_names)
    variadic: bool = attrs.field(kw_only=True, default=False)
    opaque: bool = attrs.field(kw_only=True, default=False)
    implementations: Mapping[str, Rule | str] = attrs.field(kw_only=True, factory=dict)
    _in_use: KernelsInUse = attrs.field(kw_only=True, alias="kernels", default=None, converter=KernelsInUse)
    provider: Provider | None = attrs.field(kw_only=True, default=None)
    scope: Scope = attrs.field(kw_only=True, default=IN_FORCE)

    # What follows from these fields, which the first line checks.
    arity: int = attrs.field(init=False, default=attrs.Factory(checked_arity, takes_self=True))
    """The number of inputs; 0 for a variadic operation, whose columns have any length."""
    forward: Rule = attrs.field(init=False, default=attrs.Factory(forward_to_run, takes_self=True))
    partials: tuple[Rule | None, ...] = attrs.field(init=False, default=attrs.Factory(partials_to_run, takes_self=True))
    xp: Any = attrs.field(
        init=False,
        default=attrs.Factory(lambda op: op.scope.columns if op.variadic else op.scope.floats, takes_self=True),
    )
    """What its rules receive to compute with floats."""

    def __attrs_post_init__(self) -> None:
        self._use(self._fitting(self._in_use.kernels))

    @property
    def kernels(self) -> Kernels | None:
        """The kernels in use. They are all that may change about an operation."""
        return self._in_use.kernels

    def attach(self, kernels: Kernels | None) -> None:
        """Run these kernels in place of the rules from now on.

        Raises:
            InvalidOperationError: they do not fit; the operation then stays as it was.
        """
        fitting = self._fitting(kernels)
        if kernels is not None and fitting is None:
            raise InvalidOperationError(f"{self.title}: these kernels were made for other rules")
        self._use(fitting)

    def _fitting(self, kernels: Kernels | None) -> Kernels | None:
        """Return these kernels, or None if they were made for other rules, which ``attrs.evolve`` has replaced."""
        validate_kernels(self, kernels)
        return kernels and kernels.of(self.rules)

    def _use(self, kernels: Kernels | None) -> None:
        self._prepare(kernels)  # in which the engine refuses functions of the wrong kind
        self._in_use.kernels = kernels

    def __repr__(self) -> str:
        return f"<Op {self.title}>"

    def __copy__(self) -> Op:
        return self  # it is known by its identity, like a function

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
    def rules(self) -> tuple[Any, ...]:
        """The rules on floats as the author gave them: forward, the function that replaces it, and the partials."""
        return (self.formula, self.implementations.get("scalar"), *self._partials)

    @property
    def input_names(self) -> tuple[str, ...]:
        """The names that the rules give the inputs; x0, x1, … if they give none."""
        count = len(self._partials)
        for rule, skipped in ((self.formula, 1), *((partial, 2) for partial in self._partials)):
            names = parameter_names(rule)[skipped:] if rule else ()
            if len(names) == count:
                return names
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
