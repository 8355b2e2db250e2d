"""Spans of characters, as annotation tools export them, to tags of words.

What is read (offsets count characters, that is code points, from 0; the end is not part of the span):

    [start, end, label]                                   doccano
    {"start": …, "end": …, "label": …}                    Prodigy; ``start_offset``, ``end_offset`` of doccano too
    {"start": …, "end": …, "labels": [label], "text": …}  Label Studio, whose ``text`` is compared

Offsets that went through a table, 5.0 or "5", are whole numbers too; what else stands in the place of one is refused.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from elman.data.sentence import LABEL_SEPARATOR
from elman.data.spans import OUTSIDE
from elman.errors import ConfigError, DataError
from elman.utils.display import shown

MAX_OFFSET = 10**15  # no text has as many characters, no list as many names
_LOOSE = re.compile(r"\s|\\[nrt]")  # Label Studio shows line ends in different ways
_DECIMAL = re.compile(r"(-?[0-9]+)(\.[0-9]*)?")
_LONGEST = 18  # digits of an offset


@dataclass(frozen=True, slots=True)
class CharSpan:
    """A span of characters; ``label`` is a name, or its number."""

    start: int
    end: int
    label: str | int
    said: str | None = None
    """The text that the tool says it covers."""

    def shown(self, text: str) -> str:
        """The span in a message."""
        return f"span {self.start}-{self.end} {shown(text[self.start : self.end])} ({self.label})"


def is_span(item: Any) -> bool:
    """Whether an item of a list is meant as a span, whatever stands in the place of its offsets."""
    if isinstance(item, list):
        named = len(item) == 3 or (len(item) > 3 and any(isinstance(one, str) for one in item))
        return named and sum(map(_is_like_an_offset, item)) >= 2
    return isinstance(item, Mapping) and ("start" in item or "start_offset" in item)


def _is_like_an_offset(value: Any) -> bool:
    return (
        value is None or isinstance(value, int | float) or (isinstance(value, str) and bool(_DECIMAL.fullmatch(value)))
    )


def parse_span(item: Any) -> CharSpan:
    """The span that an item is. Raises DataError (without a place) for one that is none."""
    given: list[Any]
    if isinstance(item, list):
        given, said = item, None
    elif isinstance(item, Mapping):
        start, end = (_first_of(item, key, f"{key}_offset") for key in ("start", "end"))
        label, said = _first_of(item, "label", "labels", "hypertextlabels"), item.get("text")
        given = [start, end, label[0] if isinstance(label, list) and len(label) == 1 else label]
    else:
        given = []
    if len(given) == 3:
        begin, stop = parse_whole_number(given[0]), parse_whole_number(given[1])
        name = given[2] if isinstance(given[2], str) else parse_whole_number(given[2])
        if begin is not None and stop is not None and name not in (None, ""):
            return CharSpan(begin, stop, name, said if isinstance(said, str) else None)
    raise DataError(f"expected a span with a start, an end and one label, found {shown(str(item))}")


def _first_of(item: Mapping[str, Any], *keys: str) -> Any:
    return next((item[key] for key in keys if item.get(key) is not None), None)


def parse_whole_number(value: Any) -> int | None:
    """A whole number, also as 5.0, "5" or "5.0"; None for anything else, and for what is beyond any text."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return int(value) if -MAX_OFFSET < value < MAX_OFFSET and value == int(value) else None
    match = _DECIMAL.fullmatch(value) if isinstance(value, str) else None
    if match is None or len(match[1]) > _LONGEST or (match[2] or "").strip(".0"):
        return None
    return int(match[1])


def from_utf16(places: Sequence[CharSpan], text: str) -> list[CharSpan]:
    """Spans whose offsets count UTF-16 code units, as JavaScript does. Raises DataError: half a character."""
    at = {0: 0}
    units = 0
    for i, character in enumerate(text, 1):
        units += 2 if character > "\uffff" else 1
        at[units] = i
    found = []
    for one in places:
        if one.start not in at or one.end not in at:
            raise DataError(f"span {one.start}-{one.end} ({one.label}) lies outside the text or cuts a character")
        found.append(CharSpan(at[one.start], at[one.end], one.label, one.said))
    return found


def spans_to_tags(
    places: Sequence[CharSpan],
    words: Sequence[tuple[int, int]],
    text: str,
    names: Mapping[CharSpan, str],
    *,
    widen: bool,
    format: str,
) -> tuple[str, ...]:
    """The IOB2 tags of the words between the given offsets. ``format`` is the one whose options a message names.

    Raises DataError (without a place): a span beyond the text, one with other text than the tool says, one that
    overlaps another, one that does not begin and end with a word, unless it is to be ``widen``ed to the words it
    touches, and in any case one that touches none.
    """
    tags = [OUTSIDE] * len(words)
    starts, ends = [start for start, _ in words], [end for _, end in words]
    before: CharSpan | None = None
    last_word = 0
    for one in sorted(places, key=lambda one: (one.start, one.end)):
        _check_text(one, text, format)
        if before is not None and one.start < before.end:
            raise DataError(f"{one.shown(text)} overlaps {before.shown(text)}; a word has one tag: remove one of them")
        first, end = bisect_right(ends, one.start), bisect_left(starts, one.end)
        if first >= end or one.start == one.end:
            raise DataError(f"{one.shown(text)} holds no word{_hint(one, text, format) or '; remove it'}")
        if not widen and (starts[first] != one.start or ends[end - 1] != one.end):
            wide = CharSpan(starts[first], ends[end - 1], one.label)
            found = f"{one.shown(text)} does not fall on word borders; the words are {wide.start}-{wide.end}"
            widened = f"mend it or pass --spans widen (the format: {format}:spans=widen)"
            other = _hint(one, text, format)  # first: to widen what counts otherwise labels other words
            advice = f"{other}, else {widened}" if other else f": {widened}"
            raise DataError(f"{found} {shown(text[wide.start : wide.end])}{advice}")
        if before is not None and first < last_word:
            raise DataError(f"{one.shown(text)} and {before.shown(text)} share a word when widened; mend one of them")
        tags[first:end] = [f"{'I' if i else 'B'}-{names[one]}" for i in range(end - first)]
        before, last_word = one, end
    return tuple(tags)


def _check_text(one: CharSpan, text: str, format: str) -> None:
    if not 0 <= one.start <= one.end <= len(text):
        where = f"outside the text of {len(text)} characters{_hint(one, text, format)}"
        raise DataError(f"span {one.start}-{one.end} ({one.label}) lies {where}")
    if one.said is not None and _LOOSE.sub("", one.said) != _LOOSE.sub("", text[one.start : one.end]):
        hint = _hint(one, text, format) or "; mend its offsets"
        raise DataError(f"{one.shown(text)} should be {shown(one.said)}{hint}")


def _hint(one: CharSpan, text: str, format: str) -> str:
    """What to do where the offsets may count as JavaScript does: behind characters that are two units there."""
    try:
        (other,) = from_utf16([one], text)
    except DataError:
        return ""
    if other == one or (one.said is not None and text[other.start : other.end] != one.said):
        return ""
    return f"; if its offsets count UTF-16 units, pass {format}:offsets=utf-16 as the format"


def check_known_options(given: Mapping[str, str], allowed: Mapping[str, Sequence[str]], format: str) -> None:
    """Raise ConfigError for an option that is not ``allowed``, or not one of its values where these are listed."""
    for key, value in given.items():
        if key not in allowed:
            raise ConfigError(f"format: {format} has no option {shown(key)}; expected {', '.join(allowed)}")
        if allowed[key] and value not in allowed[key]:
            raise ConfigError(f"format: {format}:{key} is {' or '.join(allowed[key])}, got {shown(value)}")


TOKENS = ("tokens", "words")


SPAN_KEYS = ("spans", "entities", "label", "labels", "annotations", "ner")


def text_in(record: Mapping[str, Any]) -> str | None:
    """The text of a record; doccano called it ``data`` for a while."""
    return next((record[key] for key in ("text", "data") if isinstance(record.get(key), str)), None)


def tokens_in(record: Mapping[str, Any]) -> list[Any] | None:
    """The list of words of a record."""
    return next((record[key] for key in TOKENS if isinstance(record.get(key), list)), None)


def span_key(record: Mapping[str, Any]) -> str:
    """The key of the spans; "" for none. An empty list is one of spans too, where no other is.

    One item that is a span makes a list of spans: none of them is left out because another one is broken.
    """
    lists = [key for key in SPAN_KEYS if isinstance(record.get(key), list)]
    found = [key for key in lists if not record[key] or any(map(is_span, record[key]))]
    filled = [key for key in found if record[key]]
    if len(filled) > 1:
        raise DataError(f"spans in {filled[0]} and in {filled[1]}; expected them in one place: remove the other")
    texts = "text" in record or "data" in record
    return filled[0] if filled else found[0] if found and texts else ""


def as_plain_record(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """A task of Label Studio as a plain record; another record as it is."""
    given = record.get("annotations", record.get("completions"))
    data = record.get("data")
    if not isinstance(data, Mapping) or not isinstance(given, list):
        return record
    texts = {key: value for key, value in data.items() if isinstance(value, str)}
    key = "text" if "text" in texts else next(iter(texts), None)
    if key is None or (key != "text" and len(texts) > 1):
        raise DataError(f"data: expected one text, or one called text, found {', '.join(data) or 'none'}")
    found: dict[str, Any] = {"text": texts.pop(key), **texts}
    if isinstance(data.get("tokens"), list):  # tokens and tags that stand beside the text
        found |= {name: value for name, value in data.items() if isinstance(value, list)}
    done = [one for one in given if isinstance(one, Mapping) and not one.get("was_cancelled")]
    if len(done) > 1:
        raise DataError(f"{len(done)} annotations of one text; expected one: keep the one that counts")
    for result in _listed(done[0], "result") if done else ():
        value = result.get("value") if isinstance(result, Mapping) else None
        if isinstance(value, Mapping) and "choices" in value:
            found[str(result.get("from_name", "label"))] = LABEL_SEPARATOR.join(map(str, _listed(value, "choices")))
        elif isinstance(value, Mapping) and "start" in value:
            found.setdefault("spans", []).append(value)
        else:
            found["other results"] = result
    if done:
        found.setdefault("spans", [])
    return found


def _listed(record: Mapping[str, Any], key: str) -> list[Any]:
    value = record.get(key, [])
    if not isinstance(value, list):
        raise DataError(f"{key}: expected a list, as Label Studio writes it, found {shown(str(value))}")
    return value


def locate_words(words: Sequence[str], text: str) -> list[tuple[int, int]] | None:
    """Where words stand in a text, in their order with nothing but white space between; None where they do not."""
    places = []
    at = 0
    for word in words:
        start = text.find(word, at)
        if start < 0 or text[at:start].strip():
            return None
        at = start + len(word)
        places.append((start, at))
    return places
