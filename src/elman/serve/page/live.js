// The live line: what has been corrected, what it gave, and what the learner is doing. Never silent.

import { counted, fill, h } from "./dom.js";
import { typeOf } from "./spans.js";
import { shownWord } from "./tokens.js";

/** Return "93.1 → 93.4 (p = 0.04)". */
export function heldOut({ before, after, p }) {
  const text = `${(100 * before).toFixed(1)} → ${(100 * after).toFixed(1)}`;
  if (p === null || p === undefined) return text;
  return p < 0.001 ? `${text} (p\u00a0<\u00a00.001)` : `${text} (p\u00a0=\u00a0${p.toFixed(p < 0.01 ? 3 : 2)})`;
}

/** Return the parts of the line about a status. */
export function numbers({ counts, heldout, earlier }) {
  const aside = `${counts.set_aside_corrected} of ${counted(counts.set_aside, "set-aside sentence")} accepted`;
  const measured = heldout ? h("b", {}, heldOut(heldout)) : `not measured yet (${aside})`;
  const line = [h("b", {}, counts.corrected.toLocaleString("en")), " corrected · held-out ", measured];
  if (!earlier?.total) return line;
  const broken = h(earlier.broken ? "b.bad" : "b", {}, String(earlier.broken));
  return [...line, " · broken ", broken, ` of ${earlier.total.toLocaleString("en")} earlier`];
}

export class Live {
  constructor(numbersPlace, learningPlace) {
    Object.assign(this, { numbersPlace, learningPlace, said: null, away: false, unsent: 0 });
  }

  /** Show a status of the service. */
  show(status) {
    this.status = status;
    fill(this.numbersPlace, numbers(status));
    this.draw();
  }

  /** Say what has just happened, until something else does. */
  say(text, kind = "") {
    this.said = { text, kind };
    this.draw();
  }

  connected(yes) {
    this.away = !yes;
    this.draw();
  }

  draw() {
    const parts = [this.state(), this.retrain()].filter(Boolean);
    const shown = parts.map(({ text, kind }, i) => [i ? " · " : "", h(kind ? `span.${kind}` : "span", {}, text)]);
    fill(this.learningPlace, shown.flat());
  }

  state() {
    if (this.away) return { text: "no connection to the service; trying again", kind: "bad" };
    const learning = this.status?.learning;
    if (!learning) return this.said;
    if (learning.state === "off") return { text: `not learning: ${learning.error ?? "switched off"}` };
    const waiting = learning.waiting ? `, ${learning.waiting} waiting` : "";
    if (learning.state === "patching") return { text: `learning${waiting}…`, kind: "working" };
    if (learning.error) return { text: `not adopted: ${learning.error}`, kind: "bad" };
    if (learning.waiting) return { text: `${counted(learning.waiting, "correction")} to be learned`, kind: "working" };
    return this.said ?? { text: "ready: learns from each correction" };
  }

  retrain() {
    const retrain = this.status?.retrain;
    if (!retrain) return null;
    const queued = retrain.queued ? ", one more queued" : "";
    if (retrain.state === "running") return { text: `retraining on everything${queued}…`, kind: "working" };
    return retrain.error ? { text: `retraining: ${retrain.error}`, kind: "bad" } : null;
  }
}

/** Return the first change of a correction: “Mill” → road. */
export function changeText(card, fields) {
  const field = fields.find((each) => card.draft[each.name] !== undefined);
  if (!field) return "";
  if (!field.ofWords) return `${field.name} → ${card.draft[field.name]}`;
  const i = card.words.findIndex((_, j) => card.changed(field, j));
  const tag = card.draft[field.name][i];
  return `“${shownWord(card.words[i]).slice(0, 40)}” → ${field.kind === "spans" ? typeOf(tag) || tag : tag}`;
}

/** Listen to the service's events; gone(true) once it has been away for some seconds. */
export function listen(after, handlers, connected) {
  const source = new EventSource(`/v1/events?after=${after}`);
  let timer = null;
  source.onopen = () => { clearTimeout(timer); timer = null; connected(true); };
  source.onerror = () => { timer ??= setTimeout(() => connected(false), 3000); };
  for (const [name, handle] of Object.entries(handlers)) {
    source.addEventListener(name, (event) => handle(JSON.parse(event.data)));
  }
  return source;
}

