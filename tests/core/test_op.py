"""What an operation is: its fields, the definitions it refuses, and how it is called."""

import copy
import math
import pickle

import attrs
import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gograd_core import Accuracy, Edge, InvalidOperationError, Neuron, Op, Provider, Registry, ops
from gograd_core.namespaces import scalar
from gograd_core.namespaces.columns import Column, ColumnNamespace
from gograd_core.namespaces.per_registry import IN_FORCE


def rule_1(xp, x):
    return x


def rule_2(xp, x, y):
    return x


def partial_1(xp, out, x):
    return 1.0


def partial_2(xp, out, x, y):
    return 1.0


def unary(name="f", **fields):
    return Op(name, **{"forward": rule_1, "partials": (partial_1,)} | fields)


def binary(name="f", **fields):
    return Op(name, **{"forward": rule_2, "partials": (partial_2, partial_2)} | fields)


def total(inputs, **fields):
    """A variadic operation of `inputs` columns: the sum of all their entries."""
    return Op(
        "total",
        forward=lambda xp, *columns: sum((xp.sum(column) for column in columns), 0.0),
        partials=(lambda xp, out, *columns: 1.0,) * inputs,
        variadic=True,
        **fields,
    )


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


def edge(inputs, partials):
    return Edge(inputs, 0.0, partials, "an example")


WRONG_NAMES = {
    "no identifier": ("2nd", "'2nd' is not an identifier"),
    "empty": ("", "'' is not an identifier"),
    "not a string": (3, "3 is not an identifier"),
    "keyword": ("lambda", "'lambda' is a keyword"),
    "underscore": ("_f", "'_f' begins with an underscore"),
    "attribute of Neuron": ("backward", "'backward' is an attribute of Neuron"),
    "property of Neuron": ("label", "'label' is an attribute of Neuron"),
    "pi": ("pi", "'pi' is a constant of the array API"),
    "e": ("e", "'e' is a constant of the array API"),
    "inf": ("inf", "'inf' is a constant of the array API"),
    "nan": ("nan", "'nan' is a constant of the array API"),
}
WRONG_FIELDS = {
    "forward is no function": ({"forward": 2.0}, "forward must be a function, got 2.0"),
    "forward takes too few": ({"forward": lambda xp: 0.0}, "forward must take 2 arguments"),
    "forward takes too many": (
        {"forward": rule_2},
        r"forward takes 2 inputs \(x, y\), but there is 1 partial: give one",
    ),
    "forward needs a keyword": ({"forward": lambda xp, x, *, n: x}, "forward must take 2 arguments"),
    "forward of a built-in": ({"forward": math.sin}, "forward must take 2 arguments"),
    "no partials": ({"partials": ()}, "partials must hold one"),
    "a lone partial": ({"partials": partial_1}, "partials must hold one"),
    "partials of a generator": ({"partials": (p for p in [partial_1])}, "partials must hold one"),
    "partial is a number": ({"partials": (1.0,)}, "partial 0 must be a function or None, got 1.0"),
    "partial without out": ({"partials": (rule_1,)}, "partial 0 must take 3 arguments"),
    "partial takes too many": ({"partials": (partial_2,)}, "partial 0 must take 3 arguments"),
    "one partial too many": (
        {"partials": (partial_1, partial_1)},
        r"forward takes 1 input \(x\), but there are 2 partials: give one function \(or None: no derivative\)",
    ),
    "unknown operator": ({"operator": "@"}, "Python has no operator '@' with 1 inputs"),
    "binary operator": ({"operator": "*"}, r"Python has no operator '\*' with 1 inputs"),
    "samples are no sequence": ({"samples": 1.0}, "samples must be a sequence"),
    "samples of a generator": ({"samples": (x for x in [(1.0,)])}, "samples must be a sequence"),
    "sample too short": ({"samples": ((1.0,), ())}, r"sample \(\) must be a tuple of 1"),
    "sample too long": ({"samples": ((1.0, 2.0),)}, r"sample \(1.0, 2.0\) must be a tuple of 1"),
    "sample is a number": ({"samples": (1.0,)}, "sample 1.0 must be a tuple of 1"),
    "edges are no sequence": ({"edges": edge((0.0,), (1.0,))}, "edges must be a sequence"),
    "edge with two inputs": ({"edges": (edge((0.0, 0.0), (1.0,)),)}, "edge .* must be an Edge with 1"),
    "edge with two partials": ({"edges": (edge((0.0,), (1.0, 1.0)),)}, "edge .* must be an Edge with 1"),
    "edge is a tuple": ({"edges": ((0.0,),)}, "edge .* must be an Edge with 1"),
    "reference is no function": ({"reference": "sin"}, "reference must be a function, got 'sin'"),
    "aliases are a string": ({"aliases": "ab"}, "aliases must be a sequence, got 'ab'"),
    "implementation is no function": ({"implementations": {"numpy": "sin"}}, "implementations must map"),
    "domain is no string": ({"domain": None}, "domain must be a string, got None"),
    "accuracy is a number": ({"accuracy": 8.0}, "accuracy must be an Accuracy, got 8.0"),
    "math is no identifier": ({"math": "math.sin"}, "math must name a function, got 'math.sin'"),
    "implementations are no mapping": ({"implementations": [math.sin]}, "implementations must map"),
}


class TestWrongDefinitions:
    @pytest.mark.parametrize(("name", "fault"), WRONG_NAMES.values(), ids=WRONG_NAMES)
    def test_name(self, name, fault):
        with pytest.raises(InvalidOperationError, match=f"^operation {name!r}: name {fault}"):
            unary(name)

    @pytest.mark.parametrize(("alias", "fault"), WRONG_NAMES.values(), ids=WRONG_NAMES)
    def test_alias(self, alias, fault):
        with pytest.raises(InvalidOperationError, match=f"^operation 'f': alias {fault}"):
            unary(aliases=("g", alias))

    @pytest.mark.parametrize(("fields", "fault"), WRONG_FIELDS.values(), ids=WRONG_FIELDS)
    def test_field(self, fields, fault):
        with pytest.raises(InvalidOperationError, match=f"^operation 'f': {fault}"):
            unary(**fields)

    @pytest.mark.parametrize(("make", "symbol"), [(unary, "<"), (unary, "**"), (binary, "abs"), (binary, "+1")])
    def test_operator_with_another_number_of_inputs(self, make, symbol):
        with pytest.raises(InvalidOperationError, match=r"^operation 'f': Python has no operator .* inputs"):
            make(operator=symbol)

    @pytest.mark.parametrize(
        ("make", "fault"),
        [
            (lambda: unary("atan2"), "which does not take 1"),
            (lambda: binary("log1p"), "which does not take 2"),
            (lambda: unary("max"), "from a column to a number"),
            (lambda: unary(aliases=("multiply",)), "which does not take 1"),
            (lambda: total(1, aliases=("exp",)), "from numbers to a number"),
        ],
    )
    def test_a_name_of_the_standard_takes_the_inputs_of_the_standard(self, make, fault):
        with pytest.raises(InvalidOperationError, match=f"is a function of the array API standard, {fault}"):
            make()

    def test_operator_of_columns(self):
        with pytest.raises(
            InvalidOperationError, match=r"^operation 'total': Python has no operator '\+' with columns"
        ):
            total(2, operator="+")

    @pytest.mark.parametrize("name", ["f", "Σ", "exp", "relu", "match", "f2"])
    def test_other_names_are_free(self, name):
        assert unary(name, aliases=(name + "_too",)).name == name

    def test_functions_without_a_signature_are_taken_at_their_word(self):
        assert Op("f", forward=max, partials=(None,)).forward is max


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
        ],
    )
    def test_are_those_of_the_rules(self, fields, names):
        assert unary(**fields).input_names == names

    def test_are_made_up_where_the_rules_do_not_say(self):
        assert binary(forward=lambda xp, *inputs: 0.0, partials=(None, None)).input_names == ("x0", "x1")


class TestAccuracy:
    def test_is_4_ulps_unless_given(self):
        assert unary().accuracy == Accuracy(4.0)

    @pytest.mark.parametrize("allowed", [{"ulps": 5.0}, {"input_ulps": 1.0}])
    def test_more_needs_a_reason(self, allowed):
        with pytest.raises(InvalidOperationError, match="must say why"):
            Accuracy(**allowed)
        assert Accuracy(**allowed, why="as an example").why == "as an example"


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
