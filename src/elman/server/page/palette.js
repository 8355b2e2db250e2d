// The tags of a column or the labels of a text as buttons, each with its key, and a field to find any tag by typing.

import { fill, h } from "./dom.js";

const DIGITS = "1234567890";
/** A key that begins to find a tag, as it has no other meaning. */
export const TYPED = /^[^\s\d./?\p{C}]$/u;
const MOST_BUTTONS = 30;
const MOST_FOUND = 50;

/** Return the fewest letters that, typed, leave this tag alone or first. */
export function shortestPrefix(tag, tags) {
  const prefixes = Array.from(tag, (_, i) => tag.slice(0, i + 1).toLowerCase());
  return prefixes.find((prefix) => matches(prefix, tags)[0] === tag) ?? tag;
}

/** Return the tags that fit what was typed: those that begin with it, shortest first, then those that contain it. */
export function matches(typed, tags) {
  const wanted = typed.toLowerCase();
  const [begins, contains] = [[], []];
  for (const tag of tags) {
    const place = tag.toLowerCase().indexOf(wanted);
    if (place >= 0) (place ? contains : begins).push(tag);
  }
  return [...begins.sort((a, b) => a.length - b.length || (a < b ? -1 : 1)), ...contains].slice(0, MOST_FOUND);
}

export class Palette {
  /** choose(tag) is called with a tag, or with null for none; done() when typing ends. */
  constructor(choose, done) {
    Object.assign(this, { choose, done, found: [], best: 0 });
    this.list = h("ul", { id: "found", role: "listbox", "aria-label": "Tags found", hidden: true });
    this.input = h("input", {
      id: "find-tag", role: "combobox", autocomplete: "off", spellcheck: false, maxLength: 200,
      placeholder: "find or add a tag",
      "aria-expanded": "false", "aria-controls": "found", "aria-autocomplete": "list", "aria-label": "Find a tag",
      oninput: () => this.filter(), onkeydown: (event) => this.key(event), onblur: () => this.close(),
    });
    const find = h("span.find", {}, this.input, " ", h("kbd", { "aria-hidden": "true" }, "a … z"), this.list);
    this.shown = h("span.shown");
    this.buttons = h("div.palette", { role: "group" }, this.shown, find);
  }

  /** Show the choices of a field; pressed(tag) says which are set. */
  show(field, pressed) {
    this.field = field;
    this.buttons.setAttribute("aria-label", `Tags of ${field.name}`);
    const shown = field.choices.slice(0, MOST_BUTTONS);
    const none = field.kind === "spans" ? [this.button("none", "Delete", null, pressed(null))] : [];
    const hidden = field.choices.length - shown.length;
    const typed = (tag) => (TYPED.test(tag[0]) ? shortestPrefix(tag, field.choices) : "a … z");
    field.keys ??= shown.map((tag, i) => DIGITS[i] ?? typed(tag));
    fill(this.shown, none, shown.map((tag, i) => this.button(tag, field.keys[i], tag, pressed(tag))),
      hidden > 0 && h("span.note", {}, `and ${hidden.toLocaleString("en")} more:`));
  }

  /** Whether a tag is being typed. */
  get typing() {
    return document.activeElement === this.input && this.input.value !== "";
  }

  button(label, key, tag, pressed) {
    const shortcut = key.length === 1 || key === "Delete" ? key : null;
    const props = { "aria-pressed": String(pressed), "aria-keyshortcuts": shortcut, onclick: () => this.choose(tag) };
    const hint = h("kbd", { "aria-hidden": "true" }, key);
    return h("button", { type: "button", ...props }, hint, " ", h("bdi", {}, label));
  }

  /** Return the tag of a digit key, or undefined. */
  ofDigit(key) {
    return this.field?.choices[DIGITS.indexOf(key)];
  }

  /** Begin to find a tag by its first letter. */
  type(letter) {
    this.input.value = letter;
    this.input.focus();
    this.filter();
  }

  filter() {
    const typed = this.input.value.trim();
    const found = typed ? matches(typed, this.field.choices).map((tag) => ({ tag, text: tag })) : [];
    if (typed && !this.field.choices.includes(typed)) found.push({ tag: typed, text: `new tag “${typed}”` });
    [this.found, this.best] = [found, 0];
    this.draw();
  }

  draw() {
    const open = this.found.length > 0;
    fill(this.list, this.found.map(({ tag, text }, i) => h("li", {
      role: "option", id: `found-${i}`, "aria-selected": String(i === this.best),
      onpointerdown: (event) => { event.preventDefault(); this.take(tag); },
    }, h("bdi", {}, text))));
    this.list.hidden = !open;
    this.input.setAttribute("aria-expanded", String(open));
    this.input.setAttribute("aria-activedescendant", open ? `found-${this.best}` : "");
    this.list.children[this.best]?.scrollIntoView({ block: "nearest" });
  }

  key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && this.found.length) this.best = (this.best + step + this.found.length) % this.found.length;
    else if (event.key === "Enter" && this.found.length) this.take(this.found[this.best].tag);
    else if (event.key === "Escape" || event.key === "Enter") this.leave();
    else return;
    event.preventDefault();
    event.stopPropagation();
    if (step) this.draw();
  }

  take(tag) {
    this.close();
    this.choose(tag);
  }

  leave() {
    this.close();
    this.done();
  }

  close() {
    this.input.value = "";
    this.found = [];
    this.draw();
  }
}
