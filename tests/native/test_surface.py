"""Both engines from outside: the same names, texts, values to the last bit, and errors to the letter."""

from __future__ import annotations

import json

import pytest

OPERANDS = [
    "x",
    "y",
    "z",
    "2.5",
    "0.0",
    "-0.0",
    "nan",
    "inf",
    "1e308",
    "Real(2.5)",
    "3",
    "0",
    "True",
    "10**400",
    "2**53 + 1",
    "np.float64(2.5)",
    "np.float32(0.1)",
    "np.int64(3)",
    "np.bool_(True)",
    "np.array(2.5)",
    "np.array([1.0, 2.0])",
    "np.array([1, 2])",
    "np.array([x, 2.0])",
    "np.array(['a'])",
    "decimal.Decimal('0.1')",
    "fractions.Fraction(1, 3)",
    "1j",
    "'a'",
    "b'a'",
    "None",
    "[1.0]",
    "(x,)",
    "Array()",
    "Odd()",
    "object",
    "ops.tanh",
]
BINARY = ["+", "-", "*", "/", "//", "%", "**", "@", "<<", "&", "<", "<=", ">", ">=", "==", "!="]

ALONE = """
-x; +x; abs(-x); ~x; not x; bool(Neuron(0.0)); bool(Neuron(nan)); +x is x
-z; abs(z); -Neuron(0.0); abs(Neuron(-0.0)); -Neuron(nan); abs(Neuron(-inf))
float(x); int(x); complex(x); round(x); round(x, 2); math.floor(x); math.ceil(x); math.trunc(x); math.sqrt(x)
round(x, None); int(Neuron(nan)); round(Neuron(inf)); operator.index(Neuron(-2.5));
round(Neuron(2.5)); int(Neuron(-0.5))
math.fsum([x])
range(x); [1, 2][x]; operator.index(x); "%f" % x; "%s" % x; len(x); iter(x); x[0]; x(); x.__index__()
divmod(x, 2.0); divmod(2.0, x); pow(x, 2.0); pow(x, 2.0, None); pow(x, 2, 3); pow(2, x, 3); pow(2, 3, x)
pow(2.0, x)
sum([x, y, z]); max(x, y) is y; min(x, y) is x; sorted([y, x])[0] is x; math.prod([x, y])
Neuron(1); Neuron(1.5, "w"); Neuron(value=1.5, label="w"); Neuron(True); Neuron(10**400); Neuron(-0.0); Neuron(nan)
Neuron("1"); Neuron(None); Neuron(1j); Neuron([1.0]); Neuron(x); Neuron(x.value); Neuron(Real(0.5))
Neuron(np.float32(0.1))
Neuron(np.array(0.5)); Neuron(np.array([0.5])); Neuron(decimal.Decimal(1)); Neuron(fractions.Fraction(1, 3))
Neuron(Array())
Neuron(); Neuron(1.0, "a", 3); Neuron(1.0, (x, y), "+"); Neuron(*range(9));
Neuron(1.0, value=2.0); Neuron(1.0, "a", label="b"); Neuron(1.0, label="b").label
ops.hypot([x, y]); ops.tanh([x])
Neuron(1.0, 2); Neuron(1.0, None); Neuron(1.0, b"w"); Neuron(1.0, label=Text("w"))
type(Neuron(1.0, Text("w")).label)
repr(x); str(z); f"{x}"; f"{x:.3f}"; f"{x!s:>40}"; f"{x:d}"; format(x, ""); format(x, "10"); format(x, 3)
repr(Neuron(nan, "ä'"))
x.value; z.value; x.grad; z.grad; x.label; x.operation; z.operation is ops.mul; x.constituents; z.constituents
(x + 1).constituents
type(x + 1).__name__; type((x + 1).constituents[1]); x.constituents is x.constituents
(x * 2.0 - y).constituents[0].constituents
ops.where(x > y, x, y); ops.sum([x, 1.0, y]).constituents; ops.dot([x, y], [1, z]).constituents
ops.clip(x, 0.0, y).constituents
ops.sum([]); ops.sum(()); ops.dot([x], [y, z]); ops.sum(x); ops.sum("ab"); ops.sum([x, "a"]); ops.sum([x, None])
ops.sum([x, np.float32(1)])
ops.sum((x, y)); ops.sum({x: y}); ops.sum(w for w in (x, y)); ops.sum([[x]]); ops.sum(np.array([x, y]))
ops.sum([nan, x]); ops.sum([inf, x])
ops.dot([x, 2], (y, 3)); ops.mean([x, y, z]); ops.max([x, x]); ops.norm([x, y]); ops.sum([1.0, 2])
ops.sum([True, False]); ops.sum([10**400])
ops.tanh(x); x.tanh(); Neuron.tanh(x); ops.tanh(0.5); Neuron.tanh(0.5); ops.tanh(1); ops.tanh(True); ops.tanh("a")
ops.tanh(None)
ops.tanh(np.array([0.5])); ops.tanh(np.array([x, 0.5])); ops.tanh(Array()); ops.tanh([x])
ops.tanh(fractions.Fraction(1, 3))
ops.tanh(); ops.tanh(x, y); ops.tanh(x=x); x.tanh(y); x.tanh(y=y); Neuron.tanh(); x.atan2(y); x.atan2()
x.atan2(y, y); x.atan2("a")
ops.atan2(x, y=y); ops.atan2(2.0, 3); ops.clip(x, 0.0); ops.clip(x, lower=0.0, upper=1.0); ops.fma(x, y, 1)
x.fma(y, z)
ops.log(-x); ops.log(Neuron(0.0)); ops.log(-1.0); ops.log(0); ops.exp(x * 1000); x / 0.0; x / 0; 1 / Neuron(0.0)
0.0 / Neuron(0.0); x % 0
(-x) ** 0.5; Neuron(0.0) ** -1; Neuron(10.0) ** 400; x ** 0; Neuron(0.0) ** 0; Neuron(nan) ** 0; ops.sqrt(-1.0)
ops.log(nan); ops.log(Neuron(inf))
ops.sqrt(x, x, x, x, x, x, x); ops.missing(x); x.missing(); x.missing; x._missing; Neuron.missing
hasattr(x, "tanh"); getattr(x, "nope", 1)
x.backward; x.backward(1.0, 2.0); x.backward(sed=1.0); Neuron.backward(); Neuron.backward(1.0)
Neuron.__add__(1.0, x); Neuron.__neg__(1.0)
Neuron.__radd__(x, 2.0); Neuron.__add__(x, 2.0); x.__add__("a"); x.__radd__("a"); x.__pow__(2.0); x.__rpow__(2.0)
x.__eq__(2.0); x.__lt__("a")
Neuron.value.__get__(x); Neuron.value.__get__(1.0); Neuron.value.__set__(1.0, 2.0)
Neuron.value.__get__(None, Neuron) is Neuron.value
isinstance(x, Neuron); issubclass(Neuron, float); type(x) is Neuron; isinstance(x, float); callable(x)
hash(x) == hash(x); hash(x) == hash(Neuron(2.0))
x in [Neuron(2.0)]; x in {Neuron(2.0)}; len({x, Neuron(2.0)}); {x: 1}[x]; x == x; Neuron(nan) == Neuron(nan); x == 2
x == 2.0; x != "a"; x == None
copy.copy(x); copy.deepcopy(x); copy.deepcopy([x, x])[0].value; copy.copy(z); copy.deepcopy(z)
pickle.loads(pickle.dumps(x)); pickle.dumps(z)
x.__reduce__(); x.__reduce_ex__(2); z.__reduce_ex__(4); object.__reduce_ex__(x, 2); copy.copy(x) is x
gradient(z, x); gradient(z, [x, y]); gradient(z, z); gradient(x, y); gradient(z, 1.0); gradient(1.0, x)
gradient(z, [x, 2.0]); gradient(z, {"a": x})
gradient(z, x, create_graph=True); gradient(gradient(z * z, x, create_graph=True), y)
gradient(z, x, create_graph=True) * 2; gradient(z, [])
weakref.ref(x); vars(x); x.__dict__; x.__weakref__; sys.getrefcount(x) > 0; x.__class__ is Neuron
grad(lambda a: a * a)(3.0); value_and_grad(ops.tanh)(0.5); jvp(lambda a: a * a, (3.0,), (1.0,))
hessian(lambda v: v[0] ** 2 * v[1])([2.0, 3.0])
int.__add__(1, x); float.__add__(1.0, x); (1.0).__eq__(x); np.float64(2.0) == x; np.array([1.0, 2.0]) < x
np.sqrt(x); np.sum([x, y]); np.dot([x], [y])
np.array([x, y]) * np.array([y, x]); np.exp(np.array([x])); np.array([x]).astype(float); np.asarray(x).dtype
np.array([x, y]).sum()
"""

STATEMENTS = [
    "x += 1.0\nx",
    "w = x\nx *= y\n(x, w)",
    "x **= 2\nx",
    "x -= 'a'\nx",
    "x @= y\nx",
    "x.value = 5.0\nx",
    "x.value = 5\nx",
    "x.value = True\nx",
    "x.value = np.float32(0.1)\nx",
    "x.value = fractions.Fraction(1, 3)\nx",
    "x.value = nan\nx",
    "x.value = '5'\nx",
    "x.value = None\nx",
    "x.value = y\nx",
    "x.value = 10**400\nx",
    "x.value += 1\nx",
    "z.value = 5.0\nz",
    "z.value = 'a'\nz",
    "del x.value\nx",
    "del x.grad\nx",
    "del x.label\nx",
    "del x.operation\nx",
    "del x.nothing\nx",
    "del x.tanh\nx",
    "x.grad = 5\nx",
    "x.grad = nan\nx",
    "x.grad = 'a'\nx",
    "x.grad = None\nx",
    "x.grad = y\nx",
    "x.grad = 1j\nx",
    "x.grad = 10**400\nx",
    "z.grad = 3\nz",
    "x.grad += 1\nx",
    "x.label = 'w'\nx",
    "x.label = 3\nx",
    "x.label = None\nx",
    "x.label = Text('w')\n(x, type(x.label))",
    "z.label = 'z'\nrepr(z)",
    "x.operation = ops.add\nx",
    "x.constituents = ()\nx",
    "x.nothing = 1\nx",
    "x.tanh = 1\nx",
    "x.backward = None\nx",
    "x.__class__ = float\nx",
    "z.backward()\nz",
    "z.backward(2)\nz",
    "z.backward(seed=0.5)\nz",
    "z.backward(True)\nz",
    "z.backward(np.float32(0.1))\nz",
    "z.backward(0.0)\nz",
    "z.backward(-0.0)\nz",
    "z.backward(nan)\nz",
    "z.backward(inf)\nz",
    "z.backward(1e308)\nz",
    "(z * 1e10).backward(1e308)\nz",
    "z.backward('1')\nz",
    "z.backward(None)\nz",
    "z.backward(y)\nz",
    "z.backward(10**400)\nz",
    "z.backward()\nz.backward()\nz",
    "x.backward()\nx",
    "x.backward(2.5)\nx",
    "x.grad = nan\nz.backward()\nz",
    "x.grad = inf\nz.backward()\nz",
    "z.grad = nan\nz.backward()\nz",
    "(z * z - x / y).backward()\nz",
    "(x * 0.0).backward()\nz",
    "ops.where(x > 0.0, x, ops.log(-x + 2.0)).backward()\nx",
    "ops.sqrt(x * 0.0).backward()\nx",
    "ops.sqrt(x * 0.0).backward(0.0)\nx",
    "with errstate(domain='ignore'): ops.sqrt(x * 0.0).backward()\nx",
    "with errstate(domain='ignore'): w = ops.log(-x)\nw",
    "with errstate(domain='ignore'): w = x / 0.0; w.backward()\nw",
    "with errstate(domain='ignore'): z.backward(nan)\nz",
    "with errstate(domain='ignore'): w = 1e308 * x\nw",
    "with no_grad(): w = x * y\nw",
    "with no_grad(): w = x + 1; v = ops.sum([x, y]); u = ops.tanh(x); t = -x; s = 2 * x\n(w, v, u, t, s)",
    "with no_grad(): w = z * x; w.backward()\n(w, z)",
    "x.value = 3.0\nz.backward()\nz",
    "x.value = 3.0\ngradient(z, y)",
    "x.value = 3.0\n(x * y).backward()\nx",
    "x.value = x.value\nz.backward()\nz",
    "w = x * x * x\nw.backward()\nw",
    "w = ops.sum([x, x, y, 2.0, z])\nw.backward()\nw",
    "w = ops.dot([x, y, 1.0], [z, z, x])\nw.backward()\nw",
    "w = ops.max([x, y, x])\nw.backward()\nw",
    "w = ops.norm([x * 0.0, y * 0.0])\nw.backward()\nw",
    "ops.norm([]).backward()\nx",
    "ops.sum([x]).backward(0.25)\nx",
    "w = ops.clip(x, 0.0, y) * ops.fma(x, y, z)\nw.backward()\nw",
    "class S(Neuron): pass\nS",
    "class S(Neuron, label='a'): pass\nS",
    "type('S', (Neuron,), {})",
    "class S(float, Neuron): pass\nS",
    "Neuron.__init_subclass__()",
    "op(lambda xp, a: 2 * a, lambda xp, out, a: 2.0)(x)",
    "op(lambda xp, a: 1, lambda xp, out, a: 2)(x)",
    "op(lambda xp, a: True, None)(x)",
    "op(lambda xp, a: 'a', lambda xp, out, a: 2.0)(x)",
    "op(lambda xp, a: None, lambda xp, out, a: 2.0)(x)",
    "op(lambda xp, a: 1j, lambda xp, out, a: 2.0)(x)",
    "op(lambda xp, a: nan, lambda xp, out, a: 2.0)(x)",
    "op(lambda xp, a: 10**400, lambda xp, out, a: 2.0)(x)",
    "op(lambda xp, a: x, lambda xp, out, a: 2.0)(x)",
    "op(lambda xp, a: np.float64(a), lambda xp, out, a: np.float64(2))(x)",
    "op(lambda xp, a: Real(a), lambda xp, out, a: Real(2))(x)",
    "op(fails(ValueError('once')), lambda xp, out, a: 2.0)(x)",
    "op(fails(ValueError('twice'), 2), lambda xp, out, a: 2.0)(x)",
    "op(fails(ZeroDivisionError('twice'), 2), lambda xp, out, a: 2.0)(x)",
    "op(fails(LookupError('never again')), lambda xp, out, a: 2.0)(x)",
    "op(fails(LookupError('persistent'), 9), lambda xp, out, a: 2.0)(x)",
    "op(fails(KeyboardInterrupt('now')), lambda xp, out, a: 2.0)(x)",
    "op(fails(MemoryError('full'), 9), lambda xp, out, a: 2.0)(x)",
    "op(lambda xp, a, b: a / b, lambda xp, out, a, b: 1 / b, None)(x, 0.0)",
    "op(lambda xp: 1.0, lambda xp, out, a: 2.0)(x)",
    "op(lambda xp, a: a)",
    "w = op(lambda xp, a: a, None)(x)\nw.backward()\nw",
    "w = op(lambda xp, a, b: a * b, None, lambda xp, out, a, b: a)(x, y)\nw.backward()\nw",
    "w = op(lambda xp, a: a, lambda xp, out, a: 3)(x)\nw.backward()\nw",
    "w = op(lambda xp, a: a, lambda xp, out, a: True)(x)\nw.backward()\nw",
    "w = op(lambda xp, a: a, lambda xp, out, a: 'a')(x)\nw.backward()\nw",
    "w = op(lambda xp, a: a, lambda xp, out, a: None)(x)\nw.backward()\nw",
    "w = op(lambda xp, a: a, lambda xp, out, a: 1j)(x)\nw.backward()\nw",
    "w = op(lambda xp, a: a, lambda xp, out, a: 10**400)(x)\nw.backward()\nw",
    "w = op(lambda xp, a: a, lambda xp, out, a: nan)(x)\nw.backward()\nw",
    "w = op(lambda xp, a: a, lambda xp, out, a: inf)(x)\nw.backward()\nw",
    "w = op(lambda xp, a: a, lambda xp, out, a: 1 / 0.0)(x)\nw.backward()\nw",
    "w = op(lambda xp, a: a, lambda xp, out, a: np.float32(0.1))(x)\nw.backward()\nw",
    "w = op(lambda xp, a: a, lambda xp, out, a: fractions.Fraction(1, 3))(x)\nw.backward()\nw",
    "w = op(lambda xp, a: a, lambda xp, out, a: decimal.Decimal(2))(x)\nw.backward()\nw",
    "w = op(lambda xp, a: a, lambda xp, out, a: y)(x)\nw.backward()\nw",
    "w = op(lambda xp, a: a, lambda xp, out: 1.0)(x)\nw.backward()\nw",
    "w = op(lambda xp, a: a, fails(LookupError('persistent'), 9))(x)\nw.backward()\nw",
    "w = op(lambda xp, a: a, fails(KeyboardInterrupt('now')))(x)\nw.backward()\nw",
    "w = op(lambda xp, a: a, fails(KeyboardInterrupt('now')))(x)\ngradient(w, x)",
    "w = op(lambda xp, a: a, fails(LookupError('persistent'), 9))(x)\ngradient(w, x, create_graph=True)",
    "w = op(lambda xp, *a: sum(a), *[lambda xp, out, *a: 2.0] * 7)(x, y, z, 1, 2.0, x, x)\nw.backward()\nw",
    "w = op(lambda xp, *a: sum(a), *[lambda xp, out, *a: 2.0] * 6)(x, y, z, 1, 2.0, x)\nw.backward()\nw",
    "w = op(lambda xp, *a: sum(a), *[lambda xp, out, *a: 'a'] * 6)(x, y, z, 1, 2.0, x)\nw.backward()\nw",
    "w = op(lambda xp, *a: sum(a), *[lambda xp, out, *a: 2.0] * 3)(x, y)\nw",
    "w = op(lambda xp, a: xp.sum(a * a), lambda xp, out, a: a + a, variadic=True)([x, 2, z])\nw.backward()\nw",
    "w = op(lambda xp, a: xp.sum(a * a), lambda xp, out, a: 3, variadic=True)([x, 2, z])\nw.backward()\nw",
    "w = op(lambda xp, a: a, lambda xp, out, a: 3, variadic=True)([x, 2, z])\nw",
    "w = op(lambda xp, a: xp.sum(a), lambda xp, out, a: 'a', variadic=True)([x, 2, z])\nw.backward()\nw",
    "w = op(lambda xp, a: a, lambda xp, out, a: 1.0, opaque=True)(x)\ngradient(w, x, create_graph=True)",
]

EXPRESSIONS = [part.strip() for line in ALONE.strip().splitlines() for part in line.split(";")] + STATEMENTS
BESIDE = {
    operand: [
        program
        for operator in BINARY
        for program in (f"x {operator} ({operand})", f"({operand}) {operator} x", f"z {operator} ({operand})")
    ]
    for operand in OPERANDS
}

ITS_OWN_WORDS = "the wrong number or kind of arguments is refused by CPython or Cython, each in its own words"
SELF = "a method of a compiled class is not called for another class"
PURE = "a rule that raises may be asked once more; rules are functions of their inputs alone"
NO_SIGNATURE = "what is called through a slot of C has none that inspect can read"

DIFFERENT = {
    "pow(x, 2, 3)": ITS_OWN_WORDS,
    "x.__weakref__": ITS_OWN_WORDS,
    "Neuron.tanh()": ITS_OWN_WORDS,
    "x.backward(1.0, 2.0)": ITS_OWN_WORDS,
    "x.backward(sed=1.0)": ITS_OWN_WORDS,
    "Neuron.backward()": ITS_OWN_WORDS,
    "del x.operation\nx": ITS_OWN_WORDS,
    "x.operation = ops.add\nx": ITS_OWN_WORDS,
    "x.constituents = ()\nx": ITS_OWN_WORDS,
    "Neuron.backward(1.0)": SELF,
    "Neuron.__add__(1.0, x)": SELF,
    "Neuron.__neg__(1.0)": SELF,
    "Neuron.value.__get__(1.0)": SELF,
    "Neuron.value.__set__(1.0, 2.0)": SELF,
    "op(fails(ValueError('twice'), 2), lambda xp, out, a: 2.0)(x)": PURE,
    "op(fails(ZeroDivisionError('twice'), 2), lambda xp, out, a: 2.0)(x)": PURE,
}


@pytest.fixture(scope="module")
def answers(both):
    """To every program above, by both engines."""
    return both("expressions.py", EXPRESSIONS + [program for beside in BESIDE.values() for program in beside])


@pytest.fixture(scope="module")
def surfaces(both):
    native, python = both("surface.py")
    return [plain(native), plain(python)]


def plain(answer):
    """With the class called alike: CPython's own messages name one that was compiled by its full name."""
    return json.loads(json.dumps(answer).replace("gograd_core.Neuron", "Neuron"))


def differences(answers, programs):
    native, python = answers
    return {
        program: {"native": native[program], "python": python[program]}
        for program in programs
        if plain(native[program]) != plain(python[program])
    }


def test_expressions_and_statements(answers):
    assert differences(answers, [program for program in EXPRESSIONS if program not in DIFFERENT]) == {}


def test_those_that_differ_are_refused_by_one_at_least(answers):
    assert differences(answers, DIFFERENT).keys() == DIFFERENT.keys()
    for program in DIFFERENT:
        assert "raised" in (answers[0][program][0][0], answers[1][program][0][0])


@pytest.mark.parametrize("operand", OPERANDS)
def test_operators_beside(answers, operand):
    assert differences(answers, BESIDE[operand]) == {}


def test_class_and_methods(surfaces):
    native, python = surfaces
    assert {name for name in native if native[name] != python[name]} == {"special methods"}
    newer = {"__firstlineno__", "__replace__", "__static_attributes__"}  # of classes in Python, since 3.13
    assert {*python["special methods"]} - {*native["special methods"]} - newer == {
        "__annotations__",
        "__final__",
        "__module__",
        "__slots__",
        "__weakref__",
    }
    assert {*native["special methods"]} <= {*python["special methods"]}


def test_random_graphs_to_the_last_bit(both):
    """Of operations that give the same bits by kernel and by rule; both engines add adjoints in the same order."""
    native, python = both("graphs.py")
    assert len(native) == 300
    assert native == python
