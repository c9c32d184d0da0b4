"""Definitions of operations that are refused, and what is said of each."""

import math

import pytest

from definitions import binary, partial_1, partial_2, rule_1, rule_2, total, unary
from gograd_core import Accuracy, Edge, InvalidOperationError, Op


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
    "attribute of floats": ("real", "'real' is an attribute of Neuron"),
    "inputs": ("inputs", "'inputs' is an attribute of Neuron"),
    "name that leads elsewhere": ("clone", "'clone' is an attribute of Neuron"),
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


class TestAccuracy:
    def test_is_4_ulps_unless_given(self):
        assert unary().accuracy == Accuracy(4.0)

    @pytest.mark.parametrize("allowed", [{"ulps": 5.0}, {"input_ulps": 1.0}])
    def test_more_needs_a_reason(self, allowed):
        with pytest.raises(InvalidOperationError, match="must say why"):
            Accuracy(**allowed)
        assert Accuracy(**allowed, why="as an example").why == "as an example"
