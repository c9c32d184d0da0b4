"""Who has a name or an operator that several claim; the order of plugins never matters."""

import re

import pytest

from gograd_core import InvalidOperationError, Neuron, Registry, UnknownOperationError
from plugin_reports import load, record


class TestNamesOfGogradsOwn:
    @pytest.mark.parametrize("name", ["exp", "sub", "negative", "stop_gradient"])
    def test_stay_its_own(self, install, name):
        install("stranger", f'unary("{name}"), unary("fine")')
        registry = Registry()
        own = Registry(block=["stranger"]).ops[name].provider
        (warning,) = load(registry)
        reason = f'{name!r} belongs to {own}; the operation is ops["stranger:{name}"]'
        assert warning == f"gograd plugin stranger 1.0: {reason}"
        assert record(registry, "stranger").refused == {name: reason}
        assert record(registry, "stranger").status == "loaded"
        assert registry.ops[name].provider == own
        assert registry.ops[f"stranger:{name}"](4.0) == registry.ops.fine(4.0) == 2.0

    def test_so_do_operators(self, install):
        install("stranger", 'binary("plus", operator="+")')
        registry = Registry()
        (warning,) = load(registry)
        claim = re.escape("the operator '+' with 2 input(s)")
        assert re.match(f"gograd plugin stranger 1.0: {claim} belongs to gograd-ops-basic", warning)
        with registry:
            assert (Neuron(1.0) + 1.0).value == 2.0
            assert registry.ops.plus(1.0, 1.0) == 0.0

    def test_the_claim_alone_is_refused(self, install):
        install("stranger", 'unary("halve", aliases=["exp", "half"])')
        registry = Registry()
        assert len(load(registry)) == 1
        assert registry.ops.half(4.0) == registry.ops.halve(4.0) == 2.0

    def test_are_free_without_their_distribution(self, install):
        install("stranger", 'unary("exp"), binary("plus", operator="+")')
        with Registry(block=["gograd-ops-basic", "gograd-ops-extra"]) as registry:
            assert registry.ops.exp(4.0) == 2.0
            assert (Neuron(1.0) + 1.0).operation is registry.ops.plus


class TestTwoStrangers:
    @pytest.mark.parametrize(
        ("one", "two", "look_up", "claim"),
        [
            ('unary("f")', 'unary("f")', lambda ops: ops.f(1.0), "'f'"),
            ('unary("g", aliases=["f"])', 'unary("f")', lambda ops: ops.f(1.0), "'f'"),
            ('binary("g", operator="+")', 'binary("f", operator="+")', lambda _: Neuron(1.0) + 2.0, "the operator"),
            ('unary("g", operator="abs")', 'unary("f", operator="abs")', lambda _: abs(Neuron(1.0)), "the operator"),
        ],
        ids=["name", "alias", "operator", "operator that is a word"],
    )
    def test_neither_has_what_both_claim(self, install, one, two, look_up, claim):
        install("one", one)
        install("two", two)
        registry = Registry(block=["gograd-ops-basic"])
        first, second = load(registry)
        assert re.match(f"gograd plugin one 1.0: {claim}.* is claimed by two 1.0 too, so none has it", first)
        assert re.match(f"gograd plugin two 1.0: {claim}.* is claimed by one 1.0 too, so none has it", second)
        with registry, pytest.raises(UnknownOperationError) as caught:
            look_up(registry.ops)
        assert re.match(f"{claim}.* is claimed by one 1.0 and by two 1.0", str(caught.value))
        assert re.search(r'Take ops\["one:[fg]"\].* GOGRAD_DISABLE_PLUGINS=one', str(caught.value))
        (mine,) = record(registry, "one").operations
        (yours,) = record(registry, "two").operations
        assert registry.ops[f"one:{mine.name}"] is mine
        assert registry.ops["two:f"] is yours

    def test_what_only_one_claims_is_its_own(self, install):
        install("one", 'unary("f", aliases=["g"])')
        install("two", 'unary("f"), unary("h")')
        registry = Registry()
        load(registry)
        assert registry.ops.g is registry.ops["one:f"]
        assert registry.ops.h(4.0) == 2.0
        assert "f" not in [*registry.ops]

    def test_blocking_one_settles_it(self, install):
        install("one", 'unary("f")')
        install("two", 'unary("f")')
        assert str(Registry(block=["one"]).ops.f.provider) == "two 1.0"

    def test_nobody_else_may_register_it(self, install):
        install("one", 'unary("f")')
        install("two", 'unary("f")')
        registry = Registry()
        load(registry)
        with pytest.raises(InvalidOperationError, match=r"^operation 'f': 'f' is taken by f \(one 1\.0\)"):
            registry.register(registry.ops["two:f"])


@pytest.mark.parametrize("order", [("one", "two", "three"), ("three", "two", "one"), ("two", "three", "one")])
def test_the_order_of_sys_path_does_not_matter(install, order):
    provided = {"one": 'unary("f"), unary("exp")', "two": 'unary("f", aliases=["h"])', "three": 'unary("h")'}
    for name in order:
        install(name, provided[name])
    registry = Registry()
    assert len(load(registry)) == 5
    assert {"f", "h"}.isdisjoint(registry.ops)
    assert registry.ops.exp.provider.distribution == "gograd-ops-extra"
    strangers = [record for record in registry.report() if record.distribution in order]
    assert [(record.distribution, sorted(record.refused)) for record in strangers] == [
        ("one", ["exp", "f"]),
        ("three", ["h"]),
        ("two", ["f", "h"]),
    ]


def test_every_operation_is_reachable_by_its_distribution(install):
    install("My.Ops", 'unary("f", aliases=["g"])')
    ops = Registry().ops
    assert ops.f is ops["my-ops:f"] is ops["My.Ops:f"] is ops["my_ops:g"]
    for missing in ("my-ops:h", "my-ops:", ":f", "other:f", "my-ops:my-ops:f"):
        with pytest.raises(UnknownOperationError, match=f"^no installed operation is '{missing}'"):
            ops[missing](1.0)
