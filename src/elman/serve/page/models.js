// The view of all models of this database, with a way back to each.

import { get, post } from "./api.js";
import { fill, h, keyButton, table } from "./dom.js";
import { heldOut } from "./live.js";

const KINDS = { first: "elman serve was started with it", patch: "patch", retrain: "retrained on everything" };

export class View {
  constructor(said, failed) {
    Object.assign(this, { said, failed });
    this.element = h("div");
  }

  async show() {
    const { current, models } = await get("/v1/models");
    const rows = models.map((model) => this.row(model, model.sha256 === current));
    fill(this.element, h("section.panel", {},
      h("div.row", {}, h("h2", {}, "Models"), keyButton("Retrain on everything", "Alt+L", () => this.retrain(), { "aria-keyshortcuts": "Alt+L" })),
      h("p.note", {}, "A retraining runs in the background, and its model is adopted only if it is not worse on held-out text."),
      h("div.scroll", {}, table("Newest first", ["number", "made by", "corrections", "held-out", "time", "SHA-256", "in use"], rows))));
  }

  row(model, current) {
    const { number, kind, corrections, heldout, time, sha256, available } = model;
    const made = [KINDS[kind] ?? kind, model.reason ? h("span.note", {}, h("br"), `not adopted: ${model.reason}`) : null].filter(Boolean);
    const state = current
      ? h("b", {}, "✓ in use")
      : available ? h("button", { type: "button", "aria-label": `Go back to model ${number}`, onclick: () => this.activate(model) }, "Go back") : h("span.note", {}, "not kept");
    const measured = heldout && typeof heldout === "object" ? heldOut(heldout) : heldout ? `${(100 * heldout).toFixed(1)}` : "–";
    return [String(number), h("span", {}, made), (corrections ?? 0).toLocaleString("en"), measured, new Date(1000 * time).toLocaleString([], { dateStyle: "short", timeStyle: "short" }), h("code", { title: sha256 }, sha256.slice(0, 12)), state];
  }

  async activate({ sha256, number }) {
    try {
      await post("/v1/models/activate", { model: sha256 });
      this.said(`Model ${number} is in use.`);
      await this.show();
    } catch (error) {
      this.failed(error);
    }
  }

  async retrain() {
    try {
      const { state } = await post("/v1/retrain", {});
      this.said(state === "queued" ? "Another retraining is queued." : "Retraining on everything…");
    } catch (error) {
      this.failed(error);
    }
  }
}
