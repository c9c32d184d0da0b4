// All neurons of a large graph as dots on a canvas, in columns by level. A dot is pale until its adjoint has arrived.
// While the picture moves, the last one is shown, moved; it is drawn again when it rests.

const COLUMN = 14;
const ROW = 9;
const COLOURS = [7, 3, 1, 2, 4, 5, 6, 0]; // in the order in which operations take them
const FEW_EDGES = 6000;
const REST = 140; // milliseconds

class Overview {
  constructor(state, canvas, camera) {
    Object.assign(this, { state, canvas, camera, shown: false });
    this.context = canvas.getContext("2d");
    this.kept = document.createElement("canvas");
    this.arrange();
    camera.add(() => this.shown && this.move());
    state.on("numbers", () => this.shown && this.draw());
    state.on("position", () => this.shown && this.soon());
    state.on("selection", () => this.shown && this.repaint());
  }

  // Give each node its place. Large columns are higher than small ones, but not in proportion: they are denser.
  arrange() {
    const { model } = this.state;
    const highest = new Int32Array(1 + model.levels.reduce((most, level) => Math.max(most, level), 0)).fill(1);
    model.places.forEach((place, node) => {
      const level = model.levels[node];
      highest[level] = Math.max(highest[level], Math.abs(place));
    });
    const across = highest.length * COLUMN;
    const most = highest.reduce((one, other) => Math.max(one, other));
    const half = Math.min((most * ROW) / 2, 0.32 * across + 100);
    const stretch = highest.map((high) => 1000 * Math.min(ROW / 2, (half / high) * (high / most) ** 0.45));
    this.x = Float32Array.from(model.levels, (level) => (level + 0.5) * COLUMN);
    this.y = Float32Array.from(model.places, (place, node) => (place * stretch[model.levels[node]]) / 1000);
    this.dot = 5;
    this.extent = { left: 0, top: -half - 10, width: across, height: 2 * half + 20 };
    this.colours = this.operationColours();
  }

  // The operations that occur most have a colour of their own here, the others share one.
  operationColours() {
    const { model } = this.state;
    const counts = model.operations.map((_, code) => ({ code, count: 0 }));
    for (const code of model.codes) if (code >= 0) counts[code].count++;
    counts.sort((one, other) => other.count - one.count);
    const colours = new Array(counts.length).fill("--muted");
    counts.slice(0, COLOURS.length).forEach(({ code }, place) => {
      colours[code] = `--p${COLOURS[place]}`;
    });
    this.legend = counts.slice(0, COLOURS.length).map(({ code }) => [symbolOf(model.operations[code]), colours[code]]);
    if (counts.length > COLOURS.length) this.legend.push(["others", "--muted"]);
    return colours;
  }

  show(shown) {
    this.shown = shown;
    if (!shown) return;
    this.resize();
    if (!this.fitted) this.fit();
    this.draw();
  }

  fit() {
    this.fitted = true;
    this.camera.fit(this.extent);
  }

  resize() {
    const { clientWidth, clientHeight } = this.canvas.parentElement;
    const ratio = (this.ratio = Math.min(2, window.devicePixelRatio || 1));
    for (const canvas of [this.canvas, this.kept]) {
      canvas.width = Math.max(1, clientWidth * ratio);
      canvas.height = Math.max(1, clientHeight * ratio);
    }
  }

  move() {
    this.repaint();
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.draw(), REST);
  }

  // Dots change colour while the sweep goes on: often enough, but not in every frame.
  soon() {
    this.repaint();
    this.changing ??= setTimeout(() => {
      this.changing = null;
      if (this.shown) this.draw();
    }, REST);
  }

  // Show the picture that is kept, moved to where it is now, and what is selected.
  repaint() {
    const { context, camera, keptAt, ratio } = this;
    if (!keptAt) return;
    const scale = camera.scale / keptAt.scale;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    context.setTransform(
      scale,
      0,
      0,
      scale,
      (camera.x - keptAt.x * scale) * ratio,
      (camera.y - keptAt.y * scale) * ratio,
    );
    context.drawImage(this.kept, 0, 0);
    context.setTransform(ratio * camera.scale, 0, 0, ratio * camera.scale, ratio * camera.x, ratio * camera.y);
    this.drawSelected(context);
  }

  // Draw all dots, and keep the picture.
  draw() {
    clearTimeout(this.resting);
    const { kept, camera, ratio } = this;
    const { x, y, scale } = camera;
    const own = kept.getContext("2d");
    own.setTransform(1, 0, 0, 1, 0, 0);
    own.clearRect(0, 0, kept.width, kept.height);
    own.setTransform(ratio * scale, 0, 0, ratio * scale, ratio * x, ratio * y);
    this.drawEdges(own);
    this.drawDots(own);
    this.keptAt = { x, y, scale };
    this.repaint();
  }

  *visible() {
    const { camera, canvas, ratio } = this;
    const low = camera.toWorld(-10, -10);
    const high = camera.toWorld(canvas.width / ratio + 10, canvas.height / ratio + 10);
    for (let node = 0; node < this.x.length; node++) {
      if (this.x[node] >= low.x && this.x[node] <= high.x && this.y[node] >= low.y && this.y[node] <= high.y)
        yield node;
    }
  }

  drawEdges(context) {
    const { model } = this.state;
    const edges = [];
    for (const node of this.visible()) {
      for (const input of inputsOf(model, node)) edges.push([input, node]);
      if (edges.length > FEW_EDGES) return;
    }
    context.beginPath();
    for (const [from, to] of edges) this.curve(context, from, to);
    context.lineWidth = 0.7 / this.camera.scale;
    context.strokeStyle = colour("--line");
    context.globalAlpha = 0.5;
    context.stroke();
    context.globalAlpha = 1;
  }

  curve(context, from, to) {
    const middle = (this.x[from] + this.x[to]) / 2;
    context.moveTo(this.x[from], this.y[from]);
    context.bezierCurveTo(middle, this.y[from], middle, this.y[to], this.x[to], this.y[to]);
  }

  drawDots(context) {
    const { model, adjoints, completions, count, adjointsKnown } = this.state;
    const size = Math.max(this.dot, 1.1 / this.camera.scale);
    const groups = new Map();
    for (const node of this.visible()) {
      const code = model.codes[node];
      const arrived = adjointsKnown && completions[node] <= count && adjoints[node] !== 0;
      const key = `${code >= 0 ? this.colours[code] : code === LEAF ? "--ink" : "--border"} ${arrived ? 1 : 0.28}`;
      if (!groups.has(key)) groups.set(key, []);
      groups.get(key).push(node);
    }
    for (const [key, nodes] of [...groups].sort(([one], [other]) => one.localeCompare(other))) {
      const [name, alpha] = key.split(" ");
      context.fillStyle = colour(name);
      context.globalAlpha = Number(alpha);
      for (const node of nodes) context.fillRect(this.x[node] - size / 2, this.y[node] - size / 2, size, size);
    }
    context.globalAlpha = 1;
  }

  drawSelected(context) {
    const { model, selected, step } = this.state;
    const { scale } = this.camera;
    const line = (pairs, name, width) => {
      context.beginPath();
      for (const [from, to] of pairs) this.curve(context, from, to);
      context.lineWidth = width / scale;
      context.strokeStyle = colour(name);
      context.stroke();
    };
    if (selected !== null && !isGroup(selected)) {
      line(
        Array.from(inputsOf(model, selected), (input) => [input, selected]),
        "--accent",
        1.4,
      );
      line(
        model.users(selected).map((user) => [selected, user]),
        "--accent",
        0.8,
      );
      this.ring(context, selected, "--accent");
    }
    if (step !== null && this.state.count < this.state.steps.nodes.length) {
      line([[step.target, step.node]], "--flow", 2.2);
      this.ring(context, step.node, "--flow");
      this.ring(context, step.target, "--flow");
    }
  }

  ring(context, node, name) {
    context.beginPath();
    context.arc(this.x[node], this.y[node], Math.max(this.dot, 6 / this.camera.scale), 0, 2 * Math.PI);
    context.lineWidth = 2 / this.camera.scale;
    context.strokeStyle = colour(name);
    context.stroke();
  }

  // The node under a point of the stage; null if none is near.
  hit({ x, y }) {
    const at = this.camera.toWorld(x, y);
    let [best, distance] = [null, Math.max(this.dot, 9 / this.camera.scale)];
    for (let node = 0; node < this.x.length; node++) {
      const apart = Math.hypot(this.x[node] - at.x, this.y[node] - at.y);
      if (apart < distance) [best, distance] = [node, apart];
    }
    return best;
  }
}

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
