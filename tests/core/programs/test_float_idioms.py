"""How programs ask whether something is a float, and use it as one: alike for floats and neurons, in the copy."""

from __future__ import annotations

import importlib
import textwrap

import pytest

from gograd_core import adapted, value_and_grad

IDIOMS = {
    "its class": ("x * x if x.__class__ is float else 0.0 * x", 6.0),
    "its class, in a tuple": ("x * x if x.__class__ in (int, float) else 0.0 * x", 6.0),
    "its class, equal": ("x * x if x.__class__ == float else 0.0 * x", 6.0),
    "a subclass": ("x * x if issubclass(x.__class__, Real) else 0.0 * x", 6.0),
    "the class of its class": ("x * x if x.__class__ is type(1.0) and type(x) is x.__class__ else 0.0 * x", 6.0),
    "the name of its class": ("x * x if x.__class__.__name__ == 'float' else 0.0 * x", 6.0),
    "a method of float": ("float.__mul__(x, x) + float.__neg__(x)", 5.0),
    "another method of float": ("x * x if float.is_integer(x) else 0.0 * x", 6.0),
    "a comparison by a method of float": ("x * 10.0 if float.__lt__(5.0, x) else x * x", 6.0),
    "arithmetic by a method of float": ("float.__mul__(2.0, x) + float.__rsub__(x, 1.0) + float.__rsub__(1.0, x)", 2.0),
    "a pattern that names a class": ("matched(x)", 6.0),
    "a conversion of its own": ("float(Wrapped(x)) * x", 6.0),
    "a class of its own": ("Wrapped(x).__class__(x * x).value", 6.0),
    "numbers of NumPy beside it": ("numpy.float64(2.0) * x + x * numpy.int64(3) - numpy.True_ * x", 4.0),
    "NumPy's functions of arrays": ("x * x if numpy.min(x) > 0.0 and numpy.sum(x) == x else 0.0 * x", 6.0),
    "columns of math": ("math.fsum([x, x * x, 1]) + math.hypot(x, 4.0, 0.0) + math.dist([x], (0,))", 8.6),
    "the class of another object": ("x * x if [].__class__ is list and 'a'.__class__ is str else 0.0 * x", 6.0),
}
PROGRAM = """
import math, numpy
from numbers import Real

class Wrapped:
    def __init__(self, value):
        self.value = value

    def __float__(self):
        return self.value

    def asks(self, kind):
        match kind:
            case self.__class__:
                return True
        return False

def matched(x):
    return x * x if Wrapped(x).asks(Wrapped) else 0.0 * x

def f(x):
    return {idiom}
"""


@pytest.fixture
def both(tmp_path, monkeypatch, request):
    """Make a function from a line: as its module has it, and as the copy has it."""
    monkeypatch.syspath_prepend(str(tmp_path))
    name = f"idiom_{abs(hash(request.node.name))}"

    def make(idiom):
        (tmp_path / f"{name}.py").write_text(textwrap.dedent(PROGRAM).format(idiom=idiom), encoding="utf-8")
        importlib.invalidate_caches()
        return importlib.import_module(name).f, adapted(name).f

    return make


@pytest.mark.parametrize(("idiom", "slope"), IDIOMS.values(), ids=IDIOMS)
def test_floats_and_neurons_take_the_same_way(both, idiom, slope):
    original, copied = both(idiom)
    assert copied(3.0) == original(3.0)
    assert value_and_grad(copied)(3.0) == (original(3.0), slope)


def test_lines_of_a_changed_module_are_those_of_its_source(both):
    _, copied = both("x.__class__(x) / (x - x)")
    with pytest.raises(ZeroDivisionError) as caught:
        copied(3.0)
    assert caught.traceback[-1].lineno + 1 == 22


def test_a_module_that_is_nested_deeply_is_adapted(both):
    _, copied = both("x.__class__(x) + " + " + ".join(["x"] * 900))
    assert value_and_grad(copied)(1.0) == (901.0, 901.0)


def test_a_conversion_that_gives_no_number_is_refused_as_always(both):
    original, copied = both("float(Wrapped([x]))")
    for f in (original, copied):
        with pytest.raises(TypeError, match=r"Wrapped.__float__ returned non-float \(type list\)"):
            f("text")
