// The view of what the model has learned and forgotten, who has corrected what, and the downloads.

import { get } from "./api.js";
import { drawReport } from "./changes.js";
import { counted, fill, h, percent, signed, table } from "./dom.js";
import { heldOut } from "./live.js";

const FORMATS = {
  own: "the format that came in", conllu: "CoNLL-U", columns: "columns",
  jsonl: "JSONL (Prodigy’s keys)", "label-studio": "Label Studio JSON",
};

export class View {
  constructor() {
    this.element = h("div");
  }

  async show(status) {
    const asked = ["/v1/report", "/v1/stats"].map((path) => get(path).catch((failed) => ({ error: failed.message })));
    const [{ report, error }, stats] = await Promise.all(asked);
    const changes = report ? drawReport(report) : [h("p.note", {}, error ?? "Nothing yet: this is the first model.")];
    const update = panel("What the last update changed", ...changes);
    fill(this.element, summary(status), update, people(stats), downloads(status));
  }
}

const panel = (title, ...children) => h("section.panel", {}, h("h2", {}, title), ...children);
const number = (n) => n.toLocaleString("en");
const duration = (seconds) => (seconds < 90 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`);

function summary({ counts, heldout, earlier, learning }) {
  const measured = heldout
    ? `${heldOut(heldout)}, difference ${signed(heldout.low)} to ${signed(heldout.high)} (95 % interval), ` +
      `${counted(heldout.items, "item")}`
    : "not measured: no sentence that is set aside has been accepted yet";
  return panel("Progress", table("So far", [], [
    ["sentences", number(counts.sentences)],
    ["accepted", `${number(counts.corrected)}, of them ${number(counts.changed)} with a changed tag`],
    ["set aside", `${number(counts.set_aside)}, never trained on; ${number(counts.set_aside_corrected)} accepted`],
    ["held-out, first model → now", measured],
    ["earlier corrections", earlier ? `${number(earlier.kept)} kept, ${number(earlier.broken)} broken` : "none yet"],
    ["learning", learning.error ?? learning.state],
  ]));
}

function people({ annotators = [], agreement = [], error }) {
  const work = annotators.map(({ name, corrected, skipped, seconds }) =>
    [name, number(corrected), number(skipped), duration(seconds)]);
  const pairs = agreement.map(({ a, b, sentences, items, agreed, kappa }) =>
    [`${a}, ${b}`, number(sentences), items ? percent(agreed) : "–", kappa?.toFixed(3) ?? "–"]);
  return panel("Annotators", error && h("p.note", {}, error),
    table("Work", ["name", "accepted", "skipped", "time"], work),
    pairs.length > 0 && table("Agreement", ["annotators", "sentences of both", "agreement", "Cohen’s κ"], pairs));
}

function downloads({ files = [] }) {
  const rows = files.map((file) => {
    const links = Object.entries(FORMATS).map(([format, text]) =>
      h("a", { href: `/v1/export?${new URLSearchParams({ as: format, file: file.number })}`, download: "" }, text));
    return [h("span.file", {}, file.name), number(file.sentences), h("span.links", {}, links)];
  });
  return panel("Export with the corrections", table("Files", ["file", "sentences", "download"], rows));
}
