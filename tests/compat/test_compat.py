"""A package written against 0.1, which nobody has edited since, still loads and is right."""

import hashlib
import itertools
import sys

import mpmath
import numpy as np
import pytest

from gograd_core import DomainError, InvalidOperationError, Neuron, Registry, errstate, grad, ops

FROZEN = "bacf77b5a8a27508971429b04cf2b7b7b7614b7f3d3b4acc56021995d846c9c5"
NAMES = ["gc_blend", "gc_erf", "gc_rms", "gc_root", "gc_squash", "gc_turn", "gc_weighted"]
every_operation = pytest.mark.parametrize("name", NAMES)
but_the_opaque_one = pytest.mark.parametrize("name", [name for name in NAMES if name != "gc_root"])
# Rules of a few roundings, at points where none is worth much more than itself; the results are about 1.
as_exact = {"rel": 1e-14, "abs": 1e-15}


@pytest.fixture(autouse=True)
def record(request, monkeypatch):
    """What became of the package, whose operations are in force."""
    monkeypatch.syspath_prepend(request.path.with_name("gograd-compat"))
    with Registry() as registry:
        (record,) = [each for each in registry.report() if each.distribution == "gograd-compat"]
        yield record
    del sys.modules["gograd_compat"]


def test_nobody_has_edited_it(request):
    source = request.path.with_name("gograd-compat") / "gograd_compat.py"
    assert hashlib.sha256(source.read_bytes()).hexdigest() == FROZEN


def test_it_loads(record):
    assert (record.status, record.reason, record.refused) == ("loaded", "", {})
    assert (record.version, record.entry_point) == ("1.0", "compat")
    assert sorted(op.name for op in record.operations) == NAMES
    assert {*NAMES} <= {*ops}
    assert ops.gc_softsign is ops.gc_squash
    assert str(ops.gc_squash.provider) == "gograd-compat 1.0"


def points(op):
    """The samples of an operation, each as the list of its numbers; and the operation as a function of such a list."""
    for sample in op.samples:
        lengths = [len(column) for column in sample] if op.variadic else None
        yield [*itertools.chain(*sample)] if op.variadic else [*sample], lambda x, n=lengths: op(*shaped(x, n))


def shaped(numbers, lengths):
    if lengths is None:
        return numbers
    numbers = iter(numbers)
    return [[*itertools.islice(numbers, length)] for length in lengths]


def exact(op, point, *entries):
    """The derivative of the reference by these entries of a point."""
    columns = len(op.partials)
    lengths = [len(point) // columns] * columns if op.variadic else None
    orders = tuple(entries.count(entry) for entry in range(len(point)))

    def reference(*numbers):
        return op.reference(mpmath.mp, *shaped(numbers, lengths))

    with mpmath.workdps(40):
        return float(mpmath.diff(reference, [*map(mpmath.mpf, point)], orders))


@every_operation
def test_values(name):
    for point, f in points(ops[name]):
        assert f(point) == pytest.approx(exact(ops[name], point), **as_exact)
        assert f([*map(Neuron, point)]).value == f(point)


@every_operation
def test_gradients(name):
    for point, f in points(ops[name]):
        expected = [exact(ops[name], point, entry) for entry in range(len(point))]
        assert grad(f)(point) == pytest.approx(expected, **as_exact)
        leaves = [*map(Neuron, point)]
        f(leaves).backward()
        assert [leaf.grad for leaf in leaves] == grad(f)(point)


@but_the_opaque_one
def test_second_derivatives(name):
    for point, f in points(ops[name]):
        for first in range(len(point)):
            expected = [exact(ops[name], point, first, second) for second in range(len(point))]
            assert grad(lambda x, f=f, i=first: grad(f)(x)[i])(point) == pytest.approx(expected, **as_exact)


def test_the_opaque_one_says_what_it_cannot():
    with pytest.raises(InvalidOperationError, match="opaque"):
        grad(grad(ops.gc_root))(0.5)
    with pytest.raises(InvalidOperationError, match="opaque"):
        ops.gc_root(np.array([0.5]))


@but_the_opaque_one
def test_arrays(name):
    for point, f in points(ops[name]):
        if not ops[name].variadic:
            arrays = [np.array([x, x]) for x in point]
            assert ops[name](*arrays) == pytest.approx([f(point)] * 2, rel=1e-15)


@every_operation
def test_edges(name):
    for edge in ops[name].edges:
        leaves = [*map(Neuron, edge.inputs)]
        with errstate(domain="ignore"):
            out = ops[name](*leaves)
            out.backward()
        assert repr(out.value) == repr(edge.value)
        assert repr([leaf.grad for leaf in leaves]) == repr([*edge.partials])


def test_outside_of_its_domain_an_operation_raises():
    with pytest.raises(DomainError, match="gc_turn"):
        ops.gc_turn(2.0)


def test_operations_are_methods_too():
    assert Neuron(0.5).gc_squash().operation.name == "gc_squash"
    assert Neuron(0.5).gc_blend(2.0, 1.0).value == ops.gc_blend(0.5, 2.0, 1.0)
