"""Operations of columns: compiled they give the bits of eager mode, if they call no functions such as exp."""

from __future__ import annotations

import importlib
import math
import random
import re
import sys

import numpy as np
import pytest

from gograd_core import Neuron, Op, current, errstate, ops, value_and_grad

OPERATIONS = [op for op in current.registry.operations() if op.variadic]
CALLS_FUNCTIONS = {"logsumexp"}
"""Whose rules call functions that NumPy, also in native code, computes otherwise than the C library."""


def cancelling(rng, length):
    """Numbers of very different sizes, of which the larger ones often cancel."""
    kind = rng.randrange(4)
    if kind == 0:
        column = [rng.gauss(0.0, 1.0) * 10.0 ** rng.randrange(-20, 20) for _ in range(length)]
    elif kind == 1:
        column = [rng.choice((-1.0, 1.0)) * 2.0 ** rng.randrange(-70, 70) for _ in range(length)]
    elif kind == 2:
        column = [rng.gauss(0.0, 1.0) * 2.0 ** rng.randrange(-1074, -1000) for _ in range(length)]
    else:
        column = [rng.gauss(0.0, 1.0) for _ in range(length)]
    for place in range(length // 2):
        if rng.random() < 0.7:
            column[-1 - place] = -column[place] * (1.0 + rng.choice((0.0, 0.0, 2.0**-50)))
    rng.shuffle(column)
    return column


def called(op, columns):
    return op(*[list(column) for column in columns])


@pytest.mark.parametrize("op", OPERATIONS, ids=lambda op: op.name)
def test_values_and_gradients_are_those_of_eager_mode(op, compiled, bits):
    """At 400 points, alone and in a batch, with 1 to 10 numbers in a column; a plain sum differs at 100 of them."""
    rng = random.Random(1)
    places = tuple(range(len(op.partials)))

    def function(*columns):
        return called(op, columns)

    f = compiled(function)
    for length in range(1, 11):
        points = [[cancelling(rng, length) for _ in places] for _ in range(40)]
        with errstate(domain="ignore"):
            expected = [numbers(value_and_grad(function, wrt=places)(*point)) for point in points]
            alone = [numbers(f.value_and_grad(*map(np.array, point), wrt=places)) for point in points[:10]]
            values, slopes = f.batch().value_and_grad(*map(np.array, zip(*points, strict=True)), wrt=places)
        together = [numbers((value, slopes_of)) for value, *slopes_of in zip(values, *slopes, strict=True)]
        for found, other in zip(alone + together, expected[:10] + expected, strict=True):
            if op.name in CALLS_FUNCTIONS:
                assert found[0] == pytest.approx(other[0], rel=4e-15, abs=0.0)  # an ulp or two of each function
            else:
                assert bits(found) == bits(other)


def numbers(value_and_gradients):
    """The value, and all entries of gradients, where a zero has no sign: a sweep adds to 0.0."""
    value, gradients = value_and_gradients
    return [value, *(entry + 0.0 for gradient in gradients for entry in gradient)]


def odd(rng, length):
    """What a sum rounded once must stand: halfway cases, subnormals, signed zeros, what overflows on the way, NaN."""
    special = [0.0, -0.0, 5e-324, -5e-324, math.inf, -math.inf, math.nan]
    huge = [1.7976931348623157e308, -1.7976931348623157e308, 2.0**1023, -(2.0**1023), 2.0**970, -(2.0**970)]
    column = cancelling(rng, length)
    for place in range(length):
        if rng.random() < 0.03:
            column[place] = rng.choice(special)
        elif rng.random() < 0.08:
            column[place] = rng.choice(huge)
    return column


@pytest.fixture(scope="module")
def columns():
    """10,000 columns, of 1 to 20 numbers, by length."""
    rng = random.Random(2)
    return {length: [odd(rng, length) for _ in range(500)] for length in range(1, 21)}


def fsum_or(column):
    """What `math.fsum` gives; where it raises an error, what floats give from left to right, or NaN."""
    try:
        return math.fsum(column)
    except OverflowError:
        total = 0.0
        for number in column:
            total += number
        return total
    except ValueError:
        return math.nan


class TestFsum:
    def test_is_python_s_in_eager_mode(self, columns, bits):
        with errstate(domain="ignore"):
            for column in (column for group in columns.values() for column in group):
                assert bits([ops.fsum(column)]) == bits([fsum_or(column)])
                assert bits([ops.fsum(list(map(Neuron, column))).value]) == bits([fsum_or(column)])

    def test_is_python_s_in_batches(self, columns, compiled, bits):
        f = compiled(lambda x: ops.fsum(list(x)))
        with errstate(domain="ignore"):
            for group in columns.values():
                values, slopes = f.batch().value_and_grad(np.array(group))
                assert bits(values) == bits(list(map(fsum_or, group)))
                assert (slopes == 1.0).all()

    def test_is_python_s_at_one_point(self, columns, compiled, bits):
        f = compiled(lambda x: ops.fsum(list(x)))
        with errstate(domain="ignore"):
            for group in columns.values():
                for column in group[:25]:
                    assert bits([f(np.array(column))]) == bits([fsum_or(column)])

    def test_native_code_computes_it(self, compiled, backend):
        f = compiled(lambda x: ops.fsum([*x, *x]) * x[0])
        f.value_and_grad(np.array([1e16, 1.0, -1e16]))
        kernels = [
            kernel for path in f.explain()["recordings"][0]["paths"] for kernel in path["programs"][0]["kernels"]
        ]
        of_fsum = [kernel["origin"] for kernel in kernels if kernel["operation"].startswith("fsum")]
        assert len(of_fsum) == 1  # the derivative is the number 1
        assert (of_fsum[0] in ("cache", "compiled")) is (backend == "native")

    def test_its_arguments_stay_as_they_are(self, compiled):
        """The kernel overwrites a copy."""
        f = compiled(lambda x: ops.fsum(list(x)) + 0.0 * ops.dot(list(x), list(x)))
        x = np.array([1e16, 1.0, -1e16])
        assert f(x) == 1.0
        np.testing.assert_array_equal(f.batch().value_and_grad(np.array([x, x]))[0], [1.0, 1.0])
        np.testing.assert_array_equal(x, [1e16, 1.0, -1e16])


MODULE = """
def root(x):
    guess = 1.0 + x
    for _ in range(100):
        guess = 0.5 * (guess + x / guess)
    return guess * {factor}

def alternating(x):
    total = 0.0
    for place in range(len(x)):
        total += x[place] if place % 2 == 0 else -x[place]
    return total
"""


class TestFunctionsForNumba:
    """`implementations={"numba": …}`, of numbers and of columns."""

    @pytest.fixture
    def functions(self, tmp_path, monkeypatch):
        pytest.importorskip("numba")
        monkeypatch.setenv("GOGRAD_CACHE_DIR", str(tmp_path / "cache"))
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.delitem(sys.modules, "functions_for_numba", raising=False)
        path = tmp_path / "functions_for_numba.py"
        path.write_text(MODULE.format(factor=1.0))
        yield path
        sys.modules.pop("functions_for_numba", None)

    def origins(self, f):
        (recording,) = f.explain()["recordings"]
        return [kernel["origin"] for kernel in recording["paths"][0]["programs"][0]["kernels"]]

    def root(self, scalar=math.sqrt, numba="functions_for_numba:root"):
        return Op(
            "root",
            implementations={"scalar": scalar, "numba": numba},
            partials=(lambda xp, out, x: 0.5 / out,),
            samples=((2.0,),),
        )

    def test_of_numbers(self, functions, compiled, backend):
        op = self.root()
        f = compiled(lambda x: op(x + 1.0) * 3.0)
        assert f.value_and_grad(3.0) == (6.0, 0.75)
        values, slopes = f.batch().value_and_grad(np.array([3.0, 8.0]))
        assert (values.tolist(), slopes.tolist()) == ([6.0, 9.0], [0.75, 0.5])
        assert ("compiled" in self.origins(f)) is (backend == "native")

    def test_of_columns(self, functions, compiled, backend):
        op = Op(
            "alternating",
            implementations={
                "scalar": lambda x: sum(x.entries[::2]) - sum(x.entries[1::2]),
                "numba": "functions_for_numba:alternating",
            },
            partials=(lambda xp, out, x: 1.0,),
            variadic=True,
            samples=(((2.0,),),),
        )
        f = compiled(lambda x: op(list(x)))
        assert f(np.array([1.0, 2.0, 4.0])) == 3.0
        assert ("compiled" in self.origins(f)) is (backend == "native")

    def test_another_source_is_compiled_anew(self, functions):
        from gograd_compile import compile

        def value():
            return compile(self.root(), backend="native")(9.0)

        assert value() == 3.0
        functions.write_text(MODULE.format(factor=10.0))
        del sys.modules["functions_for_numba"]
        importlib.invalidate_caches()
        assert value() == 30.0

    @pytest.mark.parametrize(
        ("numba", "why"),
        [
            (lambda x: x, "its function for Numba cannot be found again: module .* has no"),
            ("functions_for_numba:missing", "a function of Python computes its value"),
            ("missing_module:root", "a function of Python computes its value"),
            ("math:sqrt", "a function of Python computes its value"),
        ],
    )
    def test_without_one_that_is_found_by_name_floats_are_called_back(self, functions, numba, why):
        from gograd_compile import compile

        f = compile(self.root(numba=numba), backend="native")
        assert f(9.0) == 3.0
        assert re.match(f"Python: {why}", self.origins(f)[0])
