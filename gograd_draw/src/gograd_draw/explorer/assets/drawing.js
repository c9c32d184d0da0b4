// The boxes and edges that are shown, as SVG. Their numbers change in place.

class Drawing {
  constructor(state, svg, viz, camera) {
    Object.assign(this, { state, svg, viz, camera });
    this.scene = drawn("g");
    svg.append(this.scene);
    camera.add(() => this.scene.setAttribute("transform", camera.transform));
    state.on("boxes", () => this.rebuild());
    for (const what of ["numbers", "position", "selection"]) state.on(what, () => this.refresh());
    this.rebuild();
  }

  rebuild() {
    const { state } = this;
    const shown = shownBoxes(state.model, state.open);
    this.boxes = [...shown.boxes].map(([id, members]) => ({ id, ...members, ...describeBox(state, id, members) }));
    this.edges = edgesBetween(state.model, shown);
    this.across = this.svg.clientWidth >= 620 || this.boxes.length > 60;
    placeBoxes(this.viz, this.boxes, this.edges, this.across);
    this.boxOf = shown.boxOf;
    const lines = drawn("g", { class: this.edges.length > 150 ? "edges fine" : "edges" });
    const boxes = drawn("g", { class: "boxes" });
    for (const edge of this.edges) lines.append(this.drawEdge(edge));
    this.at = new Map();
    for (const box of this.boxes) {
      this.at.set(box.id, box);
      boxes.append(this.drawBox(box));
    }
    this.flow = drawn("g", { class: "flow" });
    this.scene.replaceChildren(lines, this.flow, boxes);
    this.edgeAt = new Map(this.edges.map((edge) => [`${edge.source} ${edge.target} ${edge.slot}`, edge]));
    this.extent = extentOf(this.boxes);
    this.refresh();
  }

  drawEdge(edge) {
    const { points, end } = edge.path;
    const [first, ...rest] = points;
    const curves = [];
    for (let index = 0; index + 2 < rest.length; index += 3) {
      curves.push(
        `C${rest
          .slice(index, index + 3)
          .map(([x, y]) => `${x} ${y}`)
          .join(" ")}`,
      );
    }
    edge.d = `M${first.join(" ")}${curves.join("")}`;
    edge.line = drawn("path", {
      class: "edge",
      d: edge.d,
      "stroke-width": edge.count > 1 ? Math.min(4, 1 + Math.log10(edge.count)) : null,
    });
    edge.head = drawn("path", { class: "head", d: arrow(rest.at(-2) ?? first, end) });
    const group = (edge.group = drawn("g", {}, edge.line, edge.head));
    if (edge.count > 1)
      group.append(
        drawn(
          "text",
          { class: "count", x: end[0] - 8, y: end[1] - 5, "text-anchor": "end" },
          `×${edge.count.toLocaleString("en")}`,
        ),
      );
    return group;
  }

  drawBox(box) {
    const { x, y, width, height } = box;
    const left = x - width / 2;
    const top = y - height / 2;
    const colour = box.colour < 0 ? "" : ` p${box.colour}`;
    const output = box.id === this.state.model.output ? " output" : "";
    const radius = { leaf: Math.min(16, height / 2), constant: 11 }[box.kind] ?? 6;
    box.rect = drawn("rect", { class: "shape", x: left, y: top, width, height, rx: radius });
    box.group = drawn("g", {
      class: `box ${box.kind}${colour}${output}`,
      role: "button",
      tabindex: -1,
      "data-box": box.id,
    });
    for (const shift of box.kind === "folded" ? [6, 3] : []) {
      box.group.append(drawn("rect", { class: "behind", x: left + shift, y: top + shift, width, height, rx: radius }));
    }
    box.group.append(drawn("rect", { class: "under", x: left, y: top, width, height, rx: radius }), box.rect);
    box.group.append(
      drawn(
        "text",
        { class: "title", x, y: top + (box.kind === "constant" ? 15 : 19), "text-anchor": "middle" },
        box.title,
      ),
    );
    box.rows = box.rows
      .map(([key, text], index) => {
        const at = top + 36 + index * ROW_HEIGHT;
        if (!key) {
          box.group.append(drawn("text", { class: "note", x, y: at, "text-anchor": "middle" }, text));
          return null;
        }
        const shown = drawn("text", { class: `number ${key}`, x: left + width - 12, y: at, "text-anchor": "end" });
        box.group.append(drawn("text", { class: "key", x: left + 12, y: at }, key), shown);
        return shown;
      })
      .filter((row) => row !== null);
    return box.group;
  }

  refresh() {
    const { state } = this;
    const step = state.step;
    const from = step && this.boxOf[step.node];
    const to = step && this.boxOf[step.target];
    for (const box of this.boxes) {
      if (box.rows.length === 2) {
        const { text, complete } = state.adjointText(box.id);
        setText(box.rows[0], state.valueText(box.id));
        setText(box.rows[1], complete ? text : `${text} …`);
        box.group.classList.toggle("waiting", !complete);
      }
      box.group.classList.toggle("selected", box.id === state.selected);
      box.group.classList.toggle("giving", box.id === from);
      box.group.classList.toggle("taking", box.id === to && to !== from);
      box.group.setAttribute("aria-label", this.spoken(box));
    }
    for (const edge of this.edges) {
      edge.group.classList.toggle("near", edge.source === state.selected || edge.target === state.selected);
    }
    const focus = this.at.has(state.selected) ? state.selected : this.boxes.at(-1)?.id;
    for (const box of this.boxes) box.group.setAttribute("tabindex", box.id === focus ? 0 : -1);
    this.showFlow(step, from, to);
  }

  spoken(box) {
    const { state } = this;
    if (isGroup(box.id)) return `${box.title}, ${state.model.groups.contents[~box.id].join(", ")}, folded`;
    if (box.kind === "constant") return `constant ${box.title}`;
    const { text } = state.adjointText(box.id);
    return `${nameOf(state.model, box.id)}, ${box.title}, value ${state.valueText(box.id)}, adjoint ${text}`;
  }

  // The share of the last step, against the direction of its edge.
  showFlow(step, from, to) {
    this.flow.replaceChildren();
    if (!step || from === to) return;
    const edge = this.edgeAt.get(`${to} ${from} ${step.slot}`) ?? this.edgeAt.get(`${to} ${from} -1`);
    if (!edge) return;
    const middle = edge.path.points[Math.floor(edge.path.points.length / 2)];
    const [first, ...rest] = edge.path.points;
    this.flow.append(
      drawn("path", { class: "share", d: edge.d }),
      drawn("path", { class: "share-head", d: arrow(rest[0], first, 9) }),
      drawn(
        "text",
        { class: "share-text", x: middle[0], y: middle[1] - 6, "text-anchor": "middle" },
        short(step.share),
      ),
    );
  }
}

function arrow([x0, y0], [x1, y1], size = 7) {
  const length = Math.hypot(x1 - x0, y1 - y0) || 1;
  const [dx, dy] = [((x1 - x0) / length) * size, ((y1 - y0) / length) * size];
  return `M${x1} ${y1}L${x1 - dx - dy * 0.45} ${y1 - dy + dx * 0.45}L${x1 - dx + dy * 0.45} ${y1 - dy - dx * 0.45}Z`;
}

function extentOf(boxes) {
  const left = Math.min(...boxes.map(({ x, width }) => x - width / 2));
  const right = Math.max(...boxes.map(({ x, width }) => x + width / 2));
  const top = Math.min(...boxes.map(({ y, height }) => y - height / 2));
  const bottom = Math.max(...boxes.map(({ y, height }) => y + height / 2));
  return { left, top, width: right - left + 8, height: bottom - top + 8 };
}
