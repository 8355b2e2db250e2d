"""Labelled sentences from what the front door is given: paths, ``Sentence`` objects, lists of (word, tag) pairs, or
texts with a label.

A target is a label column of words or a label of the whole text (``Sentence.labels``); which of both it is is seen
from the data, or said by the task.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, NamedTuple, cast

from elman.data.formats import Reading, read_sentences
from elman.data.formats.class_names import UnnamedTagsError
from elman.data.formats.tokenizer import tokenize
from elman.data.sentence import LABEL_SEPARATOR as JOINT, Sentence
from elman.data.targets import ANY, CLASSIFY, SEVERAL, TAG
from elman.errors import ConfigError, DataError
from elman.utils.display import shown
from elman.utils.files import input_files

Path = str | os.PathLike[str]
Pairs = Sequence[tuple[str, str]]
Text = tuple[str | Sequence[str], str]
Data = Path | Iterable[Path] | Iterable[Sentence] | Iterable[Pairs] | Iterable[Text]

PAIRS_COLUMN = "tag"
"""What the label column of sentences given as pairs is called; in a file, the column meant without saying."""
LABEL_NAME = "label"
"""What the label of texts given with one is called."""
TASKS = (TAG, CLASSIFY)
"""Tasks that can be asked for."""


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How data is read.

    ``targets``, ``format``  the targets and the format, with options or without (``csv:word=Token``); None leaves
                             them to what the files look like
    ``usual``                (format, target) of a model: its target is taken in a file of its format, and in sentences
                             that have such a column, where ``targets`` is None
    ``task``                 ``tag``: targets are columns of words; ``classify``: labels of whole texts; None: either
    """

    targets: tuple[str, ...] | None = None
    format: str | None = None
    encoding: str = "utf-8"
    usual: tuple[str, str] | None = None
    task: str | None = None


class TargetKeys(NamedTuple):
    """Where the targets of a sentence stand: in columns of words, and behind them labels of the whole text."""

    words: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All of them."""
        return self.words + self.texts

    def values(self, sentence: Sentence) -> list[tuple[str, ...]]:
        """What stands there: the words' tags, and of a label of the text none, one or several."""
        tags = [tuple(sentence.columns[key]) for key in self.words]
        return tags + [split_labels(sentence.labels.get(key, "")) for key in self.texts]


@dataclass(frozen=True, slots=True)
class Corpus:
    """Labelled sentences: all have words, and what ``keys`` names."""

    sentences: list[Sentence]
    keys: TargetKeys
    format: str
    """The format of the first file; "" for sentences made in Python."""
    notes: list[str]
    """A line for each file: what it was read as, and why."""

    @property
    def targets(self) -> tuple[str, ...]:
        """The targets, columns of words first."""
        return self.keys.names

    def tasks(self) -> tuple[str, ...]:
        """What each target is (``elman.models.base``). Raises DataError: a text without a label where each has one."""
        return (*(TAG for _ in self.keys.words), *(self._task(key) for key in self.keys.texts))

    def _task(self, key: str) -> str:
        without = next((sentence for sentence in self.sentences if key not in sentence.labels), None)
        if any(JOINT in sentence.labels.get(key, "") for sentence in self.sentences):
            return SEVERAL if without is None else ANY
        if without is not None:
            if not any(key in sentence.labels for sentence in self.sentences):
                raise ConfigError(f"no label {shown(key)} of whole texts in the data")
            where = f"expected a label {key} of each text, found none of {shown(' '.join(without.words))}"
            raise DataError(where, path=without.path or None, line=without.line or None)
        return CLASSIFY

    def pairs(self, sentences: Iterable[Sentence] | None = None) -> list[tuple[Sequence[str], ...]]:
        """Of each sentence its words, and the values of each target; of some of the sentences, or all."""
        return [(one.words, *self.keys.values(one)) for one in (self.sentences if sentences is None else sentences)]


def as_items(data: Any) -> Iterable[Any]:
    """The paths or the sentences that data are. Raises DataError for bytes, and for what holds nothing."""
    if isinstance(data, str | os.PathLike):
        return [data]
    if isinstance(data, bytes | bytearray | memoryview) or not hasattr(data, "__iter__"):
        raise DataError(f"expected a path, paths or sentences, got {type(data).__name__}: {shown(data)}")
    return cast("Iterable[Any]", data)


def split_words(text: str) -> tuple[str, ...]:
    """The words of a text, between spaces, as the formats of text have them."""
    return tuple(text[start:end] for start, end in tokenize(text, "spaces"))


def split_labels(label: str) -> tuple[str, ...]:
    """The labels that are joined in one, each once, in order."""
    if JOINT not in label:
        return (label,) if label else ()
    return tuple(sorted({part for part in label.split(JOINT) if part}))


def read_corpus(data: Data, how: ReadOptions, keys: TargetKeys | None = None) -> Corpus:
    """All the sentences. Their targets are called ``keys``, or all like the first one's.

    ``keys`` are given where the tags are compared with others: a column of nothing but ``_`` is refused then. Raises
    DataError: no sentences, a word without a tag, an empty text with a label, what is no sentence; ConfigError: no such
    target.
    """
    compared = keys.words if keys is not None else ()
    notes: list[str] = []
    sentences: list[Sentence] = []
    for sentence, own in iter_labelled(data, how, notes):
        keys = keys or own
        if own != keys:
            sentence = _renamed(sentence, own, keys)
        sentences.append(sentence)
    for name in compared:
        if all(tag == "_" for sentence in sentences for tag in sentence.columns[name]):
            found = f"column {name} holds nothing but _, which is no tag; expected gold tags"
            raise DataError(found, path=sentences[0].path or None)
    assert keys is not None  # or there were no sentences, which is refused
    return Corpus(sentences, keys, sentences[0].format, notes)


def _renamed(sentence: Sentence, own: TargetKeys, keys: TargetKeys) -> Sentence:
    if tuple(map(len, own)) != tuple(map(len, keys)):
        where = f"{sentence.path}:{sentence.line}" if sentence.path else "the sentences"
        raise ConfigError(f"{where}: expected {', '.join(keys.names)}, found {', '.join(own.names)}; name the targets")
    columns = {to: sentence.columns[key] for to, key in zip(keys.words, own.words, strict=True)}
    there = [(to, key) for to, key in zip(keys.texts, own.texts, strict=True) if key in sentence.labels]
    return replace(sentence, columns=columns, labels={to: sentence.labels[key] for to, key in there})


def iter_labelled(
    data: Data, how: ReadOptions, notes: list[str] | None = None
) -> Iterator[tuple[Sentence, TargetKeys]]:
    """Sentences with words, one by one, each with its targets. Raises as ``read_corpus`` does."""
    items: Iterator[Any] = iter(as_items(data))
    first = next(items, None)
    everything = [] if first is None else chain([first], items)
    if isinstance(first, str | os.PathLike):
        for path in input_files(map(os.fspath, everything)):
            yield from _from_file(path, how, notes)
    else:
        made = (_sentence(item, number) for number, item in enumerate(everything, start=1))
        keys = None
        for number, sentence in enumerate(keep_nonempty(made, "the sentences"), start=1):
            keys = _checked(sentence, how, number, keys)
            yield sentence, keys


def _from_file(path: str, how: ReadOptions, notes: list[str] | None) -> Iterator[tuple[Sentence, TargetKeys]]:
    reading = read_sentences(path, format=how.format, encoding=how.encoding)
    keys = find_targets(reading, how)
    if notes is not None:
        where = []
        if keys.words:
            where.append(f"tags in column{'s' * (len(keys.words) > 1)} {', '.join(keys.words)}")
        if keys.texts:
            where.append(f"labels of texts in {', '.join(keys.texts)}")
        notes.append(f"{reading.path} read as {reading.format}, {', '.join(where)}: {reading.why}")
        if how.targets is None and keys.words and (others := reading.others()):
            notes.append(f"{reading.path}: it has tags of spans too, --target {' or '.join(others)} learns them")
        if how.targets is None and how.task is None and keys.words and (labels := reading.labels()):
            both = f"--target {keys.words[0]},{labels[0]} learns both, --task classify the labels alone"
            notes.append(f"{reading.path}: it has labels of whole texts too, {', '.join(labels)}; {both}")
    for sentence in keep_nonempty(check_texts(reading, keys), reading.path):
        yield sentence, keys


def check_texts(sentences: Iterable[Sentence], keys: TargetKeys) -> Iterator[Sentence]:
    """The sentences as they come. Raises DataError for a label of an empty text."""
    for sentence in sentences:
        if not sentence.words and any(key in sentence.labels for key in keys.texts):
            message = "an empty text with a label; expected words, or leave the line out"
            raise DataError(message, path=sentence.path or None, line=sentence.line or None)
        yield sentence


def find_targets(reading: Reading, how: ReadOptions) -> TargetKeys:
    """The targets in a file: those asked for, or the usual ones; columns of words first.

    Without names it is the format's own column of words, or where it has none its label of whole texts. Raises
    ConfigError: no such target, or none at all.
    """
    names = how.targets
    if names is None and how.usual is not None and how.usual[0] == reading.format:
        names = how.usual[1:]
    if names is None and how.task != CLASSIFY:
        try:
            return TargetKeys(reading.targets(None))
        except UnnamedTagsError:
            raise
        except ConfigError:
            if how.task == TAG or not reading.labels():
                raise
    if names is None:
        labels = reading.labels()
        if not labels:
            raise ConfigError(
                f"{reading.path}: no labels of whole texts in {reading.format}, which task classify learns; "
                "of a label, a tab and a text a line: --format label_text"
            )
        return TargetKeys((), labels[:1])
    words: list[str] = []
    texts: list[str] = []
    for name in names:
        try:
            if how.task == CLASSIFY:
                raise ConfigError(f"{reading.path}: no label {shown(name)} of whole texts")
            reading.target(name)
            words.append(name)
        except ConfigError as error:
            labels = reading.labels() if how.task != TAG else ()
            if name in labels:
                texts.append(name)
            elif name == PAIRS_COLUMN and how.task != CLASSIFY:
                words.append(reading.target(None))
            else:
                raise ConfigError(
                    f"{error}; labels of texts are {', '.join(labels)}" if labels else str(error)
                ) from None
    if len(set(texts)) < len(texts):
        raise ConfigError(f"target: a label is named twice in {', '.join(names)}; name each once")
    return TargetKeys(reading.targets(words) if words else (), tuple(texts))


def _sentence(item: Any, number: int) -> Sentence:
    if isinstance(item, Sentence):
        return item
    if isinstance(item, tuple) and len(item) == 2 and isinstance(item[1], str) and not isinstance(item[0], bytes):
        return _text(*item, number)
    try:
        if any(isinstance(pair, str) for pair in item):
            raise TypeError
        pairs = [(word, tag) for word, tag in item]
    except (TypeError, ValueError):
        expected = "a Sentence or a list of (word, tag) pairs, or a text with its label"
        raise DataError(f"sentence {number}: expected {expected}, got {shown(item)}") from None
    return Sentence(tuple(word for word, _ in pairs), {PAIRS_COLUMN: tuple(tag for _, tag in pairs)})


def _text(text: Any, label: str, number: int) -> Sentence:
    """A text, or its words, with a label."""
    words = split_words(text) if isinstance(text, str) else tuple(text)
    if not words or not label:
        raise DataError(f"sentence {number}: expected a text and its label, got {shown((text, label))}")
    return Sentence(words, labels={LABEL_NAME: label})


def _checked(sentence: Sentence, how: ReadOptions, number: int, before: TargetKeys | None) -> TargetKeys:
    """The targets of a sentence made in Python, whose words and tags are what they should be.

    ``before`` are those of the sentence before it: where texts can have several labels some have none.
    """
    names = how.targets
    without = how.task == CLASSIFY and not sentence.labels
    if names is None and how.usual and (without or how.usual[1] in (*sentence.columns, *sentence.labels)):
        names = how.usual[1:]
    if names is None and len(sentence.columns) == 1 and how.task != CLASSIFY:
        names = tuple(sentence.columns)
    if names is None and (how.task == CLASSIFY or not sentence.columns):
        names = before.texts if before is not None and before.texts else tuple(sentence.labels)[:1] or None
    there = ", ".join((*sentence.columns, *sentence.labels)) or "none"
    where = f"{sentence.path}:{sentence.line}" if sentence.path else f"sentence {number}"
    if names is None:
        raise ConfigError(f"{where}: which label column? target= names one of: {there}")
    words = tuple(name for name in names if name in sentence.columns and how.task != CLASSIFY)
    texts = tuple(name for name in names if name not in words)
    for name in texts:
        new = name not in sentence.labels and (before is None or name not in before.texts)
        if how.task == TAG or (how.task is None and new):
            raise ConfigError(f"{where}: no label column {shown(name)}; there is: {there}")
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"target: column {name} is named twice; name each column once")
    for name in words:
        _check(sentence.words, sentence.columns[name], where)
    for name in texts:
        _check(sentence.words, (sentence.labels.get(name, ""),) * len(sentence.words), where)
    return TargetKeys(words, texts)


def _check(words: Sequence[str], tags: Sequence[str], where: str) -> None:
    if len(tags) != len(words):
        raise DataError(f"{where}: expected a tag for each of {len(words)} words, got {len(tags)}")
    try:
        "".join(chain(words, tags)).encode()
    except TypeError:
        raise DataError(f"{where}: expected words and tags that are texts, got {shown(words)}") from None
    except UnicodeEncodeError:
        raise DataError(f"{where}: a word or tag is not valid Unicode (half a surrogate pair)") from None


def keep_nonempty(sentences: Iterable[Sentence], name: str) -> Iterator[Sentence]:
    """The sentences that have words, as they come. ``name`` is what the data is called in the error.

    Raises DataError at their end where there was none: the file is empty, or has blank lines and comments only.
    """
    some = empty = False
    for sentence in sentences:
        if sentence.words:
            some = True
            yield sentence
        else:
            empty = True
    if not some and empty:
        raise DataError("no sentences, only blank lines and comments; expected words with tags", path=name)
    if not some:
        raise DataError("nothing in it; expected sentences with a tag for each word", path=name)
