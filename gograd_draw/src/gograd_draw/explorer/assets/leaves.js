// Sliders for the values of leaves.

const MOST_SLIDERS = 10;
const FARTHEST = 4e307; // so that the length of a range is finite
const STEPS = 1000; // of a slider

// The values that a slider offers, around the recorded one.
function rangeOf(value) {
  const reach = Math.min(FARTHEST, Math.max(1, Math.abs(value) * 2));
  const largest = Number.MAX_VALUE;
  return { low: Math.max(value - reach, -largest), high: Math.min(value + reach, largest) };
}

class Leaf {
  constructor(state, leaf, name, why = (text) => `This leaf cannot be dragged: ${text}`) {
    Object.assign(this, { state, leaf });
    const { low, high } = rangeOf(state.model.values[leaf]);
    const recorded = state.model.values[leaf];
    const refusal = state.refusal(leaf) || (Number.isFinite(recorded) ? "" : "Its value is not finite.");
    this.range = { low, high };
    const home = this.placeOf(recorded); // where rounding must not change the value
    this.slider = element("input", {
      type: "range",
      min: 0,
      max: STEPS,
      step: 1,
      "aria-label": `value of ${name}`,
      disabled: refusal !== "",
      input: () => {
        const at = Number(this.slider.value);
        this.set(at === home ? recorded : low + (at / STEPS) * (high - low));
      },
    });
    this.number = element("input", {
      type: "text",
      inputmode: "decimal",
      autocomplete: "off",
      "aria-label": `value of ${name} as a number`,
      disabled: refusal !== "",
      change: () => this.read(this.number.value.trim()),
    });
    this.fault = element("p", { class: "refusal", role: "status" });
    this.back = button(icon("reset"), `set ${name} back to the recorded value`, () => state.set(leaf, null), {
      class: "icon",
    });
    this.element = element(
      "div",
      { class: "leaf" },
      this.slider,
      this.number,
      this.back,
      refusal ? element("p", { class: "refusal" }, why(refusal)) : this.fault,
    );
    this.refresh();
  }

  placeOf(value) {
    const { low, high } = this.range;
    return Math.round(STEPS * ((value - low) / (high - low)));
  }

  set(value) {
    setText(this.fault, "");
    this.state.set(this.leaf, value);
  }

  // Take a text as the value, or say why it is none.
  read(text) {
    const value = text === "" ? NaN : Number(text);
    if (Number.isFinite(value)) this.set(value);
    else setText(this.fault, `“${cut(text, 20)}” is not a finite number such as -1.5`);
    this.refresh();
  }

  refresh() {
    const value = this.state.numbers.values[this.leaf];
    const at = this.placeOf(value);
    if (Number.isFinite(at) && Number(this.slider.value) !== at) this.slider.value = at;
    if (!Object.is(Number(this.number.value || NaN), value)) this.number.value = short(value, 7);
    this.number.title = repr(value);
    this.slider.setAttribute("aria-valuetext", short(value));
    this.back.disabled = !this.state.settings.has(this.leaf);
  }
}

// The leaves with their sliders: some at first, more on demand, or those whose label has a text in it.
class Leaves {
  constructor(state, place, visit) {
    Object.assign(this, { state, visit, most: MOST_SLIDERS, made: new Map() });
    this.all = sortedLeaves(state);
    this.filter = element("input", {
      type: "text",
      class: "filter",
      autocomplete: "off",
      spellcheck: "false",
      "aria-label": "show only leaves with this in their label",
      placeholder: "Filter by label",
      input: () => this.list(),
    });
    this.filter.hidden = this.all.length <= MOST_SLIDERS;
    this.rows = element("div");
    this.more = button("Show more", "Show more leaves", () => this.showMore(), { class: "wide" });
    this.rest = element("p", { class: "muted small", role: "status" });
    this.reset = button(
      "Back to the recorded values",
      "Set all leaves back to the recorded values",
      () => state.reset(),
      { class: "wide" },
    );
    place.append(this.filter, this.rows, this.rest, this.more, this.reset);
    for (const what of ["numbers", "position"]) state.on(what, () => this.refresh());
    this.list();
  }

  list() {
    const wanted = this.filter.value.trim().toLowerCase();
    const found = this.all.filter((node) => nameOf(this.state.model, node).toLowerCase().includes(wanted));
    this.leaves = found.slice(0, this.most).map((node) => this.rowOf(node));
    this.rows.replaceChildren(...this.leaves.map((leaf) => leaf.element));
    const hidden = found.length - this.leaves.length;
    this.more.hidden = hidden === 0;
    setText(
      this.rest,
      hidden > 0 ? `and ${counted(hidden, "more leaf", "more leaves")}` : found.length ? "" : "No leaf has that label.",
    );
    this.refresh();
  }

  showMore() {
    const first = this.leaves.length;
    this.most += 4 * MOST_SLIDERS;
    this.list();
    this.leaves[first].element.querySelector("button").focus();
  }

  rowOf(node) {
    const known = this.made.get(node);
    if (known) return known;
    const name = nameOf(this.state.model, node);
    const leaf = new Leaf(this.state, node, name, () => "It cannot be dragged. Select it to see why.");
    leaf.gradient = element("span", { class: "gradient" });
    leaf.element.prepend(
      element("button", { type: "button", class: "link", click: () => this.visit(node) }, cut(name, 18)),
      leaf.gradient,
    );
    this.made.set(node, leaf);
    return leaf;
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

// Leaves with labels come first, then those that get a gradient. Names such as `x` come before parts of a model such
// as `layer0.unit3.w1`, which are in the order of their layers.
function sortedLeaves({ model, steps }) {
  const receive = new Set(steps.targets);
  const depth = (node) => (labelOf(model, node).includes(".") ? 1 : 0);
  const inModel = (one, other) => labelOf(model, one).localeCompare(labelOf(model, other), "en", { numeric: true });
  const leaves = [];
  for (let node = 0; node < model.size; node++) if (isLeaf(model, node)) leaves.push(node);
  return leaves.sort(
    (one, other) =>
      Number(!labelOf(model, one)) - Number(!labelOf(model, other)) ||
      Number(!receive.has(one)) - Number(!receive.has(other)) ||
      depth(one) - depth(other) ||
      (depth(one) ? inModel(one, other) : one - other),
  );
}
