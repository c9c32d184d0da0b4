"""From names and operators to operations: registries of one's own, look-ups, and what they say."""

import threading

import importlib_metadata
import pytest

from gograd_core import (
    InvalidOperationError,
    Neuron,
    Op,
    Registry,
    UnknownOperationError,
    load_report,
    ops,
    register,
)
from gograd_core import registry as registry_module


def unary(name="halve", factor=0.5, **fields):
    return Op(name, forward=lambda xp, x: x * factor, partials=(lambda xp, out, x: factor,), **fields)


def binary(name, result=0.0, **fields):
    return Op(name, forward=lambda xp, x, y: result, partials=(None, None), **fields)


@pytest.fixture(autouse=True)
def process_wide():
    load_report()
    return registry_module.active


@pytest.fixture
def registry():
    return Registry(discover=False)


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
        message = rf"^operation '{op.name}': {claim} is taken by halve \(registered by hand\)"
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


class TestNamespace:
    @pytest.fixture
    def ops(self, registry):
        for op in (unary("thrice", 3.0, aliases=["triple"]), unary("halve")):
            registry.register(op)
        return registry.ops

    def test_attributes_and_items_are_the_same(self, ops):
        assert ops.thrice is ops["thrice"] is ops.triple is ops["triple"]
        assert ops.thrice(2.0) == 6.0

    def test_in_knows_aliases_too(self, ops):
        assert "thrice" in ops
        assert "triple" in ops
        assert "twice" not in ops
        assert "" not in ops
        assert 3 not in ops

    def test_iteration_gives_sorted_names_without_aliases(self, ops):
        assert [*ops] == ["halve", "thrice"]
        assert len(ops) == 2

    def test_dir_adds_the_constants(self, ops):
        assert dir(ops) == ["e", "halve", "inf", "nan", "pi", "thrice"]
        assert all(hasattr(ops, name) for name in dir(ops))

    def test_hasattr_and_getattr_with_a_default(self, ops):
        assert not hasattr(ops, "twice")
        assert getattr(ops, "twice", None) is None

    @pytest.mark.parametrize("name", ["__array_namespace__", "_private"])
    def test_private_names_are_not_looked_up(self, name):
        with pytest.raises(AttributeError, match=name) as caught:
            getattr(Registry(only=()).ops, name)
        assert not isinstance(caught.value, UnknownOperationError)

    def test_items_are_strings(self, ops):
        with pytest.raises(TypeError, match="looked up by name, not by 0"):
            ops[0]

    def test_distribution_and_name(self):
        ops = Registry(only=["gograd-ops-basic"]).ops
        assert ops["gograd-ops-basic:add"] is ops.add
        assert ops["gograd-ops-basic:subtract"] is ops.sub


class TestUnknownNames:
    @pytest.fixture
    def bare(self, monkeypatch):
        """As if gograd-core alone were installed."""
        core = importlib_metadata.distribution("gograd-core")
        monkeypatch.setattr(importlib_metadata, "distributions", lambda: [core])
        return Registry()

    def test_the_nearest_name(self):
        with pytest.raises(UnknownOperationError, match=r"is 'tahn'\. Did you mean 'tanh'\?"):
            ops.tahn(1.0)
        with pytest.raises(UnknownOperationError) as caught:
            ops.quaternion(1.0)
        assert "Did you mean" not in str(caught.value)

    def test_what_to_install(self, bare):
        with pytest.raises(UnknownOperationError) as caught:
            bare.ops.tanh(1.0)
        assert str(caught.value).startswith("no installed operation is 'tanh'. Not installed here: gograd-ops-basic")
        assert str(caught.value).endswith("Install with: pip install gograd-ops-basic gograd-ops-extra")

    @pytest.mark.parametrize(
        ("compute", "claim"),
        [
            (lambda x: x + 1.0, "'+' with 2"),
            (lambda x: 1.0 - x, "'-' with 2"),
            (lambda x: -x, "'-' with 1"),
            (abs, "'abs' with 1"),
            (lambda x: x**x, "'**' with 2"),
        ],
    )
    def test_operators(self, bare, compute, claim):
        with bare, pytest.raises(UnknownOperationError) as caught:
            compute(Neuron(1.0))
        assert str(caught.value).startswith(f"no installed operation implements the operator {claim} input(s).")
        assert "pip install gograd-ops-basic" in str(caught.value)

    @pytest.mark.parametrize("name", ["", "a b", "other:exp", "+2", "é:"])
    def test_what_is_no_name(self, registry, name):
        with pytest.raises(UnknownOperationError, match=r"^no installed operation is '") as caught:
            registry.ops[name](1.0)
        assert f"is {name!r}." in str(caught.value)

    def test_nothing_is_missing_where_nothing_is_looked_for(self, registry):
        with pytest.raises(UnknownOperationError, match="holds only what was registered by hand") as caught:
            registry.ops.exp(1.0)
        assert "install with" not in str(caught.value).lower()

    @pytest.mark.parametrize("kind", [AttributeError, LookupError])
    def test_both_kinds_of_look_up_error(self, registry, kind):
        with pytest.raises(kind):
            registry.ops.exp(1.0)


class TestWith:
    def test_swaps_and_restores(self, registry, process_wide):
        halve = registry.register(unary())
        with registry as entered:
            assert entered is registry is registry_module.active
            assert ops.halve is halve
            assert "exp" not in ops
        assert registry_module.active is process_wide
        assert "halve" not in ops
        assert "exp" in ops

    def test_nested(self, registry, process_wide):
        other = Registry(discover=False)
        with registry, other, registry:
            assert registry_module.active is registry
            with other:
                assert registry_module.active is other
            assert registry_module.active is registry
        assert registry_module.active is process_wide

    def test_restores_after_an_exception(self, registry, process_wide):
        with pytest.raises(KeyError), registry:
            raise KeyError
        assert registry_module.active is process_wide

    def test_holds_for_all_threads(self, registry):
        halve = registry.register(unary())
        found = []
        with registry:
            thread = threading.Thread(target=lambda: found.append(ops.halve))
            thread.start()
            thread.join()
        assert found == [halve]

    def test_methods_follow(self, registry):
        registry.register(unary("scaled_by_registry", 0.5))
        other = Registry(discover=False)
        other.register(unary("scaled_by_registry", 3.0))
        x = Neuron(4.0)
        with registry:
            assert x.scaled_by_registry().value == 2.0
            with other:
                assert x.scaled_by_registry().value == 12.0
            assert x.scaled_by_registry().value == 2.0
        with pytest.raises(AttributeError, match="scaled_by_registry"):
            x.scaled_by_registry()

    def test_methods_take_the_other_inputs(self, registry):
        registry.register(binary("beside_registry", 7.0))
        with registry:
            y = Neuron(1.0).beside_registry(2.0)
        assert (y.value, y.operation.name, y.constituents[1]) == (7.0, "beside_registry", 2.0)

    def test_operators_follow(self, registry):
        registry.register(binary("seven", 7.0, operator="+"))
        x = Neuron(1.0)
        with registry:
            assert [(x + 2.0).value, (2.0 + x).value, (x + x).value] == [7.0, 7.0, 7.0]
            with pytest.raises(UnknownOperationError):
                x * x
        assert [(x + 2.0).value, (2.0 + x).value, (x + x).value] == [3.0, 3.0, 2.0]

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
    registry = Registry()
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
