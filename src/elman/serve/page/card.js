// A sentence as it is being annotated: what the service sent, and the tags as they are now.

/** Below this calibrated probability a tag is marked as doubtful. */
export const DOUBT = 0.9;

/** Return the fields of a model: its columns of word tags, then its document labels. */
export function fieldsOf(model) {
  const columns = (model.columns ?? []).map((column) => ({ ...column, ofWords: true }));
  const labels = (model.labels ?? []).map((label) => ({ ...label, ofWords: false }));
  return [...columns, ...labels].map((field) => ({
    ...field,
    scheme: (field.scheme ?? "").toLowerCase(),
    choices: field.kind === "spans" ? field.types : field.tags,
  }));
}

/** Add tags to the choices of a field, at the end, so that no key changes its meaning. */
export function addChoices(field, tags) {
  const added = tags.filter((tag) => !field.choices.includes(tag));
  if (!added.length) return;
  field.choices = [...field.choices, ...added];
  field.keys = null;
}

export class Card {
  constructor(json) {
    this.take(json);
    this.draft = {}; // field -> tags or label, where they differ from what was sent
    this.renewed = {}; // field -> words whose tag has changed since the card was shown
    this.state = json.skipped ? "skipped" : json.version ? "corrected" : "open";
    this.seconds = 0;
  }

  take(json) {
    this.json = json;
    this.id = json.id;
    this.words = json.words;
    this.version = json.version;
  }

  of(field) {
    return (field.ofWords ? this.json.columns?.[field.name] : this.json.labels?.[field.name]) ?? null;
  }

  /** Return the tags of a column, or a document's label, as the annotator sees them now. */
  now(field) {
    const sent = this.of(field);
    return this.draft[field.name] ?? (field.ofWords ? sent?.tags ?? this.words.map(() => null) : sent?.value ?? "");
  }

  set(field, value) {
    const sent = field.ofWords ? this.of(field)?.tags : this.of(field)?.value;
    if (JSON.stringify(sent) === JSON.stringify(value)) delete this.draft[field.name];
    else this.draft[field.name] = value;
  }

  get edited() {
    return Object.keys(this.draft).length > 0;
  }

  /** Whether the annotator has changed the tag of a word, or the label. */
  changed(field, i) {
    const draft = this.draft[field.name];
    return draft !== undefined && (!field.ofWords || draft[i] !== this.of(field)?.tags[i]);
  }

  /** Return why the tag of a word, or the label, deserves a look, or null: { kind, share, predicted }. */
  doubt(field, i) {
    const sent = this.of(field);
    const [share, predicted, now] = [sent?.confidence, sent?.predicted, this.now(field)].map((each) =>
      field.ofWords ? each?.[i] : each);
    if (this.changed(field, i) || share === undefined || share === null) return null;
    if (predicted !== now) return { kind: "differs", share, predicted };
    return share < DOUBT ? { kind: "unsure", share, predicted } : null;
  }

  /** Return whether any field has something to look at in this word. */
  doubtful(fields, i) {
    return fields.some((field) => field.ofWords && this.doubt(field, i));
  }

  /** Replace what was sent by newer predictions and remember which tags that changed. */
  renew(json, fields) {
    for (const field of fields.filter((each) => each.ofWords)) {
      const before = this.now(field);
      const after = json.columns?.[field.name]?.tags ?? [];
      this.renewed[field.name] = after.map((tag, i) => (tag !== before[i] ? before[i] ?? "no tag" : null));
    }
    this.take(json);
  }

  /** Return before and after as POST /v1/corrections takes them. */
  correction(fields) {
    const before = { columns: {}, labels: {} };
    const after = { columns: {}, labels: {} };
    for (const field of fields) {
      const sent = this.of(field);
      const now = this.now(field);
      if (!sent || (!field.ofWords && now === "")) continue;
      const place = field.ofWords ? "columns" : "labels";
      before[place][field.name] = field.ofWords ? sent.tags : sent.value;
      after[place][field.name] = now;
    }
    return { before, after };
  }
}
