"""Looking operations up: the namespace `ops`, and what it says of a name that nothing has."""

import importlib_metadata
import pytest

from gograd_core import Neuron, Registry, UnknownOperationError, ops
from made_up import unary


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
        with pytest.raises(UnknownOperationError, match=r"is 'sigmiod'\. Did you mean 'sigmoid'\?"):
            ops.sigmiod(1.0)
        with pytest.raises(UnknownOperationError) as caught:
            ops.quaternion(1.0)
        assert "Did you mean" not in str(caught.value)

    @pytest.mark.parametrize("asked", ["+ 3", "- 3"])
    def test_the_nearest_name_is_no_operator(self, asked):
        with pytest.raises(UnknownOperationError) as caught:
            ops[asked]
        assert "Did you mean" not in str(caught.value)

    def test_what_to_install(self, bare):
        with pytest.raises(UnknownOperationError) as caught:
            bare.ops.tanh(1.0)
        assert str(caught.value).startswith("no installed operation is 'tanh'. Not installed here: gograd-ops-basic")
        assert str(caught.value).endswith(
            "Install with: pip install gograd-ops-basic gograd-ops-extra gograd-ops-special"
        )

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
