"""The sentence that helps: what a newcomer types who knows another engine, and what the error names instead."""

from __future__ import annotations

import copy
import pickle
import pydoc
import re
import subprocess
import sys

import numpy as np
import pytest

import gograd_core
from gograd_core import (
    InvalidOperationError,
    Neuron,
    Op,
    Registry,
    check_grad,
    derivative,
    grad,
    gradient,
    hessian,
    hvp,
    jacobian,
    jvp,
    ops,
    value_and_grad,
    vjp,
    zero_grad,
)
from gograd_core.checked.neuron import MISNOMERS
from plugin_reports import load, record


def three_inputs(xp, x, nu, scale):
    return x * nu * scale


def typed(code, **names):
    known = {"Neuron": Neuron, "ops": ops, "gograd_core": gograd_core, "gradient": gradient, "zero_grad": zero_grad}
    known |= {"check_grad": check_grad, "jvp": jvp}
    return eval(code, {**known, "x": Neuron(3.0), "y": Neuron(2.0), **names})


@pytest.mark.parametrize(
    ("code", "error", "message"),
    [
        ("Neuron(data=3)", TypeError, "Neuron() takes a value and a label, not 'data': write Neuron(3.0)"),
        ("Neuron(3.0, lable='x')", TypeError, "Neuron() takes a value and a label, not 'lable'"),
        ("Neuron()", TypeError, "Neuron() expects a real number, got None of type NoneType: write Neuron(3.0), or"),
        ("Neuron('3')", TypeError, "Neuron() expects a real number, got '3' of type str: write Neuron(float(value))"),
        ("Neuron([1, 2])", TypeError, "got [1, 2] of type list: write [Neuron(each) for each in values]"),
        ("Neuron([1.0] * 1000)", TypeError, "got [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, ...] of type list: write"),
        ("Neuron(1.0, 'a', 3)", TypeError, "Neuron() takes a value and a label, got 3 arguments: write Neuron(3.0) or"),
        ("Neuron(1.0, (x, y), '+')", TypeError, "gets its operation and constituents by computing, as in x + y"),
        ("Neuron(*range(9))", TypeError, "Neuron() takes a value and a label, got 9 arguments"),
        ("Neuron(3.0, [x] * 1000)", TypeError, "Neuron.label expects a string, got [Neuron(3.0, grad=0.0), Neuron"),
        ("setattr(x, 'value', y)", TypeError, "Neuron.value expects a real number, got Neuron(2.0, grad=0.0) of type"),
        (
            "x.backward(y)",
            TypeError,
            "backward(seed) expects a real number, got Neuron(2.0, grad=0.0) of type Neuron: pass its .value",
        ),
        ("setattr(x, 'grad', None)", TypeError, "Neuron.grad expects a real number, got None of type NoneType"),
        ("x.data", AttributeError, "a Neuron has no attribute 'data': read its number as x.value"),
        ("x.item()", AttributeError, "read its number as x.value"),
        ("x.gradient()", AttributeError, "call y.backward() and read x.grad, or call gradient(y, x)"),
        ("x.partner", AttributeError, "y.constituents"),
        ("x.Partner", AttributeError, "y.constituents"),
        ("x.Constituents", AttributeError, "y.constituents"),
        ("x.Value", AttributeError, "read its number as x.value"),
        ("x.Grad", AttributeError, "read its derivative as x.grad"),
        ("x.Operation", AttributeError, "the operation that made it is y.operation"),
        ("x.Gradient()", AttributeError, "call y.backward() and read x.grad, or call gradient(y, x)"),
        ("setattr(x, 'data', 4.0)", AttributeError, "read its number as x.value"),
        ("x.numpy()", AttributeError, "read its number as x.value"),
        ("x.tolist()", AttributeError, "read its number as x.value"),
        ("x.detach()", AttributeError, "write stop_gradient(x), which is a neuron without derivative, or read its"),
        ("x.clone()", AttributeError, "write ops.identity(x), which has the same value and passes on derivatives"),
        ("x.requires_grad", AttributeError, "every neuron has a derivative; for one without, write stop_gradient(x)"),
        ("setattr(x, 'requires_grad', True)", AttributeError, "every neuron has a derivative"),
        ("x.requires_grad_()", AttributeError, "every neuron has a derivative"),
        ("x.retain_grad()", AttributeError, "every neuron keeps its derivative: call y.backward() and read x.grad"),
        ("x.zero_grad()", AttributeError, "call the function zero_grad([x])"),
        ("x._backward", AttributeError, "computed by y.operation.partials; call y.backward() for all"),
        ("x._prev", AttributeError, "y.constituents"),
        ("x.prev", AttributeError, "y.constituents"),
        ("x.children", AttributeError, "y.constituents"),
        ("x.parents", AttributeError, "y.constituents"),
        ("x.op", AttributeError, "the operation that made it is y.operation"),
        ("x._op", AttributeError, "the operation that made it is y.operation"),
        ("x.grad_fn", AttributeError, "the operation that made it is y.operation"),
        ("x.is_leaf", AttributeError, "a leaf is a neuron that no operation made: x.operation is None"),
        ("x.name", AttributeError, "it has a label: x.label"),
        ("setattr(x, 'name', 'speed')", AttributeError, "it has a label: x.label"),
        ("ops.hypot([x, y])", TypeError, "takes 2 inputs (x, y), got 1, a list. Pass them separately: hypot(x, y)"),
        ("ops.add((x, y))", TypeError, "takes 2 inputs (x, y), got 1, a tuple. Pass them separately: add(x, y)"),
        ("ops.maximum([1.0, 2.0])", TypeError, "got 1, a list. Pass them separately: maximum(x, y)"),
        ("ops.where([x, y, x])", TypeError, "Pass them separately: where(condition, x, y)"),
        ("ops.tanh([1.0, 2.0])", TypeError, "[1.0, 2.0] of type list. For several numbers call it several times, or"),
        ("ops.tanh([0] * 1000)", TypeError, "expects real numbers or neurons, got [0, 0, 0, 0, 0, 0, ...] of type"),
        (
            "ops.sum('a' * 1000)",
            TypeError,
            "expects sequences of numbers or neurons, such as [1.0, 2.0, 3.0], got 'aaa",
        ),
        (
            "gradient([x, y], x)",
            TypeError,
            "gradient() expects neurons, got [Neuron(3.0, grad=0.0), Neuron(2.0, grad=0.0)]"
            ": for several outputs call jacobian",
        ),
        ("check_grad(ops.tanh, 1.0)", TypeError, "expects a sequence of the arguments of f, got 1.0: write (x,)"),
        ("jvp(ops.tanh, 1.0, 1.0)", TypeError, "expects a list or tuple of the arguments of f, got 1.0: write (x,)"),
        ("Neuron(1.0, 'a', label='b')", TypeError, "Neuron.__init__() got multiple values for argument 'label'"),
        ("gradient(x, 3.0)", TypeError, "gradient() expects neurons, got 3.0"),
        ("zero_grad([x, 3.0])", TypeError, "zero_grad() expects neurons, got 3.0"),
        ("gograd_core.Value(3.0)", AttributeError, "module 'gograd_core' has no attribute 'Value': write Neuron(3.0)"),
        ("gograd_core.tensor(3.0)", AttributeError, "write Neuron(3.0)"),
        ("gograd_core.compile", AttributeError, "write `from gograd_compile import compile`"),
        ("gograd_core.backward(x)", AttributeError, "write y.backward()"),
        ("gograd_core.detach(x)", AttributeError, "write stop_gradient(x)"),
        ("gograd_core.nn", AttributeError, "write `import gograd_nn`"),
        ("gograd_core.vmap", AttributeError, "write compile(f).batch()"),
        ("gograd_core.nothing", AttributeError, "operations are in gograd_core.ops, such as ops.tanh"),
        ("ops.tanh(0.0) + gograd_core.tanh(x)", AttributeError, "write ops.tanh"),
        ("ops.sum(x, y)", TypeError, "takes 1 column (x), got 2. A column is one list: sum([1.0, 2.0, 3.0])"),
        ("ops.dot(x, y)", TypeError, "expects sequences of numbers or neurons, such as [1.0, 2.0, 3.0], got Neuron"),
        ("ops.dot([1.0])", TypeError, "takes 2 columns (x, y), got 1"),
        ("ops.dot([1.0], 'ab')", TypeError, "expects sequences of numbers"),
        ("ops.atan2(1.0, z=2.0)", TypeError, "has no input 'z': it takes y, x"),
        ("ops.atan2(1.0, y=2.0)", TypeError, "got its input 'y' twice"),
        ("ops.atan2(x=2.0)", TypeError, "is missing its input 'y': it takes y, x"),
        ("x.atan2(y=2.0)", TypeError, "got its input 'y' twice"),
    ],
)
def test_what_is_typed_wrongly_is_answered_with_what_to_type(code, error, message):
    for _ in range(2):  # before the first operation is looked up by its name, and after
        with pytest.raises(error, match=re.escape(message)):
            typed(code)


@pytest.mark.parametrize("name", ["sum", "mean", "prod", "max", "min"])
def test_numpy_functions_take_one_neuron_as_they_take_a_number(name):
    x = Neuron(3.0)
    y = getattr(np, name)(x)
    y.backward()
    assert (y.value, x.grad, y.operation.name) == (3.0, 1.0, name)
    with pytest.raises(TypeError, match="has no input 'axis': it takes x"):
        getattr(np, name)(x, axis=0)


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("np.dot(x, y)", 6.0),
        ("np.clip(x, 2.0, 5.0)", 3.0),
        ("np.clip(x, y, 2.5)", 2.5),
        *((f"np.{name}([x, y])", value) for name, value in
          {"sum": 5.0, "mean": 2.5, "prod": 6.0, "max": 3.0, "min": 2.0}.items()),
        ("np.var([x, y])", 0.25),
        ("np.std([x, y])", 0.5),
    ],
)  # fmt: skip
def test_those_that_have_a_meaning_give_it(code, value):
    result = typed(code, np=np)
    assert (result.value if type(result) is Neuron else result) == value


def test_a_neuron_has_none_of_those_attributes():
    assert not any(hasattr(neuron, name) for name in MISNOMERS for neuron in (Neuron(1.0), Neuron(1.0) * 2.0))


def test_dir_does_not_list_them():
    assert not MISNOMERS.keys() & {*dir(Neuron(1.0))}
    assert {"value", "grad", "backward", "tanh", "is_integer"} <= {*dir(ops.tanh(Neuron(1.0)))}


def test_help_says_what_to_write_instead():
    helped = pydoc.plain(pydoc.render_doc(Neuron))
    assert "Not an attribute: read its number as x.value." in helped


def test_hints_of_the_module_are_no_attributes():
    assert not any(hasattr(gograd_core, name) for name in ("Value", "tensor", "tanh", "nothing", "__nothing__"))


def test_to_ask_the_module_for_a_name_loads_no_plugins():
    program = "import gograd_core as g; hasattr(g, 'tanh'), hasattr(g, 'Value'); print(g.current.registry._loaded)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_messages_show_little_of_what_is_long():
    many = [Neuron(1.0)] * 1000
    for call in (
        lambda: Neuron(many),
        lambda: Neuron(1.0, many),
        lambda: ops.tanh(many),
        lambda: ops.add(many, "a" * 1000),
        lambda: gradient(many, many),
        lambda: grad(many),
        lambda: grad(ops.tanh, "a" * 1000),
        lambda: jvp(ops.tanh, "a" * 1000, ()),
        lambda: Op("odd", forward=lambda xp, x: "a" * 1000, partials=(None,))(1.0),
    ):
        with pytest.raises(TypeError) as caught:
            call()
        assert len(str(caught.value)) < 400


def test_they_disturb_no_protocol():
    x = Neuron(1.5, "x")
    for same in (copy.copy(x), copy.deepcopy(x), pickle.loads(pickle.dumps(x))):
        assert (same.value, same.label) == (1.5, "x")
    assert np.array([x, 2.0])[0] is x
    assert np.array(x)[()] is x
    assert np.ndim(x) == 0


@pytest.mark.parametrize("argument", ["3", object(), [1.0, "3"]])
def test_an_argument_that_is_no_number(argument):
    with pytest.raises(TypeError, match=r"^differentiation expects real numbers or neurons, got .* of type "):
        jacobian(lambda x: 1.0)(argument)


@pytest.mark.parametrize("partials", [(None,), (None, None), (None,) * 4])
def test_an_operation_with_another_number_of_partials_than_inputs(partials):
    with pytest.raises(InvalidOperationError, match=r"forward takes 3 inputs \(x, nu, scale\), but there (is|are) \d"):
        Op("product", forward=three_inputs, partials=partials)


class TestInputsByName:
    @pytest.mark.parametrize(
        "code", ["ops.atan2(y=x, x=y)", "ops.atan2(x=y, y=x)", "ops.atan2(x, x=y)", "x.atan2(x=y)"]
    )
    def test_are_the_inputs_in_the_order_of_the_rules(self, code):
        result = typed(code)
        assert result.value == ops.atan2(3.0, 2.0)
        assert [entry.value for entry in result.constituents] == [3.0, 2.0]

    def test_of_every_operation(self):
        for op in Registry().operations():
            if op.samples:
                inputs = op.samples[0]
                named = dict(zip(op.input_names, inputs, strict=True))
                assert repr(op(**named)) == repr(op(*inputs)), op.title

    def test_whatever_they_are_called(self):
        op = Op("odd", forward=lambda xp, self, op: self - op, partials=(None, None))
        assert op(op=1.0, self=3.0) == 2.0
        assert op(Neuron(3.0), op=1.0).value == 2.0


class TestANumberBesideAColumn:
    @pytest.mark.parametrize("inputs", [([1.0, 2.0], 0.5), (0.5, [1.0, 2.0]), ((1, 2), Neuron(0.5))])
    def test_is_repeated(self, inputs):
        assert float(getattr(ops.dot(*inputs), "value", ops.dot(*inputs))) == 1.5

    def test_gets_the_sum_of_the_derivatives(self):
        assert grad(lambda y: ops.dot([1.0, 2.0, 4.0], y))(0.5) == 7.0

    def test_of_an_empty_column_is_nothing(self):
        assert ops.dot([], 3.0) == 0.0


@pytest.mark.parametrize(
    ("name", "transform"),
    {
        "grad": grad,
        "value_and_grad": value_and_grad,
        "jacobian": jacobian,
        "hessian": hessian,
        "hvp": hvp,
        "derivative": derivative,
        "jvp": lambda f: jvp(f, (1.0,), (1.0,)),
        "vjp": lambda f: vjp(f, 1.0),
        "check_grad": lambda f: check_grad(f, (1.0,)),
    }.items(),
    ids=lambda value: value if isinstance(value, str) else "",
)
class TestWhatIsNoFunction:
    def test_a_neuron_is_told_of_gradient(self, name, transform):
        message = rf"^{name}\(\) expects a function of numbers, got Neuron.*call gradient\(output, inputs\)$"
        with pytest.raises(TypeError, match=message):
            transform(Neuron(1.0) * 2.0)

    def test_anything_else_is_named(self, name, transform):
        with pytest.raises(TypeError, match=rf"^{name}\(\) expects a function of numbers, got 3.0$"):
            transform(3.0)


class TestPlugins:
    @pytest.mark.parametrize(
        ("variable", "arguments", "reason"),
        [
            ("GOGRAD_DISABLE_PLUGINS=stranger", {}, "by GOGRAD_DISABLE_PLUGINS"),
            ("GOGRAD_ONLY_PLUGINS=gograd-ops-basic", {}, "by GOGRAD_ONLY_PLUGINS, which does not name it"),
            ("", {"block": ["stranger:ops"]}, "by the argument block"),
            ("", {"only": ["gograd-ops-basic"]}, "by the argument only, which does not name it"),
            ("GOGRAD_ONLY_PLUGINS=stranger", {"only": []}, "by the argument only, which does not name it"),
        ],
    )
    def test_which_switch_blocked_one(self, install, monkeypatch, variable, arguments, reason):
        install("stranger", "unary('fine')")
        name, _, value = variable.partition("=")
        if name:
            monkeypatch.setenv(name, value)
        registry = Registry(**arguments)
        found = record(registry, "stranger")
        assert (found.status, found.reason) == ("blocked", reason)
        with pytest.raises(AttributeError, match=re.escape(f"stranger 1.0 (ops) blocked: {reason}")):
            registry.ops.fine

    @pytest.mark.parametrize(
        ("source", "error", "line"),
        [
            ("\n1 / 0", "ZeroDivisionError: division by zero", "1 / 0"),
            ("import nowhere_at_all", "ModuleNotFoundError: No module named 'nowhere_at_all'", "import nowhere"),
            ("import json\njson.loads('{')", "JSONDecodeError: .*", None),
            ("Op('spoilt', forward=1, partials=(None,))", "InvalidOperationError: .*", "Op('spoilt'"),
        ],
    )
    def test_where_one_failed_is_said_once(self, install, source, error, line):
        module = install("broken", source=source)
        registry = Registry()
        (message,) = load(registry)
        found = re.fullmatch(rf"gograd plugin left out: broken 1.0 \(ops\) failed: {error} \((.*):(\d+)\)", message)
        assert found, message
        assert message.count(found[1]) == 1
        if line is not None:
            assert found[1].endswith(f"{module}.py")
            with open(found[1], encoding="utf-8") as file:
                assert line in file.read().splitlines()[int(found[2]) - 1]
