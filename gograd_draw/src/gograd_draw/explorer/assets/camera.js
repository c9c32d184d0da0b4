// Pan and zoom: with the mouse, the wheel, fingers, or keys.

const CLOSEST = 4;

class Camera {
  constructor(stage) {
    Object.assign(this, { stage, x: 0, y: 0, scale: 1, listeners: [], moving: false });
    this.pointers = new Map();
    stage.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    stage.addEventListener("pointerdown", (event) => this.press(event));
    stage.addEventListener("pointermove", (event) => this.drag(event));
    for (const kind of ["pointerup", "pointercancel"]) stage.addEventListener(kind, (event) => this.release(event));
  }

  add(listener) {
    this.listeners.push(listener);
  }

  get transform() {
    return `translate(${this.x} ${this.y}) scale(${this.scale})`;
  }

  // Whether the last press was a drag, so that it is no click.
  get dragged() {
    return this.distance > 4;
  }

  moved() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      for (const listener of this.listeners) listener();
    });
  }

  // Show all of an extent; but never so small that nothing can be read, if `least` is given.
  fit({ left, top, width, height }, least = 0) {
    const { clientWidth } = this.stage;
    const clientHeight = this.stage.clientHeight - 28; // below is the legend
    const scale = Math.min((clientWidth - 32) / width, (clientHeight - 24) / height, 1.35);
    this.scale = Math.max(scale, least);
    this.least = Math.min(scale, 1) / 3;
    this.x = clientWidth / 2 - (left + width / 2) * this.scale;
    this.y = clientHeight / 2 - (top + height / 2) * this.scale;
    this.moved();
  }

  zoom(factor, at = { x: this.stage.clientWidth / 2, y: this.stage.clientHeight / 2 }) {
    const scale = Math.max(this.least ?? 0.02, Math.min(CLOSEST, this.scale * factor));
    this.x = at.x - ((at.x - this.x) * scale) / this.scale;
    this.y = at.y - ((at.y - this.y) * scale) / this.scale;
    this.scale = scale;
    this.moved();
  }

  pan(dx, dy) {
    this.x += dx;
    this.y += dy;
    this.moved();
  }

  // Move just so far that a point is well inside of the stage, and zoom in if nothing could be read there.
  show(x, y, least = 0) {
    const { clientWidth, clientHeight } = this.stage;
    if (this.scale < least) {
      this.scale = Math.min(1, least * 1.5);
      this.x = clientWidth / 2 - x * this.scale;
      this.y = clientHeight / 2 - y * this.scale;
      return this.moved();
    }
    const beyond = (at, size, margin) => Math.max(margin - at, 0) - Math.max(at - (size - margin), 0);
    const [dx, dy] = [
      beyond(x * this.scale + this.x, clientWidth, 80),
      beyond(y * this.scale + this.y, clientHeight, 60),
    ];
    if (dx || dy) this.pan(dx, dy);
  }

  toWorld(x, y) {
    return { x: (x - this.x) / this.scale, y: (y - this.y) / this.scale };
  }

  at(event) {
    const frame = this.stage.getBoundingClientRect();
    return { x: event.clientX - frame.left, y: event.clientY - frame.top };
  }

  wheel(event) {
    event.preventDefault();
    const unit = event.deltaMode === 1 ? 16 : 1;
    this.zoom(Math.exp(-event.deltaY * unit * 0.0016), this.at(event));
  }

  press(event) {
    if (event.button !== 0 || event.target.closest("button, input, select")) return;
    this.pointers.set(event.pointerId, this.at(event));
    if (this.pointers.size === 1) this.distance = 0;
  }

  drag(event) {
    const before = this.pointers.get(event.pointerId);
    if (!before) return;
    const now = this.at(event);
    const others = [...this.pointers].filter(([id]) => id !== event.pointerId).map(([, point]) => point);
    this.pointers.set(event.pointerId, now);
    if (others.length === 0) {
      this.distance += Math.hypot(now.x - before.x, now.y - before.y);
      if (this.dragged && !this.stage.hasPointerCapture(event.pointerId)) this.stage.setPointerCapture(event.pointerId);
      this.pan(now.x - before.x, now.y - before.y);
    } else {
      const [other] = others;
      const apart = (point) => Math.hypot(point.x - other.x, point.y - other.y) || 1;
      this.distance += 10;
      this.zoom(apart(now) / apart(before), { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 });
    }
  }

  release(event) {
    this.pointers.delete(event.pointerId);
  }
}
