// The view of what the model has learned and forgotten, who has corrected what, and the downloads.

import { get } from "./api.js";
import { counted, fill, h, percent, table } from "./dom.js";
import { heldOut } from "./live.js";

const FORMATS = { own: "the format that came in", conllu: "CoNLL-U", columns: "columns", jsonl: "JSONL (Prodigy’s keys)", "label-studio": "Label Studio JSON" };
const MOST_ROWS = 50;

export class View {
  constructor() {
    this.element = h("div");
  }

  async show(status) {
    const [report, stats] = await Promise.all([get("/v1/report").catch(failed), get("/v1/stats").catch(failed)]);
    fill(this.element, this.summary(status), this.learned(report), this.people(stats), this.downloads(status));
  }

  summary({ counts, heldout, earlier, learning }) {
    const rows = [
      ["sentences", counts.sentences.toLocaleString("en")],
      ["accepted", `${counts.corrected.toLocaleString("en")}, of them ${counts.changed.toLocaleString("en")} with a changed tag`],
      ["set aside, never trained on", `${counts.set_aside.toLocaleString("en")}, of them ${counts.set_aside_corrected.toLocaleString("en")} accepted`],
      ["held-out accuracy, first model → now", heldout ? `${heldOut(heldout)}, difference ${signed(heldout.low)} to ${signed(heldout.high)} (95 % interval), ${counted(heldout.items, "item")}` : "not measured: no sentence that is set aside has been accepted yet"],
      ["earlier corrections", earlier ? `${earlier.kept.toLocaleString("en")} kept, ${earlier.broken.toLocaleString("en")} broken, of ${earlier.total.toLocaleString("en")}` : "none yet"],
      ["learning", learning.error ?? learning.state],
    ];
    return h("section.panel", {}, table("Progress", [], rows));
  }

  learned({ report, error }) {
    if (error) return panel("What the last patch changed", h("p.note", {}, error));
    if (!report) return panel("What the last patch changed", h("p.note", {}, "Nothing yet: this is the first model."));
    return panel("What the last patch changed", ...value(report));
  }

  people({ annotators = [], agreement = [], error }) {
    if (error) return panel("Annotators", h("p.note", {}, error));
    const people = annotators.map(({ name, corrected, skipped, seconds }) => [name, String(corrected), String(skipped), minutes(seconds)]);
    const pairs = agreement.map(({ a, b, sentences, agreed, items, kappa }) =>
      [`${a}, ${b}`, String(sentences), items ? percent(agreed > 1 ? agreed / items : agreed) : "–", kappa === null ? "–" : kappa.toFixed(3)]);
    return panel("Annotators", table("Work", ["name", "accepted", "skipped", "time"], people),
      pairs.length > 0 && table("Agreement", ["annotators", "sentences of both", "observed agreement", "Cohen’s κ"], pairs));
  }

  downloads({ files = [] }) {
    const rows = files.map(({ number, name, sentences }) => {
      const links = Object.entries(FORMATS).map(([format, text]) =>
        h("a", { href: `/v1/export?${new URLSearchParams({ as: format, file: number })}`, download: "" }, text));
      return [name, sentences.toLocaleString("en"), h("span.links", {}, links)];
    });
    return panel("Export with the corrections", table("Files", ["file", "sentences", "download"], rows));
  }
}

const failed = (error) => ({ error: error.message });
const panel = (title, ...children) => h("section.panel", {}, h("h2", {}, title), ...children);
const signed = (share) => (share === null || share === undefined ? "?" : `${share < 0 ? "−" : "+"}${Math.abs(100 * share).toFixed(1)}`);
const minutes = (seconds) => (seconds < 90 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`);
const words = (key) => key.replaceAll("_", " ");

/** Return elements that show any JSON value: a table for a record or a list of records, the text of anything else. */
function value(json, title = "") {
  if (Array.isArray(json)) return [list(json, title)];
  const entries = Object.entries(json);
  const simple = entries.filter(([, each]) => typeof each !== "object" || each === null);
  const nested = entries.filter(([, each]) => typeof each === "object" && each !== null && Object.keys(each).length);
  return [
    simple.length > 0 && h("div.scroll", {}, table(title || "Overview", [], simple.map(([key, each]) => [words(key), text(each)]))),
    ...nested.flatMap(([key, each]) => value(each, title ? `${title}: ${words(key)}` : words(key))),
  ];
}

function list(items, title) {
  const rest = items.length > MOST_ROWS && h("p.note", {}, `and ${(items.length - MOST_ROWS).toLocaleString("en")} more`);
  const shown = items.slice(0, MOST_ROWS);
  const columns = [...new Set(shown.flatMap((item) => (item && typeof item === "object" && !Array.isArray(item) ? Object.keys(item) : [])))];
  const rows = shown.map((item) => (columns.length ? columns.map((key) => text(item[key])) : [text(item)]));
  return h("div.scroll", {}, table(title, columns.map(words), rows), rest);
}

function text(each) {
  if (each === null || each === undefined) return "–";
  if (Array.isArray(each)) return each.map(text).join(" ");
  if (typeof each === "object") return JSON.stringify(each);
  return typeof each === "number" && !Number.isInteger(each) ? each.toFixed(4) : String(each);
}
