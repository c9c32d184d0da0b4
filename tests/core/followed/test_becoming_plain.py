"""Followed numbers that become plain ones, of which the recorder is told once, and errors."""

from __future__ import annotations

import math
import operator
import pickle
from decimal import Decimal
from fractions import Fraction

import pytest

from gograd_core import Neuron, Registry
from gograd_core.derivatives.trace import nested
from gograd_core.followed import Followed, unfollowed
from gograd_core.math import floor
from gograd_core.recording import observed_by
from recorders import Notes


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


class TestFailures:
    @pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
    def test_what_has_no_integer_raises_as_ever(self, number):
        notes = Notes()
        with observed_by(notes), pytest.raises((ValueError, OverflowError)):
            floor(Neuron(number))
        assert (notes.failures, notes.told()) == (1, [])

    def test_that_a_number_is_finite_is_told(self):
        notes = Notes()
        with observed_by(notes):
            floor(Neuron(3.25))
        assert notes.told() == [(3.0, "finite", 1)]

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
        assert notes.told() == [(3.25, "floor", 3)]
