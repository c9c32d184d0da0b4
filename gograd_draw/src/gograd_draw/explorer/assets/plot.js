// The output as a function of one leaf, with the tangent whose slope is the gradient. It is computed a little at a
// time, so that the page stays responsive. Where Python would take another path, the curve has a gap.

const SAMPLES = 121;
const BUDGET = 12; // milliseconds in one go
const PLOT = { width: 320, height: 170, left: 54, right: 8, top: 10, bottom: 22 };

class Plot {
  constructor(state, leaf) {
    Object.assign(this, { state, leaf, points: [] });
    this.svg = drawn("svg", { viewBox: `0 0 ${PLOT.width} ${PLOT.height}`, role: "img", class: "plot" });
    this.note = element("p", { class: "muted small" });
    this.element = element("figure", {}, this.svg, this.note);
    this.range = rangeOf(state.model.values[leaf]);
    this.begin();
  }

  begin() {
    this.points = [];
    this.run = (this.run ?? 0) + 1;
    this.settings = new Map(this.state.settings);
    this.go(this.run);
  }

  // Whether a change of numbers only moved this leaf, so that the curve stays.
  isCurrent() {
    const others = (settings) => JSON.stringify([...settings].filter(([leaf]) => leaf !== this.leaf));
    return others(this.settings) === others(this.state.settings);
  }

  go(run) {
    if (run !== this.run) return;
    const { state, leaf, range } = this;
    const end = performance.now() + BUDGET;
    do {
      const x = range.low + ((range.high - range.low) * this.points.length) / (SAMPLES - 1);
      const settings = new Map(this.settings).set(leaf, x);
      const { values, stop } = recompute(state.model, state.rules, settings);
      const y = stop ? NaN : values[state.model.output];
      this.points.push([x, y]);
    } while (this.points.length < SAMPLES && performance.now() < end);
    const done = this.points.length === SAMPLES;
    if (!done) setTimeout(() => this.go(run), 0);
    if (done || this.points.length % 20 < 4) this.draw();
  }

  refresh() {
    if (this.isCurrent()) this.draw();
    else this.begin();
  }

  draw() {
    const { state, leaf, points, range } = this;
    const at = [state.numbers.values[leaf], state.numbers.stop ? NaN : state.numbers.values[state.model.output]];
    const heights = [...points.map(([, y]) => y), at[1]].filter(Number.isFinite);
    const [low, high] = heights.length ? spread(Math.min(...heights), Math.max(...heights)) : [0, 1];
    const toX = (x) => PLOT.left + ((x - range.low) / (range.high - range.low)) * (PLOT.width - PLOT.left - PLOT.right);
    const toY = (y) => PLOT.height - PLOT.bottom - ((y - low) / (high - low)) * (PLOT.height - PLOT.top - PLOT.bottom);
    const parts = [...axes(toX, toY, range, [low, high])];
    parts.push(drawn("path", { class: "curve", d: curveOf(points, toX, toY) }));
    const { text } = state.adjointText(leaf);
    if (Number.isFinite(at[1])) {
      const slope = state.adjointsKnown ? adjointsAfter(state.model, state.steps, state.steps.nodes.length)[leaf] : NaN;
      if (Number.isFinite(slope)) parts.push(tangent(at, slope, { range, low, high, toX, toY }));
      if (at[0] >= range.low && at[0] <= range.high)
        parts.push(drawn("circle", { class: "point", cx: toX(at[0]), cy: toY(at[1]), r: 4 }));
    }
    this.svg.replaceChildren(...parts);
    const name = nameOf(state.model, leaf);
    const gaps = points.some(([, y]) => !Number.isFinite(y))
      ? " In the gaps Python would take another path or raise an error, or the output is not finite."
      : "";
    this.svg.setAttribute(
      "aria-label",
      `The output as a function of ${name}: it is ${short(at[1])} at ${short(at[0])}, where the slope is ${text}`,
    );
    setText(this.note, `The output as a function of ${name}. The slope of the dashed line is the gradient.${gaps}`);
  }
}

function spread(low, high) {
  const margin = high > low ? 0.06 * (high - low) : Math.max(1e-300, Math.abs(low) * 0.1 || 1);
  return [low - margin, high + margin];
}

function curveOf(points, toX, toY) {
  let pen = "M";
  const parts = [];
  for (const [x, y] of points) {
    if (Number.isFinite(y)) parts.push(`${pen}${toX(x).toFixed(1)} ${toY(y).toFixed(1)}`);
    pen = Number.isFinite(y) ? "L" : "M";
  }
  return parts.join("") || "M0 0";
}

function* axes(toX, toY, range, [low, high]) {
  const [left, bottom] = [toX(range.low), toY(low)];
  yield drawn("path", { class: "axis", d: `M${left} ${toY(high)}V${bottom}H${toX(range.high)}` });
  const heights = [0.05, 0.5, 0.95].map((share) => low + share * (high - low));
  for (const [place, y] of heights.entries()) {
    yield drawn("path", { class: "grid", d: `M${left} ${toY(y)}H${toX(range.high)}` });
    yield drawn("text", { x: left - 5, y: toY(y) + 4, "text-anchor": "end" }, distinct(heights)[place]);
  }
  for (const [share, anchor] of [
    [0, "start"],
    [0.5, "middle"],
    [1, "end"],
  ]) {
    const x = range.low + share * (range.high - range.low);
    yield drawn("text", { x: toX(x), y: PLOT.height - 7, "text-anchor": anchor }, short(x, 3));
  }
}

// Numbers with as many digits as it takes to tell them apart.
function distinct(numbers) {
  const texts = [3, 4, 5, 6].map((digits) => numbers.map((number) => short(number, digits)));
  return texts.find((each) => new Set(each).size === each.length) ?? texts.at(-1);
}

// A piece of the tangent that stays inside of the plot.
function tangent([x, y], slope, { range, low, high, toX, toY }) {
  const reach = 0.22 * (range.high - range.low);
  const most = slope === 0 ? Infinity : (0.3 * (high - low)) / Math.abs(slope);
  const run = Math.min(reach, most);
  return drawn("path", {
    class: "tangent",
    d: `M${toX(x - run)} ${toY(y - slope * run)}L${toX(x + run)} ${toY(y + slope * run)}`,
  });
}
