// Puts the page together: views, keys for all of them, and what the service says.

import { Annotate } from "./annotate.js";
import { get, Outbox } from "./api.js";
import { addChoices, fieldsOf } from "./card.js";
import { byId, counted, fill, h, keyButton } from "./dom.js";
import { changeText, listen, Live } from "./live.js";
import { isStored, Session } from "./session.js";

const NAMES = { annotate: "Annotate", report: "Report", models: "Models" };

// what is not needed at first is loaded when somebody wants to see it
const openHelp = async () => (await import("./help.js")).openHelp();

class App {
  constructor() {
    this.live = new Live(byId("numbers"), byId("learning"));
    this.annotator = localStorage.getItem("elman.annotator") || "annotator";
    this.lastCorrected = null;
    document.addEventListener("keydown", (event) => this.key(event));
    window.addEventListener("beforeunload", (event) => { if (this.outbox?.items.length) event.preventDefault(); });
  }

  async start() {
    this.drawHeader();
    this.status = await get("/v1/status", { annotator: this.annotator });
    const fields = fieldsOf(this.status.model);
    document.title = `${this.status.model.name ?? "model"} – elman`;
    const failed = (error) => this.failed(error);
    const refused = (error, { body }) => { if (!isStored(error, body)) failed(error); };
    this.outbox = new Outbox("elman.outbox", { changed: () => this.drawOutbox(), refused });
    const hooks = {
      shown: (card, field) => this.annotate.shown(card, field),
      said: (text) => this.annotate.said(text),
      stored: (card, answer) => this.stored(card, answer),
      failed,
    };
    this.session = new Session(this.annotator, fields, this.outbox, hooks);
    this.session.empty = !this.status.counts.sentences;
    this.annotate = new Annotate(this.session, fields);
    this.views = { annotate: this.annotate };
    this.fields = fields;
    this.showStatus(this.status);
    this.open("annotate");
    listen(this.status.event, this.handlers(), (yes) => this.live.connected(yes));
    await this.session.start();
  }

  drawHeader() {
    const tab = ([name, text]) => keyButton(text, `Alt+${text[0]}`, () => this.open(name), { "data-view": name });
    this.tabs = Object.entries(NAMES).map(tab);
    fill(byId("views"), this.tabs);
    fill(byId("help-place"), keyButton("Help", "?", openHelp));
    const name = byId("annotator");
    name.value = this.annotator;
    name.after(" ", h("kbd", { "aria-hidden": "true" }, "Alt+N"));
    name.setAttribute("aria-keyshortcuts", "Alt+N");
    name.addEventListener("change", () => this.rename(name.value.trim()));
    name.addEventListener("keydown", (event) => { if (event.key === "Enter") name.blur(); });
  }

  /** Another annotator has other cards: begin again as a new page does. */
  rename(name) {
    localStorage.setItem("elman.annotator", name || "annotator");
    for (const key of ["elman.card", "elman.draft"]) sessionStorage.removeItem(key);
    location.reload();
  }

  async open(name) {
    this.view = name;
    for (const tab of this.tabs) tab.setAttribute("aria-current", tab.dataset.view === name ? "page" : "false");
    try {
      const view = await this.load(name);
      if (this.view !== name) return;
      fill(byId("main"), view.element);
      if (name === "annotate") this.annotate.focusWord();
      else await view.show(this.status);
    } catch (error) {
      this.failed(error);
    }
  }

  async load(name) {
    if (!this.views[name]) {
      const { View } = await import(`./${name}.js`);
      this.views[name] = new View((text) => this.live.say(text), (error) => this.failed(error));
    }
    return this.views[name];
  }

  handlers() {
    return {
      status: (status) => this.showStatus(status),
      learned: (event) => this.learned(event),
      rejected: ({ error }) => this.live.say(`not adopted: ${error}`, "bad"),
      model: () => this.renew(),
      retrain: ({ state, error }) => this.retrained(state, error),
    };
  }

  showStatus(status) {
    this.status = { ...this.status, ...status };
    const now = new Map(fieldsOf(this.status.model).map((field) => [field.name, field.choices]));
    for (const field of this.fields) addChoices(field, now.get(field.name) ?? []);
    this.live.show(this.status);
  }

  stored(card, { learns, set_aside: aside }) {
    if (learns) this.lastCorrected = card;
    else if (aside) this.live.say("accepted; set aside, so it measures and is not learned");
  }

  learned({ ids, seconds, not_learned: missed }) {
    const card = this.lastCorrected;
    const own = ids.length === 1 && card?.id === ids[0] ? changeText(card, this.fields) : "";
    const all = counted(ids.length, "correction");
    const what = missed ? `patched, ${missed} of ${all} not learned yet` : `learned ${own || all}`;
    this.live.say(`${what} (${seconds.toFixed(1)} s)`, missed ? "" : "good");
    this.renew();
  }

  retrained(state, error) {
    if (state === "adopted") this.live.say("retrained, and adopted", "good");
    if (state === "rejected" || state === "failed") this.live.say(`retrained, not adopted: ${error}`, "bad");
    if (this.view === "models") this.renew();
  }

  /** Another model answers: newer predictions, and newer figures in the view that is open. */
  renew() {
    clearTimeout(this.renewing);
    this.renewing = setTimeout(() => {
      this.session.renew();
      if (this.view !== "annotate") this.open(this.view);
    }, 20);
  }

  failed(error) {
    const close = h("button", { type: "button", onclick: () => { byId("problem").hidden = true; } }, "Close");
    fill(byId("problem"), h("span", {}, error.message), close);
    byId("problem").hidden = false;
  }

  drawOutbox() {
    const { items, error } = this.outbox ?? { items: [] };
    const place = byId("problem");
    if (!error) {
      if (this.unsent) place.hidden = true;
      this.unsent = false;
      return;
    }
    this.unsent = true;
    const retry = h("button", { type: "button", onclick: () => this.outbox.retry?.() }, "Try again now");
    const text = `${counted(items.length, "answer")} not stored yet: ${error.message}. The page tries again.`;
    fill(place, h("span", {}, text), retry);
    place.hidden = false;
  }

  key(event) {
    if (event.isComposing || document.querySelector("dialog[open]") || !this.views) return;
    const alt = event.altKey && !event.ctrlKey;
    const done = alt ? this.alt(event) : this.view === "annotate" && this.annotate.handle(event);
    if (!done && event.key === "?" && !event.target.closest?.("input, select")) openHelp();
  }

  alt(event) {
    const letter = event.code.replace("Key", "");
    const view = Object.keys(NAMES).find((name) => NAMES[name][0] === letter);
    const focus = { O: "order", S: "state", T: "tag", N: "annotator" }[letter];
    if (view) this.open(view);
    else if (letter === "L") this.load("models").then((models) => models.retrain());
    else if (focus) for (const how of ["focus", "select"]) byId(focus)?.[how]?.();
    else return false;
    event.preventDefault();
    return true;
  }
}

const app = new App();
app.start().catch((error) => app.failed(error));
