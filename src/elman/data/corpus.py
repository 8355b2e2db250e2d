"""Labelled sentences from any input: paths, ``Sentence`` objects, lists of (word, tag) pairs, or labelled texts.

A target is a column of word tags or a document label (``Sentence.labels``). Which of the two it is is seen in the data
or given by the task.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import Any, NamedTuple

from elman.data.formats import ArrowStream, Reading, read_sentences, read_table
from elman.data.formats.class_names import UnnamedTagsError
from elman.data.python_sentences import (
    LABEL_NAME as LABEL_NAME,
    PAIRS_COLUMN as PAIRS_COLUMN,
    sentence_of,
    split_words as split_words,
)
from elman.data.sentence import LABEL_SEPARATOR, NO_TAG, Sentence
from elman.data.targets import ANY, CLASSIFY, SEVERAL, TAG
from elman.data.tokens import with_inputs
from elman.errors import ConfigError, DataError
from elman.utils.arguments import described, is_path, is_table, path_texts, refuse_table
from elman.utils.display import shown
from elman.utils.files import input_files

Path = str | os.PathLike[str]
Pairs = Sequence[tuple[str, str]]
Text = tuple[str | Sequence[str], str]
Data = Path | Iterable[Path] | Iterable[Sentence] | Iterable[Pairs] | Iterable[Text] | ArrowStream
"""What ``train``, ``evaluate`` and the like accept as data."""

TASKS = (TAG, CLASSIFY)
"""Names of the tasks."""
_NAME = re.compile(r"[^./\\*?\[-][^./\\*?\[]*")  # of no file that one is likely to have


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How data is read.

    ``targets``, ``format``  the targets, and the format with or without options (``csv:word=Token``); None: detected
    ``model_default``        (format, target) of a model: without ``targets``, its target is used for files of its
                             format and for sentences that have such a column
    ``text_column``          the column of a table that has the texts or words; None: known by its name
    ``inputs``               columns that the words have as features (``elman.data.tokens``)
    ``task``                 ``tag``: targets are columns of word tags; ``classify``: document labels; None: either
    """

    targets: tuple[str, ...] | None = None
    format: str | None = None
    encoding: str = "utf-8"
    model_default: tuple[str, str] | None = None
    task: str | None = None
    text_column: str | None = None
    inputs: tuple[str, ...] = ()


class TargetKeys(NamedTuple):
    """The names of a sentence's targets: columns of word tags, then document labels.

    ``inputs``  the columns that its words have as features
    """

    words: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All names, columns of words first."""
        return self.words + self.texts

    def values(self, sentence: Sentence) -> list[tuple[str, ...]]:
        """Return the tags of each column of words, and of each document label its parts: none, one or several."""
        tags = [tuple(sentence.columns[key]) for key in self.words]
        return tags + [split_labels(sentence.labels.get(key, "")) for key in self.texts]


@dataclass(frozen=True, slots=True)
class Corpus:
    """Labelled sentences: all have words, and the targets ``keys``."""

    sentences: list[Sentence]
    keys: TargetKeys
    format: str
    """The format of the first file; "" for sentences made in Python."""
    notes: list[str]
    """One line for each file: the format it was read as, and why."""

    @property
    def targets(self) -> tuple[str, ...]:
        """The names of the targets, columns of words first."""
        return self.keys.names

    def tasks(self) -> tuple[str, ...]:
        """Return the task of each target (``elman.data.targets``).

        Raises DataError if a text lacks a label that every text must have, ConfigError if no text has it.
        """
        return (*(TAG for _ in self.keys.words), *(self._task(key) for key in self.keys.texts))

    def _task(self, key: str) -> str:
        unlabelled = next((sentence for sentence in self.sentences if key not in sentence.labels), None)
        if any(LABEL_SEPARATOR in sentence.labels.get(key, "") for sentence in self.sentences):
            return SEVERAL if unlabelled is None else ANY
        if unlabelled is not None:
            if not any(key in sentence.labels for sentence in self.sentences):
                raise ConfigError(f"no document label {shown(key)} in the data")
            message = f"expected a label ({key}) for each text, found none for {shown(' '.join(unlabelled.words))}"
            raise DataError(message, path=unlabelled.path or None, line=unlabelled.line or None)
        return CLASSIFY

    def pairs(self, sentences: Iterable[Sentence] | None = None) -> list[tuple[Sequence[str], ...]]:
        """Return for each sentence its words and the values of each target; ``sentences`` defaults to all."""
        chosen = self.sentences if sentences is None else sentences
        return [(sentence.words, *self.keys.values(sentence)) for sentence in chosen]


def as_items(data: Any) -> Iterable[Any]:
    """Return data as an iterable of paths or sentences. Raises DataError for bytes and non-iterable objects."""
    if isinstance(data, str | os.PathLike):
        return [data]
    if is_table(data):
        return read_table(data)
    expected = "a path, paths or sentences"
    refuse_table(data, expected)
    if isinstance(data, Sentence):
        raise DataError(f"expected {expected}, got one Sentence; put it into a list")
    if isinstance(data, bytes | bytearray | memoryview) or not isinstance(data, Iterable):
        raise DataError(f"expected {expected}, got {described(data)}")
    return data


def split_labels(label: str) -> tuple[str, ...]:
    """Return the distinct labels joined in one string, sorted."""
    if LABEL_SEPARATOR not in label:
        return (label,) if label else ()
    return tuple(sorted({part for part in label.split(LABEL_SEPARATOR) if part}))


def read_corpus(data: Data, options: ReadOptions, keys: TargetKeys | None = None) -> Corpus:
    """Read all sentences. The targets are named ``keys``, or as in the first sentence.

    Pass ``keys`` to compare with other tags: a column that holds nothing but ``_`` is then refused. Raises DataError
    for no sentences, a word without a tag, an empty text with a label, or an item that is not a sentence; ConfigError
    if a target does not exist.
    """
    compared = keys.words if keys is not None else ()
    notes: list[str] = []
    sentences: list[Sentence] = []
    for sentence, found_keys in iter_labelled(data, options, notes):
        keys = keys or found_keys
        if found_keys != keys:
            sentence = _renamed(sentence, found_keys, keys)
        sentences.append(sentence)
    for name in compared:
        if all(tag == NO_TAG for sentence in sentences for tag in sentence.columns[name]):
            message = f"column {name} holds nothing but _, which is no tag; expected gold tags"
            raise DataError(message, path=sentences[0].path or None)
    assert keys is not None  # no sentences at all have been refused
    return Corpus(sentences, keys, sentences[0].format, notes)


def _renamed(sentence: Sentence, found: TargetKeys, keys: TargetKeys) -> Sentence:
    where = f"{sentence.path}:{sentence.line}" if sentence.path else "the sentences"
    if found.inputs != keys.inputs:
        expected = f"expected the inputs {', '.join(keys.inputs)}, as in the training data"
        raise ConfigError(f"{where}: {expected}, found {', '.join(found.inputs)}; name the column alike")
    if tuple(map(len, found)) != tuple(map(len, keys)):
        expected = f"expected {', '.join(keys.names)}, found {', '.join(found.names)}"
        raise ConfigError(f"{where}: {expected}; name the targets")
    columns = {new: sentence.columns[old] for new, old in zip(keys.words, found.words, strict=True)}
    present = [(new, old) for new, old in zip(keys.texts, found.texts, strict=True) if old in sentence.labels]
    return replace(sentence, columns=columns, labels={new: sentence.labels[old] for new, old in present})


def iter_labelled(
    data: Data, options: ReadOptions, notes: list[str] | None = None
) -> Iterator[tuple[Sentence, TargetKeys]]:
    """Yield sentences with words, each with its targets. Raises the errors of ``read_corpus``."""
    if is_table(data):
        yield from _from_table(data, options, notes)
        return
    items: Iterator[Any] = iter(as_items(data))
    head = list(islice(items, 1))
    all_items = chain(head, items)
    if head and is_path(head[0]):
        if not is_path(data) and isinstance(head[0], str) and _NAME.fullmatch(head[0]) and not os.path.exists(head[0]):
            advice = "sentences made in Python are lists of (word, tag) pairs, not texts"
            raise DataError(f"no such file; {advice}", path=head[0])
        for path in input_files(path_texts("data", all_items)):
            yield from _from_file(path, options, notes)
    else:
        if options.text_column is not None:
            raise ConfigError("text_column: names a column of a table; the data are sentences made in Python")
        sentences = (sentence_of(item, number) for number, item in enumerate(all_items, start=1))
        keys = None
        for number, sentence in enumerate(keep_nonempty(sentences, "the sentences"), start=1):
            keys = _checked(sentence, options, number, keys)._replace(inputs=options.inputs)
            yield with_inputs(sentence, keys.inputs) if keys.inputs else sentence, keys


def _from_file(path: str, options: ReadOptions, notes: list[str] | None) -> Iterator[tuple[Sentence, TargetKeys]]:
    reading = read_sentences(path, format=options.format, encoding=options.encoding, text_column=options.text_column)
    inputs = input_columns(reading, options)
    yield from _from_reading(reading, find_targets(reading, options)._replace(inputs=inputs), options, notes)


def _from_table(table: Any, options: ReadOptions, notes: list[str] | None) -> Iterator[tuple[Sentence, TargetKeys]]:
    reading = read_table(table, options.text_column)
    try:
        inputs = input_columns(reading, options)
        keys = find_targets(reading, options)._replace(inputs=inputs)
    except ConfigError as error:
        raise type(error)(f"{error}; the table has {', '.join(reading.names)}") from None
    yield from _from_reading(reading, keys, options, notes)


def _from_reading(
    reading: Reading, keys: TargetKeys, options: ReadOptions, notes: list[str] | None
) -> Iterator[tuple[Sentence, TargetKeys]]:
    if any(sentence.words for sentence in reading.first()):  # an empty file has no column to name
        _check_inputs(keys, reading.path)
    if notes is not None:
        parts = []
        if keys.words:
            parts.append(f"tags in column{'s' * (len(keys.words) > 1)} {', '.join(keys.words)}")
        if keys.texts:
            parts.append(f"document labels in {', '.join(keys.texts)}")
        if keys.inputs:
            parts.append(f"inputs in {', '.join(keys.inputs)}")
        notes.append(f"{reading.path} read as {reading.format}, {', '.join(parts)}: {reading.why}")
        if options.targets is None and keys.words and (span_columns := reading.extra_span_columns()):
            notes.append(f"{reading.path}: it has span tags too, --target {' or '.join(span_columns)} learns them")
        if options.targets is None and options.task is None and keys.words and (labels := reading.label_names()):
            advice = f"--target {keys.words[0]},{labels[0]} learns both, --task classify the labels alone"
            notes.append(f"{reading.path}: it has document labels too, {', '.join(labels)}; {advice}")
    for sentence in keep_nonempty(check_texts(reading, keys), reading.path):
        yield with_inputs(sentence, keys.inputs) if keys.inputs else sentence, keys


def input_columns(reading: Reading, options: ReadOptions) -> tuple[str, ...]:
    """Return the input columns to read from a file. Raises ConfigError if one does not exist or is named twice."""
    return reading.targets(options.inputs) if options.inputs else ()


def _check_inputs(keys: TargetKeys, where: str) -> None:
    both = next((name for name in keys.inputs if name in keys.words), None)
    if both is not None:
        raise ConfigError(f"{where}: column {both} is both an input and the target; name another target or input")


def check_texts(sentences: Iterable[Sentence], keys: TargetKeys) -> Iterator[Sentence]:
    """Yield the sentences unchanged. Raises DataError for an empty text with a label."""
    for sentence in sentences:
        if not sentence.words and any(key in sentence.labels for key in keys.texts):
            message = "an empty text with a label; expected words, or leave the line out"
            raise DataError(message, path=sentence.path or None, line=sentence.line or None)
        yield sentence


def find_targets(reading: Reading, options: ReadOptions) -> TargetKeys:
    """Return the targets to read from a file, columns of words first: those asked for, or else the model's.

    Otherwise it is the format's default column of words, or the first document label if the format has no word tags.
    Raises ConfigError if a target does not exist, or if there is none.
    """
    names = options.targets
    if names is None and options.model_default is not None and options.model_default[0] == reading.format:
        names = options.model_default[1:]
    if names is None and options.task != CLASSIFY:
        try:
            return TargetKeys(reading.targets(None))
        except UnnamedTagsError:
            raise
        except ConfigError:
            if options.task == TAG or not reading.label_names():
                raise
    if names is None:
        labels = reading.default_labels()
        if not labels:
            raise ConfigError(
                f"{reading.path}: no document labels in {reading.format}, which task classify learns; "
                "if each line is a label, a tab and a text: --format label_text"
            )
        return TargetKeys((), labels)
    words: list[str] = []
    texts: list[str] = []
    for name in names:
        try:
            if options.task == CLASSIFY:
                raise ConfigError(f"{reading.path}: no document label {shown(name)}")
            reading.target(name)
            words.append(name)
        except ConfigError as error:
            labels = reading.label_names() if options.task != TAG else ()
            if name in labels:
                texts.append(name)
            elif name == PAIRS_COLUMN and options.task != CLASSIFY:
                words.append(reading.target(None))
            else:
                raise ConfigError(
                    f"{error}; document labels are {', '.join(labels)}" if labels else str(error)
                ) from None
    if len(set(texts)) < len(texts):
        raise ConfigError(f"target: a label is named twice in {', '.join(names)}; name each once")
    return TargetKeys(reading.targets(words) if words else (), tuple(texts))


def _checked(sentence: Sentence, options: ReadOptions, number: int, before: TargetKeys | None) -> TargetKeys:
    """Check a sentence made in Python and return its targets.

    ``before`` are the targets of the previous sentence: a text without labels has the same ones.
    """
    names = options.targets
    is_unlabelled = options.task == CLASSIFY and not sentence.labels
    if names is None and options.model_default:
        default = options.model_default[1]
        names = (default,) if is_unlabelled or default in (*sentence.columns, *sentence.labels) else None
    columns = tuple(name for name in sentence.columns if name not in options.inputs)
    if names is None and len(columns) == 1 and options.task != CLASSIFY:
        names = columns
    if names is None and (options.task == CLASSIFY or not sentence.columns):
        names = before.texts if before is not None and before.texts else tuple(sentence.labels)[:1] or None
    available = ", ".join((*sentence.columns, *sentence.labels)) or "none"
    where = f"{sentence.path}:{sentence.line}" if sentence.path else f"sentence {number}"
    if names is None:
        raise ConfigError(f"{where}: which label column? target= names one of: {available}")
    words = tuple(name for name in names if name in sentence.columns and options.task != CLASSIFY)
    texts = tuple(name for name in names if name not in words)
    for name in texts:
        is_new = name not in sentence.labels and (before is None or name not in before.texts)
        if options.task == TAG and name in sentence.labels:
            raise ConfigError(f"{where}: expected a tag for each word, got a text with the label {name}")
        if options.task == TAG or (options.task is None and is_new):
            raise ConfigError(f"{where}: no label column {shown(name)}; there is: {available}")
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"target: column {name} is named twice; name each column once")
    _check_inputs(TargetKeys(words, (), options.inputs), where)
    for name in words:
        _check(sentence.words, sentence.columns[name], where)
    for name in texts:
        _check(sentence.words, (sentence.labels.get(name, ""),) * len(sentence.words), where)
    return TargetKeys(words, texts)


def _check(words: Sequence[str], tags: Sequence[str], location: str) -> None:
    if len(tags) != len(words):
        raise DataError(f"{location}: expected a tag for each of {len(words)} words, got {len(tags)}")
    try:
        "".join(chain(words, tags)).encode()
    except TypeError:
        found = next(each for each in chain(words, tags) if not isinstance(each, str))
        raise DataError(f"{location}: expected words and tags that are texts, got {described(found)}") from None
    except UnicodeEncodeError:
        raise DataError(f"{location}: a word or tag is not valid Unicode (half a surrogate pair)") from None


def keep_nonempty(sentences: Iterable[Sentence], name: str) -> Iterator[Sentence]:
    """Yield the sentences that have words.

    Raises DataError at the end if there was none; ``name`` is the name of the data in the message.
    """
    any_words = any_empty = False
    for sentence in sentences:
        if sentence.words:
            any_words = True
            yield sentence
        else:
            any_empty = True
    if not any_words and any_empty:
        raise DataError("no sentences, only blank lines and comments; expected words with tags", path=name)
    if not any_words:
        raise DataError("is empty; expected sentences with a tag for each word", path=name)
