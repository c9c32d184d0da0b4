"""Eight published packages run through `adapted`, and nothing else is changed: values, gradients, compiled functions.

Values must be those of floats to the last bit. Gradients are compared with extrapolated differences of the package as
it is. Where the two differ, the package has a kink; it is listed with the point, and `check_grad` must name it.
"""

from __future__ import annotations

import importlib
import sys

import numpy as np
import pytest
from packages import PROGRAMS

import gograd_compile
from comparing import bits
from gograd_core import DomainError, Neuron, adapted, check_grad, errstate, value_and_grad
from gograd_core.derivatives.finite_differences import compare

python_errors = errstate(domain="python")


@pytest.fixture(scope="module", params=PROGRAMS)
def program(request):
    return PROGRAMS[request.param]


@pytest.fixture(scope="module")
def original(program):
    """The function of the package itself, without Numba, which would compile some of them for a minute."""
    with pytest.MonkeyPatch.context() as patch:
        if program.names[0] not in sys.modules:
            patch.setitem(sys.modules, "numba", None)
        return program.make(importlib.import_module(program.names[0]))


@pytest.fixture(scope="module")
def mine(program):
    return python_errors(program.make(adapted(*program.names)))


def comparisons(original, point, derivatives):
    """The derivative with respect to each argument, beside differences of the values of the original."""

    def along(index):
        def value(x):
            try:
                return original(*point[:index], x, *point[index + 1 :])
            except Exception as error:  # some packages have classes of their own
                raise ValueError(error) from error

        return value

    return [compare(along(index), x, derivatives[index], 1e-6) for index, x in enumerate(point)]


def named(report):
    """The operation or the comparison that a report names."""
    kink = report.kink or report.culprit
    return kink.op.name if hasattr(kink, "op") else kink.use.partition("(")[0]


def test_values_are_those_of_floats(program, original, mine):
    for point in program.points:
        expected = bits(original(*point))
        assert bits(mine(*point)) == expected
        of_neurons = mine(*map(Neuron, point))
        assert type(of_neurons) is Neuron
        assert bits(of_neurons.value) == expected


def test_gradients_are_those_of_differences(program, original, mine):
    everything, agree, kinks = range(len(program.ranges)), [], {}
    for place, point in enumerate(program.points):
        try:
            _, derivatives = value_and_grad(mine, wrt=tuple(everything))(*point)
        except DomainError as error:  # of a slope that is infinite
            kinks[place] = error.operation.name
            continue
        found = comparisons(original, point, derivatives)
        if any(each.verdict == "differs" or each.kink or np.isnan(each.estimate) for each in found):
            kinks[place] = named(check_grad(mine, point))
        agree += [each.verdict == "agrees" for each in found]
    assert kinks == program.kinks
    assert np.mean(agree) > 0.85  # some derivatives are lost in the rounding of the values


def test_a_compiled_function_is_the_same(program, mine):
    everything = tuple(range(len(program.ranges)))
    points = [point for place, point in enumerate(program.points) if place not in program.kinks]
    compiled = gograd_compile.compile(mine)
    results = [compiled.value_and_grad(*point, wrt=everything) for point in points]
    for point, (value, derivatives) in zip(points, results, strict=True):
        expected, slopes = value_and_grad(mine, wrt=everything)(*point)
        assert value == pytest.approx(expected, rel=1e-12)
        np.testing.assert_allclose(derivatives, slopes, rtol=1e-9, atol=1e-9 * np.max(np.abs(slopes)))

    values, columns = compiled.batch(tuple(0 for _ in everything)).value_and_grad(*np.transpose(points), wrt=everything)
    assert values.tobytes() == np.array([value for value, _ in results]).tobytes()
    # Points that have no recording of their own add up their derivatives in the order of the engine.
    np.testing.assert_allclose(columns, np.transpose([derivatives for _, derivatives in results]), rtol=1e-12)


def test_nothing_that_computes_was_left_out(program):
    report = adapted.report(adapted(*program.names))
    assert set(report.helpers) <= {"fractions", "random"}
