// Computes the graph again after leaves were given other values, with the rules of the operations in JavaScript.

// Why a leaf cannot be given another value: the first operation on the way to the output that has no rules here.
function refusals(model) {
  const blockedBy = new Int32Array(model.size).fill(-1);
  for (let node = model.size - 1; node >= 0; node--) {
    const operation = operationOf(model, node);
    if (operation !== null && operation.key === null) blockedBy[node] = node;
    if (blockedBy[node] >= 0) for (const input of inputsOf(model, node)) blockedBy[input] = blockedBy[node];
  }
  return (leaf) => {
    const node = blockedBy[leaf];
    return node < 0 ? "" : operationOf(model, node).refusal || `${operationOf(model, node).name} has no rules here.`;
  };
}

// The inputs of a node as its rules take them: numbers, or columns.
function argumentsOf(model, node, values) {
  const numbers = Array.from(inputsOf(model, node), (input) => values[input]);
  const operation = operationOf(model, node);
  if (!operation.variadic) return numbers;
  const length = numbers.length / operation.inputs.length;
  return operation.inputs.map((_, input) => numbers.slice(input * length, (input + 1) * length));
}

const REPRODUCED = 1e-9; // of the largest number: far above what libraries differ by, and far below a wrong rule

// Numbers after some leaves were set. `reached` are the nodes with an input that changed. `stop` says where Python
// would do something that the page does not know; nothing after that is to be believed.
function recompute(model, rules, settings) {
  const values = model.values.slice();
  const reached = new Uint8Array(model.size);
  const changed = new Uint8Array(model.size);
  for (const [leaf, value] of settings) {
    values[leaf] = value;
    changed[leaf] = Number(!Object.is(value, model.values[leaf]));
  }
  let stop = null;
  for (let node = 0; settings.size > 0 && node < model.size; node++) {
    if (!inputsOf(model, node).some((input) => changed[input])) continue;
    reached[node] = 1;
    if (!isReproduced(model, rules, node) && (stop === null || model.rank[node] < stop.when)) {
      stop = { when: model.rank[node], node, differs: true };
    }
    values[node] = rules[operationOf(model, node).key].forward(...argumentsOf(model, node, values));
    changed[node] = Number(!Object.is(values[node], model.values[node]));
    if (!model.ignores && isOutside(model, node, values)) {
      if (stop === null || model.rank[node] + 0.5 < stop.when) stop = { when: model.rank[node] + 0.5, node };
    }
  }
  const turn = firstTurn(model, values, reached);
  if (turn !== null && (stop === null || turn.when < stop.when)) stop = turn;
  return { values, reached, stop: stop && { ...stop, why: reason(model, stop, values) } };
}

// Whether the rules give here what Python recorded, but for the last digits. Each node is tried once.
function isReproduced(model, rules, node) {
  model.reproduced ??= new Int8Array(model.size).fill(-1);
  if (model.reproduced[node] < 0) {
    const value = rules[operationOf(model, node).key].forward(...argumentsOf(model, node, model.values));
    model.reproduced[node] = Number(isClose(value, model.values[node], model, node));
  }
  return model.reproduced[node] === 1;
}

// Whether a value or a derivative of a node is what Python computed, up to a share of the largest number around it.
function isClose(value, expected, model, node) {
  if (Object.is(value, expected) || value === expected) return true;
  const around = Array.from(inputsOf(model, node), (input) => Math.abs(model.values[input]));
  return (
    Math.abs(value - expected) <= REPRODUCED * Math.max(Math.abs(expected), Math.abs(model.values[node]), ...around)
  );
}

// The first decision of the recorded function that turns out differently.
function firstTurn(model, values, reached) {
  for (const decision of model.decisions ?? []) {
    const value = values[decision.node];
    const answer = ANSWERS[decision.kind];
    const turned = answer ? answer(value) !== decision.outcome : Boolean(reached[decision.node]);
    if (turned) return { when: decision.after, node: decision.node, decision };
  }
  return null;
}

const ANSWERS = {
  bool: (value) => Number(value !== 0), // NaN is true
  trunc: (value) => Math.trunc(value) + 0,
  round: (value) => toEven(value) + 0,
  floor: (value) => Math.floor(value) + 0,
  ceil: (value) => Math.ceil(value) + 0,
  index: (value) => value,
  finite: (value) => Number(Number.isFinite(value)),
};

function toEven(value) {
  const low = Math.floor(value);
  if (value - low !== 0.5) return Math.round(value);
  return low % 2 === 0 ? low : low + 1;
}

function reason(model, stop, values) {
  if (stop.decision) {
    const where = stop.decision.line ? `: ${stop.decision.line} decides differently` : "";
    return `Python would take another path here${where}. Its graph would not be this one.`;
  }
  if (stop.differs) {
    return `The page does not compute ${nameOf(model, stop.node)} as Python does, so nothing that follows is known.`;
  }
  const numbers = Array.from(inputsOf(model, stop.node), (input) => short(values[input]))
    .slice(0, 4)
    .join(", ");
  const { name } = operationOf(model, stop.node);
  return `Python would raise a DomainError, unless errors are ignored: ${name}(${numbers}) is ${short(values[stop.node])}.`;
}
