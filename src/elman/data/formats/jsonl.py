"""``jsonl`` and ``json``: JSON objects, ``{"tokens": [...], "tags": [...]}``, and the exports of annotation tools.

``jsonl`` has one object per line, ``json`` the same objects in one array on any number of lines, written one element
per line. ``json_records`` documents what an object may hold. Several columns are written under their own names instead
of ``tags``. Blank lines, and an object with nothing but names of labels, are not sentences. An object that was read is
edited in place: only its tags and labels change.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from elman.data.formats import json_edit, json_records
from elman.data.formats.annotation_tools import spans_like
from elman.data.formats.class_names import UnnamedTagsError, names_in
from elman.data.formats.holds import MANY, Confidences, Holds, check_words, is_gap
from elman.data.formats.json_records import NOT_LABEL_KEYS, TAGS, RecordReader, lists_of_tags, unnamed_message
from elman.data.formats.json_spans import as_plain_record, span_key
from elman.data.formats.lines import LINE_END, is_blank
from elman.data.formats.text_io import BOM
from elman.data.sentence import CONFIDENCE, LABEL_SEPARATOR, RecordSentence, Sentence, error_at
from elman.errors import ConfigError, DataError
from elman.utils.display import shown

_NUMBER = re.compile(r"[01]\.[0-9]+")
RESERVED_KEYS = ("tokens", "words", "text", "confidences")
_NAME_KEYS = ("features", "names", "id2label")
_WORD_KEYS = ("tokens", "words", "text", "data")


@dataclass(frozen=True, slots=True)
class JsonFormat:
    """``jsonl`` or ``json`` with options (see ``json_records.RecordReader``)."""

    format: str
    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def HOLDS(self) -> Holds:
        """Tags of words, document labels and confidences."""
        return HOLDS

    def reading_null(self, text: str) -> JsonFormat:
        """Return the format that reads null among tags as ``text``; by default it is refused."""
        return replace(self, options={**self.options, "null": text})

    def read(self, lines: Iterable[str], head: Sequence[str], path: str) -> Iterator[Sentence]:
        """Yield the sentences of lines. Raises DataError for invalid JSON and for objects that are no sentences."""
        reader = RecordReader(path, self.options, format=self.format, first=lambda: self._records(head, path))
        for number, text in self._objects(lines, path):
            content = None
            if not is_blank(text):
                record = json_edit.parse(text, path, number)
                if are_names(record, self.options.get("text")):
                    reader.learn(names_in(record))
                else:
                    content = reader.parts(record, number)
            if content is None:
                yield Sentence((), path=path, line=number, lines=(text,), format=self.format)
                continue
            rows = (0,) * len(content.words)
            yield Sentence(content.words, content.columns, path, number, (text,), rows, self.format, content.labels)

    def _objects(self, lines: Iterable[str], path: str) -> Iterable[tuple[int, str]]:
        return json_edit.array_elements(lines, path) if self.format == "json" else enumerate(lines, 1)

    def _records(self, head: Sequence[str], path: str) -> Iterator[Mapping[str, Any]]:
        """Yield the first records, up to one that cannot be read: reading the sentences will raise its error."""
        with suppress(DataError):
            for number, text in self._objects(head, path):
                if not is_blank(text):
                    yield as_plain_record(json_edit.parse(text, path, number))

    def target(self, name: str | None, head: Sequence[str], path: str, labelled: bool) -> str:
        """Return the column of a key; by default ``tags``, or the only one.

        Raises ConfigError for a missing column, numbers without names, or several columns to choose from.
        """
        first = self._first(head, path)
        names = list(first.columns) if first is not None else []
        if name is None and (TAGS in names or not labelled):
            return TAGS
        if name is None and len(names) == 1:
            return names[0]
        if first is None or name in names or not labelled:
            return name or TAGS
        available = f"there is: {', '.join(names)}" if names else "there are neither lists of tags nor spans"
        if name is not None or not names:
            self._ask(name, first, head, path)
        if name is None and names:
            raise ConfigError(f"{path}: which column? --target names one; {available}")
        raise ConfigError(
            f"{path}: no column {shown(name)}; {available}" if name is not None else f"{path}: no tags; {available}"
        )

    def _ask(self, name: str | None, first: Sentence, head: Sequence[str], path: str) -> None:
        """Raise UnnamedTagsError if unreadable lists are asked for, or are the only candidates for tags."""
        is_numeric = lists_of_tags(self._records(head, path))
        keys = [key for key in is_numeric if name in (None, key)]
        if not keys:
            return
        key = keys[0]
        alternative = f"; --target {next(iter(first.labels))} learns document labels" if first.labels else ""
        if is_numeric[key]:
            raise UnnamedTagsError(f"{path}: {unnamed_message(key, self.format)}{alternative}")
        raise UnnamedTagsError(
            f"{path}: {key} is a list of tags beside a text without tokens; expected tokens, as many{alternative}"
        )

    def _first(self, head: Sequence[str], path: str) -> Sentence | None:
        """Return the first sentence with words; None if the first lines have none, or none that can be read."""
        try:
            return next((sentence for sentence in self.read(head, head, path) if sentence.words), None)
        except DataError:
            return None  # reading the sentences will raise the error

    def write(self, sentence: Sentence, tags: Mapping[str, Sequence[str]], confidences: Confidences | None) -> str:
        """Return one line. A sentence that was read from a record keeps all other fields of it, byte for byte for JSON.

        Tags go to the key of their column; tags of a text with spans go to the spans, if they mark some; new tags go to
        ``tags``, along with ``tokens``. Numbers become names. Confidences belong to the first column.

        Raises ConfigError if a column or label has the name of another key.
        """
        text = record_text(sentence)
        if text is None:
            return "" if is_gap(sentence) else json_edit.dump(new_record(sentence, tags, confidences)) + "\n"
        if sentence.format != "jsonl":  # an array element may span several lines
            text = text.replace("\r", "").replace("\n", " ").strip() + "\n"
        return edit_record(sentence, text, tags, confidences)

    def writer(self, columns: Sequence[str], labels: Sequence[str]) -> ArrayWriter:
        """Return a writer of a file: one array, an element a line."""
        return ArrayWriter()


def are_names(record: Mapping[str, Any], text_key: str | None = None) -> bool:
    """Return whether a record has nothing but names of labels."""
    words = (*_WORD_KEYS, text_key)
    return any(key in record for key in _NAME_KEYS) and not any(key in record for key in words)


class ArrayWriter:
    """Writes the brackets of a JSON array and the commas between its elements."""

    STATE = ("_before",)

    def __init__(self) -> None:
        self._before = "[\n"

    def add(self, sentence: Sentence, tags: Mapping[str, Sequence[str]], confidences: Confidences | None = None) -> str:
        """Return the text of one more element. Raises the errors of ``JsonFormat.write``."""
        text = record_text(sentence)
        if text is None:
            if is_gap(sentence):
                return ""
            text = json_edit.dump(new_record(sentence, tags, confidences))
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
    """Return the record that a sentence was read from as JSON; None for a sentence of another format."""
    if sentence.format in ("jsonl", "json"):
        return sentence.lines[0].removeprefix(BOM)
    return (
        json_edit.dump(json_records.with_names(sentence))
        if isinstance(sentence, RecordSentence) and sentence.format
        else None
    )


def edit_record(
    sentence: Sentence, text: str, tags: Mapping[str, Sequence[str]], confidences: Confidences | None
) -> str:
    """Return the text of a sentence's record with new tags and labels, see ``JsonFormat.write``."""
    if is_blank(text) or not (sentence.words or sentence.columns or sentence.labels):
        return text
    outer = json_edit.parse(text, sentence.path, sentence.line)
    is_task = as_plain_record(outer) is not outer
    record = outer["data"] if is_task else outer  # a task of Label Studio has data and annotations
    values: dict[str, object] = {}
    for name, column in tags.items():
        if tuple(column) != sentence.columns.get(name) or json_records.are_numbers(name, record.get(name)):
            values |= _tag_values(sentence, record, name if name in record else column_key(name, len(tags)), column)
    if confidences is not None:
        values["confidences"] = rounded(confidences)
    for name, label in sentence.labels.items():
        old_label = record.get(name)
        old_label = json_edit.dump(old_label) if isinstance(old_label, bool) else old_label
        if is_task and name not in record and (annotated := as_plain_record(outer).get(name)) is not None:
            if annotated != label:
                raise error_at(sentence, 0, f"{name} is annotated in this task; write another label, --target NAME")
        elif (LABEL_SEPARATOR.join(map(str, old_label)) if isinstance(old_label, list) else old_label) != label:
            values[name] = label.split(LABEL_SEPARATOR) if isinstance(old_label, list) else _value(name, label)
    if is_task and values:
        values = {"data": {**record, **values}}
    body = text.rstrip(LINE_END)
    try:
        return json_edit.edit_object(body, values) + text[len(body) :] if values else text
    except RecursionError:  # less of Python's stack is left than while reading
        raise error_at(sentence, 0, json_edit.TOO_DEEP) from None


def _tag_values(sentence: Sentence, record: Mapping[str, Any], key: str, column: Sequence[str]) -> Mapping[str, object]:
    """Return the values of a record that give a column new tags."""
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
    confidences: Confidences | None,
    n_columns: int | None = None,
) -> dict[str, object]:
    """Return a new record. A record with labels only gets the words as ``text`` too, which classifiers expect.

    ``n_columns`` is the number of columns of the whole file, if known. Raises DataError for an empty word or label.
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
        pairs.append(("confidences", rounded(confidences)))
    pairs += [(name, _value(name, label)) for name, label in sentence.labels.items()]
    record = dict(pairs)
    if isinstance(sentence, RecordSentence) and not sentence.format:
        extra = {key: value for key, value in sentence.record.items() if json_records.is_json_value(value)}
        record |= {key: value for key, value in extra.items() if key not in record or key == "text"}
    keys = [key for key, _ in pairs]
    for name in (*tags, *sentence.labels):
        is_reserved = name in sentence.labels and (name.startswith("_") or name in NOT_LABEL_KEYS)
        if keys.count(name) > 1 or (name in keys and (name in ("words", "text") or is_reserved)):
            raise ConfigError(
                f"jsonl: no column or label can be called {shown(name)} there; columns and conllu hold it"
            )
    return record


def column_key(column: str, n_columns: int) -> str:
    """Return the key of a column: its name, or ``tags`` for an only column whose name says nothing or is reserved."""
    return TAGS if n_columns == 1 and (column in ("tag", *RESERVED_KEYS) or column.isdecimal()) else column


def _value(name: str, label: str) -> object:
    """Return a label as JSON value: a string, or a number for a probability."""
    return float(label) if name == CONFIDENCE and _NUMBER.fullmatch(label) else label


def rounded(confidences: Confidences) -> list[float] | dict[str, list[float]]:
    """Return a list of numbers; of several columns an object with a list for each."""
    if isinstance(confidences, Mapping):
        return {name: [round(float(value), 4) for value in column] for name, column in confidences.items()}
    return [round(float(value), 4) for value in confidences]


def configured(options: Mapping[str, str], format: str = "jsonl") -> JsonFormat:
    """Return the format with options. Raises ConfigError for options that it does not have."""
    json_records.check_options(options, format)
    return JsonFormat(format, options)


HOLDS = Holds(columns=MANY, labels=MANY, confidences=True)
JSONL, JSON = JsonFormat("jsonl"), JsonFormat("json")
read, target, write, reading_null = JSONL.read, JSONL.target, JSONL.write, JSONL.reading_null
