"""What is prepared for points without a path answers as a replay does, however arguments are nested."""

from __future__ import annotations

import numpy as np
import pytest

from gograd_compile.nesting.trees import flatten
from gograd_core import DomainError, errstate, ops

BEFORE, HERE = 0.7, 1.3


CASES = {
    "numbers": (lambda x, y: x * y * int(x) + ops.exp(x * y), lambda s: (s, 2.0 * s), [0, 1, (0,), (0, 1), (1, 0), -1]),
    "integers": (lambda x, k: x**3 * k * int(x), lambda s: (s, 3), [0, (0, 1)]),
    "a list": (lambda p, y: p[0] * p[1] * y * int(p[0] + 1.0), lambda s: ([s, 2.0], s), [0, 1, (1, 0)]),
    "a tuple": (lambda p: p[0] ** 2 * p[1] * int(p[1]), lambda s: ((s, 2.0 * s),), [0, (0,)]),
    "a dict": (lambda p, y: p["a"] * p["b"][0] ** 2 * y * int(y), lambda s: ({"a": s, "b": [2.0]}, s), [0, 1]),
    "an array": (lambda p, y: p[0] * p[1] ** 2 * y * int(p[0] + y), lambda s: (np.array([s, 2.0]), s), [0, 1, (0, 1)]),
    "nothing": (lambda p, y: y**3 * int(y), lambda s: ([], s), [1, (0, 1)]),
}
ASKED = [(name, wrt) for name, (_, _, all_of_them) in CASES.items() for wrt in all_of_them]


def waiting(compiled, f, ask):
    """Compile `f`, ask once, so that calls are prepared, and then let it try no path any more."""
    c = compiled(f)
    ask(c)
    for paths in c.store.paths.values():
        paths.budget.wait = 10**9
    return c


def asks(method, arguments, wrt):
    """A call of a method. The vector of `hvp` is the argument, or several, once more."""
    chosen = arguments[wrt] if isinstance(wrt, int) else tuple(arguments[place] for place in wrt)
    return lambda c: getattr(c, method)(*arguments, *([chosen] if method == "hvp" else []), wrt=wrt)


@pytest.mark.parametrize("method", ["value_and_grad", "hvp", "hessian"])
@pytest.mark.parametrize(("name", "wrt"), ASKED)
def test_derivatives(compiled, method, name, wrt):
    f, arguments, _ = CASES[name]
    c = waiting(compiled, f, asks(method, arguments(BEFORE), wrt))
    before = c.explain()["evaluated"]
    found, expected = (asks(method, arguments(HERE), wrt)(each) for each in (c, compiled(f)))
    assert c.explain()["evaluated"] == before + 1
    (one, nesting), (other, expected_nesting) = flatten(found), flatten(expected)
    assert nesting == expected_nesting
    np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("method", ["value_and_grad", "hvp", "hessian"])
def test_errors(compiled, method):
    """The derivative does not exist at 0. Where errors are ignored, it is what the engine has."""

    def f(x):
        return ops.sqrt(x) * int(x + 2.0)

    c = waiting(compiled, f, asks(method, (1.5,), 0))
    with pytest.raises(DomainError, match="sqrt|div|mul|pow"):
        asks(method, (0.0,), 0)(c)
    with errstate(domain="ignore"):
        found, expected = (asks(method, (0.0,), 0)(each) for each in (c, compiled(f)))
    np.testing.assert_array_equal(found, expected)


def test_a_vector_that_is_nested_otherwise_is_refused(compiled):
    c = waiting(compiled, lambda p: p[0] * p[1] * int(p[0]), lambda c: c.hvp([1.5, 2.0], [1.0, 0.0]))
    assert c.hvp([2.5, 3.0], (1.0, 0.0)) == [0.0, 2.0]
    with pytest.raises(ValueError, match="must be nested like"):
        c.hvp([2.5, 3.0], [1.0, 0.0, 0.0])
