"""The script of rules: its keys, what it refuses, and what hostile names can do to it."""

from __future__ import annotations

import json
import math
from html.parser import HTMLParser

import attrs
import pytest

from gograd_core import Op, current
from gograd_core.extend import SymbolLibrary, scalar
from gograd_draw.javascript import rules_script
from gograd_draw.javascript.functions import JavaScriptBody
from gograd_draw.javascript.script import quoted_for_script
from javascript import called, evaluated, needs_node
from made_up import of_rule, operation, unary

HOSTILE = (
    "</script><script>alert(1)</script>", "<!--<script>", '"', "'", "`${alert(1)}", "\\", "\\u0022", "a\nb", "\r", "\0",
    "\u2028\u2029", "\ud800", "]]>", "-->", "__proto__", "constructor", "*/ alert(1) /*", "&quot;", "\u202e\u0000", "é",
)  # fmt: skip


class Scripts(HTMLParser):
    """What a browser takes for elements, and for the text of scripts."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.texts = [], []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)

    def handle_data(self, data):
        self.texts.append(data)


def renamed(op, name, distribution=None):
    """An operation with a name that none can be registered under."""
    object.__setattr__(op, "name", name)
    if distribution is not None:
        object.__setattr__(op, "provider", Provided(distribution))
    return op


class Provided:
    def __init__(self, distribution):
        self.distribution = distribution


@pytest.mark.parametrize("text", HOSTILE)
def test_a_quoted_text_is_ascii_that_means_nothing_in_html(text):
    quoted = quoted_for_script(text)
    assert json.loads(quoted) == text
    assert quoted.isascii()
    assert not any(character in quoted for character in "<>&\n\r\0")


@needs_node
def test_hostile_names_are_keys_and_nothing_else():
    ops = [renamed(unary(factor=float(place)), name) for place, name in enumerate(HOSTILE)]
    script = rules_script(ops)
    found = Scripts(f"<script>{script.source}</script>")
    assert (found.tags, "".join(found.texts)) == (["script"], script.source)
    assert "<!--" not in script.source
    assert script.source.isascii()
    keys = [script.keys[op] for op in ops]
    assert keys == list(HOSTILE)
    plain = [key for key in keys if key != "\ud800"]  # a lone surrogate cannot be written as UTF-8
    expressions = ", ".join(f"rules[{quoted_for_script(key)}].forward(1)" for key in plain)
    assert evaluated(script.source, f"[{expressions}]") == [float(keys.index(key)) for key in plain]
    assert evaluated(script.source, "[typeof rules.toString, Object.getPrototypeOf(rules)]") == ["undefined", None]


def test_hostile_names_in_refusals_stay_as_they_are():
    op = renamed(of_rule(lambda xp, x: x if x > 0 else -x), "</script>")
    (text,) = rules_script([op]).refusals.values()
    assert text.startswith("</script> cannot be computed in a page: forward: whether a symbol holds is not known yet")


@pytest.mark.parametrize("name", ["gamma", "norm", "expit"])
def test_a_copy_of_an_operation_with_another_function_is_refused(name):
    op = current.registry[name]
    copy = attrs.evolve(op, implementations={"scalar": lambda *inputs: 1.0})
    script = rules_script([op, copy])
    assert list(script.keys) == [op]
    assert "a function of Python" in script.refusals[copy]


def test_names_that_are_shared_get_their_distribution():
    first, second, third = unary(factor=2.0), unary(factor=3.0), unary("other")
    ops = [renamed(first, "halve", "one-dist"), renamed(second, "halve", "two-dist"), third]
    assert list(rules_script(ops).keys.values()) == ["one-dist:halve", "two-dist:halve", "other"]


@needs_node
def test_operations_that_nothing_tells_apart_get_numbers():
    ops = [unary(factor=2.0), unary(factor=3.0)]
    script = rules_script(ops)
    assert list(script.keys.values()) == ["halve", "halve#2"]
    assert called(script.source, [(script.keys[op], None, [1.0]) for op in ops]) == [2.0, 3.0]


def test_an_operation_is_printed_once():
    op = unary()
    script = rules_script([op, op])
    assert script.keys == {op: "halve"}
    assert script.source.count("forward") == 1
    assert script == rules_script(iter([op]))


def deep(xp, x, count=3000):
    for _ in range(count):
        x = xp.sin(x + 1.0)
    return x


@pytest.mark.parametrize(
    ("op", "reason"),
    [
        (of_rule(lambda xp, x: x if x > 0 else -x), "whether a symbol holds"),
        (of_rule(lambda xp, x: math.exp(x)), "must be real number"),
        (of_rule(lambda xp, x: x, opaque=True), "opaque"),
        (of_rule(lambda xp, x: x, lambda xp, out, x: xp.missing(x)), "partial 0"),
        (Op("mine", implementations={"scalar": lambda x: x}, partials=(None,)), "a function of Python"),
        (of_rule(deep), "nested too deeply"),
    ],
)
def test_what_cannot_be_printed_is_refused_with_a_reason(op, reason):
    script = rules_script([op, unary()])
    assert list(script.refusals) == [op]
    assert reason in script.refusals[op]
    assert script.refusals[op].endswith(".")
    assert list(script.keys.values()) == ["halve"]


@needs_node
def test_a_rule_as_deep_as_it_can_be_printed_runs():
    ops = [of_rule(lambda xp, x, count=count: deep(xp, x, count)) for count in range(40, 300, 20)]
    script = rules_script(ops)
    assert len(script.keys) > 1
    found = called(script.source, [(key, None, [0.5]) for key in script.keys.values()])
    assert found == pytest.approx([op.forward(scalar, 0.5) for op in script.keys], rel=1e-13)


def test_two_signs_in_a_row_are_no_operator():
    body = JavaScriptBody(SymbolLibrary("c").call("negative", -1.0), {})
    assert body.returned() == "    return -(-1.0);\n"


@needs_node
def test_partials_that_are_none_are_null():
    script = rules_script([operation("pair", lambda xp, x, y: x * y, None, lambda xp, out, x, y: x)])
    assert evaluated(script.source, "rules.pair.partials.map((it) => it === null)") == [True, False]


@needs_node
def test_values_that_two_arms_share_are_computed_once_where_they_are_needed():
    def rule(xp, x):
        decay = xp.exp(-x)
        return xp.where(x < 1.0, xp.log(x), decay * (1.0 - decay))

    script = rules_script([of_rule(rule)])
    assert script.source.split("forward")[1].count("exp(") == 1
    expected = [math.log(0.5), math.exp(-2.0) * (1.0 - math.exp(-2.0))]
    assert called(script.source, [("made_up", None, [x]) for x in (0.5, 2.0)]) == pytest.approx(expected, rel=1e-15)
