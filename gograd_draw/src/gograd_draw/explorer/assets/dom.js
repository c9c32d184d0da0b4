// Makes elements. Texts become text nodes, so that nothing in them is markup.

const SVG = "http://www.w3.org/2000/svg";

function element(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

function drawn(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name, value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

function byId(id) {
  return document.getElementById(id);
}

function setText(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

function button(content, title, onClick, attributes = {}) {
  return element("button", { type: "button", title, "aria-label": title, click: onClick, ...attributes }, content);
}

// Pictures on buttons, in a square of 16. Fonts do not have them all.
const ICONS = {
  play: "M4 2.5v11l9.5-5.5z",
  pause: "M4 2.5h3v11h-3zM9 2.5h3v11h-3z",
  forward: "M3 2.5v11l7-5.5zM11 2.5h2.2v11h-2.2z",
  back: "M13 2.5v11l-7-5.5zM5 2.5h-2.2v11h2.2z",
  first: "M14 3v10l-6-5zM8.5 3v10l-6-5zM2.5 3h-1.5v10h1.5z",
  last: "M2 3v10l6-5zM7.5 3v10l6-5zM13.5 3h1.5v10h-1.5z",
  reset: "M8 2.6a5.4 5.4 0 1 0 5.3 6.4h-1.9a3.6 3.6 0 1 1-1-3.5l-1.9 1.9h5v-5l-1.8 1.8a5.4 5.4 0 0 0-3.7-1.6z",
};

function icon(name) {
  return drawn(
    "svg",
    { viewBox: "0 0 16 16", class: "glyph", "aria-hidden": "true" },
    drawn("path", { d: ICONS[name] }),
  );
}
