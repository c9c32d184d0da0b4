"""Native functions that an operation carries: which kinds there are, what is refused, and that they are called."""

from __future__ import annotations

import ctypes
import math
import os

import attrs
import pytest

from gograd_core import DomainError, InvalidOperationError, Neuron, Op, engine, errstate, ops
from gograd_core.op.kernels import Kernels
from slopes import value_and_slope

needs_native = pytest.mark.skipif(engine().name != "native", reason="the Python engine calls no kernels")

NUMBER = ctypes.c_double
COLUMN = ctypes.POINTER(NUMBER)
FORWARD = ctypes.CFUNCTYPE(NUMBER, NUMBER)
PARTIAL = ctypes.CFUNCTYPE(NUMBER, NUMBER, NUMBER)
SIGNATURES = "double (double)", "double (double, double)"


# The rules halve, the kernels double, so that results tell which of the two were called.


def half(**fields):
    return Op("half", forward=lambda xp, x: x / 2.0, partials=(lambda xp, out, x: 0.5,), **fields)


def double(x):
    return 2.0 * x


def slope_of_double(out, x):
    return 2.0 if out == 2.0 * x else math.nan


FUNCTIONS = FORWARD(double), PARTIAL(slope_of_double)


def capsule(function, signature):
    make = ctypes.pythonapi.PyCapsule_New
    make.restype, make.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
    name = None if signature is None else ctypes.create_string_buffer(signature.encode())
    made = make(ctypes.cast(function, ctypes.c_void_p), name, None)
    KEPT.append(name)  # a capsule has but a pointer to it
    return made


KEPT = []


def as_capsules():
    return [capsule(function, signature) for function, signature in zip(FUNCTIONS, SIGNATURES, strict=True)]


def as_ctypes():
    return FUNCTIONS


def as_cffi():
    cffi = pytest.importorskip("cffi")
    ffi = cffi.FFI()
    return ffi.callback("double (double)", double), ffi.callback("double (double, double)", slope_of_double)


def as_cffi_pointers():
    cffi = pytest.importorskip("cffi")
    ffi = cffi.FFI()
    places = [ctypes.cast(function, ctypes.c_void_p).value for function in FUNCTIONS]
    return ffi.cast("double (*)(double)", places[0]), ffi.cast("double (*)(double, double)", places[1])


def as_numba():
    numba = pytest.importorskip("numba")
    return numba.cfunc("float64(float64)")(double), numba.cfunc("float64(float64, float64)")(slope_of_double)


KINDS = [as_capsules, as_ctypes, as_cffi, as_cffi_pointers, as_numba]


@needs_native
class TestKinds:
    @pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
    def test_it_is_called_in_place_of_the_rules(self, kind):
        forward, partial = kind()
        op = half(kernels=Kernels(forward, (partial,)))
        assert op(3.0) == 6.0
        assert value_and_slope(op, 3.0) == (6.0, 2.0)

    @pytest.mark.skipif(os.name == "nt", reason="there the C library has to be found first")
    def test_a_function_of_the_c_library(self):
        library = ctypes.CDLL(None)
        library.cos.restype, library.cos.argtypes = NUMBER, [NUMBER]
        library.atan2.restype, library.atan2.argtypes = NUMBER, [NUMBER, NUMBER]
        op = half(kernels=Kernels(library.cos, (library.atan2,)))
        assert value_and_slope(op, 2.0) == (math.cos(2.0), math.atan2(math.cos(2.0), 2.0))

    def test_the_operation_keeps_its_functions_alive(self):
        op = half(kernels=Kernels(FORWARD(lambda x: 3.0 * x), (PARTIAL(lambda out, x: 3.0),)))
        others = [FORWARD(lambda x: 0.0) for _ in range(100)]
        assert value_and_slope(op, 2.0) == (6.0, 3.0)
        assert len(others) == 100

    def test_two_inputs_and_a_partial_that_is_none(self):
        two = ctypes.CFUNCTYPE(NUMBER, NUMBER, NUMBER)(lambda x, y: x * y)
        three = ctypes.CFUNCTYPE(NUMBER, NUMBER, NUMBER, NUMBER)(lambda out, x, y: out + y)
        op = Op(
            "f",
            forward=lambda xp, x, y: 0.0,
            partials=(lambda xp, out, x, y: 0.0, None),
            kernels=Kernels(two, (three, None)),
        )
        x, y = Neuron(2.0), Neuron(5.0)
        op(x, y).backward()
        assert (x.grad, y.grad) == (15.0, 0.0)

    def test_six_inputs(self):
        kinds = [NUMBER] * 6
        forward = ctypes.CFUNCTYPE(NUMBER, *kinds)(lambda *x: sum(x))
        partial = ctypes.CFUNCTYPE(NUMBER, NUMBER, *kinds)(lambda out, *x: x[5])
        op = Op(
            "f",
            forward=lambda xp, a, b, c, d, e, f: 0.0,
            partials=(lambda xp, out, a, b, c, d, e, f: 0.0,) * 6,
            kernels=Kernels(forward, (partial,) * 6),
        )
        leaves = [Neuron(float(i)) for i in range(6)]
        out = op(*leaves)
        out.backward()
        assert (out.value, leaves[0].grad) == (15.0, 5.0)

    @pytest.mark.parametrize("columns", [1, 2, 3])
    def test_columns(self, columns):
        def forward(n, *x):
            return 2.0 * sum(sum(column[:n]) for column in x)

        def partial(out, n, *x_and_d):
            *x, d = x_and_d
            for i in range(n):
                d[i] = out + x[-1][i]

        kinds = [ctypes.c_ssize_t, *[COLUMN] * columns]
        of_forward = ctypes.CFUNCTYPE(NUMBER, *kinds)(forward)
        of_partial = ctypes.CFUNCTYPE(None, NUMBER, *kinds, COLUMN)(partial)
        op = Op(
            "f",
            forward=lambda xp, *x: 0.0,
            partials=(lambda xp, out, *x: 0.0,) * columns,
            variadic=True,
            kernels=Kernels(of_forward, (of_partial,) * columns),
        )
        leaves = [[Neuron(10.0 * k), Neuron(1.0 + k)] for k in range(columns)]
        out = op(*leaves)
        out.backward()
        assert out.value == 2.0 * sum(leaf.value for column in leaves for leaf in column)
        assert [[leaf.grad for leaf in column] for column in leaves] == [
            [out.value + leaf.value for leaf in leaves[-1]]
        ] * columns
        assert op(*[[]] * columns) == 0.0

    def test_kernels_are_attached_and_taken_away(self):
        op = half()
        assert value_and_slope(op, 3.0) == (1.5, 0.5)
        op.attach(Kernels(FUNCTIONS[0], (FUNCTIONS[1],)))
        assert value_and_slope(op, 3.0) == (6.0, 2.0)
        op.attach(None)
        assert value_and_slope(op, 3.0) == (1.5, 0.5)


@needs_native
class TestNotFinite:
    """What a kernel returns outside the real numbers is judged as what the rule returns, which is asked again."""

    INFINITE = Kernels(FORWARD(lambda x: math.inf), (PARTIAL(lambda out, x: math.nan),))

    def test_the_value_of_the_rule_stands(self):
        op = half(kernels=self.INFINITE)
        assert op(3.0) == 1.5
        assert value_and_slope(op, 3.0) == (1.5, 0.5)

    def test_the_rule_raises(self):
        op = Op(
            "inverse",
            forward=lambda xp, x: 1.0 / x,
            partials=(lambda xp, out, x: -out * out,),
            kernels=Kernels(FORWARD(lambda x: 1.0 / x if x else math.inf), (PARTIAL(lambda out, x: -out * out),)),
        )
        for x in (0.0, Neuron(0.0)):
            with pytest.raises(DomainError, match=r"inverse\(0.0\) is inf") as caught:
                op(x)
            assert caught.value.operation is op
        with errstate(domain="ignore"):
            assert op(0.0) == math.inf
            assert op(Neuron(-0.0)).value == -math.inf

    def test_a_derivative_outside_the_real_numbers(self):
        op = Op(
            "root",
            forward=lambda xp, x: xp.sqrt(x),
            partials=(lambda xp, out, x: 0.5 / out,),
            kernels=Kernels(FORWARD(math.sqrt), (PARTIAL(lambda out, x: 0.5 / out if out else math.inf),)),
        )
        x = Neuron(0.0)
        with pytest.raises(DomainError, match=r"the derivative of root\(0.0\) with respect to input 0 is inf"):
            op(x).backward()
        assert x.grad == 0.0


class TestRefused:
    @needs_native
    @pytest.mark.parametrize(
        ("forward", "partial", "message"),
        [
            (
                PARTIAL(slope_of_double),
                FUNCTIONS[1],
                "forward must be 'double (double)', not 'double (double, double)'",
            ),
            (FUNCTIONS[0], FORWARD(double), "partial 0 must be 'double (double, double)', not 'double (double)'"),
            (
                capsule(FUNCTIONS[0], "float (float)"),
                FUNCTIONS[1],
                "forward must be 'double (double)', not 'float (float)'",
            ),
            (capsule(FUNCTIONS[0], None), FUNCTIONS[1], "forward must be 'double (double)', not ''"),
            (
                ctypes.CFUNCTYPE(ctypes.c_float, NUMBER)(double),
                FUNCTIONS[1],
                "not \"<class 'ctypes.c_float'> (double)\"",
            ),
            (double, FUNCTIONS[1], "forward must be 'double (double)', not 'expected a PyCapsule, "),
            (None, FUNCTIONS[1], "forward must be 'double (double)', not 'expected a PyCapsule, "),
            (ctypes.pythonapi.Py_IsInitialized, FUNCTIONS[1], "or a ctypes one with argtypes"),
        ],
    )
    def test_a_wrong_signature(self, forward, partial, message):
        kernels = Kernels(forward, (partial,))
        with pytest.raises(InvalidOperationError) as caught:
            half(kernels=kernels)
        assert str(caught.value).startswith("half (not registered): the kernel of ")
        assert message in str(caught.value)

    @needs_native
    def test_a_wrong_signature_of_numba(self):
        numba = pytest.importorskip("numba")
        with pytest.raises(InvalidOperationError, match=r"must be 'double \(double\)', not 'double \(intptr_t\)'"):
            half(kernels=Kernels(numba.cfunc("float64(intp)")(double), (FUNCTIONS[1],)))

    @needs_native
    def test_a_wrong_signature_of_cffi(self):
        forward = pytest.importorskip("cffi").FFI().callback("double (float)", double)
        with pytest.raises(InvalidOperationError, match=r"must be 'double \(double\)', not 'double \(float\)'"):
            half(kernels=Kernels(forward, (FUNCTIONS[1],)))

    @needs_native
    @pytest.mark.parametrize(("inputs", "variadic"), [(7, False), (4, True)])
    def test_too_many_inputs(self, inputs, variadic):
        with pytest.raises(InvalidOperationError, match=f"at most {inputs - 1} inputs, and it has {inputs}"):
            Op(
                "f",
                forward=lambda xp, *x: 0.0,
                partials=(None,) * inputs,
                variadic=variadic,
                kernels=Kernels(FUNCTIONS[0], (None,) * inputs),
            )

    def test_those_of_other_rules(self):
        """They stand for the rules with which they were made, not for those that `attrs.evolve` puts in their place."""
        kernels = Kernels(FUNCTIONS[0], (FUNCTIONS[1],))
        op = half(kernels=kernels)
        other = attrs.evolve(op, forward=lambda xp, x: 7.0 * x)
        assert op.kernels is not None
        assert other.kernels is None
        assert other(3.0) == 21.0
        with pytest.raises(InvalidOperationError, match="made for other rules"):
            other.attach(op.kernels)
        assert attrs.evolve(op, doc="Something else.").kernels is op.kernels

    def test_those_of_another_implementation(self):
        erf = attrs.evolve(ops.erf, implementations={**ops.erf.implementations, "scalar": lambda x: 0.25})
        assert erf(1.0) == 0.25

    @needs_native
    @pytest.mark.parametrize("before", [None, Kernels(FUNCTIONS[0], (FUNCTIONS[1],))], ids=["rules", "kernels"])
    @pytest.mark.parametrize(
        "wrong", [Kernels(None, (None,)), Kernels(FUNCTIONS[0], (FUNCTIONS[0],)), Kernels(FUNCTIONS[0], ()), "none"]
    )
    def test_the_operation_stays_as_it_was(self, before, wrong):
        op = half(kernels=before)
        expected = value_and_slope(op, 3.0)
        with pytest.raises(InvalidOperationError, match="half"):
            op.attach(wrong)
        assert (op.kernels and op.kernels.forward) == (before and before.forward)
        assert value_and_slope(op, 3.0) == expected

    @pytest.mark.parametrize(
        ("kernels", "message"),
        [
            (FUNCTIONS, "operation 'half': kernels must be Kernels, got ("),
            (
                Kernels(FUNCTIONS[0], ()),
                "operation 'half': kernels must hold one function (or None) per partial, 1 of them, got 0",
            ),
            (
                Kernels(FUNCTIONS[0], FUNCTIONS),
                "operation 'half': kernels must hold one function (or None) per partial, 1 of them, got 2",
            ),
        ],
    )
    def test_a_wrong_number_of_partials(self, kernels, message):
        with pytest.raises(InvalidOperationError) as caught:
            half(kernels=kernels)
        assert str(caught.value).startswith(message)


@needs_native
def test_arrays_go_by_the_rules():
    numpy = pytest.importorskip("numpy")
    op = half(kernels=Kernels(FUNCTIONS[0], (FUNCTIONS[1],)))
    assert op(numpy.array([3.0])).tolist() == [1.5]
