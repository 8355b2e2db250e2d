// Why this tag, and what else it could be: asked for only when somebody wants to see it.

import { get } from "./api.js";
import { fill, h, percent, table } from "./dom.js";
import { shownWord } from "./tokens.js";

const PAUSE = 150; // ms without a move before the service is asked

export class Explain {
  constructor(replace) {
    Object.assign(this, { replace, open: false, asked: 0 });
    this.other = h("div");
    this.why = h("div");
    this.best = h("div");
    const props = { id: "explain", "aria-label": "Why this tag", "aria-live": "polite", hidden: true };
    this.element = h("section.panel", props, h("div.columns", {}, this.other, this.why), this.best);
  }

  toggle() {
    this.open = !this.open;
    this.element.hidden = !this.open;
    document.getElementById("why").setAttribute("aria-expanded", String(this.open));
    if (this.open) this.ask(0);
  }

  close() {
    if (this.open) this.toggle();
  }

  /** Remember what has the focus; if the panel is open, explain it. */
  show(card, field, i) {
    Object.assign(this, { card, field, i });
    if (this.open) this.ask(PAUSE);
  }

  ask(pause) {
    clearTimeout(this.timer);
    const asked = ++this.asked;
    this.alternatives();
    this.timer = setTimeout(() => {
      const { card, field, i } = this;
      if (!card) return;
      const query = { id: card.id, column: field.name, ...(field.ofWords ? { word: i } : {}) };
      this.load(asked, this.why, get("/v1/why", query), (found) => this.drawWhy(card, found));
      if (field.ofWords) {
        const nbest = get(`/v1/sentences/${encodeURIComponent(card.id)}/nbest`, { column: field.name, most: 5 });
        this.load(asked, this.best, nbest, (found) => this.drawBest(card, field, found));
      } else fill(this.best);
    }, pause);
  }

  async load(asked, place, answer, draw) {
    let content;
    try {
      content = draw(await answer);
    } catch (error) {
      content = h("p.note", {}, error.message);
    }
    if (asked === this.asked) fill(place, content);
  }

  alternatives() {
    const { card, field, i } = this;
    const sent = card?.of(field)?.alternatives;
    const found = (field?.ofWords ? sent?.[i] : sent) ?? [];
    if (!found.length) return fill(this.other);
    const about = field.ofWords ? shownWord(card.words[i]) : "this text";
    const rows = found.map(([tag, share]) => [tag, h("span.share", {}, bar(share), percent(share))]);
    fill(this.other, table(`What the model thinks of ${about}`, [field.name, "probability"], rows));
  }

  drawWhy(card, { tag, against, shares }) {
    const text = against ? `For ${tag}, against ${against}` : `For ${tag}`;
    const most = Math.max(...shares.map(Math.abs), 1e-9);
    const words = shares.map((share, j) => {
      const [sign, colour] = share < 0 ? ["−", "--bad"] : ["+", "--good"];
      const strength = Math.round((100 * Math.abs(share)) / most);
      const number = h("small", { dir: "ltr" }, `${sign}${Math.round(Math.abs(100 * share))}`);
      const span = h("span", {}, shownWord(card.words[j]), number);
      span.style.setProperty("border-bottom-color", `color-mix(in srgb, var(${colour}) ${strength}%, transparent)`);
      return span;
    });
    const note = "Share of each word in the decision, in percent; − speaks against it (input × gradient).";
    return [h("h2", {}, text), h("p.why", { dir: "auto" }, words), h("p.note", {}, note)];
  }

  drawBest(card, field, { sequences }) {
    const now = card.now(field);
    const rows = sequences.map(({ tags, probability }) => {
      const pair = (tag, j) => [h("bdi", {}, `${shownWord(card.words[j])} ${tag}`), ", "];
      const differs = tags.flatMap((tag, j) => (tag === now[j] ? [] : pair(tag, j))).slice(0, -1);
      const onclick = () => this.replace(field, tags);
      const use = h("button", { type: "button", disabled: !differs.length, onclick }, "Use");
      return [percent(probability), differs.length ? h("span", {}, differs) : "as shown", use];
    });
    return table(`The best ${sequences.length} for the whole sentence`, ["probability", "differs in", "choose"], rows);
  }
}

function bar(share) {
  const element = h("span.bar", { "aria-hidden": "true" });
  element.style.setProperty("width", `${Math.max(2, 100 * share)}%`);
  return element;
}
