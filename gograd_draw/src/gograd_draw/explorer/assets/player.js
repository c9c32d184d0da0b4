// Goes through the steps of the sweep: forward and backward, by hand or by itself.

const SPEEDS = [
  ["1 step/s", 1],
  ["4 steps/s", 4],
  ["20 steps/s", 20],
  ["all in 10 s", 0],
];

class Player {
  constructor(state, place, follow) {
    Object.assign(this, { state, follow, playing: false });
    const go = (change) => () => {
      this.pause();
      this.go(change());
    };
    this.play = button(icon("play"), "play", () => this.toggle(), { class: "icon play" });
    this.slider = element("input", {
      type: "range",
      min: 0,
      step: 1,
      "aria-label": "step of the sweep",
      input: () => {
        this.pause();
        this.go(Number(this.slider.value));
      },
    });
    this.speed = element(
      "select",
      { "aria-label": "speed" },
      ...SPEEDS.map(([name, rate]) => element("option", { value: rate }, name)),
    );
    this.text = element("output", { class: "step-text" });
    this.position = element("span", { class: "position" });
    place.append(
      element(
        "div",
        { class: "transport" },
        button(
          icon("first"),
          "to the beginning",
          go(() => 0),
          { class: "icon" },
        ),
        button(
          icon("back"),
          "one step back",
          go(() => state.count - 1),
          { class: "icon" },
        ),
        this.play,
        button(
          icon("forward"),
          "one step forward",
          go(() => state.count + 1),
          { class: "icon" },
        ),
        button(
          icon("last"),
          "to the end",
          go(() => state.steps.nodes.length),
          { class: "icon" },
        ),
        this.speed,
        this.position,
      ),
      this.slider,
      this.text,
    );
    this.speed.value = String(state.steps.nodes.length > 400 ? 0 : state.steps.nodes.length > 60 ? 4 : 1);
    for (const what of ["numbers", "position"]) state.on(what, () => this.refresh());
    this.refresh();
  }

  go(count) {
    this.state.goTo(count);
    this.follow(this.playing);
  }

  // Skip the steps of the neuron that passes on now, or go back to its first one.
  goByNeuron(forward) {
    this.pause();
    const { nodes } = this.state.steps;
    let { count } = this.state;
    const at = nodes[forward ? count : count - 1];
    while (forward ? count < nodes.length && nodes[count] === at : count > 0 && nodes[count - 1] === at)
      count += forward ? 1 : -1;
    this.go(count);
  }

  toggle() {
    if (this.playing) this.pause();
    else this.begin();
  }

  begin() {
    if (this.state.count === this.state.steps.nodes.length) this.state.goTo(0);
    this.playing = true;
    this.began = { time: performance.now(), count: this.state.count };
    this.refresh();
    this.tick();
  }

  pause() {
    this.playing = false;
    cancelAnimationFrame(this.frame);
    this.refresh();
  }

  tick() {
    const rate = Number(this.speed.value) || Math.max(1, this.state.steps.nodes.length / 10);
    if (rate !== this.rate) this.began = { time: performance.now(), count: this.state.count };
    this.rate = rate;
    const wanted =
      this.began.count + Math.floor(((performance.now() - this.began.time) * rate) / 1000) + (rate <= 1 ? 1 : 0);
    if (wanted !== this.state.count) this.go(wanted);
    if (this.state.count >= this.state.steps.nodes.length) this.pause();
    else this.frame = requestAnimationFrame(() => this.tick());
  }

  refresh() {
    const { state } = this;
    const length = state.steps.nodes.length;
    this.slider.max = length;
    this.slider.value = state.count;
    this.play.replaceChildren(icon(this.playing ? "pause" : "play"));
    this.play.setAttribute("aria-label", this.playing ? "pause" : "play");
    this.play.title = this.playing ? "pause" : "play";
    setText(this.position, `${state.count.toLocaleString("en")} / ${length.toLocaleString("en")}`);
    this.slider.setAttribute("aria-valuetext", `step ${state.count} of ${length}`);
    this.text.setAttribute("aria-live", this.playing ? "off" : "polite");
    this.text.replaceChildren(...this.sentence());
  }

  sentence() {
    const { state } = this;
    const { model, step } = state;
    if (state.stop) return [state.stop.why];
    if (!state.walking) {
      const count = counted(state.steps.nodes.length, "step");
      return [`The sweep made ${count}. Each passes a share of an adjoint on to an input. Press play to see them.`];
    }
    if (step === null) return ["The sweep begins at ", strong(nameOf(model, model.output)), ", whose adjoint is 1."];
    return [
      strong(nameOf(model, step.node)),
      " passes on to ",
      strong(nameOf(model, step.target)),
      ": ",
      figure(step.adjoint),
      " · ",
      figure(step.local),
      " = ",
      figure(step.share, "flowing"),
      "; sum ",
      figure(step.before),
      " + ",
      figure(step.share),
      " = ",
      figure(step.total, "flowing"),
    ];
  }
}

function strong(text) {
  return element("strong", {}, cut(text, 28));
}

function figure(number, kind = "") {
  return element("span", { class: `figure ${kind}`, title: repr(number) }, short(number));
}
