"""The leaves in the panel: their order, their sliders, and the texts that people type."""

from __future__ import annotations

import math

import pytest

from gograd_core import Neuron, ops
from gograd_nn import MLP, mse


def network():
    x = [Neuron(1.0, "x1"), Neuron(0.5, "x2")]
    return mse(MLP([2, 16, 16, 1], seed=0)(x), 0.25)


def test_inputs_come_first_and_then_the_layers_in_their_order(show):
    shown = show(network())
    names = shown.texts("#leaves .leaf > .link")
    assert names[:4] == ["x1", "x2", "layer0.unit0.b", "layer0.unit0.w0"]
    assert len(names) == 10
    shown.page.click("text=Show more")
    names = shown.texts("#leaves .leaf > .link")
    assert len(names) == 50
    assert names[29:33] == ["layer0.unit9.b", "layer0.unit9.w0", "layer0.unit9.w1", "layer0.unit10.b"]
    assert shown.run("document.activeElement.textContent") == names[10]


def test_the_filter_finds_leaves_that_were_not_listed(show):
    shown = show(network())
    shown.page.fill("#leaves .filter", "LAYER2")
    assert shown.texts("#leaves .leaf > .link")[:2] == ["layer2.unit0.b", "layer2.unit0.w0"]
    assert shown.text("#leaves").count("and 7 more leaves") == 1
    shown.page.fill("#leaves .leaf:nth-child(1) input[type=text]", "0.5")
    shown.page.press("#leaves .leaf:nth-child(1) input[type=text]", "Enter")
    shown.page.fill("#leaves .filter", "nothing")
    assert shown.texts("#leaves .leaf") == []
    assert "No leaf has that label." in shown.text("#leaves")
    shown.page.fill("#leaves .filter", "layer2.unit0.b")
    assert shown.page.input_value("#leaves .leaf input[type=text]") == "0.5"


@pytest.mark.parametrize("text", ["", "1e400", "nan", "Infinity", "1,5", "--1", "x"])
def test_a_text_that_is_no_finite_number_changes_nothing_and_is_named(show, text):
    shown = show(Neuron(2.0, "x") * 3.0)
    field = "#leaves .leaf input[type=text]"
    shown.page.fill(field, text)
    shown.page.press(field, "Enter")
    assert shown.text("#leaves .refusal") == f"“{text}” is not a finite number such as -1.5"
    assert shown.run("state.settings.size") == 0
    assert shown.page.input_value(field) == "2"
    shown.page.fill(field, " -1e-3 ")
    shown.page.press(field, "Enter")
    assert shown.run("[...state.settings.values()]") == [-1e-3]
    assert not shown.page.locator("#leaves .refusal").is_visible()


@pytest.mark.parametrize("value", [0.1, 1 / 3, 1e308, -1.7e308, 5e-324, -0.0])
def test_the_slider_reaches_the_recorded_value_again(show, value):
    x = Neuron(value, "x")
    shown = show(ops.minimum(x, math.inf))
    slider = shown.page.locator("#leaves input[type=range]")
    home = slider.input_value()
    slider.fill("0")
    low = shown.run("state.numbers.values[0]")
    assert math.isfinite(low)
    assert low <= value
    slider.fill(home)
    assert shown.run("[state.settings.size, Object.is(state.numbers.values[0], argument)]", value) == [0, True]


def test_the_plot_tells_its_slope_while_the_sweep_is_not_complete(show):
    shown = show(Neuron(3.0, "x") * 2.0)
    shown.run("(app.visit(0), state.goTo(0), app.plot.draw())")
    assert "where its derivative is 2" in shown.page.locator(".plot").get_attribute("aria-label")


def test_formulas_hold_no_numbers_that_python_does_not_compute(show):
    def f(x):
        y = x * 3.0 if x > 1.0 else x
        return ops.exp(y) * y

    shown = show(f, at=[2.0])
    exp = shown.run("model.codes.findIndex((code) => model.operations[code]?.name === 'exp')")
    shown.run("app.visit(argument)", exp)
    assert "exp(6)" in shown.text(".formulas")
    shown.run("state.set(model.codes.findIndex((code) => code === LEAF), 0.5)".replace("LEAF", "-1"))
    assert "exp(1.5)" not in shown.text(".formulas")
    assert "= ?" in shown.text(".formulas")


def test_a_picture_that_was_moved_stays_where_it_was_when_the_window_changes(show):
    shown = show(Neuron(3.0, "x") * 2.0)
    before = shown.run("app.boxCamera.scale")
    shown.run("(app.boxCamera.zoom(2), app.boxCamera.pan(30, 0))")
    middle = "(() => { const { stage } = app.boxCamera; return Object.values("
    middle += "app.boxCamera.toWorld(stage.clientWidth / 2, stage.clientHeight / 2)); })()"
    at = shown.run(middle)
    shown.page.set_viewport_size({"width": 1500, "height": 700})
    while shown.run("app.boxCamera.size[0]") < 1000:
        shown.page.wait_for_timeout(10)
    assert shown.run(middle) == pytest.approx(at, abs=1e-6)
    assert shown.run("app.boxCamera.scale") == 2 * before
