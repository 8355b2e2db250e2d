"""Labelled sentences from what the front door is given: paths, ``Sentence`` objects or lists of (word, tag) pairs."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

from elman.checks import with_words
from elman.errors import ConfigError, DataError
from elman.files import input_files
from elman.formats import read_sentences
from elman.sentence import Sentence

Path = str | os.PathLike[str]
Pairs = Sequence[tuple[str, str]]
Data = Path | Iterable[Path] | Iterable[Sentence] | Iterable[Pairs]

PAIRS_COLUMN = "tag"
"""What the label column of sentences given as pairs is called."""


@dataclass(frozen=True, slots=True)
class How:
    """How data is read.

    ``targets``, ``format``  the label columns and the format, with options or without (``csv:word=Token``); None leaves
                             them to what the files look like
    ``usual``                (format, target) of a model: its target is taken in a file of its format, and in sentences
                             that have such a column, where ``targets`` is None
    """

    targets: tuple[str, ...] | None = None
    format: str | None = None
    encoding: str = "utf-8"
    usual: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Corpus:
    """Labelled sentences: all have words, and a tag for each of them in each column of ``targets``."""

    sentences: list[Sentence]
    targets: tuple[str, ...]
    format: str
    """The format of the first file; "" for sentences made in Python."""
    notes: list[str]
    """A line for each file: what it was read as, and why."""


def read_corpus(data: Data, how: How, targets: tuple[str, ...] | None = None) -> Corpus:
    """All the sentences. Their label columns are called ``targets``, or all like the first one's.

    ``targets`` are given where the tags are compared with others: a column of nothing but ``_`` is refused then. Raises
    DataError: no sentences, a word without a tag, what is no sentence. Raises ConfigError: no such column.
    """
    compared = targets or ()
    notes: list[str] = []
    sentences: list[Sentence] = []
    for sentence, keys in labelled(data, how, notes):
        targets = targets or keys
        if keys != targets:
            columns = {target: sentence.columns[key] for target, key in zip(targets, keys, strict=True)}
            sentence = replace(sentence, columns=columns)
        sentences.append(sentence)
    for name in compared:
        if all(tag == "_" for sentence in sentences for tag in sentence.columns[name]):
            found = f"column {name} holds nothing but _, which is no tag; expected gold tags"
            raise DataError(found, path=sentences[0].path or None)
    assert targets is not None  # or there were no sentences, which is refused
    return Corpus(sentences, targets, sentences[0].format, notes)


def labelled(data: Data, how: How, notes: list[str] | None = None) -> Iterator[tuple[Sentence, tuple[str, ...]]]:
    """Sentences with words, one by one, each with the names of its label columns. Raises as ``read_corpus`` does."""
    items: Iterator[Any] = iter([data] if isinstance(data, str | os.PathLike) else data)
    first = next(items, None)
    everything = [] if first is None else chain([first], items)
    if isinstance(first, str | os.PathLike):
        for path in input_files(map(os.fspath, everything)):
            yield from _from_file(path, how, notes)
    else:
        made = (_sentence(item, number) for number, item in enumerate(everything, start=1))
        for number, sentence in enumerate(with_words(made, "the sentences"), start=1):
            yield sentence, _checked(sentence, how, number)


def _from_file(path: str, how: How, notes: list[str] | None) -> Iterator[tuple[Sentence, tuple[str, ...]]]:
    reading = read_sentences(path, format=how.format, encoding=how.encoding)
    usual = how.usual[1:] if how.usual is not None and how.usual[0] == reading.format else None
    keys = reading.targets(how.targets or usual)
    if notes is not None:
        where = f"column {keys[0]}" if len(keys) == 1 else f"columns {', '.join(keys)}"
        notes.append(f"{reading.path} read as {reading.format}, tags in {where}: {reading.why}")
    for sentence in with_words(reading, reading.path):
        yield sentence, keys


def _sentence(item: Any, number: int) -> Sentence:
    if isinstance(item, Sentence):
        return item
    try:
        if any(isinstance(pair, str) for pair in item):
            raise TypeError
        pairs = [(word, tag) for word, tag in item]
    except (TypeError, ValueError):
        message = f"sentence {number}: expected a Sentence or a list of (word, tag) pairs, got {_shown(item)}"
        raise DataError(message) from None
    return Sentence(tuple(word for word, _ in pairs), {PAIRS_COLUMN: tuple(tag for _, tag in pairs)})


def _checked(sentence: Sentence, how: How, number: int) -> tuple[str, ...]:
    """The label columns of a sentence made in Python, whose words and tags are what they should be."""
    keys = how.targets
    if keys is None and how.usual is not None and how.usual[1] in sentence.columns:
        keys = how.usual[1:]
    if keys is None and len(sentence.columns) == 1:
        keys = tuple(sentence.columns)
    there = ", ".join(sentence.columns) or "none"
    where = f"{sentence.path}:{sentence.line}" if sentence.path else f"sentence {number}"
    if keys is None:
        raise ConfigError(f"{where}: which label column? target= names one of: {there}")
    for key in keys:
        if key not in sentence.columns:
            raise ConfigError(f"{where}: no label column {key!r}; there is: {there}")
        if keys.count(key) > 1:
            raise ConfigError(f"target: column {key} is named twice; name each column once")
        _check(sentence.words, sentence.columns[key], where)
    return keys


def _check(words: Sequence[str], tags: Sequence[str], where: str) -> None:
    if len(tags) != len(words):
        raise DataError(f"{where}: expected a tag for each of {len(words)} words, got {len(tags)}")
    try:
        "".join(chain(words, tags)).encode()
    except TypeError:
        raise DataError(f"{where}: expected words and tags that are texts, got {_shown(words)}") from None
    except UnicodeEncodeError:
        raise DataError(f"{where}: a word or tag is not valid Unicode (half a surrogate pair)") from None


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:60] + "…"
