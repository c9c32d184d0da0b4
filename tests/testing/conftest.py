"""At the end of a run: how many broken rules the conformance kit rejected."""

from __future__ import annotations

from collections import Counter


def pytest_terminal_summary(terminalreporter):
    total = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", "") == "call":
                total.update(dict(report.user_properties).get("mutants", {}))
    if total:
        terminalreporter.section("mutants of operations")
        terminalreporter.line(", ".join(f"{count} {fate}" for fate, count in total.most_common()))
