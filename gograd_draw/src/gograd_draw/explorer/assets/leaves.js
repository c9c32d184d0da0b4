// Sliders for the values of leaves.

const MOST_SLIDERS = 10;

// The values that a slider offers, around the recorded one.
function rangeOf(value) {
  const reach = Math.max(1, Math.abs(value) * 2);
  return { low: value - reach, high: value + reach };
}

class Leaf {
  constructor(state, leaf, name, why = (text) => `This leaf cannot be dragged: ${text}`) {
    Object.assign(this, { state, leaf });
    const { low, high } = rangeOf(state.model.values[leaf]);
    const refusal = state.refusal(leaf) || (Number.isFinite(high - low) ? "" : "Its value is not finite.");
    const set = (value) => Number.isFinite(value) && state.set(leaf, value);
    this.slider = element("input", {
      type: "range",
      min: 0,
      max: 1000,
      step: 1,
      "aria-label": `value of ${name}`,
      disabled: refusal !== "",
      input: () => set(low + (Number(this.slider.value) / 1000) * (high - low)),
    });
    this.number = element("input", {
      type: "text",
      inputmode: "decimal",
      autocomplete: "off",
      "aria-label": `value of ${name} as a number`,
      disabled: refusal !== "",
      change: () => {
        set(this.number.value.trim() === "" ? NaN : Number(this.number.value));
        this.refresh();
      },
    });
    this.back = button(icon("reset"), `set ${name} back to the recorded value`, () => state.set(leaf, null), {
      class: "icon",
    });
    this.range = { low, high };
    this.element = element(
      "div",
      { class: "leaf" },
      this.slider,
      this.number,
      this.back,
      refusal ? element("p", { class: "refusal" }, why(refusal)) : null,
    );
    this.refresh();
  }

  refresh() {
    const value = this.state.numbers.values[this.leaf];
    const { low, high } = this.range;
    const at = Math.round((1000 * (value - low)) / (high - low));
    if (Number.isFinite(at) && Number(this.slider.value) !== at) this.slider.value = at;
    if (!Object.is(Number(this.number.value || NaN), value)) this.number.value = short(value, 7);
    this.slider.setAttribute("aria-valuetext", short(value));
    this.back.disabled = !this.state.settings.has(this.leaf);
  }
}

// The first leaves with their sliders; the others are found in the graph.
class Leaves {
  constructor(state, place, visit) {
    const { model } = state;
    const all = [];
    const steps = new Set(state.steps.targets);
    for (let node = 0; node < model.size; node++) if (isLeaf(model, node)) all.push(node);
    all.sort(
      (one, other) =>
        Number(!labelOf(model, one)) - Number(!labelOf(model, other)) ||
        Number(!steps.has(one)) - Number(!steps.has(other)),
    );
    this.leaves = all.slice(0, MOST_SLIDERS).map((node) => {
      const name = labelOf(model, node) || `leaf #${node}`;
      const leaf = new Leaf(state, node, name, () => "It cannot be dragged. Select it to see why.");
      leaf.gradient = element("span", { class: "gradient" });
      leaf.element.prepend(
        element("button", { type: "button", class: "link", click: () => visit(node) }, cut(name, 18)),
        leaf.gradient,
      );
      return leaf;
    });
    this.reset = button(
      "Back to the recorded values",
      "Set all leaves back to the recorded values",
      () => state.reset(),
      { class: "wide" },
    );
    place.append(...this.leaves.map((leaf) => leaf.element));
    if (all.length > MOST_SLIDERS) {
      const more = (all.length - MOST_SLIDERS).toLocaleString("en");
      place.append(
        element(
          "p",
          { class: "muted small" },
          `There are ${more} more leaves. Select one in the graph, or search for it, to change it.`,
        ),
      );
    }
    place.append(this.reset);
    this.state = state;
    for (const what of ["numbers", "position"]) state.on(what, () => this.refresh());
    this.refresh();
  }

  refresh() {
    for (const leaf of this.leaves) {
      leaf.refresh();
      const { text, complete } = this.state.adjointText(leaf.leaf);
      setText(leaf.gradient, `grad ${text}${complete ? "" : " …"}`);
    }
    this.reset.hidden = this.state.settings.size === 0;
  }
}
