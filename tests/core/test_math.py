"""``from gograd_core import math``: Python's module over neurons, and over numbers the module itself."""

from __future__ import annotations

import copy
import itertools
import math as python_math
import pickle

import numpy as np
import pytest

from gograd_core import DomainError, Neuron, Op, Registry, UnknownOperationError, gradient, math

ULP = 2.0**-52

# Every name of Python's module, up to 3.15; inputs of which any may be neurons.
FUNCTIONS = {
    "acos": (0.3,),
    "acosh": (1.7,),
    "asin": (0.3,),
    "asinh": (0.3,),
    "atan": (0.3,),
    "atan2": (0.3, -2.0),
    "atanh": (0.3,),
    "cbrt": (-5.0,),
    "copysign": (2.3, -1.0),
    "cos": (0.3,),
    "cosh": (0.3,),
    "degrees": (0.3,),
    "erf": (0.3,),
    "erfc": (0.3,),
    "exp": (0.3,),
    "exp2": (0.3,),
    "expm1": (0.3,),
    "fabs": (-0.3,),
    "fma": (2.3, -1.7, 0.3),
    "fmod": (-7.5, 2.0),
    "gamma": (2.3,),
    "hypot": (2.3, -1.7),
    "lgamma": (2.3,),
    "log": (2.3,),
    "log10": (2.3,),
    "log1p": (2.3,),
    "log2": (2.3,),
    "pow": (2.3, 1.7),
    "radians": (30.0,),
    "remainder": (7.0, 2.0),
    "sin": (0.3,),
    "sinh": (0.3,),
    "sqrt": (2.3,),
    "tan": (0.3,),
    "tanh": (0.3,),
}
COLUMNS = {
    "dist": ((2.3, -1.7), (0.3, 4.0)),
    "fsum": ((0.1, 0.2, 0.3),),
    "prod": ((2.3, -1.7, 0.3),),
    "sumprod": ((2.3, -1.7), (0.3, 4.0)),
}
QUESTIONS = {"isclose": (1.0, 1.0 + 1e-12), "isfinite": (0.3,), "isinf": (0.3,), "isnan": (0.3,)}
TO_INTEGERS = {"ceil": (2.3,), "floor": (-2.3,), "trunc": (-2.3,)}
CONSTANTS = {"e", "inf", "nan", "pi", "tau"}
OF_INTEGERS = {"comb", "factorial", "gcd", "isqrt", "lcm", "perm"}
WITHOUT_OPERATION = {*OF_INTEGERS, "nextafter", "ulp"}
PAIRS = {"frexp", "modf"}
NEWER = {"fmax", "fmin", "isnormal", "issubnormal", "signbit"}

CALLS = [
    *((name, inputs) for name, inputs in FUNCTIONS.items() if hasattr(python_math, name)),
    ("hypot", (-2.3,)),
    ("hypot", (2.3, -1.7, 0.3)),
    ("log", (2.3, 10.0)),
    ("ldexp", (2.3, 5)),
]


def as_neurons(inputs):
    return [Neuron(x) for x in inputs]


def test_every_name_of_python_is_here():
    assert dir(math) == [name for name in dir(python_math) if not name.startswith("_")]
    known = {*FUNCTIONS, *COLUMNS, *QUESTIONS, *TO_INTEGERS, *CONSTANTS, *WITHOUT_OPERATION, *PAIRS, *NEWER, "ldexp"}
    assert set(dir(math)) <= known
    assert all(getattr(math, name) == getattr(python_math, name) for name in CONSTANTS - {"nan"})


@pytest.mark.parametrize(("name", "inputs"), CALLS)
def test_functions_of_neurons_have_the_value_of_pythons(name, inputs):
    result = getattr(math, name)(*(x if type(x) is int else Neuron(x) for x in inputs))
    assert type(result) is Neuron
    # The C library gives ours; where Python has a formula of its own, the two are a few ulps apart.
    assert result.value == pytest.approx(getattr(python_math, name)(*inputs), rel=4 * ULP)


@pytest.mark.parametrize(("name", "inputs"), [call for call in CALLS if len(call[1]) > 1])
def test_neurons_and_numbers_mix(name, inputs):
    for index, x in enumerate(inputs):
        if type(x) is float:
            mixed = (*inputs[:index], Neuron(x), *inputs[index + 1 :])
            result = getattr(math, name)(*mixed)
            assert result.value == pytest.approx(getattr(python_math, name)(*inputs), rel=4 * ULP)
            assert mixed[index] in result.constituents


@pytest.mark.parametrize("make", [list, tuple, iter, lambda neurons: (neuron for neuron in neurons)])
@pytest.mark.parametrize(("name", "columns"), [item for item in COLUMNS.items() if hasattr(python_math, item[0])])
def test_functions_of_sequences(name, columns, make):
    neurons = [as_neurons(column) for column in columns]
    result = getattr(math, name)(*map(make, neurons))
    assert result.value == pytest.approx(getattr(python_math, name)(*columns), rel=4 * ULP)
    assert result.constituents == tuple(itertools.chain(*neurons))


@pytest.mark.parametrize(("name", "inputs"), QUESTIONS.items())
def test_questions_are_answered_with_a_bool(name, inputs):
    assert getattr(math, name)(*as_neurons(inputs)) is getattr(python_math, name)(*inputs)


@pytest.mark.parametrize(("name", "inputs"), TO_INTEGERS.items())
def test_whole_numbers_are_ints(name, inputs):
    """Nothing is lost: their slope is 0."""
    found, expected = getattr(math, name)(*as_neurons(inputs)), getattr(python_math, name)(*inputs)
    assert (found, type(found)) == (expected, int)


@pytest.mark.parametrize(("name", "inputs"), [*CALLS, *COLUMNS.items(), *QUESTIONS.items(), *TO_INTEGERS.items()])
def test_numbers_go_to_python(name, inputs):
    if hasattr(python_math, name):
        found, expected = getattr(math, name)(*inputs), getattr(python_math, name)(*inputs)
        assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda m: m.sqrt(-1.0), ValueError),
        (lambda m: m.log(0), ValueError),
        (lambda m: m.exp(1000.0), OverflowError),
        (lambda m: m.sin("1"), TypeError),
        (lambda m: m.sin(), TypeError),
        (lambda m: m.gcd(1.5, 2), TypeError),
        (lambda m: m.prod(3), TypeError),
        (lambda m: m.fsum([1.0, "2"]), TypeError),
        (lambda m: m.dist([1.0], [1.0, 2.0]), ValueError),
        (lambda m: m.sine(1.0), AttributeError),
    ],
)
def test_errors_about_numbers_are_those_of_python(call, error):
    with pytest.raises(error) as expected:
        call(python_math)
    with pytest.raises(error) as found:
        call(math)
    assert type(found.value) is type(expected.value)
    assert str(found.value).replace("gograd_core.", "") == str(expected.value)


def test_numbers_may_be_of_any_kind():
    assert math.gcd(12, 18) == 6
    assert math.prod([2, 3], start=4) == 24
    assert math.prod(x for x in (2, 3)) == 6
    assert math.isclose(1.0, 1.1, rel_tol=0.2)
    assert math.hypot() == 0.0
    assert math.factorial(30) == python_math.factorial(30)
    assert math.sin(np.array(0.5)) == math.sin(np.float64(0.5)) == python_math.sin(0.5)
    assert math.hypot(Neuron(3.0), np.array(4.0)).value == 5.0


def test_the_remainder_is_that_of_ieee_754():
    assert math.remainder(Neuron(7.0), 2.0).value == -1.0
    assert (Neuron(7.0) % 2.0).value == 1.0


def test_derivatives():
    x, y = Neuron(3.0), Neuron(4.0)
    assert gradient(math.hypot(x, y), [x, y]) == pytest.approx([0.6, 0.8], rel=2 * ULP)
    assert gradient(math.hypot(x, y, 12.0), [x, y]) == pytest.approx([3 / 13, 4 / 13], rel=2 * ULP)
    assert gradient(math.hypot(x), x) == 1.0
    assert gradient(math.dist([x, 0.0], (0.0, y)), [x, y]) == pytest.approx([0.6, 0.8], rel=2 * ULP)
    assert gradient(math.log(x, y), x) == pytest.approx(1 / (3 * python_math.log(4)), rel=4 * ULP)
    assert gradient(math.prod([x, y, x]), [x, y]) == pytest.approx([24.0, 9.0], rel=2 * ULP)
    assert gradient(math.fabs(-x), x) == 1.0
    assert gradient(math.pow(x, 2), x) == pytest.approx(6.0, rel=2 * ULP)
    assert gradient(math.ldexp(x, 3), x) == 8.0


def test_outside_the_domain_neurons_have_gograds_error():
    with pytest.raises(DomainError, match="sqrt"):
        math.sqrt(Neuron(-1.0))


@pytest.mark.parametrize("name", sorted(WITHOUT_OPERATION))
def test_what_is_no_operation_says_so(name):
    arguments = [Neuron(3.0), 2][: 2 if name in {"comb", "gcd", "lcm", "nextafter", "perm"} else 1]
    with pytest.raises(UnknownOperationError, match=f"no installed operation is '{name}'") as caught:
        getattr(math, name)(*arguments)
    if name in OF_INTEGERS:
        hint = f"math.{name} takes integers, which have no derivative: pass it int(x). Besides, no installed"
        assert str(caught.value).startswith(hint)
    else:
        assert caught.value.__notes__[-1] == f"If math.{name} has no derivative, pass it numbers: x.value"


def test_a_decision_takes_its_keywords():
    assert math.isclose(Neuron(1.0), 1.1, rel_tol=0.2) is True
    assert math.isclose(Neuron(0.0), Neuron(1e-9), abs_tol=1e-10) is False


@pytest.mark.parametrize("name", sorted(PAIRS))
@pytest.mark.parametrize(
    "x", [2.75, -2.75, 0.5, -1.0, 0.0, -0.0, 5e-324, -1.7e308, 1e16, float("inf"), float("-inf"), float("nan")]
)
def test_pairs_have_the_bits_of_pythons(name, x):
    found = getattr(math, name)(Neuron(x))
    expected = getattr(python_math, name)(x)
    assert [repr(getattr(part, "value", part)) for part in found] == list(map(repr, expected))


def test_pairs_have_derivatives():
    x = Neuron(-2.75)
    fraction, whole = math.modf(x)
    assert (gradient(fraction, x), gradient(whole, x)) == (1.0, 0.0)
    mantissa, exponent = math.frexp(x)
    assert (gradient(mantissa, x), exponent) == (0.25, 2)


def test_products_take_a_start():
    x, y = Neuron(2.0), Neuron(-3.0)
    assert gradient(math.prod([x, y], start=4), [x, y]) == [-12.0, 8.0]
    assert gradient(math.prod([2.0, 5], start=x), x) == 10.0


@pytest.mark.parametrize("tolerances", [{"rel_tol": -1.0}, {"abs_tol": -1e-300}])
def test_tolerances_are_not_negative(tolerances):
    with pytest.raises(ValueError, match="tolerances must be non-negative"):
        math.isclose(Neuron(1.0), 2.0, **tolerances)


@pytest.mark.parametrize("tolerances", [{"rel_tol": 0.0}, {"rel_tol": 0.1}, {"abs_tol": 0.25}, {"rel_tol": 2.0}])
def test_closeness_is_that_of_python(tolerances):
    numbers = [0.0, -0.0, 1.0, 1.1, -1.0, 1.25, 1e308, -1e308, float("inf"), float("-inf"), float("nan")]
    for a, b in itertools.product(numbers, repeat=2):
        assert math.isclose(Neuron(a), b, **tolerances) is python_math.isclose(a, b, **tolerances)


@pytest.mark.parametrize(
    "call",
    [
        math.fmod, math.copysign, math.atan2, math.pow,
        lambda x: math.sin(x, x), lambda x: math.exp(1.0, x), lambda x: math.exp(x, 2), lambda x: math.log(x, x, x),
        lambda x: math.sin(), lambda x: math.fma(x, x) if hasattr(math, "fma") else math.sin(),
    ],
)  # fmt: skip
def test_another_number_of_arguments_is_an_error(call):
    with pytest.raises(TypeError):
        call(Neuron(0.5))


def test_other_keywords_are_for_numbers():
    with pytest.raises(TypeError, match="takes no keywords, got base"):
        math.log(Neuron(2.0), base=3)
    with pytest.raises(TypeError, match="tolerance"):
        math.isclose(Neuron(2.0), 3, tolerance=3)


def test_operations_are_looked_up_when_they_are_called():
    with Registry(discover=False), pytest.raises(UnknownOperationError, match="'sin'"):
        math.sin(Neuron(1.0))
    assert math.sin(Neuron(0.0)).value == 0.0


def test_functions_keep_name_and_docstring():
    assert math.sin.__name__ == "sin"
    assert math.sin.__doc__ == python_math.sin.__doc__
    assert math.sin is math.sin


@pytest.mark.parametrize("name", [name for name in dir(math) if callable(getattr(math, name))])
def test_functions_pass_for_those_of_python(name):
    """They are found by name, in pickles too, and do not become methods in a class."""
    function = getattr(math, name)
    assert vars(math)[name] is function
    assert pickle.loads(pickle.dumps(function)) is copy.deepcopy(function) is function
    assert type("Settings", (), {"f": function})().f is function
    assert function.__module__ == "gograd_core.math"
    assert repr(function) == f"<function gograd_core.math.{name}>"


def test_a_registry_is_honoured_and_left():
    def twice(xp, x):
        return 2.0 * x

    x = Neuron(3.0)
    assert math.sin(x).operation.name == "sin"
    with Registry(discover=False) as other:
        other.register(Op("sin", forward=twice, partials=(lambda xp, out, x: 2.0,)))
        assert math.sin(x).value == 6.0
    assert math.sin(x).value == pytest.approx(python_math.sin(3.0), rel=4 * ULP)
