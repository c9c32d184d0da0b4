"""Whole numbers and truth values that programs compute: floats, neurons and recordings do the same.

The programs are generated, as texts. They round, and use what that gives in arithmetic, as keys, in sets, in
texts and ranges, and bit by bit. They compute sums and products of numbers with few binary digits, nearly always
exactly; so values are equal to the last bit, and slopes, which are added in another order, differ at most where
digits were lost.
"""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import gograd_core.math
from gograd_core import value_and_grad

POINTS = [0.625, -0.625, 1.5, -2.0, 0.0, -0.0, 2.375, 7.75, -5.125]

FORMS = {
    "N": """
        N + N; N - N; N * N; N * I; I + N; N - 0.5 * I; N * B; N if B else N; {0: 1.0, 1: 2.0, -1: 0.5}.get(I, x);
        {True: N, False: 3.0}[B]; x if I in {0, 2, 3, -2} else N; sum((x for _ in range(I & 3)), 0.0); [N, N, x][I % 3];
        {'True': N, '0': 2.0 * x, '1.5': x}.get(S, 5.0 * x); x / 4 ** (I & 1); max(N, I); min(I, N); N * (I / 4)
    """,
    "I": """
        m.floor(N); m.ceil(N); m.trunc(N); round(N); int(N); I + I; I - I; I * I; I + 3; 2 * I; 7 - I; I // 3; I % 5;
        I % -4; -I; abs(I); I & 6; I | 1; I ^ I; ~I; 1 << (I & 3); I >> 1; int(B); B + B; +B; -B; m.floor(I / 2);
        m.ceil(I); round(I); round(I, -1); round(I, 2); divmod(I, 4)[0]; divmod(I, 4)[1]; max(I, I); sum([I, B, I]);
        I if B else I; sorted([I, 1, I])[1]; len(range(I)); I ** 2; I and I; m.trunc(I * 0.75); 8 // (I or 1);
        (I).bit_length(); 2 if isinstance(I, int) else 5; hash(I); (I).real; m.gcd(I, 6); m.floor(m.ceil(N) + 0.5)
    """,
    "B": """
        N < N; N >= 0.5; 1 > N; N == N; N <= I; I < N; I == I; I != 1; I > 0.5; B & B; B | B; B ^ B; not B; B and B;
        B or B; B == B; 0 <= I < 3; bool(I); I == m.floor(I); isinstance(B, bool); True & B; B is None; I == '1';
        m.isfinite(N); B in {True}; I in (1, 2); 3 == I; I < 1e300; I == 2 ** 70
    """,
    "S": """
        format(B); str(I); '%d' % I; format(I); format(I / 2); str(I * 1.0); repr(B); format(I, '+d');
        '{:.1f}'.format(I); str(-I * 0.5); ascii(I & 1); str(I // 2.0)
    """,
}
FORMS = {kind: [form.strip() for form in forms.split(";")] for kind, forms in FORMS.items()}
SHORT = {
    "N": ["x", "x", "1.5", "-0.25", "(x - 2.0)", "(0.5 * x)"],
    "I": ["m.floor(x)", "m.ceil(x * 4.0)", "m.trunc(2.0 * x)", "round(x)", "int(x)"],
    "B": ["(x > 1)", "(x < 2)", "(x == 1.5)", "(0 <= x)"],
    "S": ["str(m.floor(x))", "format(x > 1)"],
}


@st.composite
def programs(draw, kind="N", depth=4):
    """The text of a function of x, with `m` for `math`, that gives a float ("N"), int, bool or str."""
    if not depth:
        return draw(st.sampled_from(SHORT[kind]))
    form = draw(st.sampled_from(FORMS[kind]))
    return "(" + re.sub(r"\b[NIBS]\b", lambda found: draw(programs(found[0], depth - 1)), form) + ")"


class Dual:
    """A number with its slope, which does what floats do: what the slopes found are compared with."""

    def __init__(self, value, slope=0.0):
        self.value, self.slope = value, slope


def of_dual(x):
    return (x.value, x.slope) if type(x) is Dual else (x, 0.0)


def _give_operators():
    def both(name, value, slope):
        def method(x, y):
            (a, s), (b, t) = of_dual(x), of_dual(y)
            return Dual(value(a, b), slope(a, b, s, t))

        setattr(Dual, f"__{name}__", method)
        setattr(Dual, f"__r{name}__", lambda x, y: method(y, x))

    both("add", lambda a, b: a + b, lambda a, b, s, t: s + t)
    both("sub", lambda a, b: a - b, lambda a, b, s, t: s - t)
    both("mul", lambda a, b: a * b, lambda a, b, s, t: s * b + t * a)
    both("truediv", lambda a, b: a / b, lambda a, b, s, t: s / b)  # by what is constant
    for name in ("lt", "le", "gt", "ge", "eq", "ne"):
        setattr(Dual, f"__{name}__", lambda x, y, name=f"__{name}__": getattr(x.value, name)(of_dual(y)[0]))
    for name in ("floor", "ceil", "trunc", "round", "int", "float"):
        setattr(Dual, f"__{name}__", lambda x, name=f"__{name}__": getattr(x.value, name)())


_give_operators()


def program(text):
    return eval(f"lambda x, m: {text}")


def of_neurons(f):
    """The program with the core's `math`; not of a neuron alone, so that it has a slope in any case."""
    return lambda x: f(x, gograd_core.math) + 0.0 * x


def differ(found, expected):
    """Last digits may be lost where numbers do not fit into 53 bits; that is rare."""
    return not (found == expected or abs(found - expected) <= 1e-12 * abs(expected))


def agree(text, compiled, first):
    """Floats, neurons and recordings give the same for a program, whichever of the points was recorded first."""
    f = program(text)
    expected = [of_dual(f(Dual(x, 1.0), math)) for x in POINTS]
    for x, (value, slope) in zip(POINTS, expected, strict=True):
        found = value_and_grad(of_neurons(f))(x)
        assert f(x, math) == found[0] == value, f"eager {text} at {x}"
        assert not differ(found[1], slope), f"eager slope of {text} at {x}"
    c = compiled(of_neurons(f))
    c(first)
    values, slopes = compiled(of_neurons(f)).batch().value_and_grad(np.array([first, *POINTS]))
    for x, (value, slope), *found in zip(POINTS, expected, values[1:], slopes[1:], strict=True):
        for where, (y, z) in (("one point", c.value_and_grad(x)), ("a batch", found)):
            assert c(x) == y == value, f"{text} at {x}, {where}, recorded at {first}"
            assert not differ(z, slope), f"slope of {text} at {x}, {where}, recorded at {first}"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(programs(), st.sampled_from(POINTS))
def test_programs_do_the_same_everywhere(compiled, text, first):
    agree(text, compiled, first)


@pytest.mark.parametrize(("kind", "form"), [(kind, form) for kind, forms in FORMS.items() for form in forms])
def test_every_form_does_the_same_everywhere(compiled, kind, form):
    """With short parts, so that each is there for certain."""
    parts = {"N": "(x + 0.25)", "I": "m.floor(x)", "B": "(x > 1)", "S": "str(m.floor(x))"}
    whole = re.sub(r"\b[NIBS]\b", lambda found: parts[found[0]], form)
    agree(f"{{'1': x, '1.0': 2.0 * x}}.get({whole}, 0.5 * x)" if kind == "S" else f"({whole}) * x", compiled, 1.5)
