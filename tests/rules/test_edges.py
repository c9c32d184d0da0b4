"""The pinned facts at the borders of the domains, and the page of the docs that lists them."""

from __future__ import annotations

import math
import runpy
from pathlib import Path

import pytest

from gograd_core import DomainError, Neuron, errstate, registry

EDGES = [
    pytest.param(op, edge, id=f"{op.name}{edge.inputs}") for op in registry.active.operations() for edge in op.edges
]
DOCS = Path(__file__).parents[2] / "docs"


def is_judged(op, edge):
    """Whether the engine objects: NaN made of numbers, or an infinity made of finite ones."""
    inputs = entries(op, edge)
    if math.isnan(edge.value):
        return not any(map(math.isnan, inputs))
    return math.isinf(edge.value) and all(map(math.isfinite, inputs))


def entries(op, edge):
    return [x for column in edge.inputs for x in column] if op.variadic else list(edge.inputs)


def same(found, expected):
    """NaN is NaN, a zero of the value has its sign, anything else agrees to 2 ulps."""
    if math.isfinite(expected) and expected != 0.0:
        return math.isclose(found, expected, rel_tol=2 * 2.0**-52)
    return repr(float(found)) == repr(float(expected))


@pytest.mark.parametrize(("op", "edge"), EDGES)
def test_value(op, edge):
    with errstate(domain="ignore"):
        assert same(op(*edge.inputs), edge.value)


@pytest.mark.parametrize(("op", "edge"), [case for case in EDGES if is_judged(*case.values)])
def test_a_value_outside_the_real_numbers_is_an_error(op, edge):
    with pytest.raises(DomainError, match=op.name) as caught:
        op(*edge.inputs)
    assert caught.value.operation is op
    assert caught.value.inputs == tuple(entries(op, edge))


@pytest.mark.parametrize(("op", "edge"), [case for case in EDGES if not is_judged(*case.values)])
def test_any_other_value_is_none(op, edge):
    assert same(op(*edge.inputs), edge.value)


@pytest.mark.parametrize(("op", "edge"), [case for case in EDGES if not case.values[0].variadic])
def test_derivatives(op, edge):
    for index, partial in enumerate(edge.partials):
        arguments = list(edge.inputs)
        arguments[index] = Neuron(edge.inputs[index])  # alone: another input's derivative does not matter
        with errstate(domain="ignore"):
            op(*arguments).backward()
        expected = 0.0 if partial is None else partial
        assert same(arguments[index].grad, expected) or arguments[index].grad == expected == 0.0


@pytest.mark.parametrize(("op", "edge"), [case for case in EDGES if not case.values[0].variadic])
def test_a_derivative_outside_the_real_numbers_is_an_error(op, edge):
    if not math.isfinite(edge.value) or not all(map(math.isfinite, edge.inputs)):
        return  # the value was one already
    for index, partial in enumerate(edge.partials):
        if partial is None or math.isfinite(partial):
            continue
        arguments = list(edge.inputs)
        arguments[index] = Neuron(edge.inputs[index])
        with pytest.raises(DomainError, match=f"derivative by input {index} of {op.name}"):
            op(*arguments).backward()


def test_the_page_of_the_docs_is_current():
    assert runpy.run_path(str(DOCS / "edge_points.py"))["table"]() in (DOCS / "edge-points.md").read_text()
