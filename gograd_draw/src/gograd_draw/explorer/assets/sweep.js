// The reverse sweep, step by step: each step passes one share from a node to one of its inputs.

// The sweep at the recorded numbers, with the local derivatives that the engine computed; or, if `numbers` were
// computed again, with those of the rules where an input changed.
function sweep(model, rules, numbers) {
  const recorded = (node, slot) => model.locals[slot];
  if (!numbers.reached.some(Boolean)) return new Sweep(model, null, recorded, model.careful).run();
  const locals = localsOf(model, rules, numbers);
  return new Sweep(model, numbers, locals, false).run() ?? new Sweep(model, numbers, locals, true).run();
}

// Local derivatives by rules. Where no input changed, the engine's are used if it computed them. Null if there is no
// rule, and undefined if it does not give what the engine computed at the recorded numbers.
function localsOf(model, rules, numbers) {
  const now = partialsAt(model, rules, numbers.values);
  const recorded = partialsAt(model, rules, model.values);
  model.reproducedSlots ??= new Uint8Array(model.inputs.length);
  return (node, slot) => {
    const expected = model.locals[slot];
    if (!numbers.reached[node] && !Number.isNaN(expected)) return expected;
    if (operationOf(model, node).key === null) return null;
    if (!Number.isNaN(expected) && !model.reproducedSlots[slot]) {
      if (!isClose(recorded(node, slot), expected, model, node)) return undefined;
      model.reproducedSlots[slot] = 1;
    }
    return now(node, slot);
  };
}

// The partial of a node by a slot. Those of one node are computed once, as long as one asks for that node.
function partialsAt(model, rules, values) {
  const computed = new Map();
  let current = -1;
  return (node, slot) => {
    const operation = operationOf(model, node);
    if (node !== current) computed.clear();
    current = node;
    const { input, place } = placeOf(model, node, slot);
    if (!computed.has(input)) {
      const partial = rules[operation.key].partials[input];
      computed.set(input, partial(values[node], ...argumentsOf(model, node, values)));
    }
    const local = computed.get(input);
    return operation.variadic && typeof local !== "number" ? local[place] : local;
  };
}

// One sweep. What the engine did at the recorded numbers is known; at others (`numbers`, else null) its way of dealing
// with numbers that are not finite is repeated, once it is `careful`.
class Sweep {
  constructor(model, numbers, localOf, careful) {
    Object.assign(this, { model, numbers, localOf, careful });
    this.totals = new Float64Array(model.size);
    this.totals[model.output] = 1;
    this.flawed = new Set(); // nodes whose adjoint is not finite although it should be
    this.steps = emptySteps();
  }

  // The steps; null if a number is not finite and the sweep was not careful. `stop` says why nobody knows more.
  run() {
    for (const node of this.model.order) {
      if (this.totals[node] === 0) continue; // nothing was added, or an arm of a choice that was not taken
      if (!this.careful && !Number.isFinite(this.totals[node])) return null;
      const why = this.passOn(node);
      if (why) return this.stopped(node, why);
    }
    const leaves = [...new Set(this.steps.targets)].filter((node) => isLeaf(this.model, node));
    if (!this.careful && leaves.some((leaf) => !Number.isFinite(this.totals[leaf]))) return null;
    const bad = leaves.find((leaf) => this.flawed.has(leaf));
    if (bad === undefined) return this.steps;
    const what = `the adjoint of ${nameOf(this.model, bad)} is ${short(this.totals[bad])}`;
    return this.stopped(bad, `Python would raise a DomainError, unless errors are ignored: ${what}.`);
  }

  stopped(node, why) {
    return { ...this.steps, stop: { node, why } };
  }

  // Pass the adjoint of a node on. Returns why that is not possible.
  passOn(node) {
    const { model } = this;
    for (let slot = model.starts[node]; slot < model.starts[node + 1]; slot++) {
      if (!model.leading[slot] || (this.numbers === null && model.skipped.has(slot))) continue;
      const local = this.localOf(node, slot);
      if (local === null) return `${operationOf(model, node).name} has a derivative that nobody needed in Python.`;
      if (local === undefined)
        return `The page does not compute the derivative of ${nameOf(model, node)} as Python does.`;
      if (this.numbers !== null && local === 0 && !Number.isFinite(this.totals[node])) {
        if (!this.flawed.has(node)) continue;
        return "An adjoint is not finite here, and the page does not know whether Python passes it on.";
      }
      this.add(node, slot, local);
    }
    return "";
  }

  add(node, slot, local) {
    const { steps, totals } = this;
    const target = this.model.inputs[slot];
    const adjoint = totals[node];
    const share = adjoint * local;
    const before = totals[target];
    const total = (totals[target] = this.careful && before === 0 ? share : before + share);
    if (this.numbers !== null && this.isFlawed(node, local, share, before, total)) this.flawed.add(target);
    steps.nodes.push(node);
    steps.slots.push(slot);
    steps.targets.push(target);
    steps.locals.push(local);
    steps.adjoints.push(adjoint);
    steps.shares.push(share);
    steps.totals.push(total);
  }

  // Whether a total is not finite although it should be: the engine judges the derivative, the share, and the sum.
  isFlawed(node, local, share, before, total) {
    if (this.model.ignores || Number.isFinite(total)) return false;
    if (this.flawed.has(node)) return true;
    const inputs = Array.from(inputsOf(this.model, node), (input) => this.numbers.values[input]);
    const adjoint = this.totals[node];
    return isOdd(local, inputs) || isOdd(share, [adjoint, local]) || isOdd(total, [before, share]);
  }
}

function emptySteps() {
  return { nodes: [], slots: [], targets: [], locals: [], adjoints: [], shares: [], totals: [], stop: null };
}

// The adjoints after so many steps.
function adjointsAfter(model, steps, count) {
  const totals = new Float64Array(model.size);
  totals[model.output] = 1;
  for (let step = 0; step < count; step++) totals[steps.targets[step]] = steps.totals[step];
  return totals;
}

// For each node the number of the step after which its adjoint is complete; 0 if it gets no share.
function completions(model, steps) {
  const found = new Int32Array(model.size);
  steps.targets.forEach((target, step) => {
    found[target] = step + 1;
  });
  return found;
}
