"""``prodigy`` and ``doccano`` (output only): text with spans of characters, one JSON object per line.

    {"text": …, "tokens": [{"text", "start", "end", "id", "ws"}], "spans": [{"start", "end", …, "label"}]}
    {"text": …, "label": [[start, end, name]]}

Both are read as ``jsonl``. ``doccano`` does not store word boundaries.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from elman.data.formats import json_edit
from elman.data.formats.holds import MANY, Confidences, Holds, check_words, is_gap, only_column
from elman.data.formats.json_spans import as_plain_record, locate_words, text_in
from elman.data.formats.lines import LINE_END
from elman.data.formats.text_io import BOM
from elman.data.sentence import RecordSentence, Sentence, error_at
from elman.data.spans import Span, find_spans
from elman.errors import ConfigError
from elman.utils.display import shown

_SPAN_TAG = re.compile(r"O|[BIESLUM](-.*)?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class SpanFormat:
    """One of the two formats."""

    format: str
    HOLDS: Holds

    def write(self, sentence: Sentence, tags: Mapping[str, Sequence[str]], confidences: Confidences | None) -> str:
        """Return one line: the text of the words if the sentence's own lines have it, else the words joined by spaces.

        Raises DataError for tags that mark no spans; ConfigError for several columns or a label named like a key.
        """
        if is_gap(sentence):
            return ""
        check_words(sentence, self.format, "")
        text, words = text_with_offsets(sentence)
        record: dict[str, object] = {"text": text}
        spans = typed_spans(sentence, only_column(tags, self.format), self.format) if tags else []
        if self.format == "prodigy":
            record |= {"tokens": prodigy_tokens(text, words), "spans": prodigy_spans(spans, words)}
        else:
            record["label"] = triples(spans, words)
        if "" in sentence.labels.values():
            raise error_at(sentence, 0, f"an empty label, which {self.format} cannot hold")
        for name, label in sentence.labels.items():
            if name in record:
                raise ConfigError(f"{self.format}: no label can be called {shown(name)} there; jsonl holds it")
            record[name] = label
        return json_edit.dump(record) + "\n"


PRODIGY = SpanFormat("prodigy", Holds(columns=1, labels=MANY))
DOCCANO = SpanFormat("doccano", Holds(words=False, columns=1, labels=MANY))


def typed_spans(sentence: Sentence, tags: Sequence[str], format: str) -> list[Span]:
    """Return the spans that tags mark. Raises DataError, with line, for a tag or span without a type."""
    for i, tag in enumerate(tags):
        if not _SPAN_TAG.fullmatch(tag):
            expected = f"{format} holds spans, marked by O, B-type, I-type …"
            raise error_at(sentence, i, f"{expected}; found the tag {shown(tag)}; jsonl holds it")
    spans = find_spans(tags)
    for span in spans:
        if not span.type:
            message = f"{format} holds spans with a type; found the tag {shown(tags[span.start])}; jsonl holds it"
            raise error_at(sentence, span.start, message)
    return spans


def text_with_offsets(sentence: Sentence) -> tuple[str, list[tuple[int, int]]]:
    """Return the text of a sentence and the offsets of its words.

    The text comes from the lines that were read (``text`` of a record, ``# text = …`` of CoNLL-U) if it contains the
    words in order, else the words are joined by spaces.
    """
    text = _text_in_lines(sentence)
    if text is not None:
        words = locate_words(sentence.words, text)
        if words is not None:
            return text, words
    text = " ".join(sentence.words)
    return text, locate_words(sentence.words, text) or []


def _text_in_lines(sentence: Sentence) -> str | None:
    if isinstance(sentence, RecordSentence):
        return text_in(as_plain_record(sentence.record))
    if sentence.format in ("jsonl", "json"):
        record = json_edit.parse(sentence.lines[0].lstrip(BOM), sentence.path, sentence.line)
        return text_in(as_plain_record(record))
    for line in sentence.lines if sentence.format == "conllu" else ():
        if line.startswith("# text = "):
            return line[len("# text = ") :].rstrip(LINE_END)
    return None


def spans_like(record: Mapping[str, Any], key: str, words: Sequence[str], tags: Sequence[str]) -> list[object] | None:
    """Return spans for tags in the style of the record's own spans.

    None if tags mark no spans or spans without type, or if the text has other words.
    """
    offsets = locate_words(words, text_in(record) or "")
    if offsets is None or not all(map(_SPAN_TAG.fullmatch, tags)) or not all(span.type for span in find_spans(tags)):
        return None
    if key == "spans":
        return prodigy_spans(find_spans(tags), offsets)
    if record[key] and isinstance(record[key][0], Mapping):
        begin, end = ("start", "end") if "start" in record[key][0] else ("start_offset", "end_offset")
        return [{begin: start, end: stop, "label": label} for start, stop, label in triples(find_spans(tags), offsets)]
    return triples(find_spans(tags), offsets)


def triples(spans: Sequence[Span], words: Sequence[tuple[int, int]]) -> list[Any]:
    """Return spans of words in doccano's form."""
    return [[words[span.start][0], words[span.end - 1][1], span.type] for span in spans]


def prodigy_spans(spans: Sequence[Span], words: Sequence[tuple[int, int]]) -> list[Any]:
    """Return spans of words in Prodigy's form, where ``token_end`` is the last token of the span."""
    return [
        {"start": start, "end": end, "token_start": span.start, "token_end": span.end - 1, "label": label}
        for span, (start, end, label) in zip(spans, triples(spans, words), strict=True)
    ]


def prodigy_tokens(text: str, words: Sequence[tuple[int, int]]) -> list[Any]:
    """Return words in Prodigy's form."""
    return [
        {"text": text[start:end], "start": start, "end": end, "id": i, "ws": text[end : end + 1].isspace()}
        for i, (start, end) in enumerate(words)
    ]
