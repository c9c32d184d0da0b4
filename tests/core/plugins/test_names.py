"""Names are the same however they are typed: as Python normalises identifiers, so do operations and plugins."""

from __future__ import annotations

import pickle
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gograd_core import InvalidOperationError, Neuron, Op, PluginWarning, Registry, UnknownOperationError
from made_up import unary
from plugin_reports import load, record


@pytest.fixture
def registry():
    with Registry(discover=False) as registry:
        yield registry


SPELLINGS = {
    "ligature": ("ﬁt", "fit"),
    "full width": ("ｆｉｔ", "fit"),
    "mathematical": ("𝑓𝒊𝓽", "fit"),
    "decomposed": ("e\u0301te", "éte"),
    "Greek micro sign": ("µ", "μ"),
    "long s": ("ſoft", "soft"),
}


@pytest.mark.parametrize(("typed", "name"), SPELLINGS.values(), ids=SPELLINGS)
class TestOneName:
    def test_in_every_look_up(self, registry, typed, name):
        op = registry.register(unary(typed))
        assert op.name == name
        ops = registry.ops
        assert ops[typed] is ops[name] is getattr(ops, typed) is getattr(ops, name) is op
        assert eval(f"ops.{typed}(1.5)") == eval(f"ops.{name}(1.5)") == 0.75
        assert eval(f"x.{typed}().value", {"x": Neuron(1.5)}) == 0.75
        assert typed in ops
        assert [*ops] == [name]

    def test_as_an_alias_too(self, registry, typed, name):
        op = registry.register(unary("plain", aliases=[typed, name]))
        assert op.aliases == (name, name)
        assert registry.ops[typed] is registry.ops[name] is op

    def test_which_is_taken(self, registry, typed, name):
        registry.register(unary(name))
        with pytest.raises(InvalidOperationError, match=f"{name!r} is taken by {name}"):
            registry.register(unary(typed))

    def test_that_two_plugins_claim(self, install, typed, name):
        install("one", f'unary("{typed}")')
        install("two", f'unary("{name}")')
        registry = Registry()
        assert load(registry) == [
            f"gograd plugin {own} 1.0: {name!r} is claimed by {other} 1.0 too, so none has it; "
            f'the operation is ops["{own}:{name}"]'
            for own, other in (("one", "two"), ("two", "one"))
        ]
        assert registry.ops[f"one:{typed}"] is registry.ops[f"one:{name}"] is not registry.ops[f"two:{typed}"]

    def test_in_rules(self, registry, typed, name):
        registry.register(unary(typed))
        rule = eval(f"lambda xp, x: xp.{typed}(x) + xp.{name}(x)")
        outer = registry.register(Op("outer", forward=rule, partials=(None,)))
        assert outer(1.0) == 1.0

    def test_in_pickles_and_messages(self, registry, typed, name):
        op = registry.register(unary(typed))
        assert pickle.loads(pickle.dumps(op)) is op
        with pytest.raises(UnknownOperationError, match=f"Did you mean {name!r}"):
            registry.ops[f"{typed}x"]

    def test_of_an_entry_point(self, install, typed, name):
        install("one", 'unary("f")', entry_point=typed)
        registry = Registry(block=[f"one:{name}"])
        assert "f" not in registry.ops
        assert record(registry, "one").status == "blocked"
        assert Registry(strict=True).ops[f"one:{name}:f"](4.0) == 2.0


@pytest.mark.parametrize(
    ("typed", "complaint"),
    [
        ("ｉｆ", "'if' is a keyword of Python"),
        ("ｖａｌｕｅ", "'value' is an attribute of Neuron"),
        ("𝒑𝒊", "'pi' is a constant of the array API standard"),
        ("＿private", "'_private' begins with an underscore"),
        ("ｂａｃｋｅｎｄ", "'backend' is an attribute of the namespaces"),
        ("ｓｕｍ", "'sum' is a function of the array API standard"),
    ],
)
def test_what_no_operation_may_be_called_is_found_in_other_letters(typed, complaint):
    with pytest.raises(InvalidOperationError, match=complaint):
        unary(typed)


@pytest.mark.parametrize("distribution", ["stranger", "gograd-stranger"])
def test_a_stranger_does_not_get_a_name_of_gograds_own_in_other_letters(install, distribution):
    install(distribution, 'unary("ｅｘｐ")')
    registry = Registry()
    with pytest.warns(PluginWarning, match=f"gograd plugin {distribution} 1.0: 'exp' belongs to gograd-ops-extra"):
        registry.load()
    assert registry.ops.exp(0.0) == 1.0


@given(st.text(st.characters(categories=["L", "Nd", "Mn"]), min_size=1, max_size=6).filter(str.isidentifier))
def test_python_and_the_registry_read_every_name_alike(typed):
    registry = Registry(discover=False)
    op = registry.register(unary(f"f{typed}"))
    assert op.name == unicodedata.normalize("NFKC", f"f{typed}")
    assert eval(f"ops.f{typed}", {"ops": registry.ops}) is op
    assert registry.ops[f"f{typed}"] is op
