"""Spans of characters in records, as annotation tools export them, and their conversion to tags of words.

Spans are read in these forms (offsets count characters, that is code points, from 0; the end is exclusive):

    [start, end, label]                                   doccano
    {"start": …, "end": …, "label": …}                    Prodigy; ``start_offset``, ``end_offset`` of doccano too
    {"start": …, "end": …, "labels": [label], "text": …}  Label Studio, whose ``text`` is compared

Offsets such as 5.0 or "5", from a detour through a table, are accepted; other values are refused. Tasks of Label Studio
are converted to plain records (``as_plain_record``).
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from elman.data.formats.tokenizer import is_unspaced
from elman.data.sentence import LABEL_SEPARATOR
from elman.data.spans import OUTSIDE
from elman.errors import ConfigError, DataError
from elman.utils.display import shown

MAX_OFFSET = 10**15
"""Larger than any text and any list of names."""
_IGNORED = re.compile(r"\s|\\[nrt]")  # Label Studio writes line ends in different ways
_DECIMAL = re.compile(r"(-?[0-9]+)(\.[0-9]*)?")
_MAX_DIGITS = 18


@dataclass(frozen=True, slots=True)
class CharSpan:
    """A span of characters; ``label`` is a name, or its number."""

    start: int
    end: int
    label: str | int
    expected_text: str | None = None
    """The text that it covers according to the tool."""

    def shown(self, text: str) -> str:
        """Return the span as shown in messages."""
        return f"span {self.start}-{self.end} {shown(text[self.start : self.end])} ({self.label})"


def is_span(item: Any) -> bool:
    """Return whether an item of a list is meant as a span, whatever its offsets are."""
    if isinstance(item, list):
        has_label = len(item) == 3 or (len(item) > 3 and any(isinstance(part, str) for part in item))
        return has_label and sum(map(_is_like_an_offset, item)) >= 2
    return isinstance(item, Mapping) and ("start" in item or "start_offset" in item)


def _is_like_an_offset(value: Any) -> bool:
    return (
        value is None or isinstance(value, int | float) or (isinstance(value, str) and bool(_DECIMAL.fullmatch(value)))
    )


def parse_span(item: Any) -> CharSpan:
    """Return the span of an item. Raises DataError (without location) if it is none."""
    parts: list[Any]
    if isinstance(item, list):
        parts, expected_text = item, None
    elif isinstance(item, Mapping):
        start, end = (_first_of(item, key, f"{key}_offset") for key in ("start", "end"))
        label, expected_text = _first_of(item, "label", "labels", "hypertextlabels"), item.get("text")
        parts = [start, end, label[0] if isinstance(label, list) and len(label) == 1 else label]
    else:
        parts = []
    if len(parts) == 3:
        begin, stop = parse_whole_number(parts[0]), parse_whole_number(parts[1])
        name = parts[2] if isinstance(parts[2], str) else parse_whole_number(parts[2])
        if begin is not None and stop is not None and name not in (None, ""):
            return CharSpan(begin, stop, name, expected_text if isinstance(expected_text, str) else None)
    raise DataError(f"expected a span with a start, an end and one label, found {shown(str(item))}")


def _first_of(item: Mapping[str, Any], *keys: str) -> Any:
    return next((item[key] for key in keys if item.get(key) is not None), None)


def parse_whole_number(value: Any) -> int | None:
    """Return a whole number, also given as 5.0, "5" or "5.0"; None for anything else and for numbers too large."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return int(value) if -MAX_OFFSET < value < MAX_OFFSET and value == int(value) else None
    match = _DECIMAL.fullmatch(value) if isinstance(value, str) else None
    if match is None or len(match[1]) > _MAX_DIGITS or (match[2] or "").strip(".0"):
        return None
    return int(match[1])


def from_utf16(spans: Sequence[CharSpan], text: str) -> list[CharSpan]:
    """Convert spans whose offsets count UTF-16 code units, as in JavaScript. Raises DataError for half a character."""
    code_points = {0: 0}
    units = 0
    for i, character in enumerate(text, 1):
        units += 2 if character > "\uffff" else 1
        code_points[units] = i
    converted = []
    for span in spans:
        if span.start not in code_points or span.end not in code_points:
            raise DataError(f"span {span.start}-{span.end} ({span.label}) lies outside the text or cuts a character")
        converted.append(CharSpan(code_points[span.start], code_points[span.end], span.label, span.expected_text))
    return converted


def spans_to_tags(
    spans: Sequence[CharSpan],
    words: Sequence[tuple[int, int]],
    text: str,
    names: Mapping[CharSpan, str],
    *,
    widen: bool,
    format: str,
) -> tuple[str, ...]:
    """Return the IOB2 tags of the words between the given offsets. Messages name the options of ``format``.

    Raises DataError (without location) for a span beyond the text, with other text than the tool says, that overlaps
    another one, that touches no word, or that does not begin and end with a word, unless it is to be ``widen``ed.
    """
    tags = [OUTSIDE] * len(words)
    starts, ends = [start for start, _ in words], [end for _, end in words]
    previous: CharSpan | None = None
    last_word = 0
    for span in sorted(spans, key=lambda span: (span.start, span.end)):
        _check_text(span, text, format)
        if previous is not None and span.start < previous.end:
            both = f"{span.shown(text)} overlaps {previous.shown(text)}"
            raise DataError(f"{both}; a word has one tag: remove one of them")
        first, end = bisect_right(ends, span.start), bisect_left(starts, span.end)
        if first >= end or span.start == span.end:
            raise DataError(f"{span.shown(text)} holds no word{_hint(span, text, format) or '; remove it'}")
        if not widen and (starts[first] != span.start or ends[end - 1] != span.end):
            widened = CharSpan(starts[first], ends[end - 1], span.label)
            problem = f"{span.shown(text)} does not fall on word borders; the words are {widened.start}-{widened.end}"
            advice = f"fix it or pass --spans widen (the format: {format}:spans=widen)"
            if is_unspaced(text[widened.start : widened.end]):
                characters = f"--format {format}:words=characters makes each character a word"
                advice = f"words are not separated by spaces here; {characters}"
            units = _hint(span, text, format)  # comes first: widening spans with other units would label other words
            advice = f"{units}, else {advice}" if units else f": {advice}"
            raise DataError(f"{problem} {shown(text[widened.start : widened.end])}{advice}")
        if previous is not None and first < last_word:
            both = f"{span.shown(text)} and {previous.shown(text)}"
            raise DataError(f"{both} share a word when widened; fix one of them")
        tags[first:end] = [f"{'I' if i else 'B'}-{names[span]}" for i in range(end - first)]
        previous, last_word = span, end
    return tuple(tags)


def _check_text(span: CharSpan, text: str, format: str) -> None:
    if not 0 <= span.start <= span.end <= len(text):
        where = f"outside the text of {len(text)} characters{_hint(span, text, format)}"
        raise DataError(f"span {span.start}-{span.end} ({span.label}) lies {where}")
    expected, found = span.expected_text, text[span.start : span.end]
    if expected is not None and _IGNORED.sub("", expected) != _IGNORED.sub("", found):
        hint = _hint(span, text, format) or "; fix its offsets"
        raise DataError(f"{span.shown(text)} should be {shown(span.expected_text)}{hint}")


def _hint(span: CharSpan, text: str, format: str) -> str:
    """Return advice if the offsets seem to count UTF-16 units, else ""."""
    try:
        (converted,) = from_utf16([span], text)
    except DataError:
        return ""
    expected = span.expected_text
    if converted == span or (expected is not None and text[converted.start : converted.end] != expected):
        return ""
    return f"; if its offsets count UTF-16 units, pass {format}:offsets=utf-16 as the format"


def check_known_options(given: Mapping[str, str], allowed: Mapping[str, Sequence[str]], format: str) -> None:
    """Raise ConfigError for an option that is not ``allowed``, or a value that is not listed for it."""
    for key, value in given.items():
        if key not in allowed:
            raise ConfigError(f"format: {format} has no option {shown(key)}; expected {', '.join(allowed)}")
        if allowed[key] and value not in allowed[key]:
            raise ConfigError(f"format: {format}:{key} is {' or '.join(allowed[key])}, got {shown(value)}")


TOKENS = ("tokens", "words")


LABEL_LIST_KEYS = ("label", "labels", "intent")
"""Keys that may hold several document labels, or the number of a label."""
SPAN_KEYS = ("spans", "entities", "label", "labels", "annotations", "ner")


def text_in(record: Mapping[str, Any]) -> str | None:
    """Return the text of a record; doccano called it ``data`` for a while."""
    return next((record[key] for key in ("text", "data") if isinstance(record.get(key), str)), None)


def tokens_in(record: Mapping[str, Any]) -> list[Any] | None:
    """Return the list of words of a record."""
    return next((record[key] for key in TOKENS if isinstance(record.get(key), list)), None)


def span_key(record: Mapping[str, Any]) -> str:
    """Return the key of the spans; "" for none. An empty list counts as spans if there is no other list of spans.

    A list with at least one span is a list of spans, so that a malformed item is reported and not ignored.
    """
    lists = [key for key in SPAN_KEYS if isinstance(record.get(key), list)]
    candidates = [key for key in lists if not record[key] or any(map(is_span, record[key]))]
    filled = [key for key in candidates if record[key]]
    if len(filled) > 1:
        raise DataError(f"spans in {filled[0]} and in {filled[1]}; expected them in one place: remove the other")
    texts = "text" in record or "data" in record
    return filled[0] if filled else candidates[0] if candidates and texts else ""


def as_plain_record(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a task of Label Studio as a plain record, and any other record unchanged."""
    annotations = record.get("annotations", record.get("completions"))
    data = record.get("data")
    if not isinstance(data, Mapping) or not isinstance(annotations, list):
        return record
    texts = {key: value for key, value in data.items() if isinstance(value, str)}
    key = "text" if "text" in texts else next(iter(texts), None)
    if key is None or (key != "text" and len(texts) > 1):
        raise DataError(f"data: expected one text, or one called text, found {', '.join(data) or 'none'}")
    plain: dict[str, Any] = {"text": texts.pop(key), **texts}
    if isinstance(data.get("tokens"), list):  # tokens and tags given along with the text
        plain |= {name: value for name, value in data.items() if isinstance(value, list)}
    completed = [
        annotation
        for annotation in annotations
        if isinstance(annotation, Mapping) and not annotation.get("was_cancelled")
    ]
    if len(completed) > 1:
        raise DataError(f"{len(completed)} annotations of one text; expected one: keep the one that counts")
    for result in _listed(completed[0], "result") if completed else ():
        value = result.get("value") if isinstance(result, Mapping) else None
        if isinstance(value, Mapping) and "choices" in value:
            plain[str(result.get("from_name", "label"))] = LABEL_SEPARATOR.join(map(str, _listed(value, "choices")))
        elif isinstance(value, Mapping) and "start" in value:
            plain.setdefault("spans", []).append(value)
        else:
            plain["other results"] = result
    if completed:
        plain.setdefault("spans", [])
    return plain


def without_null(record: Mapping[str, Any], text: str | None) -> Mapping[str, Any]:
    """Return a record with ``text`` in place of null among tags, and of a null label; None: unchanged."""
    if text is None:
        return record

    def read(key: str, value: Any) -> Any:
        if isinstance(value, list) and key not in TOKENS and set(map(type, value)) <= {str, type(None)}:
            return [text if item is None else item for item in value]
        return text if value is None and key in LABEL_LIST_KEYS else value

    return {key: read(key, value) for key, value in record.items()}


def _listed(record: Mapping[str, Any], key: str) -> list[Any]:
    value = record.get(key, [])
    if not isinstance(value, list):
        raise DataError(f"{key}: expected a list, as Label Studio writes it, found {shown(str(value))}")
    return value


def locate_words(words: Sequence[str], text: str) -> list[tuple[int, int]] | None:
    """Return the offsets of words in a text, in order with only white space between them; None if they do not match."""
    offsets = []
    position = 0
    for word in words:
        start = text.find(word, position)
        if start < 0 or text[position:start].strip():
            return None
        position = start + len(word)
        offsets.append((start, position))
    return offsets
