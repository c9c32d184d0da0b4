"""`check_grad`: compares a gradient with finite differences, and finds the operation to blame if they differ."""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs

from gograd_core.derivatives.culprits import Culprit, culprit, kink
from gograd_core.derivatives.decisions import Decision, lone_decision
from gograd_core.derivatives.dropped_slopes import DroppedSlope, dropped_slopes
from gograd_core.derivatives.finite_differences import Comparison, compare
from gograd_core.derivatives.staircases import Staircase, find_staircase
from gograd_core.derivatives.trace import Trace, positions, pull, require_function, trace
from gograd_core.derivatives.tree import paths
from gograd_core.errors import NO_NUMBER, quoted

__all__ = ["Culprit", "GradReport", "InputCheck", "check_grad"]

BESIDE = 1e-4  # the distance of a neighbouring point, relative to the number or to 1


@attrs.frozen
class InputCheck:
    """The check of the derivative with respect to one number.

    Attributes:
        path: the place of the number, "p['w'][0]".
        comparison: the derivative beside its estimate.
        staircase: where the values jump, if they are a staircase whose slope is not the derivative; else None.
    """

    path: str
    comparison: Comparison
    staircase: Staircase | None = None

    @property
    def is_rough(self) -> bool:
        """Whether the number is at a kink, or the values beside it never settle, as at a jump."""
        return self.comparison.kink or math.isnan(self.comparison.estimate)

    def __str__(self) -> str:
        found = f"{self.path}: {self.comparison.verdict}: {self.comparison}"
        return f"{found}; but {self.staircase}" if self.staircase else found


@attrs.frozen
class GradReport:
    """What `check_grad` found.

    Attributes:
        inputs: the check of every number, in order.
        culprit: the operation that explains most of the worst difference, or one whose infinite slope the sweep
            dropped. None if nothing differs, or if the partials of every operation are right where they were used.
        kink: if a derivative does not agree, and there is neither a culprit nor a staircase: an operation that has a
            kink where it was used, or a decision with a different outcome next to the point; None if there is neither.
    """

    inputs: tuple[InputCheck, ...]
    culprit: Culprit | DroppedSlope | None = None
    kink: Culprit | Decision | None = None

    @property
    def passed(self) -> bool:
        """Whether no derivative differs. Derivatives that finite differences cannot resolve do not count."""
        return not self.chosen("differs")

    @property
    def worst(self) -> InputCheck | None:
        """The derivative that differs most; None if none does."""
        return max(self.chosen("differs"), key=lambda check: _gap(check.comparison), default=None)

    def chosen(self, verdict: str) -> tuple[InputCheck, ...]:
        """List the checks with a verdict: "agrees", "differs" or "unresolved"."""
        return tuple(check for check in self.inputs if check.comparison.verdict == verdict)

    def raise_if_failed(self) -> None:
        """Raise `AssertionError`, with the whole report, if a derivative differs."""
        if not self.passed:
            raise AssertionError(str(self))

    def __str__(self) -> str:
        counts = ", ".join(f"{len(self.chosen(verdict))} {verdict}" for verdict in ("agrees", "differs", "unresolved"))
        lines = [f"gradient check of {len(self.inputs)} numbers: {counts}"]
        lines += [f"  {check}" for check in self.inputs if check.comparison.verdict != "agrees" or check.staircase]
        if self.culprit:
            lines.append(f"likely culprit: {self.culprit}")
        elif any(check.staircase for check in self.inputs):
            lines.append(
                "The derivative is that of one step of the staircase. Does the function search by comparisons, look "
                "numbers up in a table, or round them?"
            )
        elif self.kink:
            lines.append(f"likely kink: {self.kink}")
        elif not self.passed:
            lines.append(
                "The partials of every operation are right where they were used. Does the function read a "
                "neuron's value, search by comparisons, or change from call to call?"
            )
        return "\n".join(lines)


def check_grad(
    f: Callable[..., Any],
    args: Sequence[Any],
    kwargs: Mapping[str, Any] | None = None,
    *,
    wrt: int | Sequence[int] | None = None,
    rtol: float = 1e-6,
) -> GradReport:
    """Compare the gradient of `f` with extrapolated finite differences of its values.

    If they differ, the partials of the operations that `f` used are compared with their forward rules in the same way,
    and the operation that explains most of the worst difference is named. At a kink any slope between those of both
    sides is equally good, so the derivative is called unresolved. So is a derivative whose estimate never settles: it
    is lost in rounding, or the function changes too fast for the smallest step. At the border of a domain the steps go
    to one side.

    If the values jump on both sides of a number, and their slope over a larger distance is not the derivative, the
    report says that they are a staircase: that of a search by comparisons, a table, or rounding. The derivative may
    still agree with the differences of small steps.

    If every partial is right, the difference may come from an infinite slope that meets an adjoint of 0.0, such as that
    of `cbrt` in ``cbrt(x) ** 3`` at 0. Then that operation is named.

    Otherwise the report names an operation that has a kink where it was used, or a decision, such as a comparison of
    equal numbers, that has a different outcome next to the point. A derivative is that of the formula that it chose.

    The check costs about 10 evaluations of `f` for each number, and 250 for one that does not agree.

    Args:
        f: a function that returns one number; otherwise as for `grad`.
        args: its positional arguments.
        kwargs: its keyword arguments.
        wrt: the arguments with respect to which to differentiate, counted from 0; None means all in `args`.
        rtol: how large a difference counts, relative to the larger of the two derivatives.

    Returns:
        A report with `passed`, `worst`, `culprit`, a text, and ``raise_if_failed()``.

    Raises:
        TypeError: `args` is not a sequence.
        Whatever `grad` raises.
    """
    require_function(f, "check_grad")
    if not hasattr(args, "__len__"):
        raise TypeError(f"check_grad() expects a sequence of the arguments of f, got {quoted(args)}: write (x,)")
    chosen = tuple(range(len(args))) if wrt is None else positions(wrt)
    places = (chosen,) if isinstance(chosen, int) else chosen
    run = trace(f, args, kwargs, places, scalar=True)
    derivatives = pull(run.outputs, [1.0], run.inputs, since=run.since, graph=False)
    numbers = [neuron.value for neuron in run.inputs]

    def at(index: int, x: float) -> Trace:
        """Run `f` with another number in the place of one."""
        changed, others = list(args), run.like_argument([*numbers[:index], x, *numbers[index + 1 :]])
        for place, argument in zip(places, others, strict=True):
            changed[place] = argument
        return trace(f, changed, kwargs, places, scalar=True)

    def along(index: int) -> Callable[[float], float]:
        return lambda x: at(index, x).outputs[0].value

    names = [path for place in places for path in paths(args[place], _argument_name(f, place % len(args)))]
    checks = tuple(
        _check(name, along(index), numbers[index], derivative, rtol)
        for index, (name, derivative) in enumerate(zip(names, derivatives, strict=True))
    )
    report = GradReport(checks)
    doubtful = report.worst or next((check for check in checks if check.is_rough), None)
    if doubtful is None:
        return report
    index = checks.index(doubtful)
    return _explained(report, run, index, functools.partial(at, index), rtol)


def _explained(report: GradReport, run: Trace, index: int, at: Callable[[float], Trace], rtol: float) -> GradReport:
    """Add to a report what explains the doubtful derivative, that with respect to input `index`.

    `at` runs the function with another number in the place of that input.
    """
    number = run.inputs[index]
    if report.worst is not None:
        wrong = culprit(run, number, report.worst.comparison.tolerance, rtol)
        blamed = wrong or _dropped(run, at, number.value)
        if blamed is not None:
            return attrs.evolve(report, culprit=blamed)
    if any(check.staircase for check in report.inputs):
        return report
    step = BESIDE * (abs(number.value) or 1.0)
    return attrs.evolve(report, kink=kink(run, rtol) or lone_decision(at, number.value, step))


def _check(name: str, f: Callable[[float], float], x: float, derivative: float, rtol: float) -> InputCheck:
    """Compare a derivative with differences of small steps, and with those over a distance."""
    f = functools.cache(f)
    return InputCheck(name, compare(f, x, derivative, rtol), find_staircase(f, x, derivative))


def _argument_name(f: Callable[..., Any], position: int) -> str:
    try:
        parameters = list(inspect.signature(f).parameters.values())
    except (TypeError, ValueError):  # some functions written in C have no signature
        parameters = []
    named = [each.name for each in parameters if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)]
    return named[position] if position < len(named) else f"argument {position}"


def _dropped(run: Trace, at: Callable[[float], Trace], x: float) -> DroppedSlope | None:
    """Find the first slope that the sweep drops at `x` but not at a point beside it, where there are values."""
    for step in (BESIDE, -BESIDE):
        try:
            return next(dropped_slopes(run, at(x + step * (abs(x) or 1.0))), None)
        except NO_NUMBER:
            continue
    return next(dropped_slopes(run), None)


def _gap(comparison: Comparison) -> float:
    return abs(comparison.derivative - comparison.estimate)
