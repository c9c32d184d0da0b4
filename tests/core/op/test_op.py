"""What an operation is: its fields, its names, how it is called, and its copies."""

import copy
import functools
import pickle

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from definitions import binary, partial_1, partial_2, rule_1, rule_2, total, unary
from gograd_core import Accuracy, Edge, InvalidOperationError, Neuron, Op, Provider, Registry, ops
from gograd_core.namespaces import scalar
from gograd_core.namespaces.per_registry import IN_FORCE


class TestFields:
    def test_defaults(self):
        op = Op("f", forward=rule_2, partials=(partial_2, None))
        expected = {
            "name": "f",
            "forward": rule_2,
            "formula": rule_2,
            "partials": (partial_2, None),
            "samples": (),
            "edges": (),
            "reference": None,
            "operator": None,
            "symbol": "f",
            "doc": "",
            "advice": "",
            "aliases": (),
            "variadic": False,
            "opaque": False,
            "implementations": {},
            "kernels": None,
            "provider": None,
            "domain": "",
            "accuracy": Accuracy(4.0),
            "math": None,
            "arity": 2,
            "scope": IN_FORCE,
            "xp": scalar,
        }
        assert {name: getattr(op, name) for name in expected} == expected
        assert {field.alias for field in attrs.fields(Op)} <= expected.keys()

    def test_all_but_the_name_are_given_by_keyword(self):
        with pytest.raises(TypeError, match="positional"):
            Op("f", rule_1, (partial_1,))

    def test_partials_are_required(self):
        with pytest.raises(TypeError, match="partials"):
            Op("f", forward=rule_1)

    @pytest.mark.parametrize("implementations", [{}, {"numpy": abs}])
    def test_forward_is_required_without_an_implementation_for_floats(self, implementations):
        with pytest.raises(InvalidOperationError, match="forward must be a function, got None"):
            Op("f", partials=(partial_1,), implementations=implementations)

    def test_lists_become_tuples(self):
        edge = Edge((0.0,), 0.0, (1.0,), "an example")
        op = Op("f", forward=rule_1, partials=[None], samples=[(1.0,)], edges=[edge], aliases=["g"])
        assert (op.partials, op.samples, op.edges, op.aliases) == ((None,), ((1.0,),), (edge,), ("g",))

    @pytest.mark.parametrize(
        ("fields", "symbol"),
        [({}, "f"), ({"operator": "+"}, "+"), ({"operator": "+", "symbol": "⊕"}, "⊕"), ({"symbol": "φ"}, "φ")],
    )
    def test_symbol_is_the_operator_or_else_the_name_unless_given(self, fields, symbol):
        assert binary(**fields).symbol == symbol

    @pytest.mark.parametrize(("op", "arity"), [(unary(), 1), (binary(), 2), (total(1), 0), (total(3), 0)])
    def test_arity_is_the_number_of_inputs_and_0_for_columns(self, op, arity):
        assert op.arity == arity

    @pytest.mark.parametrize("field", [*(field.name for field in attrs.fields(Op)), "kernels", "title"])
    def test_frozen(self, field):
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            setattr(unary(), field, None)

    def test_no_further_attributes(self):
        with pytest.raises(AttributeError):
            object.__setattr__(unary(), "colour", "red")

    def test_two_operations_are_equal_only_if_they_are_the_same(self):
        op = unary()
        assert op == op
        assert op != unary()
        assert len({op, op, unary()}) == 2

    @pytest.mark.parametrize(
        ("provider", "title"),
        [
            (None, "f (not registered)"),
            (Provider("my-ops", "1.2", "ops"), "f (my-ops 1.2)"),
            (Provider("registered by hand"), "f (registered by hand)"),
        ],
    )
    def test_title_and_repr_name_the_provider(self, provider, title):
        op = unary(provider=provider)
        assert op.title == title
        assert repr(op) == f"<Op {title}>"


class TestCall:
    @pytest.mark.parametrize(
        ("op", "inputs", "expected"),
        [(unary(), (), 1), (unary(), (1.0, 2.0), 1), (binary(), (1.0,), 2), (total(2), ([1.0],), 2)],
    )
    def test_wrong_number_of_inputs(self, op, inputs, expected):
        with pytest.raises(
            TypeError,
            match=rf"^{op.name} \(not registered\) takes {expected} (inputs?|columns) \(.*\), got {len(inputs)}",
        ):
            op(*inputs)

    @pytest.mark.parametrize("x", ["1", None, 1j, [1.0]])
    def test_what_is_no_number(self, x):
        with pytest.raises(TypeError, match=r"^f \(not registered\) expects real numbers or neurons"):
            unary()(x)

    @pytest.mark.parametrize("column", ["12", b"12", 1.0, None, Neuron(1.0)])
    def test_what_is_no_column(self, column):
        with pytest.raises(TypeError, match=r"^total \(not registered\) expects sequences of numbers"):
            total(1)(column)

    @pytest.mark.parametrize("columns", [([1.0], []), ((1.0, 2.0), [1.0]), (range(3), range(2))])
    def test_columns_of_unequal_length(self, columns):
        lengths = [len(column) for column in columns]
        with pytest.raises(ValueError, match=rf"columns of equal length, got \[{lengths[0]}, {lengths[1]}\]"):
            total(2)(*columns)

    @pytest.mark.parametrize("kind", [list, tuple, iter, dict.fromkeys])
    def test_any_iterable_of_numbers_is_a_column(self, kind):
        assert total(1)(kind([1.0, 2.0])) == 3.0


@st.composite
def tables(draw):
    """Columns of equal length."""
    length = draw(st.integers(0, 5))
    column = st.lists(st.floats(allow_nan=False), min_size=length, max_size=length)
    return draw(st.lists(column, min_size=1, max_size=4))


class TestColumns:
    @settings(deadline=None)
    @given(tables())
    def test_columns_are_the_inverse_of_flatten(self, table):
        op = total(len(table))
        assert [list(column) for column in op.columns(op.flatten(table))] == table

    @settings(deadline=None)
    @given(st.integers(1, 4), st.integers(0, 5))
    def test_flatten_is_the_inverse_of_columns(self, inputs, length):
        op = total(inputs)
        entries = tuple(range(inputs * length))
        assert op.flatten(op.columns(entries)) == entries

    def test_one_column_after_the_other(self):
        assert total(2).flatten([[1.0, 2.0], [3.0, 4.0]]) == (1.0, 2.0, 3.0, 4.0)


class TestCopies:
    def test_a_copy_is_the_operation_itself(self):
        op = unary()
        assert copy.copy(op) is op
        assert copy.deepcopy([op]) == [op]

    @pytest.mark.parametrize("name", ["tanh", "stop_gradient", "gograd-ops-basic:add"])
    def test_a_pickle_finds_the_operation_again(self, name):
        assert pickle.loads(pickle.dumps(ops[name])) is ops[name]

    def test_one_that_is_not_registered_has_no_pickle(self):
        with pytest.raises(TypeError, match=r"^f \(not registered\) cannot be pickled"):
            pickle.dumps(unary())


class TestInputNames:
    @pytest.mark.parametrize(
        ("fields", "names"),
        [
            ({"forward": lambda xp, base: base}, ("base",)),
            ({"forward": None, "implementations": {"scalar": abs}, "partials": (lambda xp, out, z: z,)}, ("z",)),
            ({"forward": None, "implementations": {"scalar": abs}, "partials": (None,)}, ("x0",)),
            ({"forward": lambda xp, *inputs: 0.0, "partials": (None,)}, ("x0",)),
            ({"forward": lambda xp, x, **other: 0.0, "partials": (None,)}, ("x0",)),
            ({"forward": functools.wraps(lambda xp, base: 0.0)(lambda a, b: 0.0)}, ("base",)),
        ],
    )
    def test_are_those_of_the_rules(self, fields, names):
        assert unary(**fields).input_names == names

    def test_are_made_up_where_the_rules_do_not_say(self):
        assert binary(forward=lambda xp, *inputs: 0.0, partials=(None, None)).input_names == ("x0", "x1")


class TestEvolve:
    """`attrs.evolve` makes another operation, of which everything follows from the new fields."""

    def test_changes_only_what_is_asked_for(self):
        op = binary(operator="+", implementations={"numpy": abs}, aliases=("g",))
        again = attrs.evolve(op, doc="Another.")
        same = {field.name for field in attrs.fields(Op)} - {"doc", "forward", "_in_use"}
        assert (again.doc, {name: getattr(again, name) for name in same}) == (
            "Another.",
            {name: getattr(op, name) for name in same},
        )

    def test_what_follows_is_made_anew(self):
        again = attrs.evolve(unary(implementations={"scalar": abs}), partials=(None,), variadic=True, opaque=True)
        assert (again.arity, again.xp) == (0, IN_FORCE.columns)
        again = attrs.evolve(again, forward=lambda xp, x: 7.0, variadic=False, implementations={})
        assert (again.arity, again.xp, again(-2.0)) == (1, scalar, 7.0)

    def test_the_rules_of_an_opaque_operation_are_wrapped_once(self):
        op = unary(opaque=True)
        again = attrs.evolve(attrs.evolve(op, doc="One."), doc="Two.")
        assert again.rules == op.rules == (rule_1, None, partial_1)
        assert (again.forward.__wrapped__, again.partials[0].__wrapped__) == (rule_1, partial_1)

    def test_a_copy_of_a_registered_operation_looks_up_in_the_same_registry(self):
        registry = Registry(discover=False)
        registry.register(unary("gain", forward=lambda xp, x: 10.0 * x))
        twice = registry.register(unary("twice", forward=lambda xp, x: xp.gain(2.0 * x)))
        assert attrs.evolve(twice, doc="Another.")(1.0) == 20.0
