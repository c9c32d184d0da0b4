// Which boxes are shown: a group that is open shows what is inside, one that is closed stands for all of it.

const MOST_BOXES = 300;
const ENOUGH_BOXES = 140; // beyond this, groups that were opened before are closed

// The box of every node, and the boxes that there are, in the order of their first nodes.
function shownBoxes(model, open) {
  const { parents } = model.groups;
  const closed = new Int32Array(parents.length).fill(-1); // the outermost closed group around each group, or itself
  for (let group = 0; group < parents.length; group++) {
    const around = parents[group] < 0 ? -1 : closed[parents[group]];
    closed[group] = around >= 0 ? around : open.has(group) ? -1 : group;
  }
  const boxOf = new Int32Array(model.size);
  const boxes = new Map();
  for (let node = 0; node < model.size; node++) {
    const group = model.groupOf[node];
    const hidden = group < 0 ? -1 : closed[group];
    boxOf[node] = hidden >= 0 ? ~hidden : node;
    const members = boxes.get(boxOf[node]);
    if (members) members.count++;
    else boxes.set(boxOf[node], { count: 1, first: node });
  }
  return { boxOf, boxes };
}

// Edges between boxes. Those between two single nodes are kept apart, others are counted.
function edgesBetween(model, { boxOf }) {
  const edges = new Map();
  for (let node = 0; node < model.size; node++) {
    const target = boxOf[node];
    for (let slot = model.starts[node]; slot < model.starts[node + 1]; slot++) {
      const source = boxOf[model.inputs[slot]];
      if (source === target) continue;
      const single = !isGroup(source) && !isGroup(target);
      const key = single ? `${source} ${target} ${slot}` : `${source} ${target}`;
      const known = edges.get(key);
      if (known) known.count++;
      else edges.set(key, { source, target, slot: single ? slot : -1, count: 1 });
    }
  }
  return [...edges.values()];
}

function groupsAround(model, group) {
  const found = [];
  for (let each = group; each >= 0; each = model.groups.parents[each]) found.push(each);
  return found;
}

// Open groups, and close others, the longest open ones first, if there would be more boxes than one can overlook.
// Returns whether they could be opened.
function openGroups(state, groups) {
  const { model, open } = state;
  const kept = new Set(groups.flatMap((group) => groupsAround(model, group)));
  const before = new Set(open);
  for (const group of kept) {
    open.delete(group);
    open.add(group);
  }
  for (const group of before) {
    if (shownBoxes(model, open).boxes.size <= ENOUGH_BOXES) break;
    if (!kept.has(group)) open.delete(group);
  }
  if (shownBoxes(model, open).boxes.size > MOST_BOXES) {
    open.clear();
    for (const group of before) open.add(group);
    return false;
  }
  state.tell("boxes");
  return true;
}

function closeGroup(state, group) {
  state.open.delete(group);
  for (const each of [...state.open]) if (groupsAround(state.model, each).includes(group)) state.open.delete(each);
  state.tell("boxes");
}

// Show a node in a box of its own.
function reveal(state, node) {
  const group = state.model.groupOf[node];
  if (group >= 0 && !groupsAround(state.model, group).every((each) => state.open.has(each))) openGroups(state, [group]);
}

function boxOfNode(state, node) {
  let box = node;
  for (const group of groupsAround(state.model, state.model.groupOf[node])) if (!state.open.has(group)) box = ~group;
  return box;
}
