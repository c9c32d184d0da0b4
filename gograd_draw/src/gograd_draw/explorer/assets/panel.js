// What is known about the neuron or the group that is selected.

class Panel {
  constructor(state, place, actions) {
    Object.assign(this, { state, place, actions });
    for (const what of ["selection", "numbers", "position", "boxes"]) state.on(what, () => this.refresh());
    this.refresh();
  }

  refresh() {
    const { selected } = this.state;
    if (selected === null) this.place.replaceChildren(...this.start());
    else if (isGroup(selected)) this.place.replaceChildren(...this.group(~selected));
    else this.place.replaceChildren(...this.node(selected));
  }

  start() {
    return [
      element("h2", {}, "Nothing selected"),
      element(
        "p",
        { class: "muted" },
        "Click a box to see its numbers, or press the play button to see how the gradient flows back.",
      ),
    ];
  }

  group(group) {
    const { state } = this;
    const isOpen = state.open.has(group);
    return [
      element("h2", {}, state.model.groups.names[group]),
      element("p", { class: "muted" }, state.model.groups.contents[group].join(" · ")),
      button(
        isOpen ? "Fold" : "Unfold",
        isOpen ? "Fold this group" : "Unfold this group",
        () => this.actions.toggle(group),
        { class: "wide" },
      ),
    ];
  }

  node(node) {
    const { state } = this;
    const { model } = state;
    const operation = operationOf(model, node);
    const parts = [this.heading(node, operation)];
    if (operation?.doc) parts.push(element("p", { class: "muted" }, operation.doc));
    parts.push(this.numbers(node));
    if (isLeaf(model, node)) parts.push(...this.actions.leaf(node));
    if (operation) parts.push(this.formula(node, operation), this.inputs(node, operation));
    parts.push(...this.users(node), ...this.line(node));
    if (operation)
      parts.push(element("p", { class: "muted small" }, `From ${operation.plugin} ${operation.version}`.trim()));
    if (model.groupOf[node] >= 0) {
      const group = model.groupOf[node];
      parts.push(
        button(
          "Fold the group around it",
          `Fold ${model.groups.names[group]}`,
          () => this.actions.toggle(group, false),
          { class: "wide" },
        ),
      );
    }
    return parts;
  }

  heading(node, operation) {
    const label = labelOf(this.state.model, node);
    const kind = isConstant(this.state.model, node) ? "constant" : operation ? operation.name : "leaf";
    const chip = element("span", { class: `chip${operation ? ` p${operation.colour}` : ""}` }, kind);
    return element("h2", {}, label || (operation ? operation.symbol : nameOf(this.state.model, node)), " ", chip);
  }

  numbers(node) {
    const { state } = this;
    const list = element("dl", { class: "numbers" });
    const add = (name, text) => list.append(element("dt", {}, name), element("dd", {}, text));
    add("value", state.valueText(node, repr));
    if (isConstant(state.model, node)) return list;
    const { text, complete } = state.adjointText(node, repr);
    add(complete ? "adjoint" : "adjoint so far", text);
    if (state.settings.has(node)) add("recorded", repr(state.model.values[node]));
    return list;
  }

  formula(node, operation) {
    const { state } = this;
    const values = argumentsOf(state.model, node, state.numbers.values);
    const write = (formula, names) => formula.map((part) => (typeof part === "string" ? part : names(part))).join("");
    const byName = (position) => (position < 0 ? "out" : operation.inputs[position]);
    const byNumber = (position) =>
      position < 0 ? inFormula(state.numbers.values[node]) : columnText(values[position]);
    const box = element("section", { class: "formulas" }, element("h3", {}, "Formula"));
    const show = (head, formula, result) => {
      const line = element("div", { class: "formula" }, element("span", { class: "head" }, `${head} = `));
      if (formula) {
        line.append(write(formula, byName));
        const numbers = write(formula, byNumber).replace(/^\((−[^()]*)\)$/, "$1");
        if (numbers !== write(formula, byName) && numbers !== result)
          line.append(element("span", { class: "with-numbers" }, `= ${numbers}`));
      } else {
        line.append(`${operation.name}(${operation.inputs.join(", ")})`);
      }
      if (result !== null && !(formula && write(formula, byName) === result))
        line.append(element("span", { class: "result" }, `= ${result}`));
      box.append(line);
    };
    show("out", operation.formula, state.valueText(node, plainInFormula));
    operation.inputs.forEach((name, position) => {
      if (!operation.differentiable[position]) {
        box.append(element("div", { class: "formula muted" }, `∂out/∂${name}: there is none`));
      } else if (operation.partials[position]) {
        const first = state.model.starts[node] + position * (operation.variadic ? values[position].length : 1);
        show(
          `∂out/∂${name}`,
          operation.partials[position],
          operation.variadic ? null : this.localText(node, first, plainInFormula),
        );
      }
    });
    return box;
  }

  localText(node, slot, write = short) {
    const local = this.state.adjointsKnown ? localAt(this.state, node, slot) : null;
    return local === null ? null : write(local);
  }

  inputs(node, operation) {
    const { state } = this;
    const rows = element("tbody");
    const { starts, inputs } = state.model;
    for (let slot = starts[node]; slot < Math.min(starts[node + 1], starts[node] + 40); slot++) {
      const { input, place } = placeOf(state.model, node, slot);
      const name = operation.variadic ? `${operation.inputs[input]}[${place}]` : operation.inputs[input];
      const local = this.localText(node, slot);
      rows.append(
        element(
          "tr",
          {},
          element("td", {}, name),
          element("td", {}, this.link(inputs[slot])),
          element("td", { class: "figure" }, state.valueText(inputs[slot])),
          element("td", { class: "figure" }, local ?? "–"),
        ),
      );
    }
    const head = element(
      "tr",
      {},
      ...["", "input", "value", "local"].map((text) => element("th", { scope: "col" }, text)),
    );
    const more = starts[node + 1] - starts[node] - 40;
    return element(
      "section",
      {},
      element("h3", {}, "Inputs"),
      element("table", {}, element("thead", {}, head), rows),
      more > 0 ? element("p", { class: "muted" }, `and ${more.toLocaleString("en")} more`) : null,
    );
  }

  users(node) {
    const users = this.state.model.users(node);
    if (users.length === 0) return [];
    const list = element("p", { class: "links" });
    for (const user of users.slice(0, 12)) list.append(this.link(user), " ");
    if (users.length > 12) list.append(`and ${(users.length - 12).toLocaleString("en")} more`);
    return [element("h3", {}, "Used by"), list];
  }

  line(node) {
    const line = lineOf(this.state.model, node);
    if (!line) return [];
    const code = element("code");
    const at = line.expression === line.source ? -1 : line.source.indexOf(line.expression);
    if (at >= 0 && line.expression) {
      code.append(
        line.source.slice(0, at),
        element("mark", {}, line.expression),
        line.source.slice(at + line.expression.length),
      );
    } else {
      code.append(line.source);
    }
    const where = `${line.path}:${line.number} in ${line.function}`;
    return [
      element("h3", {}, "Line"),
      element("p", { class: "where" }, where),
      line.source ? element("pre", { tabindex: 0 }, code) : null,
    ].filter((part) => part !== null);
  }

  link(node) {
    const name = cut(nameOf(this.state.model, node), 26);
    if (isConstant(this.state.model, node)) return element("span", { class: "muted" }, name);
    return element("button", { type: "button", class: "link", click: () => this.actions.visit(node) }, name);
  }
}

function columnText(value) {
  if (typeof value === "number") return inFormula(value);
  const shown = value.slice(0, 4).map((number) => short(number));
  return `[${shown.join(", ")}${value.length > 4 ? ", …" : ""}]`;
}

// The local derivative by a slot at the numbers that are shown; null if nobody knows it.
function localAt(state, node, slot) {
  const { model, numbers } = state;
  if (!numbers.reached[node] && !Number.isNaN(model.locals[slot])) return model.locals[slot];
  const { input } = placeOf(model, node, slot);
  const operation = operationOf(model, node);
  if (operation.key === null || !operation.differentiable[input]) return null;
  return partialsAt(model, state.rules, numbers.values)(node, slot);
}
