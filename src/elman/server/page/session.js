// The cards of a sitting, in order, and its history: every edit, acceptance and skip can be undone and redone.

import { get } from "./api.js";
import { Card } from "./card.js";

const AHEAD = 5;
const MOST_EXCLUDED = 1500; // the ids are part of the URL, whose length is limited

export class Session {
  /** hooks: shown(card), said(text), failed(error). */
  constructor(annotator, fields, outbox, hooks, storage = sessionStorage) {
    Object.assign(this, { annotator, fields, outbox, hooks, storage });
    this.filter = { order: "uncertain", search: "", tag: "", state: "open" };
    this.past = [];
    this.future = [];
    this.pristine = true; // the service may have something to redo from before a reload
    this.restart();
  }

  /** Begin a new list; unfinished work stays in front of it. */
  restart() {
    this.cards = (this.cards ?? []).filter((card) => card.edited && card.state === "open");
    this.at = 0;
    this.beyond = null; // how many sentences are not in the list yet
    this.request = (this.request ?? 0) + 1; // answers to older requests are dropped
    this.fetching = null;
  }

  get card() {
    return this.cards[this.at] ?? null;
  }

  /** Return how many sentences are left to do, or null before the service has said so. */
  get left() {
    const ahead = this.cards.slice(this.at).filter((card) => card.state === "open");
    return this.beyond === null ? null : this.beyond + ahead.length;
  }

  /** Begin with the card that was open before a reload, then with the queue. */
  async start() {
    const id = this.storage.getItem("elman.card");
    if (id) {
      const json = await this.read(id).catch(() => null);
      if (json) this.cards.push(this.restored(json));
    }
    await this.fetchMore();
    this.show();
  }

  restored(json) {
    const card = new Card(json);
    const kept = JSON.parse(this.storage.getItem("elman.draft") ?? "null");
    if (kept?.id === card.id && kept.version === card.version) card.draft = kept.draft;
    return card;
  }

  keep() {
    const card = this.card;
    if (!card) return this.storage.removeItem("elman.card");
    this.storage.setItem("elman.card", card.id);
    this.storage.setItem("elman.draft", JSON.stringify({ id: card.id, version: card.version, draft: card.draft }));
  }

  async choose(filter) {
    Object.assign(this.filter, filter);
    this.restart();
    this.show(); // unfinished work or nothing, until there are sentences: keys change only what is seen
  }

  query(exclude) {
    const ids = exclude.slice(-MOST_EXCLUDED).join(",");
    return { annotator: this.annotator, ...this.filter, limit: AHEAD, exclude: ids };
  }

  /** Keep some cards ready behind the present one. */
  async fetchMore() {
    const enough = this.cards.length - this.at > AHEAD - 2 || this.beyond === 0;
    if (!this.fetching && !enough) this.fetching = this.load(++this.request);
    await this.fetching;
  }

  async load(request) {
    try {
      const { cards, remaining } = await get("/v1/queue", this.query(this.cards.map((card) => card.id)));
      if (request === this.request) this.append(cards, remaining);
    } catch (error) {
      this.hooks.failed(error);
    }
    if (request === this.request) this.fetching = null;
  }

  append(cards, remaining) {
    const known = new Set(this.cards.map((card) => card.id));
    this.cards.push(...cards.filter((json) => !known.has(json.id)).map((json) => new Card(json)));
    this.beyond = Math.max(0, remaining - cards.length);
  }

  /** After the model has learned: newer predictions for the present card if it is untouched, and for those behind. */
  async renew() {
    const [card, request] = [this.card, ++this.request];
    this.fetching = null;
    const kept = () => this.cards.filter((each, i) => i <= this.at || each.since || each.edited);
    const [queue, json] = await Promise.all([
      get("/v1/queue", this.query(kept().map((each) => each.id))),
      card ? this.read(card.id) : null,
    ]).catch(() => [null, null]);
    if (!queue) return;
    if (request !== this.request) return this.renew(); // cards were asked for meanwhile
    this.cards = kept();
    this.append(queue.cards, queue.remaining);
    if (json && card === this.card && !card.edited && card.state === "open") {
      card.renew(json, this.fields);
      this.hooks.shown(card);
    }
    if (!card) this.show();
  }

  read(id) {
    return get(`/v1/sentences/${encodeURIComponent(id)}`, { annotator: this.annotator });
  }

  show() {
    const card = this.card;
    if (card) card.since = performance.now();
    this.keep();
    this.hooks.shown(card);
    this.fetchMore().then(() => { if (!card && this.card) this.show(); });
  }

  leave(card) {
    const seconds = card.seconds + (performance.now() - card.since) / 1000;
    card.seconds = 0;
    return Math.round(10 * seconds) / 10;
  }

  edit(field, value) {
    const card = this.card;
    const before = card.now(field);
    if (JSON.stringify(before) === JSON.stringify(value)) return;
    this.record({ what: "edit", card, field, before, after: value });
    card.set(field, value);
    this.keep();
  }

  record(entry) {
    this.past.push(entry);
    this.future = [];
    this.pristine = false;
  }

  accept() {
    const card = this.card;
    if (!card) return;
    const body = { id: card.id, version: card.version, annotator: this.annotator, seconds: this.leave(card) };
    const correction = card.correction(this.fields);
    this.send(card, "/v1/corrections", { ...body, ...correction }, "corrected");
  }

  skip() {
    const card = this.card;
    if (!card) return;
    this.send(card, "/v1/skip", { id: card.id, annotator: this.annotator, seconds: this.leave(card) }, "skipped");
  }

  send(card, path, body, state) {
    this.record({ what: "post", card, state, before: card.state });
    card.state = state;
    const answer = this.outbox.push(path, body);
    answer.then((stored) => this.stored(card, stored), (error) => this.refused(card, error, body));
    this.at += 1;
    this.show();
  }

  stored(card, stored) {
    card.version = stored.version ?? stored.event;
    card.learns = stored.learns;
    this.hooks.stored(card, stored);
  }

  refused(card, error, body) {
    const theirs = error.body.card;
    if (isStored(error, body)) return this.stored(card, theirs);
    this.past = this.past.filter((entry) => entry.card !== card);
    card.state = "open";
    if (theirs) card.take(theirs);
    this.hooks.failed(error);
    this.goTo(card);
  }

  back() {
    if (this.at === 0) return this.hooks.said("This is the first card since the page was opened.");
    if (this.card) this.card.seconds += (performance.now() - this.card.since) / 1000;
    this.at -= 1;
    this.show();
  }

  /** Show a card of the list, or the one N places behind it; a card that is not in the list is put into it. */
  goTo(card, behind = 0) {
    const place = this.cards.findIndex((each) => each.id === card.id);
    if (place < 0) this.cards.splice(this.at, 0, card);
    else this.at = place;
    this.at += behind;
    this.show();
  }

  undo() {
    const entry = this.past.pop();
    if (entry?.what === "edit") return this.step(entry, entry.before, this.future);
    return this.stepBack("/v1/undo", entry, this.future, entry?.before);
  }

  redo() {
    const entry = this.future.pop();
    if (entry?.what === "edit") return this.step(entry, entry.after, this.past);
    if (!entry && !this.pristine) return this.hooks.said("Nothing to redo.");
    return this.stepBack("/v1/redo", entry, this.past, entry?.state);
  }

  step(entry, value, onto) {
    onto.push(entry);
    entry.card.set(entry.field, value);
    if (entry.card === this.card) {
      this.keep();
      this.hooks.shown(this.card, entry.field);
    } else this.goTo(entry.card);
  }

  /** Take back or bring back what the service has stored, from before a reload too. */
  async stepBack(path, entry, onto, state) {
    const redo = path === "/v1/redo";
    if (entry) {
      entry.card.state = state;
      onto.push(entry);
      this.goTo(entry.card, redo ? 1 : 0); // a card that is accepted again gives way to the next
    }
    try {
      const { id, kind, card: json } = await this.outbox.push(path, { annotator: this.annotator });
      const card = entry?.card.id === id ? entry.card : new Card(json);
      card.version = json.version;
      if (card !== entry?.card) {
        onto.push({ what: "post", card, state: kind === "skip" ? "skipped" : "corrected", before: "open" });
        this.goTo(card);
      }
      this.hooks.said(`${redo ? "Redone" : "Undone"}: ${kind}.`);
    } catch (error) {
      if (error.status === 409) this.hooks.said(`Nothing to ${redo ? "redo" : "undo"}.`);
      else this.hooks.failed(error);
    }
  }
}

/** Return whether the service has just what was sent: then an answer got lost, and there is no conflict. */
export function isStored(error, { after }) {
  const theirs = error.body?.card;
  return Boolean(error.status === 409 && theirs && after && holds(theirs, after));
}

function holds(card, after) {
  const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
  return Object.entries(after.columns).every(([name, tags]) => same(card.columns?.[name]?.tags, tags)) &&
    Object.entries(after.labels).every(([name, value]) => same(card.labels?.[name]?.value, value));
}
