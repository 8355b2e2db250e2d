// What an update of the model changed, as elman.learn reports it.

import { counted, h, percent, signed, table } from "./dom.js";

const NAMES = { heldout: "Held-out text", replayed: "Replayed training text", earlier: "Earlier corrections" };
const MOST = 20;

/** Return the elements of a report. */
export function drawReport(report) {
  const { learned, not_learned: missed, earlier, heldout, replayed, new_words: words, new_tags: tags, notes } = report;
  const rows = [
    ["corrections learned", `${learned} of ${learned + missed.length}`],
    ["earlier corrections", `${earlier.kept} kept, ${earlier.broken.length} broken`],
    ["new words", words.slice(0, MOST).join(" ") || "none"],
    ...Object.entries(tags).map(([name, added]) => [`new tags of ${name}`, added.join(" ")]),
  ];
  const flips = [...(heldout?.flips ?? []), ...(replayed?.flips ?? [])];
  return [
    table("Corrections", [], rows),
    scores({ heldout, replayed }),
    byTag({ heldout, replayed }),
    some("Sentences with other predictions than before", ["sentence", "gold", "before", "now"], flips.map(flip)),
    some("Not learned", ["sentence", "corrected", "predicted"], missed.map(notLearned)),
    ...notes.map((note) => h("p.note", {}, note)),
  ];
}

/** Return a table of the first rows, which can be scrolled to the side, or nothing if there are none. */
function some(caption, columns, rows) {
  const props = { tabIndex: 0, role: "group", "aria-label": caption };
  return rows.length > 0 && h("div.scroll", props, table(caption, columns, rows.slice(0, MOST)));
}

function* columnsOf(changes) {
  for (const [name, change] of Object.entries(changes)) {
    for (const [column, figures] of Object.entries(change?.columns ?? {})) yield [`${NAMES[name]}, ${column}`, figures];
  }
}

function scores(changes) {
  const rows = [...columnsOf(changes)].map(([name, { interval: [low, high], p_value: p, ...figures }]) => [
    `${name}, ${counted(figures.sentences, "sentence")}`, percent(figures.before, 2), percent(figures.after, 2),
    h(figures.worse ? "b.bad" : "span", {}, `${signed(low)} to ${signed(high)}`), p.toFixed(p < 0.01 ? 4 : 2),
    String(figures.fixed), String(figures.broken),
  ]);
  const columns = ["accuracy or span F1", "before", "now", "difference (95 %)", "p", "fixed", "newly broken"];
  return some("Scores", columns, rows);
}

function byTag(changes) {
  const rows = [...columnsOf(changes)].flatMap(([name, { tags }]) =>
    Object.entries(tags).map(([tag, n]) => [`${name}: ${tag}`, ...[n.gold, n.fixed, n.broken].map(String)]));
  return some("Words that changed, by tag", ["tag", "gold", "fixed", "newly broken"], rows);
}

/** Return the words of a sentence and the tags where the columns differ. */
function flip({ words, gold, before, after }) {
  const changed = gold.map((_, i) => i).filter((i) => before[i] !== after[i]);
  const at = (tags) => changed.map((i) => tags[i] ?? "–").join(" ");
  return [h("span", { dir: "auto" }, words.join(" ")), at(gold), at(before), at(after)];
}

function notLearned({ words, labels, predicted }) {
  const texts = (all) => Object.values(all).map((tags) => tags.map((tag) => tag ?? "–").join(" ")).join("; ");
  return [h("span", { dir: "auto" }, words.join(" ")), texts(labels), texts(predicted)];
}
