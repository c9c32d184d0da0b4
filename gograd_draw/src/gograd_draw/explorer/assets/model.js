// The graph as Python recorded it. Nodes are numbered, each after its inputs. A slot is one input of one node.

const LEAF = -1;
const CONSTANT = -2;

async function unpack(packed) {
  const [[kind, text]] = Object.entries(packed);
  const bytes = await inflated(text, "deflate");
  const size = kind === "float64" ? 8 : 4;
  const count = bytes.length / size;
  const ordered = new Uint8Array(bytes.length);
  for (let place = 0; place < size; place++) {
    for (let index = 0; index < count; index++) ordered[index * size + place] = bytes[place * count + index];
  }
  return kind === "float64" ? new Float64Array(ordered.buffer) : new Int32Array(ordered.buffer);
}

async function inflated(text, format) {
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream(format));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

async function readModel(data) {
  const model = { ...data };
  const packed = ["codes", "values", "counts", "inputs", "order", "locals", "groupOf", "levels", "places", "lineOf"];
  await Promise.all(
    packed.map(async (name) => {
      model[name] = data[name] && (await unpack(data[name]));
    }),
  );
  const size = (model.size = model.codes.length);
  model.starts = new Int32Array(size + 1);
  for (let node = 0; node < size; node++) model.starts[node + 1] = model.starts[node] + model.counts[node];
  for (let node = 0; node < size; node++) {
    for (let slot = model.starts[node]; slot < model.starts[node + 1]; slot++) {
      model.inputs[slot] = node - model.inputs[slot]; // they are stored as distances
    }
  }
  model.skipped = new Set(data.skipped);
  model.rank = new Int32Array(size).fill(-1); // how many operations ran before this one
  model.order.forEach((node, place) => {
    model.rank[node] = model.order.length - 1 - place;
  });
  model.leading = leadingSlots(model);
  model.users = usersOf(model);
  model.ignores = model.values.some((_, node) => model.codes[node] >= 0 && isOutside(model, node, model.values));
  return model;
}

function isLeaf(model, node) {
  return model.codes[node] === LEAF;
}
function isConstant(model, node) {
  return model.codes[node] === CONSTANT;
}
function operationOf(model, node) {
  return model.operations[model.codes[node]] ?? null;
}
function labelOf(model, node) {
  return model.labels[node] ?? "";
}
function lineOf(model, node) {
  return model.lineOf ? (model.lines[model.lineOf[node]] ?? null) : null;
}

function inputsOf(model, node) {
  return model.inputs.subarray(model.starts[node], model.starts[node + 1]);
}

// Which input of the operation a slot belongs to, and the place in it if that is a column.
function placeOf(model, node, slot) {
  const length = model.counts[node] / operationOf(model, node).inputs.length;
  const index = slot - model.starts[node];
  return { input: Math.floor(index / length), place: index % length, length };
}

// Slots by which an operation has a derivative, and which lead to a leaf.
function leadingSlots(model) {
  const leads = new Uint8Array(model.size);
  const found = new Uint8Array(model.inputs.length);
  for (let node = 0; node < model.size; node++) {
    const operation = operationOf(model, node);
    if (operation === null) {
      leads[node] = Number(isLeaf(model, node));
      continue;
    }
    for (let slot = model.starts[node]; slot < model.starts[node + 1]; slot++) {
      if (!leads[model.inputs[slot]]) continue;
      if (!operation.differentiable[placeOf(model, node, slot).input]) continue;
      found[slot] = leads[node] = 1;
    }
  }
  return found;
}

// The different users of each node, in a row: those of `node` are at(starts[node]) … at(starts[node + 1]).
function usersOf(model) {
  const starts = new Int32Array(model.size + 1);
  for (const source of model.inputs) starts[source + 1]++;
  for (let node = 0; node < model.size; node++) starts[node + 1] += starts[node];
  const next = starts.slice();
  const all = new Int32Array(model.inputs.length);
  for (let node = 0; node < model.size; node++) {
    for (const source of inputsOf(model, node)) all[next[source]++] = node;
  }
  return (node) => [...new Set(all.subarray(starts[node], starts[node + 1]))];
}

// Whether a number is NaN though what it was made of is not, or an infinity though all that is finite.
function isOdd(number, made) {
  if (Number.isFinite(number)) return false;
  return Number.isNaN(number) ? !made.some(Number.isNaN) : made.every(Number.isFinite);
}

// Whether the value of an operation is odd: Python raises a DomainError there, unless errors are ignored.
function isOutside(model, node, values) {
  const value = values[node];
  return (
    !Number.isFinite(value) &&
    isOdd(
      value,
      Array.from(inputsOf(model, node), (input) => values[input]),
    )
  );
}

// A short name: the label, else the operation with its number.
function nameOf(model, node) {
  if (isConstant(model, node)) return short(model.values[node]);
  const operation = operationOf(model, node);
  return labelOf(model, node) || (operation ? `${operation.symbol} #${node}` : `leaf #${node}`);
}
