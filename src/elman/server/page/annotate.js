// The view in which sentences are corrected: one card, its tags as buttons, and the keys.

import { addChoices } from "./card.js";
import { counted, fill, h, keyButton, probability } from "./dom.js";
import { Palette, TYPED } from "./palette.js";
import { Selection } from "./selection.js";
import { setSpan, spanAt } from "./spans.js";
import { Tools } from "./tools.js";
import { drawLabel, drawSentence, drawText, shownWord } from "./tokens.js";

const TYPING = "input, select, textarea, dialog";
const PRESSING = "button, a, summary";

export class Annotate {
  constructor(session, fields) {
    Object.assign(this, { session, fields, field: fields[0] });
    this.selection = new Selection(() => this.moved());
    this.palette = new Palette((tag) => this.choose(tag), () => this.focusWord());
    this.tools = new Tools(fields, session);
    this.badges = h("div.badges");
    this.place = h("div");
    this.note = h("p.note", { id: "said", role: "status" });
    this.detail = h("p.note", { id: "detail" });
    this.tabs = h("div.row", { role: "group", "aria-label": "Column" });
    this.choices = h("div.choices", {}, fields.length > 1 && this.tabs, this.palette.buttons);
    const below = h("div.badges", {}, this.detail, this.note);
    this.panel = h("section.panel", { "aria-label": "Sentence" }, this.badges, this.place, below, this.choices);
    this.element = h("div", {}, this.tools.element, this.panel, this.actions());
  }

  actions() {
    this.undoButton = keyButton("Undo", "Ctrl+Z", () => this.session.undo(), { "aria-keyshortcuts": "Control+Z" });
    this.redoButton = keyButton("Redo", "Ctrl+Y", () => this.session.redo(), { "aria-keyshortcuts": "Control+Y" });
    this.accepting = [
      keyButton("Accept", "Enter", () => this.session.accept(), { className: "main" }),
      keyButton("Skip", "Space", () => this.session.skip()),
    ];
    return h("div.actions", { role: "group", "aria-label": "Actions" }, this.accepting[0],
      keyButton("Back", "Backspace", () => this.session.back()), this.accepting[1],
      h("span.gap"), this.undoButton, this.redoButton,
      keyButton("Why", ".", () => this.toggleWhy(), { "aria-expanded": "false", id: "why" }));
  }

  /** Show a card; of the same card as before only what changed in it, with the focus where it was. */
  shown(card, field) {
    const same = card !== null && card === this.card;
    const focus = same ? this.selection.focus : card ? this.firstDoubt(card) : 0;
    if (field) this.field = field;
    this.card = card;
    if (!same) this.said("");
    for (const button of this.accepting) button.disabled = !card;
    this.choices.hidden = !card;
    if (!card) return this.nothingLeft();
    const words = this.fields.some((each) => each.ofWords);
    const sentence = words ? drawSentence(card, this.fields, this.field) : drawText(card);
    fill(this.place, sentence);
    this.selection.reset(words ? sentence : null, focus);
    fill(this.badges, ...this.describe(card));
    this.moved();
    this.focusWord();
  }

  said(text) {
    this.note.textContent = text;
  }

  firstDoubt(card) {
    return Math.max(0, card.words.findIndex((_, i) => card.doubtful(this.fields, i)));
  }

  nothingLeft() {
    const { state, search, tag } = this.session.filter;
    const narrowed = search || tag || state !== "open";
    const done = narrowed ? "No sentence fits this search and filter." : "All sentences are done: see the view Report.";
    const none = "There are no sentences: start “elman serve” with the files to annotate.";
    const text = this.session.left === null ? "Loading sentences…" : this.session.empty ? none : done;
    fill(this.badges);
    fill(this.detail);
    fill(this.place, h("p", { tabIndex: -1 }, text));
    this.selection.reset(null);
    this.explain?.close();
  }

  describe(card) {
    const { file, line, set_aside: aside } = card.json;
    const states = { corrected: h("span.badge.done", {}, "✓ accepted"), skipped: h("span.badge", {}, "skipped") };
    const title = "One sentence in ten is never trained on, so that progress can be measured.";
    const { left } = this.session;
    return [
      h("span", {}, file ? `${file}, line ${line}` : ""),
      h("span.row", {}, card.edited && h("span.badge", {}, "✎ changed"), states[card.state],
        aside && h("span.badge", { title }, "set aside: measures, is not learned"),
        left !== null && h("span", {}, counted(left, "sentence") + " left")),
    ];
  }

  focusWord() {
    const elsewhere = document.activeElement?.matches?.("#annotator, .tools *") || document.querySelector("dialog[open]");
    if (elsewhere || this.palette.typing) return;
    (this.selection.tokens[this.selection.focus] ?? this.place.firstElementChild)?.focus();
  }

  /** The focus, the selection or the column has changed: say what is there now. */
  moved() {
    if (!this.card) return;
    const [field, i] = [this.field, this.selection.focus];
    const value = this.card.now(field);
    this.palette.show(field, (tag) => this.isSet(field, value, tag));
    const tab = (each) =>
      h("button", { type: "button", "aria-pressed": String(each === field), onclick: () => this.use(each) }, each.name);
    fill(this.tabs, this.fields.map(tab), h("span.note", {}, h("kbd", {}, "↑"), " ", h("kbd", {}, "↓"), " column"));
    fill(this.detail, this.describeFocus(field, value, i));
    this.explain?.show(this.card, field, i);
  }

  isSet(field, value, tag) {
    if (field.kind === "spans") return (spanAt(value, this.selection.focus).type || null) === tag;
    return field.ofWords ? value[this.selection.focus] === tag : value.split("|").includes(tag);
  }

  describeFocus(field, value, i) {
    const sent = this.card.of(field);
    const share = field.ofWords ? sent?.confidence?.[i] : sent?.confidence;
    const sure = share === null || share === undefined ? "" : `, ${probability(share)} sure`;
    if (!field.ofWords) return drawLabel(this.card, field, value === sent?.predicted ? sure : "");
    const { start, end } = this.selection.range;
    const wanted = field.kind === "spans" ? "a type for the span" : "a tag for all";
    if (this.selection.explicit) return `${counted(end - start, "word")} selected: choose ${wanted}`;
    const word = shownWord(this.card.words[i] ?? "");
    const model = sent?.predicted && sent.predicted[i] !== value[i] ? `, the model says ${sent.predicted[i]}` : "";
    return [h("bdi", {}, word), `: ${field.name} ${value[i] ?? "no tag"}${model}${sure}`];
  }

  async toggleWhy() {
    if (!this.explain) {
      const { Explain } = await import("./explain.js");
      this.explain = new Explain((field, value) => this.replace(field, value));
      this.element.append(this.explain.element);
      this.moved();
    }
    this.explain.toggle();
  }

  use(field) {
    this.shown(this.card, field);
  }

  /** Give the selected words, or the text, a tag; null is none. */
  choose(tag) {
    const { card, field, selection } = this;
    if (!card) return;
    if (tag !== null) addChoices(field, [tag]);
    const value = card.now(field);
    if (!field.ofWords) this.replace(field, toggled(field, value, tag));
    else if (field.kind === "spans") {
      const { start, end } = selection.explicit ? selection.range : spanAt(value, selection.focus);
      this.replace(field, setSpan(value, start, end, tag, field.scheme));
    } else if (tag === null) this.said("Only spans can be removed: choose another tag.");
    else {
      const { start, end } = selection.range;
      this.replace(field, value.map((old, i) => (i >= start && i < end ? tag : old)));
    }
  }

  replace(field, value) {
    this.session.edit(field, value);
    this.shown(this.card, field);
  }

  /** Return whether a key was for this view. */
  handle(event) {
    if (event.target.closest?.(TYPING)) return false;
    const action = event.ctrlKey || event.metaKey ? this.controlled(event) : event.altKey ? null : this.plain(event);
    if (!action) return false;
    event.preventDefault();
    action();
    return true;
  }

  controlled(event) {
    const key = event.key.toLowerCase();
    if (key === "z") return () => (event.shiftKey ? this.session.redo() : this.session.undo());
    return key === "y" ? () => this.session.redo() : null;
  }

  plain(event) {
    const { session, selection } = this;
    const pressing = event.target.closest?.(PRESSING) && (event.key === "Enter" || event.key === " ");
    if (pressing) return null;
    const forward = selection.leftward ? -1 : 1;
    const actions = {
      ArrowRight: () => selection.moveBy(forward, event.shiftKey),
      ArrowLeft: () => selection.moveBy(-forward, event.shiftKey),
      Home: () => selection.moveTo(0, event.shiftKey),
      End: () => selection.moveTo(Infinity, event.shiftKey),
      ArrowDown: () => this.nextField(1),
      ArrowUp: () => this.nextField(-1),
      PageDown: () => this.nextDoubt(1),
      PageUp: () => this.nextDoubt(-1),
      Enter: () => session.accept(),
      " ": () => session.skip(),
      Backspace: () => session.back(),
      Delete: () => this.choose(null),
      Escape: () => { this.explain?.close(); selection.moveTo(selection.focus); },
      ".": () => this.toggleWhy(),
      "/": () => this.tools.search.focus(),
    };
    if (!this.card && !["/", "Backspace"].includes(event.key)) return null;
    return actions[event.key] ?? this.choosing(event.key);
  }

  choosing(key) {
    if (/^\d$/.test(key)) {
      const tag = this.palette.ofDigit(key);
      return tag === undefined ? null : () => this.choose(tag);
    }
    return TYPED.test(key) ? () => this.palette.type(key) : null;
  }

  nextField(step) {
    const { fields } = this;
    if (fields.length > 1) this.use(fields[(fields.indexOf(this.field) + step + fields.length) % fields.length]);
  }

  nextDoubt(step) {
    const { card, selection } = this;
    for (let i = selection.focus + step; i >= 0 && i < card.words.length; i += step) {
      if (card.doubtful(this.fields, i)) return selection.moveTo(i);
    }
    this.said(`No doubtful word ${step > 0 ? "after" : "before"} this one.`);
  }
}

/** Return a document's label after a press on one of its labels. */
function toggled(field, value, tag) {
  if (tag === null) return field.kind === "any" ? "" : value;
  if (field.kind === "one") return tag;
  const set = new Set(value.split("|").filter(Boolean));
  if (set.has(tag) && (set.size > 1 || field.kind === "any")) set.delete(tag);
  else set.add(tag);
  const known = field.choices.filter((each) => set.has(each));
  return [...known, ...[...set].filter((each) => !known.includes(each))].join("|");
}
