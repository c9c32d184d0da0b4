"""`detect_anomaly`: where numbers went wrong, how they got there, and what would have to change."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import isfinite, isnan
from typing import Any, Self

from gograd_core.checked.accumulation import is_finite
from gograd_core.checked.partials import described, value_of
from gograd_core.checked.rules import as_float, as_inputs, as_number, describe, run_rule
from gograd_core.derivatives.culprits import wrong_partial
from gograd_core.derivatives.routes import origins, route_to_output, shortened, spoiled, told
from gograd_core.derivatives.steps import Step, TangentStep, steps_of, tangents_into
from gograd_core.errors import AnomalyError, AnomalyWarning, DomainError, quoted
from gograd_core.interfaces import Node
from gograd_core.lines import ignoring, running_line
from gograd_core.op.domains import inside
from gograd_core.recording import recorder
from gograd_core.settings import Block

__all__ = ["detect_anomaly"]

MOST_USES = 2**16
"""How many uses of operations are remembered, so that they are not checked again."""
BEGAN = "what would have to change: this number is not finite to begin with, so look at where it comes from"
NO_NUMBERS: Mapping[Any, Any] = {}


class detect_anomaly(Block):
    """A block (or decorator) that explains where a number went wrong. Inside it, neurons note lines as with `trace`.

    A `DomainError` of an operation then also says how its inputs came about, and one of a sweep tells the way from
    there to the output, with values, operations, plugins and lines. Both say what would have to change. These texts are
    notes of the exception, which tracebacks show. Where nothing is raised, as under ``errstate(domain="ignore")`` or
    ``"python"``, an `AnomalyWarning` says the same of the first number that is not finite, among values and among
    derivatives. It also names a leaf or a constant that is not finite to begin with, and the first operation that met
    it: data may hold a NaN, and so may a parameter. An infinity that the program writes as a number, such as a mask,
    is accepted as long as no NaN comes of it. Compiled functions run without their recordings inside the block, as
    slowly as any other function, and say the same. Open the block around their call: one inside looks only at the run
    that is recorded, and a warning says so.

    Args:
        vanishing: a sweep stops at an adjoint (in forward mode, a tangent) that is not 0.0 and smaller than this, or
            at a share that underflows.
        exploding: a sweep stops at an adjoint or a tangent that is larger than this.
        check: whether to compare the partials of every operation with finite differences before each sweep.
        rtol: how far a partial may be from finite differences, relative to the larger of both.

    Raises:
        AnomalyError: (by a sweep) an adjoint or a tangent is out of these bounds, or a partial is wrong.
        ValueError: a bound, or `rtol`, is not a positive number.
        TypeError: it is not a number.
    """

    def __init__(
        self,
        *,
        vanishing: float | None = None,
        exploding: float | None = None,
        check: bool = False,
        rtol: float = 1e-6,
    ) -> None:
        for name, bound in (("vanishing", vanishing), ("exploding", exploding), ("rtol", rtol)):
            if bound is not None and not as_float(bound, f"detect_anomaly({name}=...)", "a positive number") > 0.0:
                raise ValueError(f"detect_anomaly({name}=...) takes a positive number, not {quoted(bound)}")
        _warn_of_recorder()  # not when the block is entered, which must be a single step, for the sake of interrupts
        super().__init__(tracing=Watch(vanishing, exploding, rtol if check else None))

    def run(self, f: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Call `f` inside the block and return its result. Afterwards, even after an interrupt, all is as before."""
        _warn_of_recorder()
        return super().run(f, *args, **kwargs)


def _warn_of_recorder() -> None:
    """Warn if a function is being recorded: replays of the recording will know nothing of the block."""
    if recorder() is not None:
        text = (
            "detect_anomaly() opens inside a function that is being recorded. It looks at this run, and not at those "
            "of the recording: open the block around the call instead"
        )
        _warn_at_line(text)


def _warn_at_line(text: str) -> None:
    line = running_line()
    where = (line.filename, line.number) if line else (__file__, 1)
    warnings.warn_explicit(text, AnomalyWarning, *where)


class Watch:
    """What the engine tells of anomalies; see `detect_anomaly`."""

    def __init__(self, vanishing: float | None, exploding: float | None, rtol: float | None) -> None:
        self._vanishing, self._exploding, self._rtol = vanishing, exploding, rtol
        self._place = ""
        self._warned: set[str] = set()
        self._right: set[tuple[Any, ...]] = set()  # uses of operations whose partials are right

    def at(self, place: str) -> Self:
        """Return the same watch for one of several points. It says where that is: "at point 3 of the batch"."""
        other = copy.copy(self)
        other._place = f"{self._place}, {place}"
        return other

    def found_value(self, error: DomainError, op: Any, constituents: Sequence[Any], *, ignored: bool) -> None:
        """Explain the error of an operation that was called with these numbers and neurons."""
        came = origins([constituents[place] for place in ignoring().run(_to_blame, op, constituents)])
        line = running_line()
        lines = [f"computed at {line}"] if line else []
        lines += ["how its input came about, latest first:", *_indented(came)] if came else []
        self._tell(error, "value", lines, ignored)

    def met_value(self, op: Any, constituents: Sequence[Any], out: float) -> None:
        """Warn of a result that is not finite because an input is not."""
        fact = f"{describe(op, constituents)} is {out} in {op.title}, because an input is not finite"
        line = running_line()
        self._met(fact, [f"computed at {line}"] if line else [], constituents, out)

    def _met(self, fact: str, lines: list[str], entries: Sequence[Any], out: float) -> None:
        if self._warned & {"value", "met"}:  # one may be the consequence of the other
            return
        came = spoiled(entries)
        first: Any = came[-1]
        if type(first) is float and not isnan(first) and not isnan(out):
            return
        op = getattr(first, "_operation", None)
        told = advice(op, [*map(value_of, first._constituents)]) if op is not None else [BEGAN]
        self._warn("met", "\n".join([fact, *lines, "how that came about, latest first:", *_indented(came), *told]))

    def found_derivative(
        self, error: DomainError, place: Node, numbers: Mapping[Any, Any], name: str, *, ignored: bool
    ) -> None:
        """Explain the error of a sweep. It arose at the neuron `place`, and `numbers` are its adjoints or tangents."""
        way = _indented(route_to_output(place, numbers), numbers, name)
        self._tell(error, "derivative", ["the way from there to the output:", *way], ignored)

    def _tell(self, error: DomainError, kind: str, lines: list[str], ignored: bool) -> None:
        text = "\n".join([*lines, *advice(error.operation, error.inputs)])
        if ignored:
            self._warn(kind, f"{error.fact}{self._place}\n{text}")
        else:
            error.add_note(text)

    def _warn(self, kind: str, text: str) -> None:
        """Warn once of each kind."""
        if kind not in self._warned:
            self._warned.add(kind)
            _warn_at_line(text)

    def before_sweep(
        self, outputs: Sequence[Node], seeds: Sequence[float], inputs: Sequence[Node] | None, since: int
    ) -> None:
        """Follow a sweep in reverse mode that is about to begin, and stop at the first anomaly; see `examine`.

        Raises:
            AnomalyError: there is one.
        """
        self._look_at(outputs)
        if not self._looks:
            return
        adjoints: dict[Any, float] = {}
        complete: set[Node] = set()
        for step in steps_of(outputs, seeds, inputs, since):
            if step.neuron not in complete:
                complete.add(step.neuron)
                adjoints[step.neuron] = step.adjoint
                self._check(step.neuron, adjoints, "adjoint")
            adjoints[step.constituent] = step.total
            self._check_share(step, step.neuron, "adjoint", step.adjoint, adjoints)
        for output, seed in zip(outputs, seeds, strict=True):
            if output in inputs if inputs is not None else output._operation is None:
                adjoints.setdefault(output, seed)
        for node in adjoints:
            if node not in complete:
                self._check_size(node, adjoints, "adjoint")

    def before_tangents(self, seeds: Mapping[Any, Any], order: Sequence[Node]) -> None:
        """Follow a sweep in forward mode that is about to begin, and stop at the first anomaly.

        Args:
            seeds: the tangents that are known.
            order: the neurons whose tangents will be computed, oldest first.

        Raises:
            AnomalyError: there is one.
        """
        self._look_at(order[-1:])
        if not self._looks:
            return
        tangents = {neuron: value_of(tangent) for neuron, tangent in seeds.items()}
        steps = [step for node in order for step in tangents_into(node, tangents)]  # an error shows the way beyond
        complete: set[Node] = set()
        for step in steps:
            self._check_share(step, step.neuron, "tangent", step.tangent, tangents)
            if step.neuron not in complete:
                complete.add(step.neuron)
                self._check(step.neuron, tangents, "tangent")

    def _look_at(self, outputs: Sequence[Node]) -> None:
        """Warn of an output that is not finite, although a sweep may begin there."""
        for output in outputs:
            if not is_finite(output):
                op: Any = output._operation
                what = f"{described(output)} is {output._value}" if op else f"the leaf {told(output)} is an output"
                self._met(f"a sweep begins at a number that is not finite: {what}", [], [output], output._value)

    @property
    def _looks(self) -> bool:
        """Whether anything is to be looked for before a sweep."""
        return not (self._vanishing is None and self._exploding is None and self._rtol is None)

    def _check(self, node: Node, numbers: Mapping[Any, float], name: str) -> None:
        self._check_rule(node, numbers, name)
        self._check_size(node, numbers, name)

    def _check_share(
        self, step: Step | TangentStep, place: Node, name: str, number: float, numbers: Mapping[Any, float]
    ) -> None:
        if self._vanishing is not None and step.share == 0.0 and number != 0.0 and step.local != 0.0:
            what = f"the {name} {number!r} of {described(step.neuron)}, times {step.local!r}, vanishes"
            raise _anomaly(what, place, numbers, name)

    def _check_size(self, node: Node, numbers: Mapping[Any, float], name: str) -> None:
        number = numbers[node]
        if self._exploding is not None and not abs(number) <= self._exploding:
            raise _anomaly(f"the {name} {number!r} exceeds {self._exploding!r}", node, numbers, name)
        if self._vanishing is not None and 0.0 < abs(number) < self._vanishing:
            raise _anomaly(f"the {name} {number!r} is below {self._vanishing!r}", node, numbers, name)

    def _check_rule(self, node: Node, numbers: Mapping[Any, float], name: str) -> None:
        use = (node._operation, *map(value_of, node._constituents))
        if self._rtol is None or use in self._right:
            return
        wrong = wrong_partial(node, self._rtol)  # type: ignore[arg-type]
        if wrong is not None:
            raise _anomaly(f"a rule is wrong: {wrong}", node, numbers, name)
        if len(self._right) >= MOST_USES:
            self._right.clear()
        self._right.add(use)


def _anomaly(what: str, place: Node, numbers: Mapping[Any, float], name: str) -> AnomalyError:
    way = _indented(route_to_output(place, numbers), numbers, name)
    return AnomalyError("\n".join([what, "the way from there to the output:", *way]))


def _indented(nodes: Iterable[Node], numbers: Mapping[Any, Any] = NO_NUMBERS, name: str = "") -> list[str]:
    """Describe neurons, a line for each, with their adjoints or tangents. Those in the middle are left out."""
    return [f"  {line}" for line in shortened(list(nodes), lambda node: told(node, numbers.get(node), name))]


def _to_blame(op: Any, constituents: Sequence[Any]) -> list[int]:
    """Find the inputs to blame for a result that is not finite: with 1.0 in place of one of them it would be finite.

    If there is none, all are to blame.
    """
    values = [value_of(entry) for entry in constituents]
    places = [place for place, entry in enumerate(constituents) if type(entry) is not float]
    found = []
    for place in places if len(places) <= 100 else ():
        entries = as_inputs(op, [*values[:place], 1.0, *values[place + 1 :]])
        try:
            out = as_number(op, run_rule(op, op.forward, *entries))
        except Exception:  # a rule that fails must not hide the error that is being explained
            continue
        if isfinite(out):
            found.append(place)
    return found or places


def advice(op: Any, inputs: Sequence[Any]) -> list[str]:
    """Say what is known of an operation at a point where it is not finite, and what to write instead."""
    if op is None:
        return []
    facts = [
        f"{op.name}({', '.join(map(repr, inputs))}): {edge.why}" for edge in op.edges if edge.inputs == tuple(inputs)
    ]
    if not inside(op, inputs):
        facts.append(f"{op.name} needs {op.domain}")
    if op.advice:
        facts.append(op.advice)
    return [f"what would have to change: {'; '.join(facts)}"] if facts else []
