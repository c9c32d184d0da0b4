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

pytestmark = pytest.mark.repeated_later

POINTS = [0.625, -0.625, 1.5, -2.0, 0.0, -0.0, 2.375, 7.75, -5.125]

# Forms of expressions, by what they give: floats, ints, truth values, texts. Letters stand for parts that give those.
FORMS = {
    "N": {
        "arithmetic": "N + N; N - N; N * N; N * I; I + N; N - 0.5 * I; N * B; N * (I / 4); x / 4 ** (I & 1)",
        "choices": "N if B else N; x if I in {0, 2, 3, -2} else N; max(N, I); min(I, N)",
        "tables": """
            {0: 1.0, 1: 2.0, -1: 0.5}.get(I, x); {True: N, False: 3.0}[B];
            {'True': N, '0': 2.0 * x, '1.5': x}.get(S, 5.0 * x); [N, N, x][I % 3]
        """,
        "loops": "sum((x for _ in range(I & 3)), 0.0)",
    },
    "I": {
        "of floats": "m.floor(N); m.ceil(N); m.trunc(N); round(N); int(N); m.floor(m.ceil(N) + 0.5)",
        "of quotients and of ints": """
            m.floor(I / 2); m.trunc(I * 0.75); m.ceil(I); round(I); round(I, -1); round(I, 2)
        """,
        "arithmetic": """
            I + I; I - I; I * I; I + 3; 2 * I; 7 - I; -I; abs(I); I ** 2; I // 3; I % 5; I % -4; 8 // (I or 1);
            divmod(I, 4)[0]; divmod(I, 4)[1]
        """,
        "bits": "I & 6; I | 1; I ^ I; ~I; 1 << (I & 3); I >> 1; (I).bit_length()",
        "truth values": "int(B); B + B; +B; -B; sum([I, B, I]); I if B else I; I and I; 2 if isinstance(I, int) else 5",
        "functions": "max(I, I); sorted([I, 1, I])[1]; len(range(I)); hash(I); (I).real; m.gcd(I, 6)",
    },
    "B": {
        "comparisons of floats": "N < N; N >= 0.5; 1 > N; N == N; N <= I; m.isfinite(N)",
        "comparisons of ints": """
            I < N; I == I; I != 1; I > 0.5; 0 <= I < 3; I == m.floor(I); I == '1'; 3 == I; I < 1e300; I == 2 ** 70
        """,
        "logic": "B & B; B | B; B ^ B; not B; B and B; B or B; B == B; True & B; bool(I)",
        "containers and classes": "B in {True}; I in (1, 2); isinstance(B, bool); B is None",
    },
    "S": {
        "of truth values": "format(B); repr(B)",
        "of ints": "str(I); '%d' % I; format(I); format(I, '+d'); ascii(I & 1)",
        "of floats": "format(I / 2); str(I * 1.0); '{:.1f}'.format(I); str(-I * 0.5); str(I // 2.0)",
    },
}
FORMS = {kind: [form.strip() for forms in of.values() for form in forms.split(";")] for kind, of in FORMS.items()}
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


def answers(f, compiled, first):
    """What each world has at all points: values, and values with slopes. Compiled, one point was recorded first."""
    c = compiled(of_neurons(f))
    c(first)
    together, slopes = compiled(of_neurons(f)).batch().value_and_grad(np.array([first, *POINTS]))
    values = {"floats": [f(x, math) for x in POINTS], "compiled": list(map(c, POINTS))}
    pairs = {
        "neurons": list(map(value_and_grad(of_neurons(f)), POINTS)),
        "compiled, one point": list(map(c.value_and_grad, POINTS)),
        "compiled, a batch": list(zip(together[1:], slopes[1:], strict=True)),
    }
    return values, pairs


def of_duals(f):
    """What all of them are to be. Last digits of slopes may be lost where numbers do not fit into 53 bits."""
    found = [of_dual(f(Dual(x, 1.0), math)) for x in POINTS]
    return [(value, pytest.approx(slope, rel=1e-12, abs=0.0)) for value, slope in found]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(programs(), st.sampled_from(POINTS))
def test_programs_do_the_same_everywhere(compiled, text, first):
    f = program(text)
    expected = of_duals(f)
    values, pairs = answers(f, compiled, first)
    assert values == {world: [value for value, _ in expected] for world in values}
    assert pairs == dict.fromkeys(pairs, expected)


@pytest.mark.parametrize(("kind", "form"), [(kind, form) for kind, forms in FORMS.items() for form in forms])
def test_every_form_does_the_same_everywhere(compiled, kind, form):
    """With short parts, so that each is there for certain."""
    parts = {"N": "(x + 0.25)", "I": "m.floor(x)", "B": "(x > 1)", "S": "str(m.floor(x))"}
    whole = re.sub(r"\b[NIBS]\b", lambda found: parts[found[0]], form)
    f = program(f"{{'1': x, '1.0': 2.0 * x}}.get({whole}, 0.5 * x)" if kind == "S" else f"({whole}) * x")
    expected = of_duals(f)
    values, pairs = answers(f, compiled, 1.5)
    assert values == {world: [value for value, _ in expected] for world in values}
    assert pairs == dict.fromkeys(pairs, expected)
