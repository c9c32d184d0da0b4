// Keys. In a text field they write text.

const HELP = [
  ["Tab", "go to the next control, or into the graph"],
  ["← →", "in the graph: go to an input, or to a user"],
  ["↑ ↓", "in the graph: go to the box above or below"],
  ["Enter", "select the box; unfold or fold a selected group"],
  [", .", "one step back, one step forward (with Shift: one neuron)"],
  ["Space", "play, or pause; in the graph: as Enter"],
  ["+ − 0", "zoom in, zoom out, show everything"],
  ["Shift + arrows", "move the picture"],
  ["o", "boxes, or all neurons"],
  ["/", "search"],
  ["Escape", "select nothing"],
];

function listenToKeys(app) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const { target } = event;
    if (target.closest("input:not([type=range]), select, textarea, dialog")) return;
    const onButton = target.closest("button") !== null;
    const inGraph = target.closest(".box") !== null || target === app.canvas;
    const act = actionFor(app, event, { onButton, inGraph, onSlider: target.matches("input") });
    if (!act) return;
    event.preventDefault();
    act();
  });
}

function actionFor(app, event, { onButton, inGraph, onSlider }) {
  const { player, state } = app;
  const zoom = { "+": 1.25, "=": 1.25, "-": 0.8 }[event.key];
  if (zoom) return () => app.camera.zoom(zoom);
  const move = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] }[event.key];
  if (move && event.shiftKey && !onSlider) return () => app.camera.pan(...move);
  if (move && inGraph) return () => walk(app, event.key);
  const plain = {
    ",": () => player.go(state.count - 1),
    ".": () => player.go(state.count + 1),
    "<": () => player.goByNeuron(false),
    ">": () => player.goByNeuron(true),
    ";": () => player.goByNeuron(false),
    ":": () => player.goByNeuron(true),
    0: () => app.fit(),
    o: () => app.showAll(!app.allShown),
    "/": () => app.search.input.focus(),
    "?": () => byId("help").showModal(),
    Escape: () => state.select(null),
  }[event.key];
  if (plain) return plain;
  if (event.key === " " && !onButton && !inGraph) return () => player.toggle();
  if ((event.key === "Enter" || event.key === " ") && inGraph)
    return () => app.press(Number(event.target.dataset.box ?? state.selected ?? state.model.output));
  return null;
}

// Go from the box that has the focus to a neighbour.
function walk(app, key) {
  const { drawing, state } = app;
  if (app.allShown) return walkAll(state, key);
  const id = Number(document.activeElement.dataset.box);
  const box = drawing.at.get(id);
  const { across } = drawing;
  const [inputs, users] = across ? ["ArrowLeft", "ArrowRight"] : ["ArrowUp", "ArrowDown"];
  let next;
  if (key === inputs) next = drawing.edges.filter(({ target }) => target === id).map(({ source }) => source);
  else if (key === users) next = drawing.edges.filter(({ source }) => source === id).map(({ target }) => target);
  else {
    const forward = key === "ArrowDown" || key === "ArrowRight";
    const [along, beside] = across ? ["y", "x"] : ["x", "y"];
    next = drawing.boxes
      .filter((other) => (forward ? other[along] > box[along] : other[along] < box[along]))
      .sort((one, other) => distance(one) - distance(other))
      .map(({ id: other }) => other);
    function distance(other) {
      return Math.abs(other[along] - box[along]) + 3 * Math.abs(other[beside] - box[beside]);
    }
  }
  if (next.length) app.focus(next[0]);
}

function walkAll(state, key) {
  const { model } = state;
  const node = state.selected === null || isGroup(state.selected) ? model.output : state.selected;
  const inputs = Array.from(inputsOf(model, node)).filter((input) => !isConstant(model, input));
  const users = model.users(node);
  const beside = users.length ? Array.from(inputsOf(model, users[0])).filter((input) => !isConstant(model, input)) : [];
  const shift = key === "ArrowDown" ? 1 : -1;
  const next = key === "ArrowLeft" ? inputs[0] : key === "ArrowRight" ? users[0] : beside[beside.indexOf(node) + shift];
  if (next !== undefined) state.select(next);
}

function fillHelp(dialog) {
  const list = element("dl", {});
  for (const [keys, meaning] of HELP)
    list.append(element("dt", {}, element("kbd", {}, keys)), element("dd", {}, meaning));
  dialog.append(
    element("h2", {}, "Keys"),
    list,
    element("form", { method: "dialog" }, element("button", { class: "wide" }, "Close")),
  );
}
