"""Records, objects of JSON and rows of Parquet, to words, tags and labels.

Words are ``tokens`` (or ``words``): a list of texts, or of objects with ``text``, ``start`` and ``end``; else those of
``text``: split at spaces, or finer where there are spans (``tokens``). Tags are every list of texts, or of numbers with
names, that is as long as the tokens, and, as IOB2 ``tags``, the spans in ``spans``, ``entities``, ``label``,
``labels``, ``annotations`` or ``ner``. Every other text is a label of the sentence, but for Prodigy's ``answer`` and
names that begin with ``_``. The rest is kept where a line is changed in place, and is nothing to the sentence.

Whether a list is one of tags that has another length than the tokens by mistake, or one of labels that has the same
length by chance, is judged by most of the first records.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from elman.data.formats import json_edit as json_text
from elman.data.formats.class_names import Names, names_beside, names_from_option
from elman.data.formats.json_spans import (
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
)
from elman.data.formats.text_io import BOM
from elman.data.formats.tokenizer import TOKENIZERS, tokenize
from elman.data.sentence import LABEL_SEPARATOR, RecordSentence, Sentence
from elman.data.spans import are_span_tags
from elman.errors import DataError
from elman.utils.display import shown

TAGS = "tags"
"""The column of the spans, and of the tags that a single column is written as."""
NOT_LABEL_KEYS = ("text", "data", "answer")
LABEL_LIST_KEYS = ("label", "labels", "intent")
"""Keys under which there may be several labels of the text, or its number."""
OPTIONS: Mapping[str, Sequence[str]] = {
    "spans": ("refuse", "widen"),
    "words": TOKENIZERS,
    "offsets": ("characters", "utf-16"),
    "names": (),
    "answers": ("accept", "all"),
}
"""Options and their values; of ``names`` any."""
_FIRST = 200
"""Records by which lists of tags are told from lists of labels."""
_OF_TAGS = ("tags", "labels", "ner", "pos")
"""Ends of the keys of which whole numbers such as 1.0 are taken for tags: elsewhere they are scores."""


@dataclass(frozen=True, slots=True)
class RecordContent:
    """What a record holds for a sentence."""

    words: tuple[str, ...]
    columns: dict[str, tuple[str, ...]] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)


class RecordReader:
    """Reads the records of one file.

    ``given`` are the options: ``spans`` refuse (default) or widen, ``words`` simple or spaces, ``offsets`` characters
    or utf-16, ``names`` of labels stored as numbers (``label_names``), ``answers`` of Prodigy's annotators: accept
    (what they rejected or ignored is left out) or all. ``names`` are those in the file's own metadata. ``format`` is
    what its options are passed to; ``first`` gives the first records once more.
    """

    def __init__(
        self,
        path: str,
        given: Mapping[str, str],
        names: Names | None = None,
        *,
        format: str = "jsonl",
        first: Callable[[], Iterable[Mapping[str, Any]]] = tuple,
    ) -> None:
        self._path = path
        self._format = format
        self._first = first
        self._lists: Counter[str] | None = None
        self._widen = given.get("spans") == "widen"
        self._splitter = given.get("words")
        self._utf16 = given.get("offsets") == "utf-16"
        self._names: dict[str, Sequence[str]] = dict(names or {})
        self._answers = given.get("answers")
        self._looked = False  # for names beside the file
        self._given_names = names_from_option(given["names"]) if "names" in given else {}

    def learn(self, names: Names) -> None:
        """Take over names that stand in a record of their own."""
        self._names = {**names, **self._names}

    def parts(self, record: Mapping[str, Any], line: int) -> RecordContent | None:
        """What a record holds; None for one to leave out.

        Raises DataError with path and line: no words, spans or tags that do not fit them, an answer but accept.
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
        record = as_plain_record(record)
        spans = span_key(record)
        text = text_in(record)
        listed = next((key for key in TOKENS if isinstance(record.get(key), list)), None)
        if listed is not None and text is not None and text.strip() and not record[listed]:
            listed = None
        if listed is not None:
            words, offsets = _given_words(record[listed], text)
        elif text is not None:
            offsets = tokenize(text, self._splitter or ("simple" if spans else "spaces"))
            words = tuple(text[start:end] for start, end in offsets)
        else:
            single = next((key for key in TOKENS if isinstance(record.get(key), str)), None)
            if single is not None:
                raise DataError(f"{single}: expected a list of tokens, found a text, {shown(record[single])}")
            raise DataError(f"expected tokens or text, found {', '.join(record) or 'nothing'}")
        if "" in words:
            raise DataError(f"token {words.index('') + 1} is empty")
        columns: dict[str, tuple[str, ...]] = {}
        labels: dict[str, str] = {}
        for key, value in record.items():
            if key in (listed, spans) or (key in ("text", "data") and isinstance(value, str)):
                continue
            column = self._column(key, value, words) if listed is not None else None
            label = self._label(key, value) if column is None else None
            if column is not None:
                columns[key] = column
            elif label is not None:
                if len(words) > 1 and are_span_tags(label, len(words)):
                    raise DataError(f"{key}: expected a list of tags, found them in one text, {shown(label)}")
                labels[key] = label
        if spans:
            if text is None:
                raise DataError(f"{spans}: spans without the text whose characters they count")
            if len(offsets) != len(words):
                raise DataError(f"{spans}: spans of a text in which the tokens do not stand in their order")
            columns["spans" if TAGS in columns else TAGS] = self._tags(record[spans], offsets, text)
        return RecordContent(words, columns, labels)

    def _column(self, key: str, value: Any, words: Sequence[str]) -> tuple[str, ...] | None:
        """The tags of the words, or None where the value is something else."""
        if not isinstance(value, list):
            return None
        texts = all(isinstance(tag, str) for tag in value)
        numbers = None if texts else numbers_of(key, value)
        if not (texts or numbers) and not _are_scalars(value):
            return None
        if len(value) != len(words):
            if key.endswith("tags") or self._of_words(key) > 0:
                raise DataError(f"{key}: expected a tag for each of {len(words)} tokens, found {len(value)}")
            return None
        if texts:
            by_chance = key in LABEL_LIST_KEYS and self._of_words(key) < 0  # as many labels as tokens
            return None if by_chance else tuple(value)
        if numbers is not None:
            names = self._names_of(key)
            return None if names is None else tuple(_name(key, number, names) for number in numbers)
        if key.endswith("tags") or self._of_words(key) > 0:
            others = [i for i, tag in enumerate(value) if not isinstance(tag, str)]
            at = next((i for i in others if parse_whole_number(value[i]) is None), others[0])
            found = f"found {json_text.dump(value[at])} for token {at + 1}, {shown(words[at])}"
            raise DataError(f"{key}: expected tags that are texts, or numbers with names, {found}")
        return None

    def _of_words(self, key: str) -> int:
        """Above 0 where most of the first records with a list there have one as long as their tokens; else below."""
        if self._lists is None:
            self._lists = Counter()
            for record in islice(self._first(), _FIRST):
                tokens = tokens_in(record) or ()
                for name, value in record.items() if tokens else ():
                    if isinstance(value, list) and value:
                        of_tags = all(isinstance(tag, str) for tag in value) or numbers_of(name, value) is not None
                        self._lists[name] += 1 if of_tags and len(value) == len(tokens) else -1
        return self._lists[key]

    def _label(self, key: str, value: Any) -> str | None:
        """A label of the sentence, or None where the value is something else."""
        if key.startswith("_") or key in NOT_LABEL_KEYS:
            return None
        if isinstance(value, str):
            return value or None
        if key not in LABEL_LIST_KEYS:
            return None
        if isinstance(value, bool):
            return json_text.dump(value)
        number = parse_whole_number(value)
        if number is not None:
            names = self._names_of(key)
            if names is None:
                raise DataError(unnamed_message(key, self._format))
            return _name(key, number, names)
        if isinstance(value, list) and value and all(isinstance(label, str) and label for label in value):
            if len(value) > 1 and any(LABEL_SEPARATOR in label for label in value):
                raise DataError(
                    f"{key}: {shown(LABEL_SEPARATOR.join(value))}: a label with {LABEL_SEPARATOR}, which joins several"
                )
            return LABEL_SEPARATOR.join(value)
        return None

    def _tags(self, items: Sequence[Any], words: Sequence[tuple[int, int]], text: str) -> tuple[str, ...]:
        places = [parse_span(item) for item in items]
        if self._utf16:
            places = from_utf16(places, text)
        names: dict[CharSpan, str] = {}
        for one in places:
            if isinstance(one.label, str):
                names[one] = one.label
                continue
            known = self._names_of("spans")
            if known is None:
                raise DataError(unnamed_message("the label of a span", self._format))
            names[one] = _name("label", one.label, known)
        return spans_to_tags(places, words, text, names, widen=self._widen, format=self._format)

    def _names_of(self, key: str) -> Sequence[str] | None:
        given = self._given_names.get(key, self._given_names.get(""))
        if given is not None:
            return given
        if key not in self._names and "" not in self._names and not self._looked:
            self._looked = True
            self._names = {**names_beside(self._path), **self._names}
        return self._names.get(key, self._names.get(""))


def record_of_sentence(sentence: Sentence) -> Mapping[str, Any] | None:
    """The record that a sentence was read from; None for a sentence of another format."""
    if isinstance(sentence, RecordSentence):
        return sentence.record
    if sentence.format in ("jsonl", "json"):
        found: dict[str, Any] = json.loads(sentence.lines[0].removeprefix(BOM))
        return found
    return None


def extra_fields_of(sentence: Sentence) -> dict[str, Any]:
    """What the record of a sentence holds beside it; nothing of a sentence of another format."""
    record = record_of_sentence(sentence)
    return {} if record is None else extra_fields(record, sentence)


def extra_fields(record: Mapping[str, Any], sentence: Sentence) -> dict[str, Any]:
    """What a record holds beside the sentence that was read from it."""
    record = as_plain_record(record)
    used = {"tokens", "words", "text", "data", span_key(record), *sentence.columns, *sentence.labels}
    return {key: value for key, value in record.items() if key not in used}


def is_json_value(value: Any) -> bool:
    """Whether a value of a row can stand in JSON: no date, no bytes, no NaN."""
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        return False
    return True


def with_names(row: RecordSentence) -> dict[str, Any]:
    """A row as an object of JSON: tags and labels that were numbers are names, what JSON cannot hold is left out."""
    names: dict[str, object] = {
        key: list(column) for key, column in row.columns.items() if are_numbers(key, row.record.get(key))
    }
    names |= {key: label for key, label in row.labels.items() if parse_whole_number(row.record.get(key)) is not None}
    return {key: names.get(key, value) for key, value in row.record.items() if is_json_value(value)}


def are_numbers(key: str, value: Any) -> bool:
    """Whether it is a list of tags that are numbers, and there are some."""
    return isinstance(value, list) and bool(value) and numbers_of(key, value) is not None


def describe_field(key: str, value: Any, n_words: int) -> str:
    """A key of a record in a message; with a hint where its values could be tags of so many words."""
    is_tags = are_numbers(key, value) and len(value) == n_words
    return f"{key}: numbers without names, see --names" if is_tags else key


def numbers_of(key: str, values: Sequence[Any]) -> list[int] | None:
    """The tags of a key where all of them are whole numbers, also as 5.0; None where one is something else."""
    if all(type(value) is int for value in values):
        return list(values)
    found = [parse_whole_number(value) for value in values if not isinstance(value, str)]
    numbers = [number for number in found if number is not None]
    return numbers if key.endswith(_OF_TAGS) and len(numbers) == len(values) else None


def lists_of_tags(records: Iterable[Mapping[str, Any]]) -> dict[str, bool]:
    """Keys of lists that most of these records have as tags that cannot be read, and whether these are numbers.

    They are numbers without names, or texts for the words of a text without tokens.
    """
    found: Counter[tuple[str, bool]] = Counter()
    total = 0
    for record in islice(records, _FIRST):
        tokens = tokens_in(record)
        words = tokens if tokens is not None else (text_in(record) or "").split()
        total += bool(words)
        for key, value in record.items() if words else ():
            if isinstance(value, list) and len(value) == len(words) and _are_scalars(value):
                if numbers_of(key, value) is not None:
                    found[key, True] += 1
                elif tokens is None and all(isinstance(tag, str) for tag in value):
                    found[key, False] += 1
    return {key: numbers for (key, numbers), count in found.items() if 2 * count > total}


def _are_scalars(values: Sequence[Any]) -> bool:
    return all(value is None or isinstance(value, str | int | float) for value in values)


def unnamed_message(key: str, format: str) -> str:
    """The message for labels that are numbers."""
    return (
        f"{key} is a number without a name; pass --names O,B-LOC,… or --names FILE (JSON: a list, features, id2label; "
        f"or the format {format}:names=FILE), or put dataset_info.json beside the file"
    )


def check_options(given: Mapping[str, str], format: str) -> None:
    """Raise ConfigError for options that records do not have."""
    check_known_options(given, OPTIONS, format)
    if "names" in given:
        names_from_option(given["names"])


def _name(key: str, number: int, names: Sequence[str]) -> str:
    if not 0 <= number < len(names):
        raise DataError(f"{key}: expected a number from 0 to {len(names) - 1}, which have names, found {number}")
    return names[number]


def _given_words(tokens: Sequence[Any], text: str | None) -> tuple[tuple[str, ...], list[tuple[int, int]]]:
    """Words that the record gives, and where they stand in its text: as it says, or in their order."""
    words: list[str] = []
    places: list[tuple[int, int]] = []
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
            places.append((start, end))
    if text is not None and len(places) < len(words):
        places = locate_words(words, text) or []
    return tuple(words), places
