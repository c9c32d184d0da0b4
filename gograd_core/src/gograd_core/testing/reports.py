"""What the conformance kit found: a verdict for each check of an operation, and the accuracy of each rule."""

from __future__ import annotations

from typing import Any, Literal

import attrs

from gograd_core.op import Op

__all__ = ["CHECKS", "Check", "ConformanceError", "OpReport", "RegistryReport", "RuleAccuracy", "Verdict"]

CHECKS = ("shape", "formula", "accuracy", "edges", "namespaces", "orders", "kernels")
"""The names of the checks, in the order in which they run."""

Verdict = Literal["passed", "failed", "skipped"]


class ConformanceError(AssertionError):
    """An operation does not conform."""


@attrs.frozen
class RuleAccuracy:
    """How accurate one rule is on floats.

    Attributes:
        rule: "forward", "partial x", "second derivatives" or "third derivatives".
        ulps: the worst error, in units in the last place of the exact result. From errors above `Accuracy.ulps`, what
            `Accuracy.input_ulps` excuses is subtracted. None if nothing was compared.
        at: the inputs with the worst error.
        points: how many results were compared.
        raw_ulps: the worst error at any inputs with nothing subtracted.
    """

    rule: str
    ulps: float | None = None
    at: tuple[Any, ...] | None = None
    points: int = 0
    raw_ulps: float | None = None


@attrs.frozen
class Check:
    """The outcome of one check of one operation.

    Attributes:
        name: one of `CHECKS`.
        verdict: "passed", "failed" or "skipped".
        message: what is wrong, why the check was skipped, or what could not be checked.
        points: how many points were tried.
        worst_ulps: the worst error among `details`.
        worst_at: the inputs with that error.
        details: one entry per rule (in the check "accuracy"), or one per order (in "orders").
    """

    name: str
    verdict: Verdict = "passed"
    message: str = ""
    points: int = 0
    details: tuple[RuleAccuracy, ...] = ()

    @property
    def worst(self) -> RuleAccuracy | None:
        """The least accurate rule."""
        measured = [detail for detail in self.details if detail.ulps is not None]
        return max(measured, key=lambda detail: detail.ulps or 0.0, default=None)

    @property
    def worst_ulps(self) -> float | None:
        return self.worst.ulps if self.worst else None

    @property
    def worst_at(self) -> tuple[Any, ...] | None:
        return self.worst.at if self.worst else None

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain data, for JSON."""
        return {**attrs.asdict(self), "worst_ulps": self.worst_ulps, "worst_at": self.worst_at}

    def __str__(self) -> str:
        measured = "" if self.worst_ulps is None else f"  {self.worst_ulps:.2f} ulps at {self.worst_at}"
        return f"{self.name:<10}  {self.verdict:<7}  {self.points:>5} points{measured}  {self.message}".rstrip()


@attrs.frozen
class OpReport:
    """The checks of one operation."""

    op: Op
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether no check failed."""
        return all(check.verdict != "failed" for check in self.checks)

    @property
    def points(self) -> int:
        """How many points were tried, by all checks together."""
        return sum(check.points for check in self.checks)

    @property
    def worst_ulps(self) -> float | None:
        """The worst error of a rule on floats, by the check "accuracy"; None if none was measured."""
        return next((check.worst_ulps for check in self.checks if check.name == "accuracy"), None)

    def raise_if_failed(self) -> None:
        """Raise `ConformanceError`, with the whole report, if a check failed."""
        if not self.passed:
            raise ConformanceError(str(self))

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain data, for JSON."""
        return {
            "operation": self.op.name,
            "provider": str(self.op.provider or ""),
            "passed": self.passed,
            "points": self.points,
            "worst_ulps": self.worst_ulps,
            "checks": [check.to_dict() for check in self.checks],
        }

    def __str__(self) -> str:
        verdict = "passed" if self.passed else "failed"
        return "\n".join([f"{self.op.title}: {verdict}", *(f"  {check}" for check in self.checks)])


@attrs.frozen
class RegistryReport:
    """The checks of several operations."""

    reports: tuple[OpReport, ...]

    @property
    def passed(self) -> bool:
        """Whether every operation passed."""
        return all(report.passed for report in self.reports)

    @property
    def points(self) -> int:
        """How many points were tried, for all operations together."""
        return sum(report.points for report in self.reports)

    def raise_if_failed(self) -> None:
        """Raise `ConformanceError`, with the reports of the operations that failed, if there are any."""
        if not self.passed:
            raise ConformanceError("\n".join(str(report) for report in self.reports if not report.passed))

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain data, for JSON."""
        return {
            "passed": self.passed,
            "points": self.points,
            "operations": [report.to_dict() for report in self.reports],
        }

    def __str__(self) -> str:
        return "\n".join(map(str, self.reports))
