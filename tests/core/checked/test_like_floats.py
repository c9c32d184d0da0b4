"""What Python's floats can do, neurons can; or they say why not."""

from __future__ import annotations

import copy
import gc
import pickle
import statistics
import weakref
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from gograd_core import DomainError, Neuron, grad, gradient, ops, value_and_grad

NUMBERS = [-7.5, -2.0, -0.5, -0.0, 0.0, 0.5, 2.675, 3.0, 1e16]


def value(number):
    return getattr(number, "_value", number)


@pytest.mark.parametrize("x", NUMBERS)
@pytest.mark.parametrize(
    "ask",
    [
        lambda x: round(x, 2),
        lambda x: round(x, -1),
        lambda x: divmod(x, 0.7)[0],
        lambda x: divmod(x, 0.7)[1],
        lambda x: divmod(5.0, x + 10.25)[1],
        lambda x: divmod(5, x + 10.25)[0],
        lambda x: x // 2,
        lambda x: x % 2,
        lambda x: x.is_integer(),
        lambda x: x.real,
        lambda x: x.imag,
        lambda x: x.conjugate(),
        lambda x: "%.2f and %5.1e %s" % (x, x, 1),  # noqa: UP031  (this is about the operator)
        lambda x: "%g" % x,  # noqa: UP031
        lambda x: f"{x:.3f}",
        lambda x: +x,
    ],
)
def test_the_result_is_that_of_floats(ask, x):
    assert repr(value(ask(Neuron(x)))) == repr(ask(x))


@pytest.mark.parametrize("x", [float("inf"), float("nan")])
def test_what_is_not_finite_is_not_whole(x):
    assert Neuron(x).is_integer() is False


@pytest.mark.parametrize(
    ("f", "slope"),
    [
        (lambda x: round(x, 1) * x, 2.2),  # the rounded factor has the slope 0
        (lambda x: divmod(x, 0.5)[0] * x, 4.0),
        (lambda x: divmod(x, 0.5)[1], 1.0),
        (lambda x: divmod(3.0, x)[1], -1.0),
        (lambda x: x.real * x.conjugate(), 4.5),
    ],
)
def test_derivatives_pass(f, slope):
    x = Neuron(2.25)
    assert gradient(f(x), x) == pytest.approx(slope, rel=1e-15)
    assert value_and_grad(f)(2.25)[1] == pytest.approx(slope, rel=1e-15)


@pytest.mark.parametrize("zero", [lambda x: divmod(x, 0.0), lambda x: divmod(1.0, x - x)])
def test_division_by_zero_is_one(zero):
    with pytest.raises(DomainError) as caught:
        zero(Neuron(1.0))
    assert isinstance(caught.value, ZeroDivisionError)


@pytest.mark.parametrize(
    ("ask", "error", "message"),
    [
        (lambda x: x.as_integer_ratio(), TypeError, r"That of its number is x.value.as_integer_ratio\(\)"),
        (lambda x: statistics.mean([x, x]), TypeError, r"That of its number is x.value.as_integer_ratio\(\)"),
        (lambda x: x.hex(), TypeError, r"cannot become a string, .* x.value.hex\(\)"),
        (Decimal, TypeError, "conversion from .*Neuron to Decimal is not supported"),
        (complex, TypeError, "cannot become a plain number"),
        (float, TypeError, "cannot become a plain number"),
        (lambda x: 5.0 % float(x), TypeError, "cannot become a plain number"),
        (lambda x: round(x, 0.5), TypeError, "'float' object cannot be interpreted as an integer"),
        (lambda x: divmod(x, "a"), TypeError, r"unsupported operand type\(s\) for divmod\(\)"),
    ],
)
def test_what_would_cut_the_graph_is_refused(ask, error, message):
    with pytest.raises(error, match=message):
        ask(Neuron(2.5))


@pytest.mark.parametrize("left", [5.5, 5, np.float64(5.5), Fraction(11, 2), np.array([5.5, 2.0])])
def test_only_texts_take_the_number_of_a_remainder(left):
    """The same operator fills in texts, and is an operation of numbers."""
    x = Neuron(2.0)
    found = left % x
    entries = found.ravel().tolist() if isinstance(found, np.ndarray) else [found]
    assert all(type(entry) is Neuron for entry in entries)


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, lambda x: copy.deepcopy({"a": [x]})["a"][0]])
def test_a_copy_inside_a_transform_keeps_the_derivative(duplicate):
    assert grad(lambda x: duplicate(x) * x)(3.0) == 6.0
    x = Neuron(3.0, "x")
    x.grad = 2.0
    copied = duplicate(x)
    assert (copied is not x, copied.value, copied.label, copied.grad) == (True, 3.0, "x", 2.0)


def test_a_pickle_inside_a_transform_is_refused():
    with pytest.raises(TypeError, match="cannot be pickled inside a transform"):
        grad(lambda x: pickle.loads(pickle.dumps(x)) * x)(3.0)


def test_weak_references():
    x = Neuron(1.0)
    names, gone = weakref.WeakKeyDictionary({x: "x"}), []
    y = x
    for _ in range(1000):
        y = y * 1.0 + x
        weakref.finalize(y, gone.append, True)
    reference = weakref.ref(y, gone.append)
    assert reference() is y
    del y
    gc.collect()
    assert (len(gone), reference(), names[x]) == (1001, None, "x")
    del x
    assert not names


def test_a_weak_reference_gives_no_neuron_that_is_being_freed():
    """When a graph goes, callbacks run in its midst. They may keep what is below the neuron that has gone, whole."""
    leaf = Neuron(2.0)
    below = leaf * 2.0
    top = below * 3.0
    to_below, kept = weakref.ref(below), []
    to_top = weakref.ref(top, lambda _: kept.append(to_below()))
    del below, top
    others = [Neuron(float(number)) for number in range(5)]
    assert to_top() is None
    assert (kept[0].value, kept[0].operation, kept[0] in set(others)) == (4.0, ops.mul, False)
    assert gradient(kept[0], leaf) == 2.0


def test_callbacks_in_the_midst_of_a_long_chain_that_is_freed():
    leaf = y = Neuron(1.0)
    references, alive = [], []
    for _ in range(5000):
        y = y * 1.0 + leaf
        references.append(weakref.ref(y, lambda gone: alive.append(references[len(alive) % 50]())))
    del y
    assert all(type(each) is Neuron and gradient(each, leaf) > 0.0 for each in alive)
    assert sum(reference() is not None for reference in references) == 50


@pytest.mark.parametrize(
    ("numpy_s", "ours"),
    [
        ("arctan", ops.atan), ("arcsin", ops.asin), ("arccos", ops.acos), ("arcsinh", ops.asinh), ("rint", ops.round),
        ("arctanh", ops.atanh), ("deg2rad", ops.radians), ("rad2deg", ops.degrees), ("conjugate", lambda x: x),
    ],
)  # fmt: skip
def test_numpy_finds_them_by_its_own_names(numpy_s, ours):
    a = np.array([Neuron(0.25), Neuron(-0.5)])
    for found, x in zip(getattr(np, numpy_s)(a), a, strict=True):
        assert (type(found), found.value) == (Neuron, ours(x).value)
    assert getattr(np, numpy_s)(a[0]).value == ours(a[0]).value


def test_numpy_of_two_and_of_whole_arrays():
    a, b = np.array([Neuron(0.25), Neuron(-0.5)]), np.array([0.75, 2.0])
    numbers = np.array([0.25, -0.5])
    for name in ("arctan2", "hypot", "fmod"):
        assert [x.value for x in getattr(np, name)(a, b)] == getattr(np, name)(numbers, b).tolist()
    for name in ("std", "var", "mean", "sum", "prod", "min", "max"):
        assert getattr(np, name)(a).value == pytest.approx(getattr(np, name)(numbers), rel=1e-15)
    assert np.vdot(a, b).value == np.vdot(numbers, b)
    assert [x.value for x in np.round(a, 1)] == np.round(numbers, 1).tolist()
    assert gradient(np.var(a), list(a)) == pytest.approx([0.375, -0.375], rel=1e-15)


@pytest.mark.parametrize("name", ["min", "max", "sum", "mean", "prod"])
def test_numpy_of_one_neuron_is_its_number(name):
    """Programs that take numbers and arrays alike call these functions with single numbers, too."""
    x = Neuron(-0.5)
    found = getattr(np, name)(x)
    assert (found.value, gradient(found, x)) == (getattr(np, name)(-0.5), 1.0)
    for axis in (0, [0]):
        with pytest.raises(TypeError, match="no input 'axis'"):
            getattr(np, name)(x, axis=axis)
    with pytest.raises(TypeError, match="no input 'axis'"):
        getattr(ops, name)([x, x], axis=None)
