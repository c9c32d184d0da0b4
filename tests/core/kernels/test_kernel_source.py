"""Rules written out as symbols, and printed in C."""

from __future__ import annotations

import math
import re
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from gograd_core import Op, PluginWarning, Registry, current
from gograd_core.extend import with_kernels
from gograd_core.kernels import libm, shipped
from gograd_core.kernels.c import kernel_source
from gograd_core.kernels.expansion import ExpansionError, expand
from gograd_core.kernels.extension import print_extension
from gograd_core.kernels.fingerprint import fingerprint
from gograd_core.kernels.symbols import postorder
from made_up import of_rule

SHIPPED = ("gograd_ops_basic", "gograd_ops_extra")


def column(forward, partial=lambda xp, out, x: 0.0):
    return of_rule(forward, partial, variadic=True)


def statements(code, function):
    """What stands between the braces of a function, without the indentation of all of it."""
    (body,) = re.findall(rf"{function}\(.*\)\n{{\n((?:    .*\n)*)}}", code)
    return [line[4:] for line in body.splitlines()]


def forward_of(op):
    return statements(kernel_source(op).code, "made_up_forward")


def partial_of(op):
    return statements(kernel_source(op).code, "made_up_by_x")


@pytest.mark.parametrize("module", SHIPPED)
def test_the_c_that_is_shipped_is_current(module):
    plugin = import_module(module)
    source = Path(plugin.__file__).with_name("_kernels.c").read_text(encoding="utf-8")
    assert source == print_extension(plugin.gograd_ops(), module).text, f"gograd kernels {module}"


@pytest.mark.parametrize("module", SHIPPED)
def test_the_extension_that_is_built_is_current(module):
    try:
        built = import_module(f"{module}._kernels").KERNELS
    except ImportError:
        pytest.skip("it is not built here")
    printed = print_extension(import_module(module).gograd_ops(), module).kernels
    assert {name: digest for name, (digest, *_) in built.items()} == {each.name: each.digest for each in printed}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (lambda xp, x: x + 1, "x + 1.0"),
        (lambda xp, x: 1 - (x - 2), "1.0 - (x - 2.0)"),
        (lambda xp, x: (x - 1) - 2, "x - 1.0 - 2.0"),
        (lambda xp, x: 2 * (x + 1) / 3, "2.0 * (x + 1.0) / 3.0"),
        (lambda xp, x: 1 / (2 * x), "1.0 / (2.0 * x)"),
        (lambda xp, x: -xp.negative(x), "-(-x)"),
        (lambda xp, x: -x + +x, "-x + x"),
        (lambda xp, x: x - -1.0, "x - -1.0"),
        (lambda xp, x: 2**x, "pow(2.0, x)"),
        (lambda xp, x: x % 3, "xp_remainder(x, 3.0)"),
        (lambda xp, x: x // 3, "xp_floor_divide(x, 3.0)"),
        (lambda xp, x: 3 % x, "xp_remainder(3.0, x)"),
        (lambda xp, x: abs(x), "fabs(x)"),
        (lambda xp, x: xp.round(x), "rint(x)"),
        (lambda xp, x: xp.square(x), "x * x"),
        (lambda xp, x: xp.reciprocal(x), "1.0 / x"),
        (lambda xp, x: xp.positive(x), "x"),
        (lambda xp, x: xp.clip(x, -1.0, 1.0), "xp_minimum(xp_maximum(x, -1.0), 1.0)"),
        (lambda xp, x: xp.clip(x, max=1.0), "xp_minimum(x, 1.0)"),
        (lambda xp, x: xp.where(x > 0, x, 0.0), "x > 0.0 ? x : 0.0"),
        (lambda xp, x: xp.where(x, 1.0, 2.0), "x ? 1.0 : 2.0"),
        (lambda xp, x: xp.where(2.0 > 1.0, x, 0.0), "x"),
        (lambda xp, x: xp.where(xp.logical_not(x < 0), 1.0, x), "!(x < 0.0) ? 1.0 : x"),
        (
            lambda xp, x: xp.where(xp.logical_and(x > 0, xp.logical_or(x < 1, xp.isnan(x))), 1.0, x),
            "x > 0.0 && (x < 1.0 || isnan(x)) ? 1.0 : x",
        ),
        (lambda xp, x: xp.where(xp.logical_xor(x, x < 1), 1.0, x), "!x != !(x < 1.0) ? 1.0 : x"),
        (lambda xp, x: xp.where((x < 0) == (x < 1), 1.0, x), None),
        (lambda xp, x: 2.0 * (x > 0), "2.0 * (x > 0.0 ? 1.0 : 0.0)"),
        (lambda xp, x: x * True, "x * 1.0"),
        (lambda xp, x: xp.inf * x, "INFINITY * x"),
        (lambda xp, x: x + -math.inf, "x + -INFINITY"),
        (lambda xp, x: xp.nan, "NAN"),
        (lambda xp, x: x * -0.0, "x * -0.0"),
        (lambda xp, x: x + 0.1, "x + 0x1.999999999999ap-4 /* 0.1 */"),
        (lambda xp, x: x * xp.log(2.0), f"x * {math.log(2.0).hex()} /* {math.log(2.0)!r} */"),
        (lambda xp, x: x * (1.0 / xp.log(1.0)), "x * INFINITY"),  # as the rule on floats that follow IEEE 754
    ],
)
def test_expressions(rule, expected):
    *before, last = forward_of(of_rule(rule))
    if expected is None:  # truth values are compared as numbers
        expected = "(x < 0.0 ? 1.0 : 0.0) == (x < 1.0 ? 1.0 : 0.0) ? 1.0 : x"
    assert (before, last) == ([], f"return {expected};")


def test_what_is_used_twice_is_computed_once():
    rule = of_rule(lambda xp, x: xp.exp(x) / (1.0 + xp.exp(x)))
    assert forward_of(rule) == ["const double t1 = exp(x);", "return t1 / (1.0 + t1);"]


def test_an_arm_that_is_not_taken_is_not_computed():
    def rule(xp, x):
        decay = xp.exp(-x)
        return xp.where(x < 1.0, xp.log(x), decay * (1.0 - decay))

    assert forward_of(of_rule(rule)) == [
        "double t1;",
        "if (x < 1.0) {",
        "    t1 = log(x);",
        "} else {",
        "    const double t2 = exp(-x);",
        "    t1 = t2 * (1.0 - t2);",
        "}",
        "return t1;",
    ]


def test_what_both_arms_need_is_computed_before():
    def rule(xp, x):
        decay = xp.exp(-x)
        return xp.where(x < 1.0, decay, 1.0 - decay)

    assert forward_of(of_rule(rule)) == ["const double t1 = exp(-x);", "return x < 1.0 ? t1 : 1.0 - t1;"]


def test_columns_become_loops_from_left_to_right():
    assert forward_of(column(lambda xp, x: xp.sum(x * x))) == [
        "double t1 = 0.0;",
        "for (intptr_t i = 0; i < n; i++)",
        "    t1 += x[i] * x[i];",
        "return t1;",
    ]


def test_reductions_share_loops_unless_one_waits_for_another():
    def rule(xp, x):
        mean = xp.sum(x) / len(x)
        return xp.sum((x - mean) * xp.prod(x))

    assert forward_of(column(rule)) == [
        "double t1 = 0.0;",
        "double t2 = 1.0;",
        "for (intptr_t i = 0; i < n; i++) {",
        "    t1 += x[i];",
        "    t2 *= x[i];",
        "}",
        "double t3 = 0.0;",
        "const double t4 = t1 / (double)n;",
        "for (intptr_t i = 0; i < n; i++)",
        "    t3 += (x[i] - t4) * t2;",
        "return t3;",
    ]


def test_a_partial_stores_a_column_or_repeats_a_number():
    op = column(lambda xp, x: xp.sum(x), lambda xp, out, x: xp.exp(out))
    assert partial_of(op) == ["const double t1 = exp(out);", "for (intptr_t i = 0; i < n; i++)", "    d[i] = t1;"]


def test_a_column_needed_in_two_loops_is_kept_in_the_result():
    op = column(lambda xp, x: xp.sum(x), lambda xp, out, x: xp.exp(x) / xp.sum(xp.exp(x)))
    assert partial_of(op) == [
        "double t1 = 0.0;",
        "for (intptr_t i = 0; i < n; i++) {",
        "    d[i] = exp(x[i]);",
        "    t1 += d[i];",
        "}",
        "for (intptr_t i = 0; i < n; i++)",
        "    d[i] = d[i] / t1;",
    ]


def test_operations_that_a_rule_calls_are_written_out():
    mine = Registry()
    mine.register(Op("thrice", forward=lambda xp, x: 3.0 * x, partials=(lambda xp, out, x: 3.0,)))
    mine.register(of_rule(lambda xp, x: xp.thrice(x) + xp.thrice(1.0)))
    assert forward_of(mine["made_up"]) == ["return 3.0 * x + 3.0;"]


@pytest.mark.parametrize(
    ("inputs", "signatures"),
    [
        (("x",), ("double (double)", "double (double, double)")),
        (("x", "y"), ("double (double, double)", "double (double, double, double)")),
    ],
)
def test_signatures(inputs, signatures):
    rule = eval(f"lambda xp, {', '.join(inputs)}: 1.0")
    partial = eval(f"lambda xp, out, {', '.join(inputs)}: 1.0")
    assert kernel_source(Op("made_up", forward=rule, partials=(partial,) * len(inputs))).signatures == signatures


def test_signatures_of_columns():
    op = current.registry["dot"]
    assert kernel_source(op).signatures == (
        "double (intptr_t, double *, double *)",
        "void (double, intptr_t, double *, double *, double *)",
    )


def test_inputs_are_not_called_what_means_something_else_in_c():
    def rule(xp, exp, long, d):
        return xp.exp(exp) + long + d

    def none(xp, out, exp, long, d):
        return 0.0

    source = kernel_source(Op("made_up", forward=rule, partials=(none, None, none)))
    assert "made_up_forward(double exp_, double long_, double d_)" in source.code
    assert source.functions == ("made_up_forward", "made_up_by_exp", None, "made_up_by_d")


def test_inputs_with_letters_that_c_may_not_know():
    def rule(xp, φ):
        return xp.sin(φ)

    source = kernel_source(Op("made_up", forward=rule, partials=(lambda xp, out, φ: xp.cos(φ),)))
    assert source.code.isascii()


@pytest.mark.parametrize(
    ("op", "reason"),
    [
        (of_rule(lambda xp, x: x if x > 0 else 0.0), "choose with xp.where"),
        (of_rule(lambda xp, x: math.sin(x)), "forward: must be real number, not Symbol"),
        (of_rule(lambda xp, x: [x]), "forward: expected a number or a symbol"),
        (of_rule(lambda xp, x: x.nothing()), "forward: 'Symbol' object has no attribute 'nothing'"),
        (of_rule(lambda xp, x: x * "2"), "forward: can't multiply sequence|forward: unsupported operand"),
        (of_rule(lambda xp, x: x, lambda xp, out, x: xp.no_such_operation(x)), "partial 0: .*no_such_operation"),
        (of_rule(lambda xp, x: xp.sum(x)), "xp.sum expects a column"),
        (of_rule(lambda xp, x: x * len(x)), "only a column has a len"),
        (of_rule(lambda xp, x: x > 0), "it gives a bool"),
        (of_rule(lambda xp, x: True), "it gives a bool"),
        (of_rule(lambda xp, x: x, opaque=True), "opaque"),
        (of_rule(lambda xp, x: x, implementations={"scalar": math.gamma}), "a function of Python computes its value"),
        (of_rule(lambda xp, x: xp.gamma(x)), "forward calls gamma .*a function of Python computes its value"),
        (column(lambda xp, x: x), "forward returns a column"),
        (column(lambda xp, x: x[0]), "forward: 'Symbol' object is not subscriptable"),
        (column(lambda xp, x: sum(x)), "forward: 'Symbol' object is not iterable"),
        (column(lambda xp, x: xp.sum(x) * (len(x) - 1)), "it computes with len"),
        (column(lambda xp, x: xp.sum(x) if len(x) % 2 else 0.0), "it computes with len"),
        (column(lambda xp, x: xp.sum(x) if len(x) else 1.0), "it computes with len"),
        (column(lambda xp, x: xp.max(x) if len(x) > 1 else xp.sum(x)), "it computes with len"),
        (column(lambda xp, x: xp.sum(x) / sum(1.0 for _ in range(len(x) + 1))), "it computes with len"),
        (column(lambda xp, x: 100_003.0 * xp.sum(x)), "it computes with len"),  # what stands for the length
    ],
)
def test_rules_that_have_no_kernels(op, reason):
    with pytest.raises(ExpansionError, match=reason):
        kernel_source(op)


@pytest.mark.parametrize(
    "rule",
    [
        lambda xp, x: xp.sum(x) / len(x),
        lambda xp, x: xp.sum(x) * xp.divide(1.0, len(x)),
        lambda xp, x: xp.sum(x) / xp.maximum(xp.subtract(len(x), 1.0), 1.0),
        lambda xp, x: len(x),
        lambda xp, x: xp.where(xp.equal(len(x), 0.0), 0.0, xp.sum(x)),
    ],
)
def test_the_length_of_a_column(rule):
    assert "(double)n" in forward_of(column(rule))[-1]


def test_equal_expressions_are_one_symbol():
    expansion = expand(of_rule(lambda xp, x: xp.exp(x) + xp.exp(x) + 0.0 - (-0.0)))
    assert [symbol.function for symbol in postorder([expansion.forward])] == [
        "input", "exp", "add", "constant", "add", "constant", "subtract",
    ]  # fmt: skip


def test_functions_of_the_c_library():
    op = of_rule(lambda xp, x: xp.erf(x) * xp.erf(0.5))
    assert forward_of(op) == [f"return erf(x) * {math.erf(0.5).hex()} /* {math.erf(0.5)!r} */;"]
    assert libm.erf(0.5) == math.erf(0.5)


def test_the_digest_tells_rules_apart_and_counts_helpers():
    one, other = (kernel_source(of_rule(lambda xp, x, c=c: xp.maximum(x, c))) for c in (0.0, 1.0))
    assert one.helpers == other.helpers == ("xp_maximum",)
    assert one.digest != other.digest
    assert re.fullmatch("[0-9a-f]{16}", one.digest)


def test_an_extension_holds_only_the_helpers_that_it_uses():
    text = print_extension([of_rule(lambda xp, x: xp.maximum(x, 0.0))], "my_ops").text
    assert "xp_maximum(double x, double y)" in text
    assert "xp_minimum" not in text
    assert "PyInit__kernels" in text


def same(xp, x):
    return x


def twice(xp, x):
    return FACTOR * x


FACTOR = 2.0


@pytest.fixture
def built(monkeypatch):
    """An extension, as if it were built, with kernels of one operation."""
    extension = ModuleType("my_ops_kernels")
    extension.KERNELS = {"made_up": ("0123", fingerprint(of_rule(same)), "forward", ("partial",))}
    monkeypatch.setitem(sys.modules, extension.__name__, extension)
    return extension.__name__


def run_engine(monkeypatch, name):
    monkeypatch.setattr(shipped, "engine", lambda: SimpleNamespace(name=name))


def test_with_kernels_attaches_what_was_built(built, monkeypatch):
    run_engine(monkeypatch, "native")
    attached = []
    monkeypatch.setattr(Op, "attach", lambda op, kernels: attached.append((op, kernels)))
    one = of_rule(same)
    other = Op("another", forward=lambda xp, x: x, partials=(None,))
    assert with_kernels([one, other], built) == (one, other)
    ((op, kernels),) = attached
    assert op is one
    assert (kernels.digest, kernels.forward, kernels.partials) == ("0123", "forward", ("partial",))
    assert kernels.origin == "shipped"


def test_kernels_of_rules_that_were_changed_are_left_out_with_a_warning(built, monkeypatch):
    run_engine(monkeypatch, "native")
    op = of_rule(twice)
    with pytest.warns(PluginWarning, match=r"generated before the rules .* changed: made_up\. .*gograd kernels"):
        assert with_kernels([op], built) == (op,)
    assert op.kernels is None


def test_a_fingerprint_covers_what_rules_use_by_name(monkeypatch):
    before = fingerprint(of_rule(twice))
    assert fingerprint(of_rule(twice)) == before != fingerprint(of_rule(same))
    monkeypatch.setitem(globals(), "FACTOR", 3.0)
    assert fingerprint(of_rule(twice)) != before


@pytest.mark.parametrize(("engine", "module"), [("python", "my_ops_kernels"), ("native", "no_such_extension")])
def test_with_kernels_leaves_operations_alone_otherwise(engine, module, built, monkeypatch):
    run_engine(monkeypatch, engine)
    op = of_rule(lambda xp, x: x)
    assert with_kernels([op], module) == (op,)
    assert op.kernels is None


@pytest.mark.parametrize(
    "error",
    [
        ImportError("undefined symbol: gamma"),
        ModuleNotFoundError("No module named 'needed'", name="needed"),
        AttributeError("module has no attribute 'KERNELS'"),
    ],
)
def test_with_kernels_says_so_if_an_extension_is_there_and_cannot_be_loaded(error, monkeypatch):
    def fail(name):
        raise error

    run_engine(monkeypatch, "native")
    monkeypatch.setattr(shipped, "import_module", fail)
    op = of_rule(same)
    with pytest.warns(PluginWarning, match=re.escape(f"offers no kernels, so rules run in Python: {error}")):
        assert with_kernels([op], "my_ops_kernels") == (op,)
