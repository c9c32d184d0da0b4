"""Rules in a namespace, and what takes their place there."""

import math

import mpmath
import numpy as np
import pytest

from definitions import total, unary
from gograd_core import InvalidOperationError, Neuron, Op, Registry, ops
from gograd_core.namespaces import scalar
from gograd_core.namespaces.columns import Column, ColumnNamespace


class TestBind:
    def test_the_rule_in_the_namespace_given(self):
        op = unary("root", forward=lambda xp, x: xp.sqrt(x))
        assert op.bind(scalar)(9.0) == 3.0
        with pytest.raises(AttributeError, match="sqrt"):
            op.bind(Namespace("other"))(9.0)

    def test_a_variadic_rule_takes_columns(self):
        assert total(2).bind(scalar)(Column([1.0, 2.0]), Column([3.0, 4.0])) == 10.0

    def test_a_variadic_rule_may_call_variadic_operations(self):
        with Registry(discover=False) as registry:
            registry.register(total(1))
            twice = Op("twice", forward=lambda xp, x: 2.0 * xp.total(x), partials=(lambda *_: 2.0,), variadic=True)
            assert twice([1.0, 2.0]) == 6.0
            assert ColumnNamespace(ops).total(Column([Neuron(1.0), Neuron(2.0)])).operation.name == "total"

    def test_opaque_rules_run_on_floats_alone(self):
        op = unary(opaque=True, implementations={"numpy": abs})
        assert op.bind(scalar)(-2.0) == -2.0
        assert op.bind(Namespace("numpy"))(-2.0) == 2.0
        with pytest.raises(InvalidOperationError, match=r"^f \(not registered\) is opaque: .* not in mpmath"):
            op.bind(Namespace("mpmath"))


class Namespace:
    def __init__(self, backend):
        self.backend = backend


class TestImplementations:
    def test_take_the_place_of_the_formula_in_their_backend_alone(self):
        op = unary(implementations={"numpy": abs})
        assert op.bind(Namespace("numpy"))(-2.0) == 2.0
        assert op.bind(Namespace("mpmath"))(-2.0) == -2.0
        assert op(-2.0) == -2.0

    def test_hold_for_floats_and_neurons_too(self):
        op = unary(implementations={"scalar": abs})
        assert op(-2.0) == op(Neuron(-2.0)).value == 2.0

    def test_one_for_floats_makes_a_formula_unnecessary(self):
        op = unary(forward=None, implementations={"scalar": math.erf})
        assert op.formula is None
        assert op(0.5) == math.erf(0.5)

    def test_may_be_named_and_are_imported_when_used(self):
        op = unary(forward=None, implementations={"scalar": "math:erf", "other": "no_such_module:f"})
        assert op(0.5) == math.erf(0.5)
        with pytest.raises(
            InvalidOperationError, match=r"^f \(not registered\) has no implementation in other, only in"
        ):
            op.bind(Namespace("other"))(0.5)

    @pytest.mark.parametrize("named", ["no_such_module:f", "math:no_such_name"])
    def test_one_for_floats_that_cannot_be_imported(self, named):
        with pytest.raises(ImportError, match="no_such"):
            unary(forward=None, implementations={"scalar": named})(0.5)

    @pytest.mark.parametrize("numpy_too", [{}, {"numpy": "no_such_module:f"}])
    def test_arrays_are_worked_point_by_point_if_there_is_none_for_them(self, numpy_too):
        op = unary(forward=None, implementations={"scalar": math.erf, **numpy_too})
        points = np.array([[0.5, -1.0], [0.0, 2.0]])
        assert op(points).tolist() == [[math.erf(x) for x in row] for row in points.tolist()]

    def test_the_reference_serves_in_many_digits(self):
        op = unary(forward=None, implementations={"scalar": math.erf}, reference=lambda mp, x: mp.erf(x))
        with mpmath.workdps(40):
            assert op.bind(Namespace("mpmath"))(mpmath.mpf(0.5)) == mpmath.erf(0.5)

    def test_survive_registration(self):
        with Registry(discover=False) as registry:
            op = registry.register(unary(forward=None, implementations={"scalar": math.erf}))
            assert (op(0.5), op.formula) == (math.erf(0.5), None)
            with pytest.raises(
                InvalidOperationError, match=r"^f \(registered by hand\) has no implementation in other"
            ):
                op.bind(Namespace("other"))(0.5)
