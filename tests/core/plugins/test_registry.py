"""Registries: operations registered by hand, the registry that is in force, and threads."""

import operator
import pickle
import re
import threading
from contextlib import ExitStack
from fractions import Fraction

import pytest

from gograd_core import (
    InvalidOperationError,
    Neuron,
    Op,
    Registry,
    UnknownOperationError,
    current,
    ops,
    register,
)
from made_up import unary


def binary(name, result=0.0, **fields):
    return Op(name, forward=lambda xp, x, y: result, partials=(None, None), **fields)


OPERATORS = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
}


class TestRegister:
    def test_returns_the_operation_with_a_provider(self, registry):
        op = unary(doc="Half of x.")
        registered = registry.register(op)
        assert registry.ops.halve is registered
        assert registered.title == "halve (registered by hand)"
        assert (registered.forward, registered.partials, registered.doc) == (op.forward, op.partials, op.doc)
        assert op.provider is None

    def test_leaves_other_registries_alone(self, registry):
        registry.register(unary())
        assert "halve" not in ops
        assert "halve" not in Registry(discover=False).ops

    def test_process_wide(self, registry):
        with registry:
            assert register(unary()) is ops.halve is registry.ops.halve
            assert Neuron(4.0).halve().operation is ops.halve

    @pytest.mark.parametrize(
        ("op", "claim"),
        [
            (unary("halve"), "'halve'"),
            (unary("half"), "'half'"),
            (unary("f", aliases=["halve"]), "'halve'"),
            (unary("f", aliases=["g", "half"]), "'half'"),
            (unary("f", operator="-"), r"the operator '-' with 1 input\(s\)"),
        ],
    )
    def test_names_the_owner_of_what_is_taken(self, registry, op, claim):
        halve = registry.register(unary("halve", aliases=["half"], operator="-"))
        message = rf"^operation '{op.name}': {claim} is taken by halve \(registered by hand\).* new Registry"
        with pytest.raises(InvalidOperationError, match=message):
            registry.register(op)
        assert registry.operations() == [halve]

    @pytest.mark.parametrize(
        ("op", "owner"), [(unary("exp"), "exp (gograd-ops-extra"), (binary("plus", operator="+"), "add (gograd-ops-b")]
    )
    def test_names_the_plugin_that_owns_it(self, op, owner):
        with pytest.raises(InvalidOperationError) as caught:
            Registry().register(op)
        assert owner in str(caught.value)

    def test_one_operator_for_each_number_of_inputs(self, registry):
        negated = registry.register(unary("negated", operator="-"))
        minus = registry.register(binary("minus", operator="-"))
        with registry:
            assert (-Neuron(1.0)).operation is negated
            assert (Neuron(1.0) - 1.0).operation is minus

    def test_an_operator_that_is_a_word_claims_no_name(self, registry):
        size = registry.register(unary("size", operator="abs"))
        assert [*registry.ops] == ["size"]
        assert "abs" not in registry.ops
        assert "abs1" not in registry.ops
        with registry:
            assert abs(Neuron(1.0)).operation is size

    @pytest.mark.parametrize("thing", [None, "halve", lambda xp, x: x])
    def test_expects_an_operation(self, registry, thing):
        with pytest.raises(InvalidOperationError, match=r"register\(\) expects an Op"):
            registry.register(thing)


class TestWith:
    def test_swaps_and_restores(self, registry, process_wide):
        halve = registry.register(unary())
        with registry as entered:
            assert entered is registry is current.registry
            assert ops.halve is halve
            assert "exp" not in ops
        assert current.registry is process_wide
        assert "halve" not in ops
        assert "exp" in ops

    def test_nested(self, registry, process_wide):
        other = Registry(discover=False)
        entered = [registry, other, registry, registry, other]
        seen = []
        with ExitStack() as stack:
            for each in entered:
                stack.callback(lambda: seen.append(current.registry))
                stack.enter_context(each)
                assert current.registry is each
        assert seen == [registry, registry, other, registry, process_wide]

    def test_restores_after_an_exception(self, registry, process_wide):
        with pytest.raises(KeyError), registry:
            raise KeyError
        assert current.registry is process_wide

    def test_holds_for_all_threads(self, registry):
        halve = registry.register(unary())
        found = []
        with registry:
            thread = threading.Thread(target=lambda: found.append(ops.halve))
            thread.start()
            thread.join()
        assert found == [halve]

    def test_methods_follow(self, registry):
        registry.register(unary("scaled", 0.5))
        other = Registry(discover=False)
        other.register(unary("scaled", 3.0))
        x = Neuron(4.0)
        with registry:
            assert x.scaled().value == 2.0
            with other:
                assert x.scaled().value == 12.0
            assert x.scaled().value == 2.0
        with pytest.raises(AttributeError, match="scaled"):
            x.scaled()

    def test_methods_are_listed(self, registry):
        registry.register(unary("listed", aliases=["listed_too"], doc="Half of x."))
        names = {"listed", "listed_too"}
        assert names.isdisjoint(dir(Neuron))
        with registry:
            assert names <= {*dir(Neuron)}
            assert "exp" not in dir(Neuron)
            assert Neuron.listed.__doc__ == "Half of x."
        assert names.isdisjoint(dir(Neuron))
        assert "exp" in dir(Neuron)

    def test_methods_take_the_other_inputs(self, registry):
        registry.register(binary("beside", 7.0))
        with registry:
            y = Neuron(1.0).beside(2.0)
        assert (y.value, y.operation.name, y.constituents[1]) == (7.0, "beside", 2.0)

    @pytest.mark.parametrize("symbol", OPERATORS)
    def test_operators_follow(self, registry, symbol):
        seven = registry.register(binary("seven", 7.0, operator=symbol))
        x = Neuron(1.0)
        with registry:
            for inputs in ((x, 2.0), (2.0, x), (x, x), (x, 2), (2, x), (x, Fraction(2)), (Fraction(2), x)):
                result = OPERATORS[symbol](*inputs)
                assert (result.value, result.operation, result.constituents) == (7.0, seven, inputs)
            for other in OPERATORS.keys() - {symbol}:
                with pytest.raises(UnknownOperationError, match=re.escape(f"operator {other!r} with 2")):
                    OPERATORS[other](x, 2.0)
        assert (x + 2.0).value == 3.0

    def test_rules_follow(self, registry):
        registry.register(unary("inner", 0.5))
        outer = registry.register(Op("outer", forward=lambda xp, x: xp.inner(x), partials=(None,)))
        with registry:
            assert outer(4.0) == 2.0


SLOW = """
import time
calls = []

@hookimpl
def gograd_ops():
    calls.append(None)
    time.sleep(0.1)
    return [unary("first"), binary("second", operator="//")]
"""


def test_threads_that_look_up_at_once_load_once(install):
    install("slow", source=SLOW)
    registry = Registry(block=["gograd-ops-extra"])  # which has the operator //
    barrier = threading.Barrier(8)
    found = []

    def look_up(look):
        barrier.wait()
        found.append(look())

    looks = [
        lambda: registry.ops.first.name,
        lambda: registry["// 2"].name,
        lambda: "second" in registry.ops and "second",
        lambda: registry.register(unary(f"f{threading.get_ident()}")) and "first",
    ]
    threads = [threading.Thread(target=look_up, args=(look,)) for look in looks * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == ["first"] * 4 + ["second"] * 4
    assert len(registry.ops.first.forward.__globals__["calls"]) == 1
    assert sum(name.startswith("f") and name[1:].isdigit() for name in registry) == 2


def test_asking_for_a_name_explains_nothing(monkeypatch):
    monkeypatch.setattr("gograd_core.plugins.registry.explain", lambda *_, **__: pytest.fail("explained"))
    assert "no_such_operation" not in current.registry
    assert "no-such:tanh" not in current.registry
    assert 3 not in current.registry


@pytest.mark.parametrize("name", ["publish", "annotations", "total", "floats"])
def test_names_that_namespaces_use_inside_are_free(name):
    own = Registry(discover=False)
    own.register(unary(name))
    caller = own.register(Op("caller", forward=lambda xp, x: getattr(xp, name)(x), partials=(None,)))
    assert caller(4.0) == own.ops[name](4.0)


def test_an_operation_of_another_registry_has_no_pickle():
    own = Registry(discover=False)
    with pytest.raises(TypeError, match="only operations of the process-wide registry"):
        pickle.dumps(own.register(unary("gain")))
