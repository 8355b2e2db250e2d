// The view of all models of this database, with a way back to each.

import { get, post } from "./api.js";
import { fill, h, keyButton, table } from "./dom.js";
import { heldOut } from "./live.js";

const KINDS = { first: "first model", patch: "patch", retrain: "retrained on everything" };
const TIME = { dateStyle: "short", timeStyle: "short" }; // in Swedish it is 2026-11-29 16:05
const COLUMNS = ["number", "made by", "corrections", "held-out", "time", "SHA-256", "in use"];

export class View {
  constructor(said, failed) {
    Object.assign(this, { said, failed });
    this.element = h("div");
  }

  async show() {
    const { current, models } = await get("/v1/models");
    const rows = models.map((model) => this.row(model, model.sha256 === current));
    const retrain = keyButton("Retrain on everything", "Alt+L", () => this.retrain());
    fill(this.element, h("section.panel", {}, h("div.row", {}, h("h2", {}, "Models"), retrain),
      h("p.note", {}, "A retraining runs in the background. Its model is adopted if it is not worse on held-out text."),
      h("div.scroll", {}, table("Newest first", COLUMNS, rows))));
  }

  row(model, current) {
    const { number, kind, corrections, heldout, reason } = model;
    const made = h("span", {}, KINDS[kind] ?? kind, reason && h("span.note", {}, h("br"), `not adopted: ${reason}`));
    const time = new Date(1000 * model.time).toLocaleString("sv", TIME);
    const hash = model.sha256 ? h("code", { title: model.sha256 }, model.sha256.slice(0, 12)) : "–";
    const measured = heldout ? heldOut(heldout) : "–";
    return [String(number ?? "–"), made, String(corrections ?? 0), measured, time, hash, this.choice(model, current)];
  }

  choice(model, current) {
    if (current) return h("b", {}, "✓ in use");
    if (!model.available) return h("span.note", {}, model.reason ? "–" : "not kept");
    const label = `Go back to model ${model.number}`;
    return h("button", { type: "button", "aria-label": label, onclick: () => this.activate(model) }, "Go back");
  }

  async activate({ sha256, number }) {
    try {
      await post("/v1/models/activate", { model: sha256 });
      this.said(`model ${number} is in use`);
      await this.show();
    } catch (error) {
      this.failed(error);
    }
  }

  async retrain() {
    try {
      const { state } = await post("/v1/retrain", {});
      this.said(state === "queued" ? "another retraining is queued" : "retraining on everything…");
    } catch (error) {
      this.failed(error);
    }
  }
}
