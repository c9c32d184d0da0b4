"""Whole numbers and truth values: plain ones outside of recordings, and followed as long as that can be inside."""

from __future__ import annotations

import copy
import math
import numbers
import operator
import pickle
import threading
from decimal import Decimal
from fractions import Fraction

import pytest

import gograd_core.math
from gograd_core import (
    Neuron,
    Op,
    Registry,
    derivative,
    grad,
    gradient,
    hessian,
    jacobian,
    jvp,
    no_grad,
    ops,
    stop_gradient,
    value_and_grad,
    vjp,
)
from gograd_core.derivatives.trace import nested
from gograd_core.followed import Followed, unfollowed
from gograd_core.recording import observed_by


class Notes:
    """A recorder that writes down what it is told."""

    wants_nodes = False

    def __init__(self):
        self.guards = []
        self.failures = 0

    def guard(self, neuron, kind, outcome):
        self.guards.append((neuron._value, kind, outcome))

    def read(self, neuron, attribute):
        raise AssertionError(attribute)

    def failed(self):
        self.failures += 1


@pytest.fixture
def told():
    """What a recorder is told while a function runs, and what that returns; without that numbers must be finite."""

    def told(f, *numbers):
        notes = Notes()
        with nested(), observed_by(notes):
            result = f(*map(Neuron, numbers))
        return result, [guard for guard in notes.guards if guard[1] != "finite"]

    return told


def floor(x):
    return gograd_core.math.floor(x)


class TestOutsideOfRecordings:
    TRANSFORMS = {  # noqa: RUF012
        "value_and_grad": lambda f: value_and_grad(f)(2.5),
        "create_graph": lambda f: grad(f, create_graph=True)(2.5),
        "jacobian": lambda f: jacobian(f)(2.5),
        "forward": lambda f: jvp(f, (2.5,), (1.0,)),
        "vjp": lambda f: vjp(f, 2.5),
        "hessian": lambda f: hessian(f)(2.5),
        "nested": lambda f: grad(grad(f))(2.5),
        "third order": lambda f: derivative(f, 3)(2.5),
        "a neuron": lambda f: gradient(f(Neuron(2.5)), Neuron(1.0)),
    }

    @pytest.mark.parametrize("paused", [False, True])
    @pytest.mark.parametrize("run", TRANSFORMS.values(), ids=TRANSFORMS)
    @pytest.mark.parametrize("name", ["floor", "ceil", "trunc"])
    def test_math_gives_ints(self, name, run, paused):
        seen = []

        def f(x):
            if paused:
                with no_grad():
                    seen.append(getattr(gograd_core.math, name)(x))
            else:
                seen.append(getattr(gograd_core.math, name)(x))
            return x * x * seen[-1]

        run(f)
        assert seen
        assert {(number, type(number)) for number in seen} == {(getattr(math, name)(2.5), int)}

    def test_operations_give_neurons(self):
        assert type(ops.floor(Neuron(2.5))) is Neuron
        assert {2: 1.0}.get(ops.floor(Neuron(2.5))) is None

    def test_slopes_are_those_of_what_is_constant_between_jumps(self):
        assert value_and_grad(lambda x: {0: 1.0, 1: 2.0}.get(floor(x), 0.0) * x)(1.5) == (3.0, 2.0)
        assert value_and_grad(lambda x: x ** floor(x))(-2.0) == (0.25, 0.25)

    @pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
    def test_errors_are_those_of_floats(self, number):
        with pytest.raises((ValueError, OverflowError)) as expected:
            math.floor(number)
        with pytest.raises(type(expected.value), match=str(expected.value)):
            floor(Neuron(number))

    def test_large_integers_are_exact(self):
        assert floor(Neuron(1e300)) == int(1e300)

    def test_no_operation_is_needed(self):
        with Registry(discover=False):
            assert floor(Neuron(2.5)) == 2


class TestThatStayInTheGraph:
    @pytest.mark.parametrize(
        ("compute", "expected"),
        [
            (lambda n: n + 1, 4),
            (lambda n: 2 * n - n, 3),
            (lambda n: 7 // n, 2),
            (lambda n: n % 2, 1),
            (lambda n: -n, -3),
            (lambda n: abs(-n), 3),
            (lambda n: +n, 3),
            (lambda n: n / 2, 1.5),
            (lambda n: n * 0.5, 1.5),
            (lambda n: -(n * 0.5), -1.5),
            (round, 3),
            (lambda n: round(n, 2), 3),
            (lambda n: round(n, 0), 3),
            (math.floor, 3),
            (gograd_core.math.ceil, 3),
            (lambda n: gograd_core.math.ceil(n / 2), 2),
            (lambda n: n > 2, True),
            (lambda n: 2 > n, False),  # noqa: SIM300
            (lambda n: n == 3, True),
            (lambda n: n != math.inf, True),
            (lambda n: (n > 2) & (n < 4), True),
            (lambda n: (n > 3) | (n > 2), True),
            (lambda n: (n > 2) ^ True, False),
            (lambda n: (n > 2) + (n > 1), 2),
            (lambda n: +(n > 2), 1),
            (lambda n: sum([n, n > 1, 2]), 6),
            (lambda n: divmod(n, 2)[0], 1),
            (lambda n: divmod(10, n % 4)[1], 1),
        ],
    )
    def test_and_are_what_floats_give(self, told, compute, expected):
        found, guards = told(lambda x: compute(floor(x)), 3.25)
        assert type(found) is Followed
        assert (found._number, type(found._number)) == (expected, type(expected))
        assert unfollowed(found)._value == expected
        assert all(kind == "bool" for _, kind, _ in guards)  # whether a divisor is 0
        assert gradient(unfollowed(found) * 1.0, Neuron(1.0)) == 0.0

    def test_what_they_do_not_have_decides_nothing(self, told):
        assert told(lambda x: hasattr(floor(x), "shape") or hasattr(x > 1, "__array__"), 3.25) == (False, [])

    def test_beside_neurons_they_are_neurons(self, told):
        for compute in (operator.add, operator.sub, operator.mul, operator.truediv, operator.mod, operator.pow):
            for f in (lambda x: compute(x, floor(x)), lambda x: compute(floor(x), x)):  # noqa: B023
                found, guards = told(f, 3.25)
                assert type(found) is Neuron
                assert found._value == pytest.approx(f(3.25), rel=2.0**-52)
                assert guards == []

    def test_operations_take_them(self, told):
        for f in (
            lambda x: ops.where(floor(x) > 2, x, 1.0),
            lambda x: ops.sum([x, floor(x), x > 1]),
            lambda x: ops.maximum(floor(x), x),
            lambda x: gograd_core.math.ldexp(x, floor(x)),
        ):
            found, guards = told(f, 3.25)
            assert (type(found), guards) == (Neuron, [])

    def test_what_is_small_in_any_run_needs_no_guard(self, told):
        found, guards = told(lambda x: ((x > 0) + (x > 1) + (x > 4)) * 3 - floor(x) % 5 * 2 + 1, 3.25)
        assert (found._number, guards) == (1, [])

    def test_rules_may_use_them(self, told):
        op = Op("rectified", forward=lambda xp, x: x * (x > 0.0), partials=(lambda xp, out, x: x > 0.0,))
        found, guards = told(grad(op), 3.25)
        assert (found._value, guards) == (1.0, [])

    def test_pass_no_derivative_on(self, told):
        def slope(x):
            return grad(lambda y: y ** floor(y) * (y < 0))(x)

        found, guards = told(slope, -2.5)
        assert found._value == pytest.approx(-3 * (-2.5) ** -4, rel=1e-15)
        assert guards == []

    def test_zero_has_no_sign(self, told):
        for compute in (operator.pos, operator.neg, lambda n: n * -3, lambda n: n % -3, lambda n: 0 * -n):
            found, _ = told(lambda x: compute(floor(x)), -0.0)  # noqa: B023
            assert math.copysign(1.0, unfollowed(found)._value) == 1.0


def texts(n):
    return f"{n}", str(n), repr(n), "%d" % n, "%s" % n, f"{n:+d}", format(n)  # noqa: UP031


class TestThatBecomePlain:
    @pytest.mark.parametrize(
        ("use", "expected"),
        [
            (hash, 3),
            (lambda n: {3: "three"}[n], "three"),
            (lambda n: n in {1, 3}, True),
            (lambda n: [0, 1, 2, 5][n], 5),
            (lambda n: list(range(n)), [0, 1, 2]),
            (lambda n: "ab" * n, "ababab"),
            (lambda n: n * [0], [0, 0, 0]),
            (lambda n: n & 2, 2),
            (lambda n: 6 | n, 7),
            (lambda n: n ^ 1, 2),
            (lambda n: ~n, -4),
            (lambda n: 1 << n, 8),
            (lambda n: n >> 1, 1),
            (texts, ("3", "3", "3", "3", "3", "+3", "3")),
            (int, 3),
            (float, 3.0),
            (complex, 3 + 0j),
            (operator.index, 3),
            (math.sqrt, math.sqrt(3)),
            (math.factorial, 6),
            (lambda n: round(n, -1), 0),
            (lambda n: n**2, 9),
            (lambda n: pow(2, n), 8),
            (lambda n: pow(n, 2, 4), 1),
            (lambda n: n.bit_length(), 2),
            (lambda n: n.numerator, 3),
            (lambda n: n + Fraction(1, 2), Fraction(7, 2)),
            (lambda n: Decimal(2) * n, Decimal(6)),
            (lambda n: n < Fraction(7, 2), True),
            (lambda n: n == 2**70 + 1, False),
            (lambda n: n + (2**70 + 1), 4 + 2**70),
            (lambda n: n * 1j, 3j),
            (lambda n: n * 1e200 * 1e200, math.inf),
            (lambda n: (n * 0.5) ** 5.0, 1.5**5),
            (lambda n: pickle.loads(pickle.dumps(n)), 3),
            (lambda n: Neuron(n)._value, 3.0),
        ],
    )
    def test_the_recorder_is_told_once(self, told, use, expected):
        found, guards = told(lambda x: use(floor(x)), 3.25)
        assert (found, type(found)) == (expected, type(expected))
        assert guards == [(3.0, "index", 3)]

    @pytest.mark.parametrize(
        ("use", "expected"),
        [
            (bool, True),
            (hash, 1),
            (lambda b: {True: 2.0}[b], 2.0),
            (lambda b: f"{b}", "True"),
            (lambda b: "no" if not b else "yes", "yes"),
            (lambda b: [5, 6][b], 6),
            (lambda b: b & 3, 1),
            (lambda b: b == "True", False),
        ],
    )
    def test_truth_values_too(self, told, use, expected):
        found, guards = told(lambda x: use(x > 1), 3.25)
        assert (found, type(found)) == (expected, type(expected))
        assert guards == [(1.0, "bool", 1)][: len(guards)]
        assert guards or use(True) is False

    def test_a_float_is_known_by_the_integers_it_was_computed_from(self, told):
        found, guards = told(lambda x, y: f"{floor(x) / 2 + floor(y) * 0.5} {+floor(x)}", 3.25, 1.0)
        assert found == "2.0 3"
        assert sorted(guards) == [(1.0, "index", 1), (3.0, "index", 3), (3.0, "index", 3)]

    def test_one_that_became_plain_stays_so(self, told):
        def f(x):
            n = floor(x)
            return n, hash(n), n + 1, n > 2, bool(n), f"{n}", abs(n), type(abs(n))

        (n, *rest), guards = told(f, 3.25)
        assert (type(n), rest) == (Followed, [3, 4, True, True, "3", 3, int])
        assert guards == [(3.0, "index", 3)]
        assert unfollowed(n) == 3

    def test_comparisons_with_integers_that_no_float_holds_are_exact(self, told):
        integers = [sign * number for sign in (1, -1) for number in (2**53 + 1, 2**54 + 1, 2**54 + 3, 10**300, 10**400)]
        floats = [2.0**53, 2.0**53 + 2.0, 2.0**54, 2.0**54 + 4.0, 1e300, 1.7976931348623157e308, math.inf]
        for compare in (operator.lt, operator.le, operator.eq, operator.ne, operator.gt, operator.ge):
            for number in (*floats, *(-x for x in floats)):
                for integer in integers:
                    found, _ = told(lambda x: bool(compare(x, integer)), number)  # noqa: B023
                    assert found is compare(number, integer), (compare, number, integer)

    def test_a_truth_value_is_asked_for_once(self, told):
        def f(x):
            is_large = x > 1
            return bool(is_large), not is_large, f"{is_large}", is_large + 1

        assert told(f, 3.25) == ((True, False, "True", 2), [(1.0, "bool", 1)])

    def test_a_float_of_integers_that_the_recorder_has_otherwise_is_an_error(self):
        """It is what it was computed from, and that is something else where the recorder says so."""

        class Otherwise(Notes):
            def guard(self, neuron, kind, outcome):
                return 4 if kind == "index" else outcome

        recorder = Otherwise()
        with nested(), observed_by(recorder):
            half = floor(Neuron(3.25)) / 2
            with pytest.raises(ArithmeticError, match="1.5 was computed from 3, which is 4"):
                str(half)
        assert recorder.failures == 1

    def test_integers_that_no_float_holds_become_plain(self, told):
        found, guards = told(lambda x: (floor(x) * 3 + 1) * 7, 2.0**53)
        assert found == (2**53 * 3 + 1) * 7
        assert guards == [(0.0, "bool", 0), (2.0**53, "index", 2**53)]

    def test_one_that_a_float_rounds_is_known_by_what_it_was_computed_from(self, told):
        n = 2**53 + 2
        for compute in (operator.pos, operator.neg, abs, lambda n: n + 1):
            found, guards = told(lambda x: hash(compute(floor(x) * 3)), float(n))  # noqa: B023
            assert found == hash(compute(n * 3))
            assert (float(n), "index", n) in guards
            assert all(kind == "bool" or number == n for number, kind, _ in guards)

    def test_not_is_named_where_a_tilde_is_meant(self, told):
        with pytest.raises(TypeError, match="write not"):
            told(lambda x: ~(x > 1), 2.0)


class TestWhatTheyLookLike:
    @pytest.mark.parametrize("kind", [int, numbers.Integral, numbers.Real, numbers.Number, object])
    def test_instances_of_their_class(self, told, kind):
        assert told(lambda x: isinstance(floor(x), kind), 3.25) == (True, [])
        assert told(lambda x: isinstance(x > 1, kind), 3.25) == (True, [])

    def test_of_no_other(self, told):
        for compute, kind in ((floor, int), (lambda x: x > 1, bool), (lambda x: floor(x) / 2, float)):
            found, _ = told(compute, 3.25)
            for other in (int, bool, float, str, Neuron):
                assert isinstance(found, other) == issubclass(kind, other)

    @pytest.mark.parametrize("name", ["tanh", "value", "append", "__array__", "_neuron_"])
    def test_they_have_the_attributes_of_their_class(self, told, name):
        with pytest.raises(AttributeError, match=name):
            told(lambda x: getattr(floor(x), name), 3.25)

    def test_they_cannot_become_something_else(self, told):
        n, _ = told(floor, 3.25)
        with pytest.raises(TypeError, match="class"):
            n.__class__ = float

    def test_copies_are_the_same(self, told):
        n, guards = told(floor, 3.25)
        assert copy.copy(n) is n is copy.deepcopy([n])[0]
        assert guards == []

    @pytest.mark.parametrize("thing", [None, "3", [3]])
    def test_they_equal_no_other_things(self, told, thing):
        assert told(lambda x: (floor(x) == thing, floor(x) != thing), 3.25) == ((False, True), [])
        for compute in (operator.lt, operator.sub, operator.and_):
            with pytest.raises(TypeError):
                told(lambda x: compute(floor(x), thing), 3.25)  # noqa: B023

    def test_after_the_recording_they_are_plain_numbers(self, told):
        n, guards = told(floor, 3.25)
        assert (n + 1 == 4, n in {3}, f"{n}", n & 1, bool(n), int(n)) == (True, True, "3", 1, True, 3)
        assert (n > Neuron(1.0)) is True
        assert (Neuron(1.0) > n) is False
        assert guards == []

    def test_elsewhere_there_are_ints_and_bools(self):
        seen = []
        with observed_by(Notes()):
            thread = threading.Thread(target=lambda: seen.extend([floor(Neuron(2.5)), Neuron(2.5) > 1]))
            thread.start()
            thread.join()
        assert list(map(type, seen)) == [int, bool]


class TestFailures:
    @pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
    def test_what_has_no_integer_raises_as_ever(self, number):
        notes = Notes()
        with observed_by(notes), pytest.raises((ValueError, OverflowError)):
            floor(Neuron(number))
        assert (notes.failures, notes.guards) == (1, [])

    def test_that_a_number_is_finite_is_told(self):
        notes = Notes()
        with observed_by(notes):
            floor(Neuron(3.25))
        assert notes.guards == [(3.0, "finite", 1)]

    def test_a_division_by_zero_is_decided_by_the_number(self, told):
        def f(x):
            try:
                return 7 // floor(x)
            except ZeroDivisionError as error:
                return str(error)

        assert told(f, 0.5) == ("integer division or modulo by zero", [(0.0, "bool", 0)])

    def test_without_the_operation_the_recorder_is_told_the_number(self):
        notes = Notes()
        with Registry(discover=False), observed_by(notes):
            assert floor(Neuron(3.25)) == 3
        assert notes.guards == [(3.25, "floor", 3)]


def test_numbers_without_derivative_are_followed(told):
    with no_grad():
        found, _ = told(lambda x: floor(x) + 1, 3.25)
    assert found._number == 4
    assert told(lambda x: floor(stop_gradient(x)), 3.25)[0]._number == 3
