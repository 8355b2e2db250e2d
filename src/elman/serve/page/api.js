// The service over HTTP, as docs/reference/service-api.md describes it.

/** What the service refused or could not do; status 0 if it did not answer. */
export class ServiceError extends Error {
  constructor(status, message, body = {}) {
    super(message);
    this.status = status;
    this.body = body;
  }
  /** Whether the same request may succeed later: no answer, no token, overloaded, disk full. */
  get passing() {
    return [0, 401, 403, 429, 500, 502, 503, 504, 507].includes(this.status);
  }
}

const HINTS = {
  0: "the service does not answer; is “elman serve” still running?",
  401: "the token is missing or has changed; open the address that “elman serve” printed",
};

async function request(path, options = {}) {
  let response;
  try {
    response = await fetch(path, { ...options, signal: AbortSignal.timeout(65_000) });
  } catch {
    throw new ServiceError(0, HINTS[0]);
  }
  const body = await response.json().catch(() => ({}));
  if (response.ok) return body;
  throw new ServiceError(response.status, HINTS[response.status] ?? body.error ?? `status ${response.status}`, body);
}

/** Return the JSON that a path answers; empty query values are left out. */
export function get(path, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== "" && value !== undefined && value !== null);
  const search = new URLSearchParams(given).toString();
  return request(search ? `${path}?${search}` : path);
}

/** Return the JSON that a path answers to a JSON body. */
export const post = (path, body) =>
  request(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

const LONGEST_WAIT = 20_000;

/** Sends what must not be lost, one after the other, and keeps it over a reload until the service has stored it. */
export class Outbox {
  constructor(key, hooks, storage = sessionStorage, send = post) {
    Object.assign(this, { key, hooks, storage, send });
    this.items = JSON.parse(storage.getItem(key) ?? "[]");
    this.versions = new Map(); // of sentences: a second correction may be queued before the first is answered
    this.waiting = new Map();
    this.number = 0;
    this.error = null;
    if (this.items.length) this.drain();
  }

  /** Send a body and return the promise of its answer. */
  push(path, body) {
    const item = { path, body, number: `${Date.now()}-${this.number++}` };
    this.items.push(item);
    this.save();
    const answer = new Promise((resolve, reject) => this.waiting.set(item.number, { resolve, reject }));
    this.drain();
    return answer;
  }

  save() {
    this.storage.setItem(this.key, JSON.stringify(this.items));
    this.hooks.changed(this);
  }

  async drain() {
    if (this.draining) return;
    this.draining = true;
    for (let wait = 500; this.items.length; ) {
      const item = this.items[0];
      try {
        this.settle(item, "resolve", await this.send(item.path, this.withVersion(item.body)));
        wait = 500;
      } catch (error) {
        if (!error.passing) {
          this.settle(item, "reject", error);
          continue;
        }
        this.error = error;
        this.hooks.changed(this);
        await new Promise((resolve) => { this.retry = resolve; setTimeout(resolve, wait); });
        wait = Math.min(2 * wait, LONGEST_WAIT);
      }
    }
    this.draining = false;
  }

  withVersion(body) {
    return "version" in body && this.versions.has(body.id) ? { ...body, version: this.versions.get(body.id) } : body;
  }

  settle(item, how, value) {
    this.items.shift();
    this.error = null;
    const card = value.card ?? value.body?.card;
    const [id, version] = [value.id ?? card?.id, card?.version ?? value.version ?? value.event];
    if (id && version !== undefined) this.versions.set(id, version);
    this.save();
    const waiting = this.waiting.get(item.number);
    this.waiting.delete(item.number);
    if (waiting) waiting[how](value);
    else if (how === "reject") this.hooks.refused(value, item); // queued before a reload
  }
}
