// The reverse sweep, step by step: each step passes one share from a node to one of its inputs.

// The sweep at the recorded numbers, with the local derivatives that the engine computed; or, if `numbers` were
// computed again, with those of the rules where an input changed. `stop` says why nobody knows how it goes on.
function sweep(model, rules, numbers) {
  const edited = numbers.reached.some(Boolean);
  if (!edited) return runSweep(model, recordedLocals(model), model.careful, model.skipped, numbers);
  const locals = localsOf(model, rules, numbers);
  return runSweep(model, locals, false, null, numbers) ?? runSweep(model, locals, true, null, numbers);
}

function recordedLocals(model) {
  return (node, slot) => model.locals[slot];
}

// Local derivatives by rules. Where no input changed, the engine's are used if it computed them.
function localsOf(model, rules, numbers) {
  const computed = new Map(); // of the node that is being looked at
  let current = -1;
  return (node, slot) => {
    if (!numbers.reached[node] && !Number.isNaN(model.locals[slot])) return model.locals[slot];
    const operation = operationOf(model, node);
    if (operation.key === null) return null;
    if (node !== current) computed.clear();
    current = node;
    const { input, place } = placeOf(model, node, slot);
    if (!computed.has(input)) {
      const partial = rules[operation.key].partials[input];
      computed.set(input, partial(numbers.values[node], ...argumentsOf(model, node, numbers.values)));
    }
    const local = computed.get(input);
    return operation.variadic && typeof local !== "number" ? local[place] : local;
  };
}

function runSweep(model, localOf, careful, skipped, numbers) {
  const found = { nodes: [], slots: [], targets: [], locals: [], adjoints: [], shares: [], totals: [], stop: null };
  const totals = new Float64Array(model.size);
  const flawed = new Set();
  totals[model.output] = 1;
  for (const node of model.order) {
    const adjoint = totals[node];
    if (adjoint === 0) continue; // nothing was added, or an arm of a choice that was not taken
    if (!careful && !Number.isFinite(adjoint)) return null;
    for (let slot = model.starts[node]; slot < model.starts[node + 1]; slot++) {
      if (!model.leading[slot] || skipped?.has(slot)) continue;
      const target = model.inputs[slot];
      const local = localOf(node, slot);
      if (local === null) return stopped(found, node, `${operationOf(model, node).name} has a derivative that nobody needed in Python.`);
      if (!skipped && local === 0 && !Number.isFinite(adjoint)) {
        if (!flawed.has(node)) continue;
        return stopped(found, node, "An adjoint is not finite here, and the page does not know whether Python passes it on.");
      }
      const share = adjoint * local;
      const before = totals[target];
      const total = (totals[target] = careful && before === 0 ? share : before + share);
      if (careful && !skipped && isFlawed(model, numbers, flawed, { node, target, local, adjoint, share, before, total })) flawed.add(target);
      found.nodes.push(node); found.slots.push(slot); found.targets.push(target); found.locals.push(local);
      found.adjoints.push(adjoint); found.shares.push(share); found.totals.push(total);
    }
  }
  const leaves = [...new Set(found.targets)].filter((node) => isLeaf(model, node));
  if (!careful && leaves.some((leaf) => !Number.isFinite(totals[leaf]))) return null;
  const bad = leaves.find((leaf) => flawed.has(leaf));
  if (bad !== undefined) return stopped(found, bad, `Python would raise a DomainError: the adjoint of ${nameOf(model, bad)} is ${short(totals[bad])}.`);
  return found;
}

function stopped(found, node, why) {
  return { ...found, stop: { node, why } };
}

// Whether an adjoint that is not finite should be: the engine judges the derivative, the share, and the sum.
function isFlawed(model, numbers, flawed, { node, local, adjoint, share, before, total }) {
  if (model.ignores || Number.isFinite(total)) return false;
  if (flawed.has(node)) return true;
  const inputs = Array.from(inputsOf(model, node), (input) => numbers.values[input]);
  const judged = [[inputs, local], [[adjoint, local], share], [[before, share], total]];
  return judged.some(([made, value]) =>
    Number.isNaN(value) ? !made.some(Number.isNaN) : !Number.isFinite(value) && made.every(Number.isFinite));
}

// The adjoints after so many steps, how many shares each node still waits for, and which node has passed on last.
function adjointsAfter(model, steps, count) {
  const totals = new Float64Array(model.size);
  totals[model.output] = 1;
  for (let step = 0; step < count; step++) totals[steps.targets[step]] = steps.totals[step];
  return totals;
}

// For each node the number of the step after which its adjoint is complete; 0 if it gets no share.
function completions(model, steps) {
  const found = new Int32Array(model.size);
  steps.targets.forEach((target, step) => { found[target] = step + 1; });
  return found;
}
