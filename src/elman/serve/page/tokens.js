// Draws a sentence: words in a row, each with its tags below.

import { h, probability } from "./dom.js";
import { findSpans, typeOf } from "./spans.js";

const LONGEST = 240; // of a word as it is shown; the whole word is in its tooltip

/** Return a word as it can be shown: shortened, and never invisible. */
export function shownWord(word) {
  const characters = Array.from(word);
  if (characters.length > LONGEST) {
    const ends = [characters.slice(0, LONGEST - 40).join(""), characters.slice(-20).join("")];
    return `${ends.join(" … ")} (${characters.length.toLocaleString("en")} characters)`;
  }
  if (!/[^\s\p{C}\p{Z}]/u.test(word)) return characters.map(codePoint).join(" ") || "∅";
  return /^\p{M}/u.test(word) ? `\u25cc${word}` : word;
}

const codePoint = (character) => `U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;

/** Return what a reader hears for a word: the word, its tags, and what is odd about them. */
export function spoken(card, fields, i) {
  const tags = fields.filter((field) => field.ofWords).map((field) => {
    const doubt = card.doubt(field, i);
    const tag = card.now(field)[i] ?? "no tag";
    const sign = { unsure: "doubtful", differs: `the model says ${doubt?.predicted}` }[doubt?.kind];
    const odd = doubt ? `, ${sign}, ${probability(doubt.share)}` : card.changed(field, i) ? ", corrected" : "";
    return `${field.name} ${tag}${odd}`;
  });
  return [shownWord(card.words[i]), ...tags].join(", ");
}

/** Return the element of a sentence: a list box whose options are its words. */
export function drawSentence(card, fields, active) {
  const columns = fields.filter((field) => field.ofWords);
  const borders = new Map(columns.filter((f) => f.kind === "spans").map((f) => [f.name, bordersOf(card.now(f))]));
  const tokens = card.words.map((word, i) => drawToken(card, columns, active, borders, i));
  const several = columns.length > 1 ? ".several" : "";
  const aria = { "aria-multiselectable": "true", "aria-orientation": "horizontal", "aria-label": "Words" };
  return h(`div.sentence${several}`, { role: "listbox", dir: "auto", ...aria }, tokens);
}

function bordersOf(tags) {
  const places = new Map();
  for (const span of findSpans(tags)) {
    for (let i = span.start; i < span.end; i++) places.set(i, { begin: i === span.start, end: i === span.end - 1 });
  }
  return places;
}

function drawToken(card, columns, active, borders, i) {
  const doubtful = card.doubtful(columns, i) ? ".doubt" : "";
  const word = shownWord(card.words[i]);
  const lines = columns.map((field) => drawTag(card, field, field === active, borders.get(field.name)?.get(i), i));
  return h(`div.token${doubtful}`, {
    role: "option", tabIndex: -1, "aria-selected": "false", "aria-label": spoken(card, columns, i), "data-i": String(i),
    title: word === card.words[i] ? null : card.words[i].slice(0, 20_000),
  }, h("span.word", {}, word), lines);
}

function drawTag(card, field, active, place, i) {
  const tag = card.now(field)[i];
  const spans = field.kind === "spans";
  const classes = [".tag", active && ".active", spans && (place ? ".span" : ".none")];
  classes.push(place?.begin && ".begin", place?.end && ".end");
  const doubt = card.doubt(field, i);
  if (doubt) classes.push(".doubt");
  if (card.changed(field, i)) classes.push(".corrected");
  const label = spans ? (place ? (place.begin ? typeOf(tag) || tag : "\u00a0") : "·") : tag ?? "–";
  return h(`span${classes.filter(Boolean).join("")}`, { dir: "ltr", title: `${field.name}: ${tag ?? "no tag"}` },
    h("span.label", {}, label), marks(card, field, doubt, i));
}

function marks(card, field, doubt, i) {
  if (card.changed(field, i)) return h("span.mark", {}, "✎");
  const renewed = card.renewed[field.name]?.[i];
  return [
    renewed && h("span.mark", { title: `was ${renewed}` }, "↻"),
    doubt?.kind === "unsure" && h("span.sure", {}, `? ${probability(doubt.share)}`),
    doubt?.kind === "differs" && h("span.sure", {}, `≠ ${doubt.predicted ?? "–"} ${probability(doubt.share)}`),
  ];
}

/** Return a document's label with its marks. */
export function drawLabel(card, field, sure) {
  const doubt = card.doubt(field);
  const text = `${field.name}: ${card.now(field) || "none"}${doubt ? "" : sure}`;
  return h(doubt ? "span.tag.doubt" : "span", {}, h("bdi", {}, text), marks(card, field, doubt));
}

/** Return the element of a text without columns of words: its words with the spaces between them. */
export function drawText(card) {
  const spaces = card.json.space_after ?? [];
  const text = card.words.map((word, i) => shownWord(word) + (spaces[i] === false ? "" : " ")).join("");
  return h("div.text", { dir: "auto", tabIndex: 0, role: "group", "aria-label": "Text" }, text.trimEnd());
}
