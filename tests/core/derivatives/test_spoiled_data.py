"""`detect_anomaly` names a number that is not finite to begin with, where no operation is to blame."""

from __future__ import annotations

import math
import pickle
import re
import warnings

import pytest

from gograd_core import AnomalyWarning, DomainError, Neuron, detect_anomaly, errstate, jvp, ops
from gograd_core import math as gmath

INF, NAN = math.inf, math.nan


def warned(f, **settings):
    """The texts of all warnings while `f` runs in the block."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with errstate(**{"domain": "raise", **settings}), detect_anomaly():
            f()
    assert {each.category for each in caught} <= {AnomalyWarning}
    return [str(each.message) for each in caught]


def of_leaf(number):
    def f():
        x = Neuron(number, "x")
        return ops.tanh(Neuron(2.0, "w") * x) + 1.0

    return f


def of_constant():
    return Neuron(2.0, "w") * NAN + 1.0


def of_leaf_that_is_set():
    x = Neuron(1.0, "x")
    x.value = NAN
    return x + 1.0


def of_a_column():
    return ops.dot([Neuron(1.0, "x"), Neuron(NAN, "y")], [2.0, 3.0])


def of_numbers():
    return ops.exp(NAN)


SPOILED = [
    # what runs, the first operation that met the number, and the number
    (of_leaf(NAN), "mul(w=2.0, x=nan) is nan", r"'x' at test_spoiled_data.py:\d+ in f = nan \[leaf\]"),
    (of_leaf(-INF), "mul(w=2.0, x=-inf) is -inf", r"'x' at test_spoiled_data.py:\d+ in f = -inf \[leaf\]"),
    (of_constant, "mul(w=2.0, nan) is nan", r"nan \[constant\]"),
    (of_leaf_that_is_set, "add(x=nan, 1.0) is nan", r"'x' at .* in of_leaf_that_is_set = nan \[leaf\]"),
    (of_a_column, "dot(x=1.0, y=nan, 2.0, 3.0) is nan", r"'y' at .* in of_a_column = nan \[leaf\]"),
    (of_numbers, "exp(nan) is nan", r"nan \[constant\]"),
]


@pytest.mark.parametrize("domain", ["raise", "ignore", "python"])
@pytest.mark.parametrize(("f", "met", "number"), SPOILED)
def test_the_number_and_the_first_operation_that_met_it_are_named_once(f, met, number, domain):
    (text,) = warned(f, domain=domain)
    assert text.startswith(met)
    assert "because an input is not finite\ncomputed at test_spoiled_data.py:" in text
    assert re.search(rf"latest first:\n  {number}\nwhat would have to change: this number is not finite to begin", text)


def test_a_graph_from_before_the_block_is_followed_back_to_the_leaf():
    y = ops.tanh(Neuron(NAN, "x") * 2.0)
    for f in (y.backward, lambda: y + 1.0, lambda: jvp(lambda t: t * 2.0 + y, (Neuron(1.0),), (1.0,))):
        (text,) = warned(f)
        assert text.index("tanh(nan) = nan") < text.index("mul(x=nan, 2.0) = nan") < text.index("'x' = nan [leaf]")
    assert warned(y.backward)[0].startswith("a sweep begins at a number that is not finite: tanh(nan) is nan")
    assert warned(Neuron(INF, "x").backward)[0].startswith(
        "a sweep begins at a number that is not finite: the leaf 'x'"
    )


def test_what_python_computes_without_an_error_is_reported():
    def f():
        big = Neuron(1e200, "x") * 1e200
        return big * 2.0

    (text,) = warned(f, domain="python")
    assert text.startswith("mul(x=1e+200, 1e+200) is inf, not a finite number, in mul")
    assert "'x' at test_spoiled_data.py" in text
    with errstate(domain="python"):
        y = f()
    (text,) = warned(lambda: y + 1.0)
    assert text.endswith("what would have to change: scale the factors, or add their logarithms")


@pytest.mark.parametrize(
    "f",
    [
        lambda: ops.exp(Neuron(1.0) + -INF),  # a mask
        lambda: ops.minimum(Neuron(1.0), INF),
        lambda: ops.where(Neuron(1.0) > 0.0, Neuron(2.0), NAN),
        lambda: ops.exp(Neuron(-INF)),
        (Neuron(1.0) * 2.0).backward,
    ],
)
def test_what_does_no_harm_is_not_reported(f):
    assert warned(f) == []


def test_a_mask_is_named_once_it_makes_nan():
    with detect_anomaly(), pytest.raises(DomainError) as caught:
        _ = (Neuron(1.0) + -INF) + INF
    assert "add(1.0, -inf)" in "".join(caught.value.__notes__)


def error_of(f):
    with pytest.raises(DomainError) as caught:
        f()
    return caught.value


HINT = "Check the inputs (gograd_core.detect_anomaly() shows how they came about), or keep"


def test_an_error_names_the_block_where_that_helps():
    helps = [lambda: ops.log(Neuron(-1.0)), ops.sqrt(Neuron(0.0)).backward, lambda: gmath.pow(Neuron(0.0), -1.0)]
    for f in helps:
        assert HINT in str(error_of(f))
        assert HINT in str(pickle.loads(pickle.dumps(error_of(f))))
        assert "Check the inputs, or keep" in str(error_of(detect_anomaly()(f)))
    assert "Check the inputs, or keep" in str(error_of(lambda: ops.log(-1.0)))


def test_an_error_of_math_is_explained_too():
    (note,) = error_of(detect_anomaly()(lambda: gmath.pow(Neuron(0.0, "x"), -1.0))).__notes__
    assert "'x' at test_spoiled_data.py" in note
