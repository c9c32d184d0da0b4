// Finds neurons by label, operation and line.

const MOST_FOUND = 40;

class Search {
  constructor(state, input, list, visit) {
    Object.assign(this, { state, input, list, visit, found: [], at: -1 });
    input.addEventListener("input", () => this.search());
    input.addEventListener("focus", () => this.search());
    input.addEventListener("keydown", (event) => this.key(event));
    input.addEventListener("blur", () => setTimeout(() => this.show(false), 150));
    list.addEventListener("pointerdown", (event) => event.preventDefault()); // the input keeps the focus
  }

  // How well a node matches a text in lower case: by label (0), operation (1), or line (2); -1 if it does not.
  // Operations and lines are looked through once.
  matcher(wanted) {
    const { model } = this.state;
    const has = (...texts) => texts.some((text) => text.toLowerCase().includes(wanted));
    const operations = model.operations.map(({ name, symbol, plugin }) => has(name, symbol, plugin));
    const lines = model.lines.map((line) => has(`${line.path}:${line.number} in ${line.function}`, line.source));
    return (node) => {
      if (isConstant(model, node)) return -1;
      if (wanted === `#${node}` || has(labelOf(model, node))) return 0;
      if (operations[model.codes[node]]) return 1;
      return model.lineOf && lines[model.lineOf[node]] ? 2 : -1;
    };
  }

  search() {
    const wanted = this.input.value.trim().toLowerCase();
    if (!wanted) return this.show(false);
    const matches = this.matcher(wanted);
    const { model } = this.state;
    let count = 0;
    const ranked = [[], [], []];
    for (let node = 0; node < model.size; node++) {
      const rank = matches(node);
      if (rank < 0) continue;
      count++;
      if (ranked[rank].length < MOST_FOUND) ranked[rank].push(node);
    }
    this.found = ranked.flat().slice(0, MOST_FOUND);
    this.at = this.found.length ? 0 : -1;
    this.list.replaceChildren(...this.found.map((node, index) => this.option(node, index)));
    const text =
      count > this.found.length
        ? `${counted(count, "neuron")} found; the first ${this.found.length} are listed`
        : `${counted(count, "neuron")} found`;
    this.list.append(element("li", { class: "muted small", role: "presentation" }, text));
    this.show(true);
    this.mark();
  }

  option(node, index) {
    const { model } = this.state;
    const operation = operationOf(model, node);
    const line = lineOf(model, node);
    return element(
      "li",
      { role: "option", id: `found-${index}`, click: () => this.choose(index) },
      element("span", { class: "name" }, cut(nameOf(model, node), 30)),
      element("span", { class: "muted" }, operation ? operation.name : "leaf"),
      line ? element("span", { class: "muted" }, `${cut(line.path, 18)}:${line.number}`) : null,
    );
  }

  key(event) {
    if (event.key === "Escape") {
      this.show(false);
      this.input.blur();
    } else if (event.key === "Enter" && this.at >= 0) {
      this.choose(this.at);
    } else if (["ArrowDown", "ArrowUp"].includes(event.key) && this.found.length) {
      event.preventDefault();
      this.at = (this.at + (event.key === "ArrowDown" ? 1 : -1) + this.found.length) % this.found.length;
      this.mark();
    }
  }

  mark() {
    [...this.list.children].forEach((option, index) => {
      if (option.getAttribute("role") === "option") option.setAttribute("aria-selected", index === this.at);
    });
    const current = this.at >= 0 ? byId(`found-${this.at}`) : null;
    if (current) this.input.setAttribute("aria-activedescendant", current.id);
    else this.input.removeAttribute("aria-activedescendant");
    current?.scrollIntoView({ block: "nearest" });
  }

  choose(index) {
    this.show(false);
    this.visit(this.found[index]);
  }

  show(shown) {
    this.list.hidden = !shown;
    this.input.setAttribute("aria-expanded", shown);
  }
}
