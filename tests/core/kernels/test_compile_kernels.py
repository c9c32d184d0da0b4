"""Rules compiled by Numba: `compile_kernels`."""

from __future__ import annotations

import itertools
import math
import random
import sys

import pytest

from compositions import COMPOSITIONS
from gograd_core import (
    InvalidOperationError,
    Neuron,
    Op,
    Registry,
    UnknownOperationError,
    compile_kernels,
    current,
    engine,
)
from gograd_core.kernels.c import kernel_source
from gograd_core.namespaces import scalar
from gograd_core.namespaces.ieee import IEEEFloat
from gograd_core.testing.kernels import check_kernels
from gograd_core.testing.points import points_of
from made_up import of_rule
from slopes import value_and_slope

needs_native = pytest.mark.skipif(engine().name != "native", reason="the Python engine calls no kernels")
SPECIAL = (math.nan, math.inf, -math.inf, 0.0, -0.0, 5e-324, -1.7e308, 1.0, -2.0, 2.5, -7.3)


@pytest.fixture
def mine():
    """Your own registry, which sees installed operations too."""
    with Registry() as own:
        yield own


def compiled(registry, op):
    registered = registry.register(op)
    compile_kernels(op.name)
    return registered


@needs_native
class TestCompiled:
    @pytest.mark.parametrize(
        "name",
        [
            "exp", "log", "sqrt", "tanh", "sigmoid", "softplus", "gelu", "erf", "cbrt", "pow", "floor_divide",
            "remainder", "where", "maximum", "dot", "sum", "max", "prod", "logsumexp",
        ],
    )  # fmt: skip
    def test_conforms_to_the_rules(self, name, mine):
        shipped = mine[name]
        op = mine.register(
            Op(
                "compiled",
                **{
                    field: getattr(shipped, field)
                    for field in ("partials", "samples", "edges", "domain", "accuracy", "variadic", "implementations")
                },
                forward=shipped.formula,
            )
        )
        compile_kernels("compiled")
        check = check_kernels(op, points_of(op))
        assert (check.verdict, check.message) == ("passed", "")
        assert check.points > 30

    def test_its_origin_and_the_digest_that_kernels_in_c_have(self, mine):
        op = compiled(mine, of_rule(lambda xp, x: xp.exp(x)))
        assert op.kernels.origin == "compiled"
        assert op.kernels.digest == kernel_source(op).digest

    def test_a_partial_that_is_none_stays_none(self, mine):
        op = mine.register(Op("made_up", forward=lambda xp, x, y: x, partials=(lambda xp, out, x, y: 1.0, None)))
        compile_kernels("made_up")
        assert op.kernels.partials[1] is None
        x, y = Neuron(2.0), Neuron(3.0)
        op(x, y).backward()
        assert (x.grad, y.grad) == (1.0, 0.0)

    def test_several_at_once(self, mine):
        names = [mine.register(Op(f"made_up_{i}", forward=lambda xp, x: x, partials=(None,))).name for i in range(2)]
        compile_kernels(iter(names))
        assert all(mine[name].kernels for name in names)

    @pytest.mark.parametrize(
        "name",
        sorted(
            set(scalar.__all__)
            - {"e", "inf", "nan", "pi", "sum", "prod", "max", "min", "where", "clip"}
            - {"hypot"}  # Python computes it itself, more accurately than the C library
        ),
    )
    def test_special_values_of_every_function(self, name, mine):
        function = getattr(scalar, name)
        count = next(n for n in (1, 2) if _takes(function, n))
        rule = {
            1: lambda xp, x: xp.where(getattr(xp, name)(x), 2.0, 3.0) if is_truth else getattr(xp, name)(x),
            2: lambda xp, x, y: xp.where(getattr(xp, name)(x, y), 2.0, 3.0) if is_truth else getattr(xp, name)(x, y),
        }[count]
        is_truth = isinstance(function(*[1.0] * count), bool)
        op = mine.register(Op("made_up", forward=rule, partials=(None,) * count))
        compile_kernels("made_up")
        chance = random.Random(name)
        points = [*itertools.product(SPECIAL, repeat=count)]
        points += [tuple(chance.uniform(-9.0, 9.0) for _ in range(count)) for _ in range(200)]
        wanted = [repr(float(rule(scalar, *point))) for point in points]
        assert [repr(op.kernels.forward.ctypes(*point)) for point in points] == wanted

    OF_FUNCTIONS = {  # noqa: RUF012
        "a choice of functions": lambda xp, x: xp.where(
            x > 0.0, xp.exp(x) / (1.0 + xp.exp(x)), xp.exp(-x) * xp.exp(-x)
        ),
        "a power, a remainder and a quotient": lambda xp, x: xp.clip(x, -1.0, 1.0) ** 2 + x % 3.0 + x // 3.0,
    }

    @pytest.mark.parametrize(
        "rule", [*COMPOSITIONS.values(), *OF_FUNCTIONS.values()], ids=[*COMPOSITIONS, *OF_FUNCTIONS]
    )
    def test_compositions(self, rule, mine):
        op = compiled(mine, of_rule(rule))
        found = [repr(op.kernels.forward.ctypes(x)) for x in SPECIAL]
        assert found == [repr(float(rule(op.scope.ieee, IEEEFloat(x)))) for x in SPECIAL]

    @pytest.mark.parametrize(
        "rule",
        [
            lambda xp, x: xp.sum(x) / len(x),
            lambda xp, x: xp.sum((x - xp.sum(x) / len(x)) * xp.prod(x)),
            lambda xp, x: xp.max(x) - xp.min(x),
            lambda xp, x: xp.log(xp.sum(xp.exp(x - xp.max(x)))),
        ],
    )
    def test_columns(self, rule, mine):
        def weights(xp, out, x):
            return rule(xp, x) * xp.exp(x) / xp.sum(xp.exp(x))

        op = mine.register(Op("made_up", forward=rule, partials=(weights,), variadic=True))
        columns = [[3.0], [1.0, -2.5, 4.0], [0.1] * 50 + [math.pi]]
        before = [_value_and_gradient(op, column) for column in columns]
        compile_kernels("made_up")
        assert [_value_and_gradient(op, column) for column in columns] == before

    def test_results_on_neurons_are_the_same_to_the_last_bit(self, mine):
        def forward(xp, x):
            return xp.where(x > 0.0, xp.log1p(xp.exp(-x)) + x, xp.log1p(xp.exp(x)))

        op = mine.register(of_rule(forward, lambda xp, out, x: 1.0 / (1.0 + xp.exp(-x))))
        inputs = [x / 7.0 for x in range(-50, 50)]
        before = [value_and_slope(op, x) for x in inputs]
        compile_kernels("made_up")
        assert [value_and_slope(op, x) for x in inputs] == before


@needs_native
class TestRefused:
    @pytest.mark.parametrize(
        ("op", "reason"),
        [
            (of_rule(lambda xp, x: x if x > 0.0 else 0.0), "made_up .* has no native code: forward: .*xp.where"),
            (of_rule(lambda xp, x: x, lambda xp, out, x: math.sin(x)), "made_up .*: partial 0: must be real number"),
            (of_rule(lambda xp, x: x, opaque=True), "made_up .*: opaque"),
            (
                of_rule(lambda xp, x: x, implementations={"scalar": math.gamma}),
                "a function of Python computes its value",
            ),
            (of_rule(lambda xp, x: x > 0.0), "made_up .*: it gives a bool"),
            (
                Op("made_up", forward=lambda xp, a, b, c, d, e, f, g: a, partials=(None,) * 7),
                "made_up .*: kernels take at most 6 inputs, and it has 7",
            ),
        ],
    )
    def test_a_rule_that_cannot_be_written_out(self, op, reason, mine):
        good = mine.register(Op("good", forward=lambda xp, x: x, partials=(None,)))
        op = mine.register(op)
        with pytest.raises(InvalidOperationError, match=reason):
            compile_kernels(["good", "made_up"])
        assert good.kernels is None
        assert op.kernels is None

    def test_without_numba(self, monkeypatch, mine):
        op = mine.register(of_rule(lambda xp, x: x))
        monkeypatch.setitem(sys.modules, "numba", None)
        with pytest.raises(ImportError, match=r"pip install gograd-core\[native\]"):
            compile_kernels("made_up")
        assert op.kernels is None


def test_an_unknown_name():
    with pytest.raises(UnknownOperationError, match="no installed operation is 'tanhh'"):
        compile_kernels(["tanh", "tanhh"])


@pytest.mark.skipif(engine().name == "native", reason="the native engine runs")
def test_the_python_engine_calls_no_kernels():
    with pytest.raises(RuntimeError, match="only the native engine uses kernels; this engine is python: "):
        compile_kernels("tanh")
    assert current.registry["tanh"].kernels is None


def _takes(function, count):
    try:
        function(*[1.0] * count)
    except TypeError:
        return False
    return True


def _value_and_gradient(op, column):
    leaves = [Neuron(x) for x in column]
    out = op(leaves)
    out.backward()
    return [out.value, *(leaf.grad for leaf in leaves)]
