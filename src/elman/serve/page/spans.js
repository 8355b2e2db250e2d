// Spans in tags: the schemes of elman.data.schemes, read as leniently as elman.data.spans reads them.

const PREFIXES = { B: "B", I: "I", E: "E", S: "S", L: "E", U: "S", M: "I" };
// of the first word of a span, a word inside, the last word, and the only word
const LETTERS = {
  bioes: "BIES", iobes: "BIES", bilou: "BILU", bmes: "BMES",
  iob2: "BIIB", ioe2: "IIEE", io: "IIII", iob1: "IIII", ioe1: "IIII",
};
const OUTSIDE = "O";

function parts(tag) {
  if (tag === OUTSIDE || tag === "_") return [OUTSIDE, ""];
  const dash = tag.indexOf("-");
  const [prefix, type] = dash < 0 ? [tag, ""] : [tag.slice(0, dash), tag.slice(dash + 1)];
  return Object.hasOwn(PREFIXES, prefix) ? [PREFIXES[prefix], type] : ["I", tag];
}

/** Return the type of a span tag, "" for O. */
export const typeOf = (tag) => parts(tag)[1];

/** Return the spans of a sentence's tags, in order: { start, end, type }, end exclusive. */
export function findSpans(tags) {
  const spans = [];
  let [start, type, last] = [0, "", OUTSIDE];
  [...tags, OUTSIDE].forEach((tag, end) => {
    const [prefix, next] = parts(tag);
    const goesOn = (prefix === "I" || prefix === "E") && (last === "B" || last === "I") && next === type;
    if (!goesOn) {
      if (last !== OUTSIDE) spans.push({ start, end, type });
      [start, type] = [end, next];
    }
    last = prefix;
  });
  return spans;
}

function write(tags, span, scheme, touches) {
  const letters = LETTERS[scheme] ?? LETTERS.iob2;
  for (let i = span.start; i < span.end; i++) {
    const [first, last] = [i === span.start, i === span.end - 1];
    let letter = letters[first && last ? 3 : first ? 0 : last ? 2 : 1];
    if (scheme === "iob1" && first && touches.before) letter = "B";
    if (scheme === "ioe1" && last && touches.after) letter = "E";
    tags[i] = span.type ? `${letter}-${span.type}` : letter;
  }
}

/** Return the tags with the words start to end as one span of a type, or as none; spans that overlap it are cut. */
export function setSpan(tags, start, end, type, scheme) {
  const old = findSpans(tags);
  const isCut = (span) => span.start < end && span.end > start;
  const parts = old.filter(isCut).flatMap((span) => [{ ...span, end: start }, { ...span, start: end }]);
  const made = [...parts.filter((span) => span.start < span.end), ...(type === null ? [] : [{ start, end, type }])];
  const all = [...old.filter((span) => !isCut(span)), ...made];
  const result = tags.map((tag, i) => (start <= i && i < end ? OUTSIDE : tag));
  // in these two schemes the tags of a span depend on its neighbours
  const written = scheme === "iob1" || scheme === "ioe1" ? all : made;
  for (const span of written) write(result, span, scheme, touching(span, all));
  return result;
}

function touching(span, others) {
  const same = others.filter((other) => other.type === span.type);
  const some = (condition) => same.some(condition);
  return { before: some((other) => other.end === span.start), after: some((other) => other.start === span.end) };
}

/** Return the span that holds a word, or the word alone. */
export function spanAt(tags, i) {
  return findSpans(tags).find((span) => span.start <= i && i < span.end) ?? { start: i, end: i + 1, type: "" };
}
