// Where boxes and edges are. Graphviz is given only numbers and sizes: no text of the user's reaches it.

const POINTS = 72; // of Graphviz, in an inch
const CHARACTER = { title: 8.0, row: 6.75 };
const ROW_HEIGHT = 15;

// The texts of a box, and its size. Rows that change keep their room: numbers have at most eleven characters.
function describeBox(state, box, members) {
  const { model } = state;
  if (isGroup(box)) {
    const rows = model.groups.contents[~box];
    return sized({ kind: "folded", title: model.groups.names[~box], rows: rows.map((row) => ["", row]), colour: -1 });
  }
  const operation = operationOf(model, members.first);
  if (isConstant(model, box)) {
    const title = short(model.values[box]);
    return { kind: "constant", title, rows: [], colour: -1, width: 18 + title.length * CHARACTER.row, height: 22 };
  }
  const label = labelOf(model, box);
  const rows = [
    ["value", ""],
    ["grad", ""],
  ];
  const kind = operation ? "operation" : "leaf";
  const title = operation ? symbolOf(operation) : cut(label || "leaf", 22);
  if (operation && label) rows.unshift(["", cut(label, 22)]);
  return sized({ kind, title, rows, colour: operation ? operation.colour : -1 });
}

function symbolOf(operation) {
  return cut(
    operation.infix || operation.symbol === operation.name ? operation.symbol : `${operation.symbol} ${operation.name}`,
    22,
  );
}

function cut(text, most) {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

function sized(box) {
  const widest = Math.max(0, ...box.rows.map(([key, text]) => (key ? 6 + Math.max(9, text.length) : text.length)));
  const width = 24 + Math.max(widest * CHARACTER.row, box.title.length * CHARACTER.title);
  return { ...box, width: Math.max(72, Math.ceil(width)), height: 30 + box.rows.length * ROW_HEIGHT };
}

function dotOf(boxes, edges, across) {
  const many = edges.length > 250; // with so many, order and curves cost more time than they are worth
  const effort = many ? "mclimit=0.2; nslimit=1; nslimit1=1; splines=line" : "ordering=in; splines=true";
  const lines = [
    `digraph { rankdir=${across ? "LR" : "TB"}; nodesep=0.22; ranksep=${many ? 1 : 0.65}; ${effort};`,
    `node [shape=box, fixedsize=true, label=""]; edge [arrowsize=0];`,
  ];
  boxes.forEach((box, index) => {
    lines.push(`${index} [width=${(box.width / POINTS).toFixed(3)}, height=${(box.height / POINTS).toFixed(3)}];`);
  });
  const number = new Map(boxes.map((box, index) => [box.id, index]));
  for (const edge of edges) lines.push(`${number.get(edge.source)} -> ${number.get(edge.target)};`);
  return [...lines, "}"].join("\n");
}

// Give each box its middle `x`, `y`, and each edge its `path` of Bézier curves.
function placeBoxes(viz, boxes, edges, across) {
  const result = viz.renderFormats(dotOf(boxes, edges, across), ["json0"], { engine: "dot", yInvert: true });
  if (result.status !== "success") throw new Error(`Graphviz: ${result.errors.map((each) => each.message).join("; ")}`);
  const placed = JSON.parse(result.output.json0);
  for (const object of placed.objects ?? []) {
    const [x, y] = object.pos.split(",").map(Number);
    Object.assign(boxes[Number(object.name)], { x, y });
  }
  (placed.edges ?? []).forEach((object, index) => {
    edges[index].path = pathOf(object.pos);
  });
}

// The points of an edge: "e,x,y" is where its arrow ends, the others are a spline.
function pathOf(text) {
  const points = [];
  let end = null;
  for (const part of text.split(" ")) {
    const numbers = part.split(",");
    if (numbers[0] === "e") end = [Number(numbers[1]), Number(numbers[2])];
    else if (numbers[0] !== "s") points.push([Number(numbers[0]), Number(numbers[1])]);
  }
  return { points, end: end ?? points.at(-1) };
}
