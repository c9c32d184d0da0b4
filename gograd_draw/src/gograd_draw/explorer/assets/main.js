// Puts the page together.

const READABLE = 0.5; // the smallest scale at which texts can be read
const OVERVIEW_FIRST = 5000; // neurons; of so many, boxes hide more than they show

class App {
  constructor(state, viz) {
    this.state = state;
    this.canvas = byId("canvas");
    this.boxCamera = new Camera(byId("boxes"));
    this.allCamera = new Camera(byId("all"));
    this.allShown = false;
    this.drawing = new Drawing(state, byId("drawing"), viz, this.boxCamera);
    this.overview = new Overview(state, this.canvas, this.allCamera);
    this.plot = null;
    this.leafControl = null;
    const visit = (node) => this.visit(node);
    this.panel = new Panel(state, byId("details"), {
      visit,
      toggle: (group, open) => this.toggle(group, open),
      leaf: (node) => this.leaf(node),
    });
    this.leaves = new Leaves(state, byId("leaves"), visit);
    this.player = new Player(state, byId("steps"), (playing) => this.follow(playing));
    this.search = new Search(state, byId("query"), byId("found"), visit);
    this.describe();
    this.listen();
    state.on("boxes", () => this.fit());
    state.on("numbers", () => {
      this.notice();
      this.leafControl?.refresh();
      this.plot?.refresh();
    });
    this.fit();
    this.legend();
    if (state.model.size > OVERVIEW_FIRST) this.showAll(true);
    this.notice();
  }

  get camera() {
    return this.allShown ? this.allCamera : this.boxCamera;
  }

  describe() {
    const { model } = this.state;
    const operations = model.codes.reduce((count, code) => count + Number(code >= 0), 0);
    setText(byId("title"), model.title || labelOf(model, model.output) || "A graph");
    const leaves = model.codes.reduce((count, code) => count + Number(code === LEAF), 0);
    setText(byId("summary"), `${counted(operations, "operation")}, ${counted(leaves, "leaf", "leaves")}`);
    byId("unseen").append(...this.limits().map((text) => element("p", { class: "muted small" }, text)));
    fillHelp(byId("help"));
    byId("views").hidden = model.groups.parents.length === 0;
  }

  // What the page does not know about the program.
  limits() {
    const { model } = this.state;
    if (model.decisions === null) {
      return [
        "The program that made this graph was not watched. If it compares numbers, or decides by them, it might make " +
          "another graph at other values.",
      ];
    }
    const decided = model.decisions.length;
    const known = decided
      ? [
          `The function decided ${counted(decided, "time")} by numbers. ` +
            "The page checks that each decision stays as it was.",
        ]
      : ["The function decided nothing by numbers."];
    if (model.ignores) known.push("Errors were ignored, since some numbers are not finite. The page looks for none.");
    return [...known, ...model.unseen.map((text) => `${text} The page cannot tell what depends on that.`)];
  }

  listen() {
    const boxes = byId("boxes");
    boxes.addEventListener("click", (event) => {
      if (this.boxCamera.dragged) return;
      const box = event.target.closest(".box");
      this.state.select(box ? Number(box.dataset.box) : null);
    });
    boxes.addEventListener("dblclick", (event) => {
      const box = event.target.closest(".box");
      if (box && isGroup(Number(box.dataset.box))) this.toggle(~Number(box.dataset.box));
    });
    byId("all").addEventListener("click", (event) => {
      if (!this.allCamera.dragged) this.state.select(this.overview.hit(this.allCamera.at(event)));
    });
    byId("show-boxes").addEventListener("click", () => this.showAll(false));
    byId("show-all").addEventListener("click", () => this.showAll(true));
    byId("zoom-in").addEventListener("click", () => this.camera.zoom(1.3));
    byId("zoom-out").addEventListener("click", () => this.camera.zoom(1 / 1.3));
    byId("zoom-fit").addEventListener("click", () => this.fit());
    byId("fold-all").addEventListener("click", () => {
      this.state.open.clear();
      this.state.select(null);
      this.state.tell("boxes");
    });
    byId("show-help").addEventListener("click", () => byId("help").showModal());
    listenToTheme(byId("theme"), () => this.allShown && this.overview.draw());
    listenToKeys(this);
    window.addEventListener("resize", () => (this.allShown ? this.overview.show(true) : this.fit()));
  }

  // What the colours mean: plugins in boxes, operations among all neurons.
  legend() {
    const plugins = new Map(this.state.model.operations.map(({ plugin, colour }) => [plugin, `--p${colour}`]));
    const entries = this.allShown ? this.overview.legend : [...plugins];
    byId("legend").replaceChildren(
      ...entries.map(([text, name]) => {
        const entry = element("li", {}, text);
        entry.style.setProperty("--own", `var(${name})`);
        return entry;
      }),
    );
  }

  showAll(shown) {
    if (byId("views").hidden) return;
    this.allShown = shown;
    byId("all").hidden = !shown;
    byId("boxes").hidden = shown;
    byId("show-all").setAttribute("aria-pressed", shown);
    byId("show-boxes").setAttribute("aria-pressed", !shown);
    byId("fold-all").hidden = shown;
    this.overview.show(shown);
    this.legend();
    if (!shown && this.state.selected !== null) this.reach(this.state.selected);
  }

  fit() {
    if (this.allShown) return this.overview.fit();
    const least = this.drawing.boxes.length > 40 ? 0 : 0.55;
    this.boxCamera.fit(this.drawing.extent, least);
  }

  // Select a node wherever it is, and show it.
  visit(node) {
    if (!this.allShown) reveal(this.state, node);
    this.state.select(node);
    this.reach(node);
  }

  // Make the box of a node, or of a group, visible.
  reach(box) {
    if (this.allShown)
      return isGroup(box) ? undefined : this.allCamera.show(this.overview.x[box], this.overview.y[box]);
    if (!isGroup(box)) reveal(this.state, box);
    const shown = this.drawing.at.get(box) ?? this.drawing.at.get(isGroup(box) ? box : boxOfNode(this.state, box));
    if (shown) this.boxCamera.show(shown.x, shown.y, READABLE);
  }

  focus(box) {
    const shown = this.drawing.at.get(box);
    for (const each of this.drawing.boxes) each.group.setAttribute("tabindex", each === shown ? 0 : -1);
    shown.group.focus({ preventScroll: true });
    this.boxCamera.show(shown.x, shown.y, READABLE);
  }

  // Enter on a box: select it; if it is selected, unfold it.
  press(box) {
    if (box === this.state.selected && isGroup(box)) this.toggle(~box);
    else this.state.select(box);
  }

  toggle(group, open = !this.state.open.has(group)) {
    if (open) {
      if (!openGroups(this.state, [group]))
        return this.tell(`There would be more than ${MOST_BOXES} boxes. Look at all neurons instead.`);
      const inside = this.drawing.boxes.find(({ id }) =>
        groupsAround(
          this.state.model,
          isGroup(id) ? this.state.model.groups.parents[~id] : this.state.model.groupOf[id],
        ).includes(group),
      );
      if (inside) this.state.select(inside.id);
    } else {
      closeGroup(this.state, group);
      this.state.select(~group);
    }
    const box = this.drawing.at.get(this.state.selected);
    if (box) {
      this.boxCamera.show(box.x, box.y, READABLE);
      box.group.focus({ preventScroll: true });
    }
  }

  // Show where the last step was.
  follow(playing) {
    const { step } = this.state;
    if (step === null || this.allShown) return;
    const box = this.drawing.at.get(this.drawing.boxOf[step.target]);
    if (box && !(playing && this.state.steps.nodes.length > 2000)) this.boxCamera.show(box.x, box.y);
  }

  // The controls of a leaf in the panel.
  leaf(node) {
    if (this.leafControl?.leaf !== node) {
      this.leafControl = new Leaf(this.state, node, nameOf(this.state.model, node));
      this.plot = this.leafControl.slider.disabled ? null : new Plot(this.state, node);
    }
    return [this.leafControl.element, ...(this.plot ? [this.plot.element] : [])];
  }

  notice() {
    const { stop, model } = this.state;
    const text = stop
      ? stop.why
      : model.error && this.state.settings.size === 0
        ? `Python raised at the end of the sweep: ${model.error}`
        : "";
    byId("notice").hidden = !text;
    setText(byId("notice-text"), text);
    byId("notice-back").hidden = this.state.settings.size === 0;
    byId("notice-back").onclick = () => this.state.reset();
  }

  tell(text) {
    byId("notice").hidden = false;
    setText(byId("notice-text"), text);
    byId("notice-back").hidden = true;
    setTimeout(() => this.notice(), 5000);
  }
}

async function begin() {
  const model = await readModel(JSON.parse(byId("graph").textContent));
  const state = new State(model, rules);
  const code = new TextDecoder().decode(await inflated(byId("viz").textContent, "gzip"));
  document.head.append(element("script", {}, code)); // its hash is in the policy of the page
  window.explorer = new App(state, await Viz.instance());
  document.documentElement.dataset.ready = "yes";
}

begin().catch((error) => {
  byId("notice").hidden = false;
  setText(byId("notice-text"), `The page could not be shown: ${error.message}`);
  throw error;
});
