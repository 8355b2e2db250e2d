"""``jsonl``: one JSON object a line, ``{"tokens": [...], "tags": [...]}``; and the exports of annotation tools.

What an object may hold is said in ``records``. Of several columns each has its own name as the key, in place of
``tags``. Blank lines, and an object with nothing but the names of labels, are no sentences. ``json`` (read only) is the
same in one array, on as many lines as it likes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from elman.data.formats import json_edit as json_text, json_records as records
from elman.data.formats.annotation_tools import spans_like
from elman.data.formats.class_names import UnnamedTagsError, names_in
from elman.data.formats.holds import MANY, Holds, check_words, is_gap
from elman.data.formats.json_records import NOT_LABEL_KEYS, TAGS, RecordReader, lists_of_tags, unnamed_message
from elman.data.formats.json_spans import as_plain_record, span_key
from elman.data.formats.lines import LINE_END, is_blank
from elman.data.formats.text_io import BOM
from elman.data.sentence import CONFIDENCE, LABEL_SEPARATOR, RecordSentence, Sentence, error_at
from elman.errors import ConfigError, DataError
from elman.utils.display import shown

_NUMBER = re.compile(r"[01]\.[0-9]+")
_TAKEN = ("tokens", "words", "text", "confidences")
_NAMES = ("features", "names", "id2label")
_WORDS = ("tokens", "words", "text", "data")


@dataclass(frozen=True, slots=True)
class JsonFormat:
    """The format, ``jsonl`` or ``json``, with options (see ``records.Records``)."""

    format: str
    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def HOLDS(self) -> Holds:
        """Tags of words, labels of texts, and confidences."""
        return HOLDS

    def read(self, lines: Iterable[str], head: Sequence[str], path: str) -> Iterator[Sentence]:
        """Sentences of the lines. Raises DataError: what is no JSON or no sentence."""
        found = RecordReader(path, self.options, format=self.format, first=lambda: self._records(head, path))
        for number, text in self._objects(lines, path):
            parts = None
            if not is_blank(text):
                record = json_text.parse(text, path, number)
                if any(key in record for key in _NAMES) and not any(key in record for key in _WORDS):
                    found.learn(names_in(record))
                else:
                    parts = found.parts(record, number)
            if parts is None:
                yield Sentence((), path=path, line=number, lines=(text,), format=self.format)
                continue
            rows = (0,) * len(parts.words)
            yield Sentence(parts.words, parts.columns, path, number, (text,), rows, self.format, parts.labels)

    def _objects(self, lines: Iterable[str], path: str) -> Iterable[tuple[int, str]]:
        return json_text.array_elements(lines, path) if self.format == "json" else enumerate(lines, 1)

    def _records(self, head: Sequence[str], path: str) -> Iterator[Mapping[str, Any]]:
        """The first records, up to one that cannot be read: the error comes when the sentences are read."""
        with suppress(DataError):
            for number, text in self._objects(head, path):
                if not is_blank(text):
                    yield as_plain_record(json_text.parse(text, path, number))

    def target(self, name: str | None, head: Sequence[str], path: str, labelled: bool) -> str:
        """The column of that key; by default ``tags``, or the only one there is.

        Raises ConfigError: no such column, one of numbers without names, several to choose from.
        """
        first = self._first(head, path)
        found = list(first.columns) if first is not None else []
        if name is None and (TAGS in found or not labelled):
            return TAGS
        if name is None and len(found) == 1:
            return found[0]
        if first is None or name in found or not labelled:
            return name or TAGS
        there = f"there is: {', '.join(found)}" if found else "there are neither lists of tags nor spans"
        if name is not None or not found:
            self._ask(name, first, head, path)
        if name is None and found:
            raise ConfigError(f"{path}: which column? --target names one; {there}")
        raise ConfigError(
            f"{path}: no column {shown(name)}; {there}" if name is not None else f"{path}: no tags; {there}"
        )

    def _ask(self, name: str | None, first: Sentence, head: Sequence[str], path: str) -> None:
        """Raise WithoutNames where lists that nobody can read are what is asked for, or all that could be tags."""
        lists = lists_of_tags(self._records(head, path))
        keys = [key for key in lists if name in (None, key)]
        if not keys:
            return
        key = keys[0]
        other = f"; --target {next(iter(first.labels))} learns labels of whole texts" if first.labels else ""
        if lists[key]:
            raise UnnamedTagsError(f"{path}: {unnamed_message(key, self.format)}{other}")
        raise UnnamedTagsError(
            f"{path}: {key} is a list of tags beside a text without tokens; expected tokens, as many{other}"
        )

    def _first(self, head: Sequence[str], path: str) -> Sentence | None:
        """The first sentence with words; None where the first lines have none, or none that can be read."""
        try:
            return next((sentence for sentence in self.read(head, head, path) if sentence.words), None)
        except DataError:
            return None  # the error comes when the sentences are read

    def write(self, sentence: Sentence, tags: Mapping[str, Sequence[str]], confidences: Sequence[float] | None) -> str:
        """One line. A sentence that was read from a record keeps all else that this holds; of JSON to the letter.

        Tags go to the key of their column, those of a text's spans to the spans, where they mark some; new ones to
        ``tags``, beside ``tokens``. Numbers become names. The confidences are of the first column.

        Raises ConfigError: a column or label has the name of another key.
        """
        text = record_text(sentence)
        if text is None:
            return "" if is_gap(sentence) else json_text.dump(new_record(sentence, tags, confidences)) + "\n"
        if sentence.format != "jsonl":  # an element of an array may go on over lines, between its tokens
            text = text.replace("\r", "").replace("\n", " ").strip() + "\n"
        return edit_record(sentence, text, tags, confidences)

    def writer(self, columns: Sequence[str], labels: Sequence[str]) -> ArrayWriter:
        """Return a writer of a file: one array, an element a line."""
        return ArrayWriter()


class ArrayWriter:
    """Writes the brackets of a JSON array and the commas between its elements."""

    def __init__(self) -> None:
        self._before = "[\n"

    def add(
        self, sentence: Sentence, tags: Mapping[str, Sequence[str]], confidences: Sequence[float] | None = None
    ) -> str:
        """Return the text of one more element. Raises the errors of ``JsonFormat.write``."""
        text = record_text(sentence)
        if text is None:
            if is_gap(sentence):
                return ""
            text = json_text.dump(new_record(sentence, tags, confidences))
        else:
            text = edit_record(sentence, text, tags, confidences)
        text = text.strip(" \t" + LINE_END)
        if not text:
            return ""
        before, self._before = self._before, ",\n"
        bom = before == "[\n" and "".join(sentence.lines[:1]).startswith(BOM)
        return f"{BOM if bom else ''}{before}{text}"

    def finish(self) -> str:
        """Return the end of the array."""
        return "[]\n" if self._before == "[\n" else "\n]\n"


def record_text(sentence: Sentence) -> str | None:
    """The record that a sentence was read from, as JSON; None for a sentence of another format."""
    if sentence.format in ("jsonl", "json"):
        return sentence.lines[0].removeprefix(BOM)
    return (
        json_text.dump(records.with_names(sentence))
        if isinstance(sentence, RecordSentence) and sentence.format
        else None
    )


def edit_record(
    sentence: Sentence, text: str, tags: Mapping[str, Sequence[str]], confidences: Sequence[float] | None
) -> str:
    """The text of a sentence's record with other tags and labels, see ``JsonFormat.write``."""
    if is_blank(text) or not (sentence.words or sentence.columns or sentence.labels):
        return text
    whole = json_text.parse(text, sentence.path, sentence.line)
    task = as_plain_record(whole) is not whole
    record = whole["data"] if task else whole  # of a task of Label Studio what it is about, beside the annotations
    values: dict[str, object] = {}
    for name, column in tags.items():
        if tuple(column) != sentence.columns.get(name) or records.are_numbers(name, record.get(name)):
            values |= _new_tags(sentence, record, name if name in record else column_key(name, len(tags)), column)
    if confidences is not None:
        values["confidences"] = _rounded(confidences)
    for name, label in sentence.labels.items():
        before = record.get(name)
        before = json_text.dump(before) if isinstance(before, bool) else before
        if task and name not in record and (annotated := as_plain_record(whole).get(name)) is not None:
            if annotated != label:
                raise error_at(sentence, 0, f"{name} is annotated in this task; write another label, --target NAME")
        elif (LABEL_SEPARATOR.join(map(str, before)) if isinstance(before, list) else before) != label:
            values[name] = label.split(LABEL_SEPARATOR) if isinstance(before, list) else _value(name, label)
    if task and values:
        values = {"data": {**record, **values}}
    body = text.rstrip(LINE_END)
    try:
        return json_text.edit_object(body, values) + text[len(body) :] if values else text
    except RecursionError:  # less of Python's stack is left than when it was read
        raise error_at(sentence, 0, json_text.TOO_DEEP) from None


def _new_tags(sentence: Sentence, record: Mapping[str, Any], key: str, column: Sequence[str]) -> Mapping[str, object]:
    """The values of a record that give a column new tags."""
    spans = span_key(record)
    if spans and key == ("spans" if TAGS in record else TAGS):
        value = spans_like(record, spans, sentence.words, column)
        if value is not None:
            return {spans: value}
    tokens = {} if "tokens" in record or "words" in record else {"tokens": list(sentence.words)}
    return {**tokens, key: list(column)}


def new_record(
    sentence: Sentence,
    tags: Mapping[str, Sequence[str]],
    confidences: Sequence[float] | None,
    n_columns: int | None = None,
) -> dict[str, object]:
    """A new record. One of labels alone has the words as ``text`` too, since programs for that ask for it.

    ``n_columns``: of the whole file, where that is known. Raises DataError: an empty word or label.
    """
    check_words(sentence, "jsonl", "")
    if "" in sentence.labels.values():
        raise error_at(sentence, 0, "an empty label, which jsonl cannot hold")
    pairs: list[tuple[str, object]] = [("tokens", list(sentence.words))]
    if sentence.labels and not tags:
        pairs.insert(0, ("text", " ".join(sentence.words)))
    pairs += [
        (column_key(name, len(tags) if n_columns is None else n_columns), list(column)) for name, column in tags.items()
    ]
    if confidences is not None:
        pairs.append(("confidences", _rounded(confidences)))
    pairs += [(name, _value(name, label)) for name, label in sentence.labels.items()]
    record = dict(pairs)
    if isinstance(sentence, RecordSentence) and not sentence.format:
        fields = {key: value for key, value in sentence.record.items() if records.is_json_value(value)}
        record |= {key: value for key, value in fields.items() if key not in record or key == "text"}
    keys = [key for key, _ in pairs]
    for name in (*tags, *sentence.labels):
        is_reserved = name in sentence.labels and (name.startswith("_") or name in NOT_LABEL_KEYS)
        if keys.count(name) > 1 or (name in keys and (name in ("words", "text") or is_reserved)):
            raise ConfigError(
                f"jsonl: no column or label can be called {shown(name)} there; columns and conllu hold it"
            )
    return record


def column_key(column: str, n_columns: int) -> str:
    """The key of a column: its name; ``tags`` for the only one, where its name says nothing or is taken."""
    return TAGS if n_columns == 1 and (column in ("tag", *_TAKEN) or column.isdecimal()) else column


def _value(name: str, label: str) -> object:
    """A label in a record: text, but for a probability, which is a number."""
    return float(label) if name == CONFIDENCE and _NUMBER.fullmatch(label) else label


def _rounded(confidences: Sequence[float]) -> list[float]:
    return [round(float(value), 4) for value in confidences]


def configured(options: Mapping[str, str], format: str = "jsonl") -> JsonFormat:
    """Return the format with options. Raises ConfigError for options that it does not have."""
    records.check_options(options, format)
    return JsonFormat(format, options)


HOLDS = Holds(columns=MANY, labels=MANY, confidences=True)
JSONL, JSON = JsonFormat("jsonl"), JsonFormat("json")
read, target, write = JSONL.read, JSONL.target, JSONL.write
