"""What `help`, `inspect` and CPython's own messages say about neurons and operations, in both engines."""

import inspect
import pydoc
import re
from inspect import Parameter

import pytest

from gograd_core import Neuron, Op, engine, ops

ENGINES_WORDS = re.compile("attrs|_native|__cinit__")


def helped(thing):
    """What `help` prints."""
    return pydoc.plain(pydoc.render_doc(thing))


@pytest.mark.parametrize(
    ("thing", "said"),
    [
        (Neuron, "class Neuron in module gograd_core"),
        (Neuron, "Neuron(value, label='')"),
        (Neuron, "value: a real number."),
        (Neuron, "backward(self, seed"),
        (Neuron, "Add the derivative of this neuron, times `seed`, to the `grad` of every leaf below it."),
        (Neuron.backward, "If anything is raised, the `grad` of every leaf is as before."),
        (Op, "one ``partial(xp, out, *inputs)`` per input"),
        (ops.tanh, "tanh(x): The hyperbolic tangent."),
        (ops.tanh, "From gograd-ops-extra"),
        (ops.log, "Domain: x > 0"),
        (ops.where, "where(condition, x, y): "),
        (Neuron(1.0).tanh, "The hyperbolic tangent."),
    ],
)
def test_help_says_what_a_user_needs(thing, said):
    assert said in helped(thing)


@pytest.mark.parametrize("thing", [Neuron, ops.tanh, ops.where, ops.sum])
def test_help_shows_no_inner_parts(thing):
    assert [line for line in helped(thing).splitlines() if ENGINES_WORDS.search(line)] == []


@pytest.mark.parametrize(
    ("thing", "signature"),
    [
        (Neuron, "(value, label='')"),
        (ops.tanh, "(x)"),
        (ops.where, "(condition, x, y)"),
        (ops.atan2, "(y, x)"),
        (ops.clip, "(x, min, max)"),
        (ops.sum, "(x)"),
        (ops.dot, "(x, y)"),
    ],
)
def test_signatures(thing, signature):
    assert str(inspect.signature(thing)) == signature


def test_inputs_of_operations_may_be_given_by_place_and_by_name():
    kinds = {parameter.kind for parameter in inspect.signature(ops.where).parameters.values()}
    assert kinds == {Parameter.POSITIONAL_OR_KEYWORD}


@pytest.mark.parametrize(
    ("attribute", "value"), [("__module__", "gograd_core"), ("__name__", "Neuron"), ("__qualname__", "Neuron")]
)
def test_the_class_is_where_users_find_it(attribute, value):
    assert getattr(Neuron, attribute) == value
    assert repr(Neuron) == "<class 'gograd_core.Neuron'>"


CALLED = "gograd_core.Neuron" if engine().name == "native" else "Neuron"  # CPython gives a class in C its full name


@pytest.mark.parametrize(
    ("program", "message"),
    [
        (lambda x: x.nothing, "'{}' object has no attribute 'nothing'"),
        (lambda x: x + "a", "unsupported operand type(s) for +: '{}' and 'str'"),
        (lambda x: x @ x, "unsupported operand type(s) for @: '{0}' and '{0}'"),
        (lambda x: x < "a", "'<' not supported between instances of 'float' and 'str'"),
        (len, "object of type '{}' has no len()"),
        (iter, "'{}' object is not iterable"),
        (lambda x: x[0], "'{}' object is not subscriptable"),
        (lambda x: x(), "'{}' object is not callable"),
        (lambda x: Neuron.nothing, "type object '{}' has no attribute 'nothing'"),
    ],
)
def test_messages_of_cpython_name_the_class(program, message):
    with pytest.raises((AttributeError, TypeError), match=f"^{re.escape(message.format(CALLED))}$"):
        program(Neuron(1.0))
