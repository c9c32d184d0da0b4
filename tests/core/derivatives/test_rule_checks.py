"""`detect_anomaly(check=True)` names wrong rules, and no right one."""

from __future__ import annotations

import warnings

import pytest

from gograd_core import (
    AnomalyError,
    AnomalyWarning,
    Neuron,
    Op,
    Registry,
    current,
    derivative,
    detect_anomaly,
    errstate,
    jvp,
    ops,
)

OPERATIONS = [op for op in current.registry.operations() if op.samples and any(op.partials)]
ALONE = Registry()
WRONG = ALONE.register(Op("wrong", forward=lambda xp, x: x * x * x, partials=(lambda xp, out, x: 2.0 * x * x,)))
RIGHT = ALONE.register(Op("right", forward=lambda xp, x: x * x * x, partials=(lambda xp, out, x: 3.0 * x * x,)))
WRONG_DOT = ALONE.register(
    Op(
        "wrong_dot",
        variadic=True,
        forward=lambda xp, x, y: xp.sum(x * y),
        partials=(lambda xp, out, x, y: y, lambda xp, out, x, y: y),
    )
)


def applied(op, inputs):
    """Apply an operation to new neurons."""
    return op(*[[*map(Neuron, column)] if op.variadic else Neuron(column) for column in inputs])


def backward(op, inputs):
    """Sweep over one operation at a point, whatever numbers that gives."""
    with errstate(domain="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", AnomalyWarning)
        out = applied(op, inputs)
        if type(out) is Neuron:  # no entry of an empty column is a neuron
            out.backward()


@pytest.mark.parametrize("f", [lambda x: WRONG(x * 1.5) * 2.0, lambda x: WRONG_DOT([x, 2.0], [x * 3.0, 1.0])])
def test_names_a_wrong_rule(f):
    x = Neuron(0.5, "x")
    with detect_anomaly():
        f(x).backward()
    with (
        detect_anomaly(check=True),
        pytest.raises(AnomalyError, match=r"a rule is wrong: wrong.*test_rule_checks.py"),
    ):
        f(x).backward()


def test_right_rules_pass():
    x = Neuron(0.5, "x")
    with detect_anomaly(check=True):
        (RIGHT(x) * ops.exp(x) + ops.dot([x, x], [2.0, x]) + ops.hypot(x, 2.0)).backward()
    assert x.grad != 0.0


def test_an_operation_on_which_nothing_depends_is_not_checked():
    x = Neuron(0.5, "x")
    with detect_anomaly(check=True):
        ops.where(x > 0.0, x, WRONG(x)).backward()
    assert x.grad == 1.0


@pytest.mark.parametrize("f", [lambda x: WRONG(x * 1.5) * 2.0, lambda x: WRONG_DOT([x, 2.0], [x * 3.0, 1.0])])
def test_forward_mode_names_a_wrong_rule(f):
    with detect_anomaly(check=True), pytest.raises(AnomalyError, match=r"a rule is wrong: wrong.*test_rule_checks.py"):
        jvp(f, (0.5,), (1.0,))
    with detect_anomaly(check=True), pytest.raises(AnomalyError, match="a rule is wrong: wrong"):
        derivative(f)(0.5)


@pytest.mark.parametrize("op", OPERATIONS, ids=lambda op: op.name)
def test_no_right_rule_is_named(op):
    """Not even at poles, kinks, jumps, and where floats are far apart."""
    with detect_anomaly(check=True):
        for inputs in (*op.samples, *(edge.inputs for edge in op.edges)):
            backward(op, inputs)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_kink_between_a_bend_and_a_line_is_no_wrong_rule(sign):
    """At 0 the slope is that of the bent side, which differences never quite reach."""
    bent = ALONE.register(
        Op(
            f"bent_{'up' if sign > 0.0 else 'down'}",
            forward=lambda xp, x: xp.where(x > 0.0, 0.5 * x, xp.expm1(x)) * sign,
            partials=(lambda xp, out, x: xp.where(x > 0.0, 0.5, xp.exp(x)) * sign,),
        )
    )
    with detect_anomaly(check=True):
        for x in (0.0, -1.0, 2.0):
            bent(Neuron(x)).backward()


def accusations(op):
    """List what is said of an operation at its samples, if anything."""
    for inputs in op.samples:
        try:
            backward(op, inputs)
        except AnomalyError as error:
            yield str(error)


@pytest.mark.parametrize("op", [op for op in OPERATIONS if op.name != "round_to"], ids=lambda op: op.name)
def test_a_rule_that_is_wrong_by_a_thousandth_is_named_somewhere(op):
    """The steps of `round_to` are too small for differences to tell anything."""
    for index, partial in enumerate(op.partials):
        if partial is None:
            continue

        def off(*arguments, partial=partial):
            return partial(*arguments) * 1.003 + 0.002

        partials = [*op.partials[:index], off, *op.partials[index + 1 :]]
        given = {"variadic": op.variadic, "opaque": op.opaque, "samples": op.samples}
        name = f"off_{op.name}_{index}"
        with detect_anomaly(check=True):
            found = [*accusations(ALONE.register(Op(name, forward=op.forward, partials=partials, **given)))]
        assert found
        assert all(f"partial {index} of {name}(" in text for text in found)
