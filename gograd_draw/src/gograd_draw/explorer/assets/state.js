// What the page shows now, and who has to be told when that changes.

// A box is known by a number: that of its node, or ~group for a group of nodes.
const isGroup = (box) => box < 0;

class State {
  constructor(model, rules) {
    this.model = model;
    this.rules = rules;
    this.settings = new Map(); // leaves that were given other values
    this.open = new Set(); // groups, in the order in which they were opened
    this.selected = null;
    this.listeners = { numbers: [], position: [], selection: [], boxes: [] };
    this.refusal = refusals(model);
    this.compute();
    this.count = this.steps.nodes.length;
    this.walking = false; // whether somebody goes through the steps
    this.locate();
  }

  on(what, listener) {
    this.listeners[what].push(listener);
  }

  tell(what) {
    for (const listener of this.listeners[what]) listener();
  }

  compute() {
    this.numbers = recompute(this.model, this.rules, this.settings);
    this.steps = this.numbers.stop ? emptySteps() : sweep(this.model, this.rules, this.numbers);
    this.completions = completions(this.model, this.steps);
  }

  locate() {
    this.adjoints = adjointsAfter(this.model, this.steps, this.count);
  }

  // Give a leaf another value; the recorded one if `value` is null.
  set(leaf, value) {
    if (this.refusal(leaf)) return;
    const atEnd = this.count === this.steps.nodes.length;
    if (value === null || Object.is(value, this.model.values[leaf])) this.settings.delete(leaf);
    else this.settings.set(leaf, value);
    this.compute();
    const length = this.steps.nodes.length;
    this.walking = !atEnd;
    this.count = atEnd ? length : Math.min(this.count, length);
    this.locate();
    this.tell("numbers");
  }

  reset() {
    for (const leaf of [...this.settings.keys()]) this.settings.delete(leaf);
    this.compute();
    this.count = this.steps.nodes.length;
    this.walking = false;
    this.locate();
    this.tell("numbers");
  }

  goTo(count) {
    const next = Math.max(0, Math.min(count, this.steps.nodes.length));
    if (next === this.count) return;
    this.count = next;
    this.walking = true;
    this.locate();
    this.tell("position");
  }

  select(box) {
    if (box === this.selected) return;
    this.selected = box;
    this.tell("selection");
  }

  // The step that was done last; null before the first one.
  get step() {
    const { steps, count } = this;
    if (count === 0 || !this.walking) return null;
    const at = count - 1;
    const pick = (name) => steps[name][at];
    const before = this.totalBefore(at);
    return {
      at,
      node: pick("nodes"),
      slot: pick("slots"),
      target: pick("targets"),
      local: pick("locals"),
      adjoint: pick("adjoints"),
      share: pick("shares"),
      total: pick("totals"),
      before,
    };
  }

  totalBefore(at) {
    const target = this.steps.targets[at];
    for (let step = at - 1; step >= 0; step--) if (this.steps.targets[step] === target) return this.steps.totals[step];
    return target === this.model.output ? 1 : 0;
  }

  // Whether the adjoints are what Python gives.
  get adjointsKnown() {
    return this.numbers.stop === null && this.steps.stop === null;
  }
  get stop() {
    return this.numbers.stop ?? this.steps.stop;
  }

  // The adjoint of a node at this step as text, and whether it is complete: it is a running sum until then.
  adjointText(node, write = short) {
    if (isConstant(this.model, node)) return { text: "", complete: true };
    if (!this.adjointsKnown) return { text: "?", complete: true };
    const complete = this.completions[node] <= this.count;
    return { text: write(this.adjoints[node]), complete };
  }

  valueText(node, write = short) {
    const { stop, reached } = this.numbers;
    const known = stop === null || !reached[node] || this.model.rank[node] < stop.when;
    return known ? write(this.numbers.values[node]) : "?";
  }
}
