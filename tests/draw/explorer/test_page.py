"""The page shows the numbers of the engine, at every step, to those who point and to those who type."""

from __future__ import annotations

import json
import math
import operator
import pathlib
import re
import runpy
import types

import pytest

from gograd_core import Neuron, current, errstate, ops, sweep_steps, trace
from gograd_draw.reading import read
from gograd_nn import MLP, mse
from random_graphs import random_graph


def expression():
    with trace():
        w, x, b = Neuron(2.0, "w"), Neuron(-1.0, "x"), Neuron(0.5, "b")
        y = ops.tanh(w * x + b) + x * x * 3.0
        z = ops.exp(-y) / (y + 2.0)
    z.label = "z"
    return z


def numbers_of(output):
    """The number in the page of each neuron."""
    return {id(neuron): number for number, neuron in enumerate(read([output]).nodes)}


def steps_of(output):
    number = numbers_of(output)
    return [
        [number[id(s.neuron)], number[id(s.constituent)], s.local, s.adjoint, s.share, s.total]
        for s in sweep_steps(output)
    ]


STEPS = (
    "state.steps.nodes.map((node, at) => [node, ...['targets', 'locals', 'adjoints', 'shares', 'totals']"
    ".map((name) => state.steps[name][at])])"
)


def test_it_shows_every_neuron(show):
    shown = show(expression())
    names = shown.names(".box")
    assert len(names) == 10 + 3 + 2  # operations, leaves, constants
    assert "z, /, value 0.03006, adjoint 1" in names
    assert "w, w, value 2, adjoint 0.006758" in names
    assert shown.text("h1") == "z"
    assert shown.text("#summary") == "10 operations, 3 leaves"


def test_each_step_is_that_of_sweep_steps(show):
    output = expression()
    shown = show(output)
    expected = steps_of(output)
    assert shown.run(STEPS) == expected
    shown.page.click("button[aria-label='to the beginning']")
    assert shown.text(".step-text") == "The sweep begins at z, whose adjoint is 1."
    totals = {numbers_of(output)[id(output)]: 1.0}
    for node, target, local, adjoint, share, total in expected:
        shown.page.click("button[aria-label='one step forward']")
        figures = shown.page.locator(".step-text .figure")
        before = totals.get(target, 0.0)
        assert [f.get_attribute("title") for f in figures.all()] == list(
            map(repr, [adjoint, local, share, before, share, total])
        )
        totals[target] = total
        assert shown.run("[state.step.node, state.step.target]") == [node, target]
        shown.run("state.select(argument)", target)
        assert shown.text("#details .numbers dd:last-child") == repr(total)
    assert "taking" in shown.page.locator(f".box[data-box='{target}']").get_attribute("class")
    shown.page.click("button[aria-label='one step back']")
    assert shown.run("state.count") == len(expected) - 1


def test_steps_of_random_graphs(show):
    for seed in range(4):
        output = random_graph(seed)[0]
        assert show(output).run(STEPS) == steps_of(output)


def test_going_back_gives_the_sums_of_before(show):
    shown = show(random_graph(3, 40)[0])
    length = shown.run("state.steps.nodes.length")
    sums = "argument.map((k) => (state.goTo(k), [...state.adjoints]))"
    forward = shown.run(sums, list(range(length)))
    assert shown.run(sums, list(reversed(range(length)))) == forward[::-1]
    assert len({tuple(each) for each in forward}) > length / 2


def test_playing_and_pausing(show):
    shown = show(expression())
    shown.page.select_option("select", "4")
    shown.page.click("button[aria-label='play']")
    while shown.run("state.count") < 3:
        shown.page.wait_for_timeout(20)
    shown.page.click("button[aria-label='pause']")
    assert shown.run("app.player.playing") is False
    assert shown.run("state.count") < 15
    assert shown.page.locator(".share").count() == 1


def test_a_click_says_everything(show):
    output = expression()
    shown = show(output)
    tanh = next(node for node in read([output]).nodes if getattr(node, "operation", None) is current.registry["tanh"])
    output.backward()
    shown.page.locator(".box", has_text="tanh").click()
    text = shown.text("#details")
    assert repr(tanh.value) in text
    assert repr(tanh.grad) in text
    assert "out = tanh(x)" in text
    assert "= tanh((−1.5))" in text or "= tanh(−1.5)" in text
    assert "From gograd-ops-extra 0.1.0" in text
    assert re.search(r"test_page\.py:\d+ in expression", text)
    assert "y = ops.tanh(w * x + b) + x * x * 3.0" in text
    assert shown.text("#details mark") == "ops.tanh(w * x + b)"
    shown.page.click("#details button.link >> nth=0")
    assert shown.run("state.selected") == shown.run(
        "model.inputs[model.starts[argument]]", numbers_of(output)[id(tanh)]
    )


def test_paths_are_relative(show):
    shown = show(expression())
    assert shown.run("model.lines.every((line) => !line.path.startsWith('/') && !line.path.includes('..'))")


def test_groups_unfold_and_fold(show):
    loss = mse(MLP([2, 16, 16, 1], seed=0)([1.0, 0.5]), 0.25)
    shown = show(loss)
    few = shown.page.locator(".box").count()
    assert few < 10
    shown.page.locator(".box", has_text="layer1").dblclick()
    more = shown.page.locator(".box").count()
    assert few < more <= 300
    shown.page.click("button[aria-label='fold everything']")
    assert shown.page.locator(".box").count() == few
    shown.page.fill("#query", "layer0.unit3.w1")
    shown.page.press("#query", "Enter")
    assert shown.text("#details h2").startswith("layer0.unit3.w1")
    assert shown.page.locator(".box.selected").count() == 1


@pytest.mark.parametrize(
    ("query", "found"), [("x", "x"), ("tanh", "tanh #5"), ("test_page.py", "z"), ("nothing", None), ("#5", "tanh #5")]
)
def test_search(show, query, found):
    output = expression()
    shown = show(output)
    shown.page.fill("#query", query)
    names = shown.texts("#found .name")
    assert (found in names) if found else names == []


def test_the_theme_is_the_readers_until_it_is_chosen(show):
    shown = show(expression(), scheme="dark")
    paper = "getComputedStyle(document.body).backgroundColor"
    dark = shown.run(paper)
    shown.page.click("#theme")
    light = shown.run(paper)
    assert dark != light
    shown.page.emulate_media(color_scheme="light")
    assert shown.run(paper) == light
    assert show(expression()).run(paper) == light


def test_keys_are_enough(show):
    shown = show(expression())
    press = shown.page.keyboard.press
    press("/")
    assert shown.run("document.activeElement.id") == "query"
    shown.page.keyboard.type("exp")
    press("Enter")
    exp = shown.run("state.selected")
    press("Escape")
    press("Escape")
    shown.page.locator(".box[tabindex='0']").focus()
    output = int(shown.run("document.activeElement.dataset.box"))
    press("ArrowLeft")
    assert int(shown.run("document.activeElement.dataset.box")) == exp
    press("Enter")
    assert shown.run("state.selected") == exp
    press("ArrowRight")
    assert int(shown.run("document.activeElement.dataset.box")) == output
    length = shown.run("state.count")
    press(",")
    assert shown.run("state.count") == length - 1
    press(".")
    assert shown.run("state.count") == length
    press("<")
    assert shown.run("state.count") == length - 2  # both inputs of a product
    before = shown.run("app.camera.scale")
    press("+")
    assert shown.run("app.camera.scale") > before
    press("?")
    assert shown.page.locator("dialog").is_visible()
    press("Escape")
    assert not shown.page.locator("dialog").is_visible()


def test_every_control_can_be_reached_with_tab(show):
    shown = show(expression())
    wanted = shown.page.locator("button:visible:enabled, input:visible:enabled, select:visible, summary").count() + 2
    reached = set()
    for _ in range(3 * wanted):
        shown.page.keyboard.press("Tab")
        reached.add(
            shown.run("[...document.querySelectorAll('*')].indexOf(document.activeElement)")
            if shown.run("document.activeElement !== document.body")
            else -1
        )
    assert len(reached - {-1}) == wanted  # besides those controls, one box and the panel


def serious_faults(shown):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    found = axe.Axe().run(shown.page).response["violations"]
    return [(v["id"], [n["html"][:200] for n in v["nodes"]]) for v in found if v["impact"] in ("serious", "critical")]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 1200])
def test_axe_finds_no_serious_fault(show, scheme, width):
    loss = mse(MLP([2, 4, 1], seed=0)([1.0, 0.5]), 0.25)
    for output in (expression(), loss):
        shown = show(output, scheme=scheme, width=width)
        shown.run("(app.visit(0), state.goTo(3))")
        assert serious_faults(shown) == []


@pytest.mark.parametrize(
    "state",
    [
        "app.visit(model.output)",
        "document.getElementById('help').showModal()",
        "app.search.input.value = 'nothing of that name', app.search.search()",
        "app.search.input.value = 'x', app.search.search()",
        "app.showAll(true)",
        "app.leaves.leaves[0].read('1,5')",
        "app.player.toggle()",
    ],
)
def test_axe_finds_no_serious_fault_in_any_state(show, state):
    shown = show(mse(MLP([2, 4, 1], seed=0)([Neuron(1.0, "x"), 0.5]), 0.25))
    shown.run(f"({state}, 0)")
    assert serious_faults(shown) == []


@pytest.mark.parametrize("width", [320, 1200])
def test_nothing_is_wider_than_the_page(show, width):
    shown = show(expression(), width=width)
    shown.run("app.visit(0)")
    assert shown.run("document.documentElement.scrollWidth") <= width


@pytest.mark.slow
def test_a_graph_of_sixty_thousand_operations(show, tmp_path):
    """It is the step of a language model that the benchmarks have."""
    benchmarks = pathlib.Path(__file__).parents[3] / "benchmarks"
    model = runpy.run_path(str(benchmarks / "models.py"))["Transformer"]
    numbers = types.SimpleNamespace(
        number=Neuron, relu=ops.relu, exp=ops.exp, log=ops.log, value=operator.attrgetter("value")
    )
    output = model(numbers)()
    shown = show(output, title="GPT step")
    assert (tmp_path / "page0.html").stat().st_size < 5_000_000
    assert shown.text("#summary") == "61,513 operations, 3,712 leaves"
    assert json.loads(shown.run(f"JSON.stringify({STEPS})")) == steps_of(output)
    assert shown.page.locator("#canvas").is_visible()
    shown.page.click("#canvas")
    shown.page.click("#show-boxes")
    assert 1 < shown.page.locator(".box").count() <= 300
    for node in (100, 30_000, 60_000):
        shown.run("app.visit(argument)", node)
        assert shown.page.locator(f".box.selected[data-box='{node}']").count() == 1
        assert shown.page.locator(".box").count() <= 300


def test_leaves_are_dragged_and_typed(show):
    output = expression()
    shown = show(output)
    w = numbers_of(output)[id(next(n for n in read([output]).nodes if getattr(n, "label", "") == "w"))]
    shown.run("app.visit(argument)", w)
    number = shown.page.locator("#details .leaf input[type=text]")
    number.fill("1.25")
    number.press("Enter")
    assert shown.run("state.numbers.values[argument]", w) == 1.25
    assert "recorded\n\n2.0" in re.sub(r"\n+", "\n\n", shown.text("#details .numbers"))
    number.fill("nonsense")
    number.press("Enter")
    assert number.input_value() == "1.25"
    slider = shown.page.locator("#details .leaf input[type=range]")
    slider.focus()
    slider.press("End")
    assert shown.run("state.numbers.values[argument]", w) == 6.0
    slider.press("ArrowLeft")
    assert shown.run("state.numbers.values[argument]", w) == pytest.approx(5.992)
    assert shown.page.locator("#details .plot .tangent").count() == 1
    shown.page.click("text=Back to the recorded values >> visible=true >> nth=0")
    assert shown.run("state.numbers.values[argument]", w) == 2.0
    assert shown.run(STEPS) == steps_of(output)


def test_the_plot_is_the_output_over_a_leaf_with_its_slope(show):
    output = expression()
    shown = show(output)
    x = numbers_of(output)[id(next(n for n in read([output]).nodes if getattr(n, "label", "") == "x"))]
    shown.run("app.visit(argument)", x)
    while shown.run("app.plot.points.length") < 121:
        shown.page.wait_for_timeout(10)
    points = shown.run("app.plot.points")
    assert points[60] == [-1.0, output.value]
    low, high = points[59], points[61]
    output.backward()
    grad = next(n for n in read([output]).nodes if getattr(n, "label", "") == "x").grad
    assert (high[1] - low[1]) / (high[0] - low[0]) == pytest.approx(grad, rel=1e-2)  # of a curve, over 1/30
    assert [points[0][0], points[-1][0]] == [-3.0, 1.0]
    assert shown.page.locator(".plot .curve").count() == 1


def test_numbers_that_are_not_finite_are_shown(show):
    with errstate(domain="ignore"):
        output = ops.log(Neuron(-1.0, "x")) * Neuron(math.inf, "y")
    shown = show(output)
    assert "y, y, value inf, adjoint nan" in shown.names(".box")
    assert "*" in shown.names(".box")[-1]
    assert "value nan" in shown.names(".box")[-1]
    shown.run("app.visit(argument)", numbers_of(output)[id(output)])
    assert shown.text("#details .numbers dd >> nth=0") == "nan"


def test_nobody_plays_to_a_hidden_page(show):
    shown = show(expression())
    shown.page.click("button[aria-label='play']")
    hide = "Object.defineProperty(document, 'hidden', { value: true })"
    shown.run(f"({hide}, document.dispatchEvent(new Event('visibilitychange')))")
    assert shown.run("app.player.playing") is False


@pytest.mark.parametrize("width", [400, 1200])
def test_counts_of_edges_are_not_behind_boxes(show, width):
    shown = show(mse(MLP([2, 16, 16, 1], seed=0)([Neuron(1.0, "x1"), Neuron(0.5, "x2")]), 0.25), width=width)
    assert "×256" in shown.page.locator(".count").all_text_contents()
    frames = "(selector) => [...document.querySelectorAll(selector)].map((each) => each.getBoundingClientRect())"
    for one in shown.page.evaluate(frames, ".count"):
        for other in shown.page.evaluate(frames, ".box .shape"):
            apart_across = one["right"] <= other["left"] or other["right"] <= one["left"]
            assert apart_across or one["bottom"] <= other["top"] or other["bottom"] <= one["top"]
