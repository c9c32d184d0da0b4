"""Registries side by side: one name bound to different rules, and neither sees the other's."""

import threading

import pytest

from gograd_core import Neuron, Op, PluginWarning, Registry, UnknownOperationError, errstate, grad, gradient, ops
from gograd_core.namespaces.operations import Operations
from gograd_core.namespaces.per_registry import IN_FORCE, Scope


def own_registry(factor):
    """Operations `gain`, and others whose rules call it in every way there is."""
    registry = Registry(discover=False)
    for op in (
        Op("gain", forward=lambda xp, x: factor * x, partials=(lambda xp, out, x: factor,)),
        Op("twice", forward=lambda xp, x: xp.gain(xp.gain(x)), partials=(lambda xp, out, x: xp.gain(xp.gain(1.0)),)),
        Op("curved", forward=lambda xp, x: x * x, partials=(lambda xp, out, x: xp.gain(x),)),
        Op("pole", forward=lambda xp, x: xp.gain(1.0 / x), partials=(None,)),
        Op(
            "total",
            forward=lambda xp, x: xp.sum(xp.gain(x)),
            partials=(lambda xp, out, x: xp.gain(1.0),),
            variadic=True,
        ),
        Op("average", forward=lambda xp, x: xp.total(x) / len(x), partials=(None,), variadic=True),
    ):
        registry.register(op)
    return registry


def results(registry):
    """What the rules give on floats, on neurons, by IEEE 754, over columns and arrays, at all orders."""
    import numpy as np

    own = registry.ops
    x = Neuron(3.0)
    own.twice(x).backward()
    with errstate(domain="ignore"):
        pole = own.pole(0.0)
    return {
        "float": own.twice(1.0),
        "gradient": x.grad,
        "second derivative": grad(grad(own.curved))(3.0),
        "graph of the gradient": gradient(own.curved(y := Neuron(3.0)), y, create_graph=True).value,
        "pole": pole,
        "column": own.total([1.0, 2.0]),
        "variadic operation in a rule": own.average([1.0, 3.0]),
        "array": own.twice(np.array([1.0, 2.0])).tolist(),
        "by distribution": own["registered by hand:gain"](1.0),
    }


def expected(factor):
    return {
        "float": factor**2,
        "gradient": factor**2,
        "second derivative": factor,
        "graph of the gradient": 3.0 * factor,
        "pole": float("inf"),
        "column": 3.0 * factor,
        "variadic operation in a rule": 2.0 * factor,
        "array": [factor**2, 2.0 * factor**2],
        "by distribution": factor,
    }


@pytest.mark.parametrize("factor", [2.0, 10.0])
def test_rules_look_up_in_their_own_registry(factor):
    assert results(own_registry(factor)) == expected(factor)


def test_also_while_another_is_the_process_wide_one():
    mild, strong = own_registry(2.0), own_registry(10.0)
    with Registry(), strong, pytest.raises(UnknownOperationError):
        ops.tanh(1.0)
    with Registry():
        assert results(mild) == expected(2.0)


def test_what_was_made_in_one_is_differentiated_in_it():
    x = Neuron(3.0)
    with own_registry(2.0):
        y = ops.twice(x)
    with own_registry(10.0):
        y.backward()
    assert x.grad == 4.0


def test_two_threads_at_once():
    registries = {factor: own_registry(factor) for factor in (2.0, 10.0)}
    barrier = threading.Barrier(len(registries))
    found = {factor: [] for factor in registries}

    def run(factor):
        barrier.wait()
        for _ in range(50):
            found[factor].append(results(registries[factor]))

    threads = [threading.Thread(target=run, args=(factor,)) for factor in registries]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {factor: [expected(factor)] * 50 for factor in registries}


def test_registering_one_more_is_seen_by_the_rules_that_were_there():
    registry = Registry(discover=False)
    late = registry.register(Op("late", forward=lambda xp, x: xp.later(x), partials=(None,)))
    with pytest.raises(UnknownOperationError, match="'later'"):
        late(1.0)
    registry.register(Op("later", forward=lambda xp, x: 5.0 * x, partials=(None,)))
    assert late(1.0) == 5.0


def test_the_engines_own_operations_belong_to_no_registry():
    before = ops.stop_gradient
    own = Registry()
    assert own.ops.stop_gradient is before
    assert before.scope is IN_FORCE
    assert own.ops.tanh.scope is not ops.tanh.scope


@pytest.mark.parametrize("x", [2.0, Neuron(2.0)], ids=["float", "neuron"])
def test_rules_follow_when_a_name_gets_another_owner(install, x):
    """What the rules of an operation compute with stays the same object; what it finds changes."""
    install("my-ops", 'Op("gain", forward=lambda xp, x: 3.0 * x, partials=(None,))')
    install("other-ops", 'Op("gain", forward=lambda xp, x: 5.0 * x, partials=(None,))')
    registry = Registry(block=["other-ops"])
    use = registry.register(Op("use", forward=lambda xp, x: xp.gain(x), partials=(lambda xp, out, x: xp.gain(1.0),)))
    xp = use.xp
    for only, factor in (("my-ops", 3.0), ("other-ops", 5.0), ("my-ops", 3.0)):
        registry.load_plugins(only=[only])
        y = Neuron(2.0)
        use(y).backward()
        assert (getattr(out := use(x), "value", out), y.grad) == (2.0 * factor, factor)
    with pytest.warns(PluginWarning, match="claimed by"):
        registry.load_plugins(only=["my-ops", "other-ops"])
    with pytest.raises(UnknownOperationError, match="'gain'"):
        use(x)
    registry.load_plugins(only=["gograd-core"])
    with pytest.raises(UnknownOperationError, match="'gain'"):
        use(x)
    assert use.xp is xp


def test_an_operation_that_loses_its_name_while_a_rule_looks_it_up_is_not_kept():
    lost, owner = (gain_of(factor) for factor in (3.0, 5.0))
    answers = [lost, owner]

    def look_up(name):
        found = answers.pop(0)
        if found is lost:
            scope.publish({})  # as another thread may do
        return found

    scope = Scope(look_up, Operations(lambda: None))
    assert (scope.floats.gain(1.0), scope.floats.gain(1.0), answers) == (5.0, 5.0, [])


def gain_of(factor):
    return Op("gain", forward=lambda xp, x: factor * x, partials=(None,))
