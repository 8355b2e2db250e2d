// Elements are made here and nowhere else. Text becomes text nodes only, so nothing that a file, a model or a person
// says is ever read as HTML.

const FORBIDDEN = new Set(["innerHTML", "outerHTML", "srcdoc", "style"]);

/** Return a new element: h("button.key", { onclick, "aria-label": "…" }, "text", child, …). */
export function h(name, props = {}, ...children) {
  const [tag, ...classes] = name.split(".");
  const element = document.createElement(tag);
  if (classes.length) element.className = classes.join(" ");
  for (const [key, value] of Object.entries(props)) setProperty(element, key, value);
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

function setProperty(element, key, value) {
  if (FORBIDDEN.has(key)) throw new Error(`${key} cannot be set`);
  if (value === undefined || value === null || value === false) return;
  if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
  else if (key in element && !key.startsWith("aria")) element[key] = value;
  else element.setAttribute(key, value === true ? "" : value);
}

/** Return the element with this id. */
export const byId = (id) => document.getElementById(id);

/** Put children in the place of what an element holds. */
export function fill(element, ...children) {
  element.replaceChildren(...children.flat().filter(Boolean));
}

/** Return a button that prints its key. The key is no part of its name for screen readers; aria-keyshortcuts is. */
export function keyButton(label, key, onclick, props = {}) {
  const shortcut = props["aria-keyshortcuts"] ?? key;
  const hint = h("kbd", { "aria-hidden": "true" }, key);
  return h("button", { type: "button", onclick, ...props, "aria-keyshortcuts": shortcut }, label, " ", hint);
}

/** Return a cell of a table; figures are not broken into lines. */
const cellOf = (value) => h(/\p{L}/u.test(value) || value instanceof Node ? "td" : "td.figure", {}, value);

/** Return a table with a caption; the first cell of a row is its header. Without names of columns it has no head. */
export function table(caption, columns, rows) {
  return h("table", {},
    h("caption", {}, caption),
    columns.length > 0 && h("thead", {}, h("tr", {}, columns.map((column) => h("th", { scope: "col" }, column)))),
    h("tbody", {}, rows.map(([first, ...rest]) =>
      h("tr", {}, h("th", { scope: "row" }, first), rest.map(cellOf)))));
}

/** Return a share as a percentage: 0.9312 -> "93.1 %" with a narrow space that does not break;
 * what would round to zero is "< 0.1 %". */
export const percent = (share, digits = 1) => {
  const shown = (100 * share).toFixed(digits);
  return share > 0 && Number(shown) === 0 ? `<\u202f${(10 ** -digits).toFixed(digits)}\u202f%` : `${shown}\u202f%`;
};

/** Return a probability, rounded down so that 89.6 % does not look like 90 %. */
export function probability(share) {
  const digits = share > 0.99 ? 1 : 0;
  return percent(Math.floor(share * 10 ** (digits + 2)) / 10 ** (digits + 2), digits);
}

/** Return a difference of shares in points: 0.0061 -> "+0.6". */
export const signed = (share) => `${share < 0 ? "−" : "+"}${Math.abs(100 * share).toFixed(1)}`;

/** Return a count with its noun: 1 -> "1 correction", 1200 -> "1,200 corrections". */
export const counted = (n, noun) => `${n.toLocaleString("en")} ${noun}${n === 1 ? "" : "s"}`;
