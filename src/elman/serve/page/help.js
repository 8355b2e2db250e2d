// The keys, all on one page.

import { byId, fill, h, keyButton, table } from "./dom.js";

const KEYS = [ // two spaces between keys
  ["←  →", "word before, next word, in the direction of the text; Home and End: first and last"],
  ["PageUp  PageDown", "doubtful word before, next doubtful word"],
  ["Shift+←  Shift+→  drag", "select words, for a span or one tag for all; a double click, or both keys: one word"],
  ["↑  ↓", "column before, next column"],
  ["1 … 9  0", "choose the tag or label with this number"],
  ["a … z", "find a tag by typing; Enter takes it, Escape gives up; a tag that is not found can be added"],
  ["Delete", "remove the span"],
  ["Enter", "accept all tags of the sentence and go on"],
  ["Backspace", "back to the sentence before"],
  ["Space", "skip the sentence"],
  ["Ctrl+Z  Ctrl+Y", "undo and redo every edit, acceptance and skip, without limit, also after a restart"],
  [".", "why this tag, and what else it could be"],
  ["/  Alt+T  Alt+S  Alt+O", "search, filter by tag, which sentences, their order"],
  ["Alt+A  Alt+R  Alt+M", "views: annotate, report, models"],
  ["Alt+L  Alt+N", "retrain on everything; your name"],
];

const SIGNS = [
  ["? 62 %", "dotted and shaded: the model gives its tag a probability below 90 %"],
  ["≠ NOUN 97 %", "the model would choose another tag than the file has"],
  ["✎", "you have changed this tag"],
  ["↻", "the model has changed its mind since the sentence was shown"],
];

/** Open the list of keys; Escape closes it. */
export function openHelp() {
  const dialog = byId("help");
  const close = keyButton("Close", "Esc", () => dialog.close(), { "aria-keyshortcuts": "Escape" });
  const keys = KEYS.map(([names, text]) => [names.split("  ").map((name) => [h("kbd", {}, name), " "]).flat(), text]);
  fill(dialog, h("div.row", {}, h("h2", { id: "help-title" }, "Keys and signs"), h("span.gap"), close),
    table("Keys", [], keys.map(([first, text]) => [h("span", {}, first), text])), table("Signs", [], SIGNS));
  if (!dialog.open) dialog.showModal();
}
