"""The conformance kit: all checks, for an operation, for a registry, and as tests."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Sequence

from gograd_core import current
from gograd_core.op import Op
from gograd_core.plugins.names import canonical, plugin_names
from gograd_core.plugins.registry import Registry
from gograd_core.testing.accuracy import check_accuracy
from gograd_core.testing.edges import check_edges
from gograd_core.testing.formula import check_formula
from gograd_core.testing.kernels import check_kernels
from gograd_core.testing.namespaces import check_namespaces
from gograd_core.testing.orders import check_orders
from gograd_core.testing.points import Points, points_of
from gograd_core.testing.reports import CHECKS, Check, ConformanceError, OpReport, RegistryReport
from gograd_core.testing.shape import check_shape

__all__ = ["check_op", "check_registry", "conformance_tests", "examine"]

_FUNCTIONS: dict[str, Callable[[Op, Points], Check]] = {
    "shape": check_shape,
    "formula": check_formula,
    "accuracy": check_accuracy,
    "edges": check_edges,
    "namespaces": check_namespaces,
    "orders": check_orders,
    "kernels": check_kernels,
}


def check_op(op: Op) -> OpReport:
    """Check the rules of an operation against independent oracles.

    It takes about a second, and tries the same points in every run. Other operations that the rules call must be
    registered.
    """
    return OpReport(op, tuple(examine(op)))


def check_registry(registry: Registry | None = None, names: Iterable[str] = ()) -> RegistryReport:
    """Check registered operations.

    Args:
        registry: the registry; None for the process-wide one.
        names: names of operations ("NAME", "DISTRIBUTION:NAME") or plugins ("DISTRIBUTION",
            "DISTRIBUTION:ENTRY_POINT"). Without names, all operations are checked.

    Raises:
        UnknownOperationError: a name belongs neither to an operation nor to a plugin that provides some.
    """
    known = current.registry if registry is None else registry
    chosen = [op for name in names for op in named(known, name)] if names else known.operations()
    return RegistryReport(tuple(map(check_op, dict.fromkeys(chosen))))


def named(registry: Registry, name: str) -> list[Op]:
    """Find the operation of that name, or the operations of the plugin of that name.

    Raises:
        UnknownOperationError: the name belongs to neither.
    """
    provided = [op for op in registry.operations() if op.provider and canonical(name) in plugin_names(op.provider)]
    return [registry[name]] if name in registry or not provided else provided


def examine(op: Op, points: Points | None = None, names: Sequence[str] = CHECKS) -> Iterator[Check]:
    """Run the checks one by one, each when it is asked for. If a rule raises an exception, the check fails."""
    for name in names:
        try:
            points = points or points_of(op)
            yield _FUNCTIONS[name](op, points)
        except Exception as error:
            words = [f"{type(error).__name__}: {error}", *getattr(error, "__notes__", [])]
            yield Check(name, "failed", "; ".join(words))


def conformance_tests(ops: Op | Iterable[Op] | str) -> Callable[..., None]:
    """Make tests for pytest, one per operation and check.

    One line in a test file is enough: ``test_conformance = conformance_tests(OPS)``. It also takes the name of a
    distribution that provides operations.
    """
    import pytest  # whoever writes tests has it

    chosen = named(current.registry, ops) if isinstance(ops, str) else [ops] if isinstance(ops, Op) else list(ops)
    cases = [pytest.param(op, name, id=f"{op.name}-{name}") for op in chosen for name in CHECKS]
    points = functools.cache(points_of)

    @pytest.mark.parametrize(("op", "name"), cases)
    def test_conformance(op: Op, name: str) -> None:
        (check,) = examine(op, points(op), [name])
        if check.verdict == "skipped":
            pytest.skip(check.message)
        if check.verdict == "failed":
            raise ConformanceError(f"{op.title}: {check.message}")

    return test_conformance
