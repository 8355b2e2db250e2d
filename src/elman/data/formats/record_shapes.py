"""What shape a record has: where its text and its spans are, and Label Studio's tasks as plain records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from elman.data.formats.json_spans import is_span
from elman.data.sentence import SEVERAL
from elman.errors import DataError
from elman.utils.display import shown

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


def plain(record: Mapping[str, Any]) -> Mapping[str, Any]:
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
            found[str(result.get("from_name", "label"))] = SEVERAL.join(map(str, _listed(value, "choices")))
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


def find(words: Sequence[str], text: str) -> list[tuple[int, int]] | None:
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
