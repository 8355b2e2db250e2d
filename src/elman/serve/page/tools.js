// Which sentences come, and in which order: the line above the card.

import { h } from "./dom.js";

const ORDERS = { uncertain: "most uncertain", slips: "probable slips", random: "random", file: "as in the file" };
const STATES = { open: "not done", corrected: "accepted", skipped: "skipped", all: "all" };

export class Tools {
  constructor(fields, session) {
    this.session = session;
    const shown = (field, tag) => (fields.length > 1 ? `${field.name}: ${tag}` : tag);
    const tags = fields.flatMap((field) => field.choices.map((tag) => [`${field.name}=${tag}`, shown(field, tag)]));
    const search = (event) => this.choose({ search: event.target.value });
    this.search = h("input", { type: "search", id: "search", onchange: search, onkeydown: leave });
    this.order = this.select("order", ORDERS, "order");
    this.tag = this.select("tag", { "": "any", ...Object.fromEntries(tags) }, "tag");
    this.state = this.select("state", STATES, "state");
    this.element = h("div.tools", { role: "group", "aria-label": "Which sentences" },
      this.labelled("Order", "Alt+O", this.order), this.labelled("Show", "Alt+S", this.state),
      this.labelled("Tag", "Alt+T", this.tag), this.labelled("Search", "/", this.search));
  }

  select(id, options, key) {
    return h("select", { id, onchange: (event) => this.choose({ [key]: event.target.value }), onkeydown: leave },
      Object.entries(options).map(([value, text]) => h("option", { value }, text)));
  }

  labelled(text, key, control) {
    control.setAttribute("aria-keyshortcuts", key);
    return h("label", {}, text, " ", control, " ", h("kbd", { "aria-hidden": "true" }, key));
  }

  choose(filter) {
    return this.session.choose(filter);
  }
}

/** Enter and Escape give the keys back to the sentence. */
function leave(event) {
  if (event.key === "Enter" || event.key === "Escape") event.target.blur();
}
