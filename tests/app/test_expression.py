"""Expressions as text: what they mean, and what is refused."""

from __future__ import annotations

import ast
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gograd.expression import ExpressionError, evaluate
from gograd_core import DomainError, Neuron, Op, Registry

VARIABLES = {"x": 0.75, "y": -1.5}


def value_of(text):
    result = evaluate(text, {name: Neuron(value, name) for name, value in VARIABLES.items()})
    return result.value if type(result) is Neuron else result


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("7", 7.0),
        ("1_000 + 0x10 + 2.5e-1", 1016.25),
        ("  x\n", 0.75),
        ("2 + 3 * 4 - 5", 9.0),
        ("2 - 3 - 4", -5.0),
        ("(2 - (3 - 4)) / 8", 0.375),
        ("2 ** 3 ** 2", 512.0),
        ("-2 ** 2", -4.0),
        ("2 ** -1", 0.5),
        ("7 / 2", 3.5),
        ("7 // 2", 3.0),
        ("-7 % 3", 2.0),
        ("--x", 0.75),
        ("+x - +y", 2.25),
        ("x * x + y", -0.9375),
        ("x < 1", True),
        ("x < 0.75", False),
        ("x <= 0.75", True),
        ("x <= y", False),
        ("1 > x", True),
        ("x > 0.75", False),
        ("x >= 0.75", True),
        ("y >= x", False),
        ("x == 0.75", True),
        ("x == y", False),
        ("x != 0.75", False),
        ("x != y", True),
        ("(x < y) + 1", 1.0),
        ("pi", math.pi),
        ("e ** 2", math.e**2),
        ("1 / inf", 0.0),
        ("tanh(2*x + y)", 0.0),
        ("exp(x) * log(2 + y + 1)", math.exp(0.75) * math.log(1.5)),
        ("sqrt(sin(x)**2 + cos(x)**2)", math.sqrt(math.sin(0.75) ** 2 + math.cos(0.75) ** 2)),
        ("abs(y) + relu(y)", 1.5),
        ("maximum(x, y) - minimum(x, y)", 2.25),
        ("where(x < y, x, y)", -1.5),
        ("sigmoid(0)", 0.5),
        ("sum([x, y, 3])", 2.25),
        ("dot([x, y], [2, 4])", -4.5),
        ("add(x, mul(y, 2))", -2.25),
        ("atan2(x=1, y=1)", math.pi / 4.0),
        ("clip(x, max=0.5, min=0)", 0.5),
        ("dot([x, y], 2)", -1.5),
        ("sum([])", 0.0),
    ],
)
def test_an_expression_means_what_it_means_in_python(text, expected):
    found = value_of(text)
    assert found == expected
    assert type(found) is type(expected)


def test_nan_is_a_constant_that_is_passed_on():
    assert math.isnan(value_of("nan + 1"))


def test_variables_come_before_constants_and_never_stand_for_operations():
    assert evaluate("e + 1", {"e": 5.0}) == 6.0
    assert evaluate("tanh(tanh)", {"tanh": 0.5}) == math.tanh(0.5)


def test_every_registered_operation_can_be_called():
    with Registry(discover=False) as registry:
        registry.register(Op("double", forward=lambda xp, x: 2.0 * x, partials=(lambda xp, out, x: 2.0,)))
        assert evaluate("double(21)", {}) == 42.0


def test_an_operator_that_nothing_implements_is_refused():
    with Registry(discover=False), pytest.raises(ExpressionError, match="implements the operator '//' with 2 input"):
        evaluate("7 // 2", {})


def test_the_result_is_a_neuron_that_can_be_differentiated():
    x = Neuron(3.0)
    evaluate("x**2 + 2*x", {"x": x}).backward()
    assert x.grad == 8.0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"the expression is empty: write one, such as \"tanh\(w\*x \+ b\)\""),
        ("  ", "the expression is empty: write one"),
        ("2 +", "'2 \\+' is not a valid expression"),
        ("(1", "never closed"),
        ("x = 1", "'x = 1' is not a valid expression: .*; give the value of a variable after the expression: x=1$"),
        ("x := 2*y", "give the value of a variable after the expression: x=NUMBER$"),
        ("2x", "'2x' is not a valid expression: .*; write a product as 2\\*x"),
        ("x == = 1", "'x == = 1' is not a valid expression: invalid syntax$"),
        ("x; y", "is not a valid expression"),
        ("x\ny", "is not a valid expression"),
        ("import os", "is not a valid expression"),
        ("x\0", "is not a valid expression"),
        ("\ud800", "is not a valid expression"),
        ("().__class__", r"'\(\).__class__' is not allowed .*Attribute"),
        ("x.value", r"'x\.value': everything here is a number: write x$"),
        ("x.item()", r"'x\.item\(\)': everything here is a number: write x$"),
        ("x.grad", r"'x\.grad': the derivatives are printed below the value"),
        ("x.other", r"'x\.other' is not allowed"),
        ("x.backward()", r"'x\.backward\(\)' is not allowed"),
        ("tanh(x.value)", r"'x\.value': everything here is a number: write x$"),
        ("lambda: 1", "'lambda: 1': write only the formula: 1$"),
        ("round(x, 1)", r"round\(x, 1\): write round\(x \* 10\*\*1\) / 10\*\*1$"),
        ("round(x + y, 2)", r"write round\(\(x \+ y\) \* 10\*\*2\) / 10\*\*2$"),
        ("ln(x)", r"'ln\(x\)': write log\(x\)$"),
        ("int(x)", r"'int\(x\)': write trunc\(x\)$"),
        ("(lambda: 1)()", "is not allowed .*Call"),
        ("[i for i in [1]]", "'.*': write out every entry of a column, as in "),
        ("sum(i for i in [1])", "'.*': write out every entry of a column, as in "),
        ("__import__('os')", "no installed operation is '__import__'"),
        ("eval('1')", "no installed operation is 'eval'"),
        ("print(1)", "no installed operation is 'print'"),
        ("x(1)", "no installed operation is 'x'"),
        ("tanhh(1)", "Did you mean 'tanh'"),
        ("tanh(1)(2)", "is not allowed .*Call"),
        ("f'{x}'", "is not allowed .*JoinedStr"),
        ("'text'", "\"'text'\" is not allowed"),
        ("tanh('1')", "\"'1'\" is not allowed"),
        ("b'1'", "is not allowed .*Constant"),
        ("1j", "'1j' is not allowed"),
        ("True", "'True': write 1"),
        ("False", "'False': write 0"),
        ("None", "'None' is not allowed"),
        ("...", "is not allowed"),
        ("[1, 2][0]", "is not allowed .*Subscript"),
        ("(x := 1)", "'x := 1': give the value of a variable after the expression: x=1$"),
        ("tanh(*[1])", r"'\*\[1\]' is not allowed .*Starred"),
        ("tanh(y=1)", r"tanh\(y=1\): tanh .* has no input 'y': it takes x"),
        ("tanh(x=1, **[2])", "is not allowed .*Call"),
        ("math.sin(x)", r"'math\.sin\(x\)': .* write sin\(x\)"),
        ("np.maximum(x, y + 1)", r"write maximum\(x, y \+ 1\)"),
        ("math.atan2(y=1, x=x)", r"write atan2\(y=1, x=x\)"),
        ("x.tanh()", r"'x\.tanh\(\)': .* write tanh\(x\)"),
        ("(x + y).atan2(2)", r"write atan2\(x \+ y, 2\)"),
        ("math.pi", "'math.pi': names have no prefix here: write pi"),
        ("math.nothing(x)", r"'math\.nothing\(x\)' is not allowed"),
        ("tanh(**{})", "is not allowed"),
        ("(1, 2)", r"'\(1, 2\)': write a column in brackets: \[1, 2\]$"),
        ("{1: 2}", "is not allowed .*Dict"),
        ("{1}", "is not allowed .*Set"),
        ("1 < x < 3", r"'1 < x < 3': write minimum\(1 < x, x < 3\)$"),
        ("0 < x <= y != 3", r"write minimum\(minimum\(0 < x, x <= y\), y != 3\)$"),
        ("(x < y) == 1 < 2", r"write minimum\(\(x < y\) == 1, 1 < 2\)$"),
        ("1 < x in [1]", "is not allowed .*Compare"),
        ("x in [1]", "'x in \\[1\\]' is not allowed"),
        ("x is x", "'x is x' is not allowed"),
        ("x and y", r"'x and y': write where\(x, y, x\)$"),
        ("x or y or 1", r"write where\(x, x, where\(y, y, 1\)\)$"),
        ("x > 0 and y > 0", r"write minimum\(x > 0, y > 0\)$"),
        ("x > 0 or y > 0 or x == y", r"write maximum\(maximum\(x > 0, y > 0\), x == y\)$"),
        ("(x > 0) & (y > 0)", r"write minimum\(x > 0, y > 0\)$"),
        ("(x > 0) | (y > 0)", r"write maximum\(x > 0, y > 0\)$"),
        ("x | y", r"'x \| y' is not allowed"),
        ("not x", "'not x': write x == 0$"),
        ("not x < y", r"write \(x < y\) == 0$"),
        ("~(x < y)", r"write \(x < y\) == 0$"),
        ("x if x > 0 else 1", r"'x if x > 0 else 1': write a choice as where\(x > 0, x, 1\)"),
        ("~x", "'~x' is not allowed"),
        ("x @ y", r"'x @ y': write dot\(x, y\)$"),
        ("x << 1", "'x << 1' is not allowed"),
        ("z + 1", "'z' has no value: give z=NUMBER"),
        ("__builtins__", "'__builtins__' has no value"),
        ("x^2", r"'x\^2': write a power as x\*\*y"),
        ("tanh", r"'tanh' is an operation: call it, tanh\(...\)"),
        ("tanh()", r"tanh\(\): tanh .*takes 1 input \(x\), got 0"),
        ("tanh(1, 2)", r"takes 1 input \(x\), got 2"),
        ("tanh([1])", r"expects real numbers or neurons, got \[1\.0\]"),
        ("[1] + [2]", "expects real numbers"),
        ("-[1]", "expects real numbers"),
        ("sum(1)", "expects sequences of numbers"),
        ("dot([1], [1, 2])", "columns of equal length"),
        ("[x, y]", r"'\[x, y\]' is a list, not a number"),
        ("9" * 400, "too large for a float"),
        ("0x" + "f" * 5000, "too large for a float"),
        ("9" * 5000, r"^'9+\.\.\.9+' is not a valid expression"),
        ("x and " * 1000 + "y", r"^'x and .{1,94}\.\.\..{1,94}and y': write where\(.{1,200}…$"),
        ("x.value" + " " * 1000, "'x.value': everything"),
        ("(" * 1000 + "1" + ")" * 1000, "too many nested parentheses|too deeply"),
        ("-" * 100_000 + "1", "nested too deeply"),
        ("1" + "+1" * 20_000, "nested too deeply"),
    ],
    ids=lambda text: ascii(text[:24]),
)
def test_everything_else_is_refused_with_its_place(text, message):
    with pytest.raises(ExpressionError, match=message):
        value_of(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 / (x - 0.75)", r"div\(1\.0, 0\.0\) is inf"),
        ("log(y)", r"log\(y=-1\.5\) is nan"),
        ("y ** x", r"pow\(y=-1\.5, x=0\.75\) is nan"),
        ("10 ** 400", r"pow\(10\.0, 400\.0\) is inf"),
        ("0 * (1e308 * 10)", r"mul\(1e\+308, 10\.0\) is inf"),
    ],
)
def test_leaving_the_real_numbers_is_an_error_that_names_the_operation(text, message):
    with pytest.raises(DomainError, match=message):
        value_of(text)


numbers = st.floats(-100.0, 100.0).map(repr)
texts = st.recursive(
    numbers | st.sampled_from(["x", "y", "0.0", "1.0", "2.0"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", " - ", "*", " / ", "**"]), inner).map("".join),
        inner.map("-{}".format),
        inner.map("({})".format),
    ),
    max_leaves=8,
)


def by_python(text):
    """The value, or None where Python's own arithmetic leaves the real numbers in any step."""
    value = None
    for node in ast.walk(ast.parse(text, mode="eval").body):
        if isinstance(node, ast.expr):
            try:
                step = eval(ast.unparse(node), {"__builtins__": {}}, VARIABLES)
            except ArithmeticError:
                return None
            if isinstance(step, complex) or not math.isfinite(step):
                return None
            value = step if value is None else value  # the first one is the whole
    return value


@settings(deadline=None)
@given(texts)
def test_arithmetic_is_that_of_python_to_the_last_bit(text):
    expected = by_python(text)
    if expected is None:
        with pytest.raises(DomainError):
            value_of(text)
    else:
        assert repr(value_of(text)) == repr(expected)


@pytest.mark.parametrize(
    ("text", "rewritten"),
    [
        ("x and y", "where(x, y, x)"),
        ("0 and y", "where(0, y, 0)"),
        ("x or y", "where(x, x, y)"),
        ("0 or y", "where(0, 0, y)"),
        ("not x", "x == 0"),
        ("not x < y", "(x < y) == 0"),
        ("-1 < x < 1", "minimum(-1 < x, x < 1)"),
        ("-1 < x < 0", "minimum(-1 < x, x < 0)"),
        ("x > 0 and y > 0", "minimum(x > 0, y > 0)"),
        ("x > 0 or y > 0", "maximum(x > 0, y > 0)"),
        ("round(x, 1)", "round(x * 10**1) / 10**1"),
        ("int(y)", "trunc(y)"),
    ],
)
def test_what_is_said_to_be_written_means_the_same(text, rewritten):
    with pytest.raises(ExpressionError) as refused:
        value_of(text)
    assert str(refused.value).endswith(f"write {rewritten}")
    assert value_of(rewritten) == eval(text, {"__builtins__": {"round": round, "int": int}}, VARIABLES)
