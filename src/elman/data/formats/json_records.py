"""Records (JSON objects and rows of Parquet) as words, tags and labels.

Words are ``tokens`` (or ``words``): a list of strings, or of objects with ``text``, ``start`` and ``end``. Otherwise
they come from ``text``: split at spaces, or finer if there are spans (``tokenizer``). Tags are every list of strings,
or of numbers with names, that is as long as the tokens; and, as IOB2 ``tags``, the spans in ``spans``, ``entities``,
``label``, ``labels``, ``annotations`` or ``ner``. Every other string is a document label, except Prodigy's ``answer``
and names that begin with ``_``. The rest is kept when a line is edited in place, and ignored otherwise.

A list of tags with a wrong length, and a list of labels that has the length of the tokens by chance, are told apart by
the key, or by the majority of the first records.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from elman.data.formats import json_edit
from elman.data.formats.class_names import Names, names_beside, names_from_option
from elman.data.formats.json_spans import (
    LABEL_LIST_KEYS,
    TOKENS,
    CharSpan,
    as_plain_record,
    check_known_options,
    from_utf16,
    locate_words,
    parse_span,
    parse_whole_number,
    span_key,
    spans_to_tags,
    text_in,
    tokens_in,
    without_null,
)
from elman.data.formats.lines import is_blank
from elman.data.formats.text_io import BOM
from elman.data.formats.tokenizer import TOKENIZERS, tokenize
from elman.data.sentence import LABEL_SEPARATOR, RecordSentence, Sentence
from elman.data.spans import are_span_tags
from elman.errors import DataError
from elman.utils.display import shown

TAGS = "tags"
"""The column of the spans, and the key of a single column of tags."""
NO_TEXT = "column {}: no text; leave such rows out"
NOT_LABEL_KEYS = ("text", "data", "answer")
OPTIONS: Mapping[str, Sequence[str]] = {
    "spans": ("refuse", "widen"),
    "words": TOKENIZERS,
    "offsets": ("characters", "utf-16"),
    "names": (),
    "answers": ("accept", "all"),
    "text": (),
}
"""Options and their values; ``names`` and ``text`` take any value."""
_N_SAMPLE = 200  # records used to distinguish lists of tags from lists of labels
_TAG_KEY_ENDINGS = ("tags", "labels", "ner", "pos")
"""Endings of keys under which numbers such as 1.0 are tags; elsewhere they are scores."""
_TAGS_ALWAYS = ("tags", "upos", "xpos", "feats")
"""Endings of keys whose lists are tags, whatever their length."""


@dataclass(frozen=True, slots=True)
class RecordContent:
    """The words, columns and labels of a record."""

    words: tuple[str, ...]
    columns: dict[str, tuple[str, ...]] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)


class RecordReader:
    """Reads the records of one file.

    ``options``: ``spans`` refuse (default) or widen, ``words`` simple or spaces, ``offsets`` characters or utf-16,
    ``names`` of labels stored as numbers (``class_names``), ``text`` the key of the text or tokens, ``answers`` of
    Prodigy's annotators: accept (records that they rejected or ignored are left out) or all, ``null`` what null among
    tags is read as. ``names`` come from the file's own metadata. ``format`` is the format that messages name, and
    ``first`` returns the first records again.
    """

    def __init__(
        self,
        path: str,
        options: Mapping[str, str],
        names: Names | None = None,
        *,
        format: str = "jsonl",
        first: Callable[[], Iterable[Mapping[str, Any]]] = tuple,
    ) -> None:
        self._path, self._format, self.options = path, format, options
        self._first = first
        self._list_votes: Counter[str] | None = None
        self._widen, self._utf16 = options.get("spans") == "widen", options.get("offsets") == "utf-16"
        self._splitter, self._null = options.get("words"), options.get("null")
        self.names: dict[str, Sequence[str]] = dict(names or {})
        self._answers, self._text = options.get("answers"), options.get("text")
        self._info_file_read = False
        self._given_names = names_from_option(options["names"]) if "names" in options else {}

    def learn(self, names: Names) -> None:
        """Add names from a record that consists of names."""
        self.names = {**names, **self.names}

    def parts(self, record: Mapping[str, Any], line: int) -> RecordContent | None:
        """Return the content of a record; None if it is left out.

        Raises DataError with path and line if there are no words, spans or tags do not fit them, or the answer is not
        accept.
        """
        try:
            answer = record.get("answer", "accept")
            if answer in ("reject", "ignore") and self._answers != "all":
                if self._answers == "accept":
                    return None
                hint = f"to leave such records out, pass the format as {self._format}:answers=accept"
                raise DataError(f"the annotator's answer is {answer}; {hint}")
            return self._parts(record)
        except DataError as error:
            raise DataError(str(error), path=self._path, line=line) from None

    def _parts(self, record: Mapping[str, Any]) -> RecordContent:
        record = without_null(as_plain_record(record), self._null)
        if self._text is not None:
            record = with_content(record, self._text)
        spans_key = span_key(record)
        text = text_in(record)
        tokens_key = next((key for key in TOKENS if isinstance(record.get(key), list)), None)
        if tokens_key is not None and text is not None and text.strip() and not record[tokens_key]:
            tokens_key = None
        if tokens_key is not None:
            words, offsets = _given_words(record[tokens_key], text)
        elif text is not None:
            offsets = tokenize(text, self._splitter or ("simple" if spans_key else "spaces"))
            words = tuple(text[start:end] for start, end in offsets)
        else:
            text_key = next((key for key in TOKENS if isinstance(record.get(key), str)), None)
            if text_key is not None:
                raise DataError(f"{text_key}: expected a list of tokens, found a text, {shown(record[text_key])}")
            raise DataError(f"expected tokens or text, found {', '.join(record) or 'nothing'}")
        if "" in words:
            raise DataError(f"token {words.index('') + 1} is empty")
        columns: dict[str, tuple[str, ...]] = {}
        labels: dict[str, str] = {}
        for key, value in record.items():
            if key in (tokens_key, spans_key) or (key in ("text", "data") and isinstance(value, str)):
                continue
            column = self._column(key, value, words) if tokens_key is not None else None
            label = self._label(key, value) if column is None else None
            if column is not None:
                columns[key] = column
            elif label is not None:
                if len(words) > 1 and are_span_tags(label, len(words)):
                    raise DataError(f"{key}: expected a list of tags, found them in one text, {shown(label)}")
                labels[key] = label
        if spans_key:
            if text is None:
                raise DataError(f"{spans_key}: spans without the text whose characters they count")
            if len(offsets) != len(words):
                raise DataError(f"{spans_key}: expected the tokens in the order in which they occur in the text")
            columns["spans" if TAGS in columns else TAGS] = self._tags(record[spans_key], offsets, text)
        return RecordContent(words, columns, labels)

    def _column(self, key: str, value: Any, words: Sequence[str]) -> tuple[str, ...] | None:
        """Return the tags of the words, or None if the value is something else."""
        if not isinstance(value, list):
            return None
        are_strings = all(isinstance(tag, str) for tag in value)
        numbers = None if are_strings else numbers_of(key, value)
        if not (are_strings or numbers) and not _are_scalars(value):
            return None
        if len(value) != len(words):
            if key.endswith(_TAGS_ALWAYS) or self._votes_for_tags(key) > 0:
                raise DataError(f"{key}: expected a tag for each of {len(words)} tokens, found {len(value)}")
            return None
        if are_strings:
            by_chance = key in LABEL_LIST_KEYS and self._votes_for_tags(key) < 0  # as many labels as tokens
            return None if by_chance else tuple(value)
        if numbers is not None:
            names = self.names_of(key)
            return None if names is None else tuple(_name(key, number, names) for number in numbers)
        if key.endswith(_TAGS_ALWAYS) or self._votes_for_tags(key) > 0:
            non_strings = [i for i, tag in enumerate(value) if not isinstance(tag, str)]
            index = next((i for i in non_strings if parse_whole_number(value[i]) is None), non_strings[0])
            problem = f"found {json_edit.dump(value[index])} for token {index + 1}, {shown(words[index])}"
            raise DataError(f"{key}: expected tags that are texts, or numbers with names, {problem}")
        return None

    def _votes_for_tags(self, key: str) -> int:
        """Return a number above 0 if most of the first records have a list of tags under ``key``, else below.

        A list of tags is as long as the tokens.
        """
        if self._list_votes is None:
            self._list_votes = Counter()
            for record in islice(self._first(), _N_SAMPLE):
                if self._text is not None and self._text in record:
                    record = with_content(record, self._text)
                tokens = tokens_in(record) or ()
                for name, value in without_null(record, self._null).items() if tokens else ():
                    if isinstance(value, list) and value:
                        are_tags = all(isinstance(tag, str) for tag in value) or numbers_of(name, value) is not None
                        self._list_votes[name] += 1 if are_tags and len(value) == len(tokens) else -1
        return self._list_votes[key]

    def _label(self, key: str, value: Any) -> str | None:
        """Return a document label, or None if the value is something else."""
        if key.startswith("_") or key in NOT_LABEL_KEYS:
            return None
        if isinstance(value, str):
            return value or None
        if key not in LABEL_LIST_KEYS and not (type(value) is int and key in self.names):
            return None
        if isinstance(value, bool):
            return json_edit.dump(value)
        number = parse_whole_number(value)
        if number is not None:
            names = self.names_of(key)
            if names is None:
                raise DataError(unnamed_message(key, self._format))
            return None if number == -1 else _name(key, number, names)  # no label, in Hugging Face data sets
        if isinstance(value, list) and value and all(isinstance(label, str) and label for label in value):
            if len(value) > 1 and any(LABEL_SEPARATOR in label for label in value):
                raise DataError(
                    f"{key}: {shown(LABEL_SEPARATOR.join(value))}: a label with {LABEL_SEPARATOR}, which joins several"
                )
            return LABEL_SEPARATOR.join(value)
        return None

    def _tags(self, items: Sequence[Any], words: Sequence[tuple[int, int]], text: str) -> tuple[str, ...]:
        spans = [parse_span(item) for item in items]
        if self._utf16:
            spans = from_utf16(spans, text)
        names: dict[CharSpan, str] = {}
        for span in spans:
            if isinstance(span.label, str):
                names[span] = span.label
                continue
            known_names = self.names_of("spans")
            if known_names is None:
                raise DataError(unnamed_message("the label of a span", self._format))
            names[span] = _name("label", span.label, known_names)
        return spans_to_tags(spans, words, text, names, widen=self._widen, format=self._format)

    def names_of(self, key: str) -> Sequence[str] | None:
        """Return the names of the numbers of a key; None if there are none."""
        names = self._given_names.get(key, self._given_names.get(""))
        if names is not None:
            return names
        beside = self._format != "table" and not self._info_file_read
        if beside and key not in self.names and "" not in self.names:
            self._info_file_read = True
            self.names = {**names_beside(self._path), **self.names}
        return self.names.get(key, self.names.get(""))


def with_content(record: Mapping[str, Any], key: str) -> dict[str, Any]:
    """Return a record with the text or tokens of a key under the usual name. Raises DataError if there are none."""
    content = record.get(key)
    if key not in record:
        raise DataError(f"no column {shown(key)}, found {', '.join(record) or 'nothing'}")
    if content is None:
        raise DataError(NO_TEXT.format(key))
    if not isinstance(content, str | list):
        raise DataError(f"column {key}: expected texts or lists of words, found {shown(content)}")
    others = {name: value for name, value in record.items() if name not in (key, *TOKENS, "text", "data")}
    return {"tokens" if isinstance(content, list) else "text": content, **others}


def record_of_sentence(sentence: Sentence) -> Mapping[str, Any] | None:
    """Return the record that a sentence was read from; None for a blank line, or a sentence of another format."""
    if isinstance(sentence, RecordSentence):
        return sentence.record
    text = sentence.lines[0].removeprefix(BOM) if sentence.format in ("jsonl", "json") else ""
    return None if is_blank(text) else dict(json.loads(text))


def extra_fields_of(sentence: Sentence) -> dict[str, Any]:
    """Return the fields of a sentence's record that are not part of the sentence; none for other formats."""
    record = record_of_sentence(sentence)
    return {} if record is None else extra_fields(record, sentence)


def extra_fields(record: Mapping[str, Any], sentence: Sentence) -> dict[str, Any]:
    """Return the fields of a record that are not part of the sentence that was read from it."""
    record = as_plain_record(record)
    used = {"tokens", "words", "text", "data", span_key(record), *sentence.columns, *sentence.labels}
    return {key: value for key, value in record.items() if key not in used}


def is_json_value(value: Any) -> bool:
    """Return whether a value can be written as JSON: no date, no bytes, no NaN."""
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        return False
    return True


def with_names(row: RecordSentence) -> dict[str, Any]:
    """Return a row as JSON object: numbers of labels become names, values that JSON cannot hold are dropped."""
    names: dict[str, object] = {
        key: list(column) for key, column in row.columns.items() if are_numbers(key, row.record.get(key))
    }
    names |= {key: label for key, label in row.labels.items() if parse_whole_number(row.record.get(key)) is not None}
    return {key: names.get(key, value) for key, value in row.record.items() if is_json_value(value)}


def are_numbers(key: str, value: Any) -> bool:
    """Return whether a value is a non-empty list of tags that are numbers."""
    return isinstance(value, list) and bool(value) and numbers_of(key, value) is not None


def describe_field(key: str, value: Any, n_words: int) -> str:
    """Return the name of a field for a message, with a hint if its values could be tags of ``n_words`` words."""
    is_tags = are_numbers(key, value) and len(value) == n_words
    return f"{key}: numbers without names, see --names" if is_tags else key


def numbers_of(key: str, values: Sequence[Any]) -> list[int] | None:
    """Return the tags of a key if all are whole numbers, also given as 5.0; None otherwise."""
    if all(type(value) is int for value in values):
        return list(values)
    converted = [parse_whole_number(value) for value in values if not isinstance(value, str)]
    numbers = [number for number in converted if number is not None]
    return numbers if key.endswith(_TAG_KEY_ENDINGS) and len(numbers) == len(values) else None


def lists_of_tags(records: Iterable[Mapping[str, Any]]) -> dict[str, bool]:
    """Return keys of lists that most records have as tags that cannot be read, and whether these are numbers.

    They are numbers without names, or strings for the words of a text without tokens.
    """
    counts: Counter[tuple[str, bool]] = Counter()
    total = 0
    for record in islice(records, _N_SAMPLE):
        tokens = tokens_in(record)
        words = tokens if tokens is not None else (text_in(record) or "").split()
        total += bool(words)
        for key, value in record.items() if words else ():
            if isinstance(value, list) and len(value) == len(words) and _are_scalars(value):
                if numbers_of(key, value) is not None:
                    counts[key, True] += 1
                elif tokens is None and all(isinstance(tag, str) for tag in value):
                    counts[key, False] += 1
    return {key: numbers for (key, numbers), count in counts.items() if 2 * count > total}


def _are_scalars(values: Sequence[Any]) -> bool:
    return all(value is None or isinstance(value, str | int | float) for value in values)


def unnamed_message(key: str, format: str) -> str:
    """Return the message for labels that are numbers without names."""
    if format == "table":
        return f"{key} is a number without a name; make texts of the column, as its map(names) or astype(str) does"
    return (
        f"{key} is a number without a name; pass --names O,B-LOC,… or --names FILE (JSON: a list, features, id2label; "
        f"or the format {format}:names=FILE), or put dataset_info.json beside the file"
    )


def check_options(options: Mapping[str, str], format: str) -> None:
    """Raise ConfigError for options that records do not have."""
    check_known_options(options, OPTIONS, format)
    if "names" in options:
        names_from_option(options["names"])


def _name(key: str, number: int, names: Sequence[str]) -> str:
    if not 0 <= number < len(names):
        raise DataError(f"{key}: expected a number from 0 to {len(names) - 1}, which have names, found {number}")
    return names[number]


def _given_words(tokens: Sequence[Any], text: str | None) -> tuple[tuple[str, ...], list[tuple[int, int]]]:
    """Return the words of a record and their offsets in its text, as given or by locating them in order."""
    words: list[str] = []
    offsets: list[tuple[int, int]] = []
    for token in tokens:
        word = token.get("text") if isinstance(token, Mapping) else token
        if not isinstance(word, str):
            expected = "expected tokens that are texts, or objects with text, start and end"
            raise DataError(f"{expected}, found {shown(str(token))}")
        words.append(word)
        start, end = (
            parse_whole_number(token.get(key)) if isinstance(token, Mapping) else None for key in ("start", "end")
        )
        if start is not None and end is not None and text is not None:
            if text[start:end] != word:
                raise DataError(f"token {shown(word)}: the text has {shown(text[start:end])} at {start}-{end}")
            offsets.append((start, end))
    if text is not None and len(offsets) < len(words):
        offsets = locate_words(words, text) or []
    return tuple(words), offsets
