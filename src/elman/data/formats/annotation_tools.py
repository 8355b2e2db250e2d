"""``prodigy`` and ``doccano``: text with spans of characters, one JSON object a line, as these tools take it; output.

    {"text": …, "tokens": [{"text", "start", "end", "id", "ws"}], "spans": [{"start", "end", …, "label"}]}
    {"text": …, "label": [[start, end, name]]}

Both are read back as ``jsonl``. ``doccano`` does not hold where words begin and end.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from elman.data.formats import json_edit as json_text
from elman.data.formats.holds import MANY, Holds, check_words, is_gap, only_column
from elman.data.formats.json_spans import as_plain_record, locate_words, text_in
from elman.data.formats.lines import LINE_END
from elman.data.sentence import RecordSentence, Sentence, error_at
from elman.data.spans import Span, find_spans
from elman.errors import ConfigError
from elman.utils.display import shown

_MARKED = re.compile(r"O|[BIESLUM](-.*)?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class SpanFormat:
    """One of the two."""

    format: str
    HOLDS: Holds

    def write(self, sentence: Sentence, tags: Mapping[str, Sequence[str]], confidences: Sequence[float] | None) -> str:
        """One line: the text the words stood in, where the sentence's own lines have it; else words and spaces.

        Raises DataError: tags that mark no spans. Raises ConfigError: several columns, a label called as a key.
        """
        if is_gap(sentence):
            return ""
        check_words(sentence, self.format, "")
        text, words = text_with_offsets(sentence)
        record: dict[str, object] = {"text": text}
        found = typed_spans(sentence, only_column(tags, self.format), self.format) if tags else []
        if self.format == "prodigy":
            record |= {"tokens": prodigy_tokens(text, words), "spans": prodigy_spans(found, words)}
        else:
            record["label"] = triples(found, words)
        if "" in sentence.labels.values():
            raise error_at(sentence, 0, f"an empty label, which {self.format} cannot hold")
        for name, label in sentence.labels.items():
            if name in record:
                raise ConfigError(f"{self.format}: no label can be called {shown(name)} there; jsonl holds it")
            record[name] = label
        return json_text.dump(record) + "\n"


PRODIGY = SpanFormat("prodigy", Holds(columns=1, labels=MANY))
DOCCANO = SpanFormat("doccano", Holds(words=False, columns=1, labels=MANY))


def typed_spans(sentence: Sentence, tags: Sequence[str], format: str) -> list[Span]:
    """The spans that tags mark. Raises DataError for a tag that is no part of a span, or of one without a type, with
    its line.
    """
    for i, tag in enumerate(tags):
        if not _MARKED.fullmatch(tag):
            expected = f"{format} holds spans, marked by O, B-type, I-type …"
            raise error_at(sentence, i, f"{expected}; found the tag {shown(tag)}; jsonl holds it")
    found = find_spans(tags)
    for span in found:
        if not span.type:
            message = f"{format} holds spans with a type; found the tag {shown(tags[span.start])}; jsonl holds it"
            raise error_at(sentence, span.start, message)
    return found


def text_with_offsets(sentence: Sentence) -> tuple[str, list[tuple[int, int]]]:
    """The text of a sentence and where its words stand in it.

    It is the one in the lines it was read from (``text`` of a record, ``# text = …`` of CoNLL-U), where the words
    stand there in their order, else the words with one space between them.
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
        record = json_text.parse(sentence.lines[0].lstrip("\ufeff"), sentence.path, sentence.line)
        return text_in(as_plain_record(record))
    for line in sentence.lines if sentence.format == "conllu" else ():
        if line.startswith("# text = "):
            return line[len("# text = ") :].rstrip(LINE_END)
    return None


def spans_like(record: Mapping[str, Any], key: str, words: Sequence[str], tags: Sequence[str]) -> list[object] | None:
    """Spans for tags, in the style of the record's own; None where the tags mark none, or some without a type, or the
    text has other words.
    """
    places = locate_words(words, text_in(record) or "")
    if places is None or not all(map(_MARKED.fullmatch, tags)) or not all(span.type for span in find_spans(tags)):
        return None
    if key == "spans":
        return prodigy_spans(find_spans(tags), places)
    if record[key] and isinstance(record[key][0], Mapping):
        begin, end = ("start", "end") if "start" in record[key][0] else ("start_offset", "end_offset")
        return [{begin: start, end: stop, "label": label} for start, stop, label in triples(find_spans(tags), places)]
    return triples(find_spans(tags), places)


def triples(found: Sequence[Span], words: Sequence[tuple[int, int]]) -> list[Any]:
    """Spans of words as doccano writes them."""
    return [[words[span.start][0], words[span.end - 1][1], span.type] for span in found]


def prodigy_spans(found: Sequence[Span], words: Sequence[tuple[int, int]]) -> list[Any]:
    """Spans of words as Prodigy writes them; its last token is the last one within."""
    return [
        {"start": start, "end": end, "token_start": span.start, "token_end": span.end - 1, "label": label}
        for span, (start, end, label) in zip(found, triples(found, words), strict=True)
    ]


def prodigy_tokens(text: str, words: Sequence[tuple[int, int]]) -> list[Any]:
    """Words as Prodigy writes them."""
    return [
        {"text": text[start:end], "start": start, "end": end, "id": i, "ws": text[end : end + 1].isspace()}
        for i, (start, end) in enumerate(words)
    ]
