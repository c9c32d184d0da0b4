"""`detect_anomaly` names where numbers went wrong, the way from there, and what would have to change."""

from __future__ import annotations

import math
import pickle
import threading
import warnings

import pytest

from gograd_core import (
    AnomalyError,
    AnomalyWarning,
    DomainError,
    Neuron,
    derivative,
    detect_anomaly,
    errstate,
    grad,
    gradient,
    hessian,
    jacobian,
    jvp,
    ops,
    sweep_steps,
    trace,
)


def deep(x):
    """Take the logarithm of a number that is negative, deep inside."""
    hidden = ops.tanh(x * 2.0)
    shifted = hidden - 1.0
    return ops.log(shifted) * 3.0


def norm(x):
    length = ops.sqrt(x * x)
    return x / length


def overflow(x):
    return ops.exp(x * 1e4) + 1.0


def root(x):
    """Have an infinite derivative at 0."""
    length = ops.sqrt(x)
    return length * 2.0 + 1.0


def notes(error):
    return "\n".join(getattr(error, "__notes__", ()))


def swept(f, x):
    f(x).backward()


FAULTS = [
    # where, the number, what the error names, what it lists, and the advice
    (
        deep,
        0.5,
        "log(",
        ["sub(", "tanh(1.0)", "mul(x=0.5, 2.0)", "'x' at test_anomalies.py", " = 0.5 [leaf]"],
        "log needs x > 0; keep the input",
    ),
    (
        norm,
        0.0,
        "div(x=0.0, 0.0)",
        ["sqrt(0.0)", "'x' at test_anomalies.py", " = 0.0 [leaf]"],
        "0/0 is undefined; div needs y != 0; keep the",
    ),
    (overflow, 0.5, "exp(5000.0)", ["mul(x=0.5, 10000.0)"], "logsumexp"),
    (root, 0.0, "the derivative of sqrt(x=0.0)", ["sqrt(x=0.0)", "mul(0.0, 2.0)", "add(0.0, 1.0)"], "vertical tangent"),
]
IDS = [fault[0].__name__ for fault in FAULTS]


@pytest.mark.parametrize(("f", "number", "named", "listed", "advice"), FAULTS, ids=IDS)
def test_planted_faults(f, number, named, listed, advice):
    with pytest.raises(DomainError) as plain:
        swept(f, Neuron(number, "x"))
    with detect_anomaly(), pytest.raises(DomainError) as caught:
        swept(f, Neuron(number, "x"))
    assert type(caught.value) is type(plain.value)
    assert named in str(caught.value)
    assert notes(plain.value) == ""
    text = notes(caught.value)
    places = [text.index(each) for each in listed]
    assert places == sorted(places)
    assert f" in {f.__name__} = " in text
    assert ("how its input" in text) is text.startswith("computed at test_anomalies.py:")
    assert "(gograd-ops-" in text
    assert advice in text
    assert notes(pickle.loads(pickle.dumps(caught.value))) == text


@pytest.mark.parametrize(("f", "number", "named", "listed", "advice"), FAULTS, ids=IDS)
def test_under_errstate_ignore_a_warning_says_the_same_once(f, number, named, listed, advice):
    def twice():
        swept(f, Neuron(number, "x"))
        swept(f, Neuron(number, "x"))

    with pytest.warns(AnomalyWarning) as caught:
        detect_anomaly().run(errstate(domain="ignore").run, twice)
    values = [str(each.message) for each in caught if "how its input" in str(each.message)]
    ways = [str(each.message) for each in caught if "the way from there" in str(each.message)]
    assert (len(values), len(ways)) in ((1, 0), (0, 1), (1, 1))
    text = (values or ways)[0]
    assert named in text
    assert all(each in text for each in [*listed, advice])
    assert caught[0].filename == __file__


@pytest.mark.parametrize(
    "run",
    [
        lambda x: root(x).backward(),
        lambda x: gradient(root(x), x),
        lambda x: gradient(root(x), x, create_graph=True),
        grad(root),
        lambda x: jvp(root, (x,), (1.0,)),
        lambda x: list(sweep_steps(root(x))),
    ],
)
def test_every_sweep_tells_the_way(run):
    with detect_anomaly(), pytest.raises(DomainError) as caught:
        run(Neuron(0.0, "x"))
    text = notes(caught.value)
    assert text.startswith("the way from there to the output:\n  sqrt(")
    assert text.index("sqrt(") < text.index("mul(0.0, 2.0)") < text.index("add(0.0, 1.0)")


def test_a_long_way_is_shortened():
    with detect_anomaly():
        y = ops.sqrt(Neuron(0.0))
        for _ in range(100):
            y = y + 1.0
        with pytest.raises(DomainError) as caught:
            y.backward()
    lines = notes(caught.value).splitlines()
    assert sum(line.startswith("  ") for line in lines) == 11
    assert "  … 91 more" in lines


def test_the_input_to_blame_is_the_one_without_which_it_would_be_finite():
    with detect_anomaly():
        zero = Neuron(1.0, "one") - 1.0
        numerator = Neuron(4.0, "numerator") + 1.0
        with pytest.raises(ZeroDivisionError) as caught:
            _ = numerator / zero
    assert "sub(one=1.0, 1.0)" in notes(caught.value)
    assert "numerator" not in notes(caught.value)


@pytest.mark.parametrize("terms", [(5.0, 1e-3), (1e-3, 5.0)])
def test_the_way_goes_where_most_of_the_derivative_goes(terms):
    with detect_anomaly():
        y = ops.sqrt(Neuron(0.0))
        first, second = (y * term for term in terms)
        out = first * terms[0] + second * terms[1]
        with pytest.raises(DomainError) as caught:
            out.backward()
    assert "mul(0.0, 5.0)" in notes(caught.value)
    assert "mul(0.0, 0.001)" not in notes(caught.value)


@pytest.mark.parametrize("terms", [(-5.0, 1e-3), (1e-3, -5.0)])
def test_a_number_came_about_by_what_it_depends_on_most(terms):
    with detect_anomaly():
        first, second = (Neuron(1.0) * term for term in terms)
        with pytest.raises(DomainError) as caught:
            ops.log(first + second)
    assert "mul(1.0, -5.0)" in notes(caught.value)
    assert "mul(1.0, 0.001)" not in notes(caught.value)


@pytest.mark.parametrize("f", [deep, norm, overflow, root])
def test_numbers_are_the_same_as_without(f):
    """Under `errstate(domain="ignore")` nothing but the warning is different."""

    def numbers():
        x = Neuron(0.5 if f is deep else 0.0, "x")
        with errstate(domain="ignore"):
            y = f(x)
            y.backward()
        return repr((y.value, x.grad))

    expected = numbers()
    with warnings.catch_warnings(), detect_anomaly():
        warnings.simplefilter("ignore")
        assert numbers() == expected


class TestBounds:
    @pytest.mark.parametrize(
        ("bounds", "f", "message"),
        [
            ({"vanishing": 1e-3}, lambda x: x * 1e-2 * 1e-2 * 1.0, r"the adjoint 0.0001 is below 0.001"),
            ({"exploding": 1e3}, lambda x: x * 1e2 * 1e2, r"the adjoint 10000.0 exceeds 1000.0"),
            ({"exploding": 1e3}, lambda x: -x * 1e2 * 1e2, r"the adjoint 10000.0 exceeds 1000.0"),
            ({"vanishing": 1e-300}, lambda x: x * 1e-200 * 1e-200, r"of mul\(.*times 1e-200, vanishes"),
        ],
    )
    @pytest.mark.parametrize("sweep", [lambda y, x: y.backward(), gradient])
    def test_a_sweep_stops(self, bounds, f, message, sweep):
        x = Neuron(2.0, "x")
        with detect_anomaly(**bounds), pytest.raises(AnomalyError, match=message) as caught:
            sweep(f(x), x)
        assert "the way from there to the output:" in str(caught.value)
        assert "test_anomalies.py:" in str(caught.value)
        assert x.grad == 0.0

    def test_what_is_within_bounds_passes(self):
        x = Neuron(2.0)
        with detect_anomaly(vanishing=1e-3, exploding=1e3, check=True):
            (x * 3.0 + ops.where(x > 0.0, x, ops.log(x)) + ops.relu(-x)).backward()
        assert x.grad == 4.0

    @pytest.mark.parametrize(
        ("bounds", "f", "message"),
        [
            ({"vanishing": 1e-3}, lambda x: x * 1e-2 * 1e-2 * 1.0, r"the tangent 0.0001 is below 0.001"),
            ({"exploding": 1e3}, lambda x: -x * 1e2 * 1e2, r"the tangent -10000.0 exceeds 1000.0"),
            (
                {"vanishing": 1e-300},
                lambda x: x * 1e-200 * 1e-200,
                r"the tangent 1e-200 of mul\(.*1e-200, vanishes",
            ),
            ({"exploding": 1e3}, lambda x: ops.sum([x, ops.dot([x, x], [1e4, 1.0])]), r"the tangent 10001.0 exceeds"),
        ],
    )
    @pytest.mark.parametrize(
        "sweep",
        [
            lambda f: jvp(f, (2.0,), (1.0,)),
            lambda f: jacobian(lambda x: [f(x), 1.0 * x], mode="forward")(2.0),
            lambda f: derivative(f)(2.0),
            lambda f: derivative(f, 2)(2.0),
        ],
    )
    def test_forward_mode_stops(self, bounds, f, message, sweep):
        with detect_anomaly(**bounds), pytest.raises(AnomalyError, match=message) as caught:
            sweep(f)
        way = str(caught.value).split("the way from there to the output:\n")[1]
        assert "test_anomalies.py:" in way
        assert "tangent" in way.splitlines()[-1]

    def test_zeros_do_not_vanish(self):
        """A tangent of 0.0 that is passed on in higher orders did not underflow."""
        with detect_anomaly(vanishing=1e-300):
            assert derivative(lambda x: x**4, 3)(2.0) == 48.0
            assert jvp(lambda x: x * 2.0, (1.0,), (0.0,)) == (2.0, 0.0)
            assert gradient((x := Neuron(1.0)) * 0.0, x) == 0.0

    def test_adjoints_that_nobody_asked_for_are_not_looked_at(self):
        x, w = Neuron(2.0), Neuron(1.0)
        with detect_anomaly(exploding=1e3):
            assert gradient(x * 3.0 + w * 1e9, x) == 3.0
            assert hessian(lambda v: (v[0] * 1e9 + 1.0) * 0.0 + v[1] ** 2)([1.0, 1.0])[1] == [0.0, 2.0]
            with pytest.raises(AnomalyError):
                gradient(x * 3.0 + w * 1e9, w)
            with pytest.raises(AnomalyError):
                (x * 3.0 + w * 1e9).backward()

    def test_an_output_that_is_an_input(self):
        x = Neuron(2.0)
        with detect_anomaly(exploding=1e3):
            x.backward()
            assert gradient(x, x) == 1.0
            with pytest.raises(AnomalyError, match="10000.0 exceeds"):
                x.backward(1e4)
        assert x.grad == 1.0

    def test_of_the_gradient_of_a_neuron_in_between(self):
        with detect_anomaly(exploding=1e3):
            y = Neuron(2.0) * 1e6
            assert gradient(y * 2.0, y) == 2.0
            with pytest.raises(AnomalyError, match="the adjoint 1000000.0 exceeds"):
                gradient(y * 1e6, [y])

    @pytest.mark.parametrize("bound", [0.0, -1.0, math.nan])
    @pytest.mark.parametrize("name", ["vanishing", "exploding", "rtol"])
    def test_a_bound_is_positive(self, name, bound):
        with pytest.raises(ValueError, match=f"{name}=.*positive"):
            detect_anomaly(**{name: bound})
        with pytest.raises(TypeError, match=rf"detect_anomaly\({name}=...\) expects a positive number, got '1'"):
            detect_anomaly(**{name: "1"})


def test_labels_cannot_break_the_lines_of_a_message():
    with detect_anomaly(), pytest.raises(DomainError) as caught:
        ops.log(Neuron(-1.0, "a\nwhat would have to change: nothing\x1b[31m" * 100) * 1.0)
    lines = notes(caught.value).splitlines()
    assert len(lines) == 5
    assert max(map(len, lines)) < 400
    assert "\x1b" not in notes(caught.value)


class TestBlocks:
    def test_trace_inside_keeps_it(self):
        with detect_anomaly(), trace(), pytest.raises(DomainError) as caught:
            deep(Neuron(0.5))
        assert notes(caught.value)

    def test_ends_with_the_block(self):
        with detect_anomaly():
            pass
        with pytest.raises(DomainError) as caught:
            deep(Neuron(0.5))
        assert notes(caught.value) == ""

    def test_decorates_a_function(self):
        with pytest.raises(DomainError) as caught:
            detect_anomaly()(deep)(Neuron(0.5))
        assert notes(caught.value)

    def test_holds_for_its_own_thread(self):
        found = []

        def compute():
            try:
                deep(Neuron(0.5))
            except DomainError as error:
                found.append(notes(error))

        with detect_anomaly():
            thread = threading.Thread(target=compute)
            thread.start()
            thread.join()
        assert found == [""]


def test_an_operation_on_floats_is_explained_too():
    with detect_anomaly(), pytest.raises(DomainError) as caught:
        ops.log(-1.0)
    assert "log needs x > 0" in notes(caught.value)
    assert notes(caught.value).startswith("computed at test_anomalies.py:")
    assert "came about" not in notes(caught.value)
