"""What a format can hold, and the checks before a sentence is written."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from elman.data.sentence import Sentence, error_at
from elman.errors import ConfigError
from elman.utils.display import shown

MANY = sys.maxsize
"""No limit."""


@dataclass(frozen=True, slots=True)
class Holds:
    """What a format can hold when it is written.

    ``words``        whether word boundaries are kept, whatever the words contain
    ``columns``      how many tags a word can have: 0, 1 or ``MANY``
    ``labels``       how many labels a sentence can have: 0, 1 (without its name) or ``MANY``
    ``confidences``  whether each word can have a confidence
    ``comments``     whether comments and other lines are kept
    """

    words: bool = True
    columns: int = 0
    labels: int = 0
    confidences: bool = False
    comments: bool = False


Confidences = Sequence[float] | Mapping[str, Sequence[float]]
"""The confidence, 0 to 1, of each word's tag in the first column; or of several columns, by name."""


def confidences_by_column(confidences: Confidences | None, columns: Iterable[str]) -> Mapping[str, Sequence[float]]:
    """Return the confidences of the columns that have some, by name; ``columns`` are those that are written."""
    if confidences is None or isinstance(confidences, Mapping):
        return confidences or {}
    return {name: confidences for name in list(columns)[:1]}


_WITH_GAPS = ("columns", "conllu", "conllup", "csv", "tsv", "trees")

_NAMES = {" ": "a space", "\t": "a tab", "\n": "a line end", "\r": "a carriage return", "\0": "a NUL"}
_NAMES |= {"_": "an underscore", "(": "a bracket", ")": "a bracket", "|": "a bar", "/": "a slash"}


def check_words(sentence: Sentence, format: str, forbidden: str) -> None:
    """Raise DataError for an empty word, or one with a ``forbidden`` character that ``format`` cannot hold."""
    _check(sentence, sentence.words, "word", format, forbidden)


def check_tags(sentence: Sentence, tags: Sequence[str], format: str, forbidden: str) -> None:
    """Raise DataError for an empty tag, or one with a ``forbidden`` character that ``format`` cannot hold."""
    _check(sentence, tags, "tag", format, forbidden)


def _check(sentence: Sentence, values: Sequence[str], kind: str, format: str, forbidden: str) -> None:
    if "\n" in forbidden:
        forbidden += "\r\0"  # read as part of a line end, and refused as text
    joined = "".join(values)
    if "" not in values and not any(character in joined for character in forbidden):
        return
    for i, value in enumerate(values):
        if not value:
            raise error_at(sentence, i, f"an empty {kind} (number {i + 1}), which {format} cannot hold")
        for character in forbidden:
            if character in value:
                alternative = "columns" if format.startswith(("word_tag", "tags")) and character != "\n" else "jsonl"
                problem = f"the {kind} {shown(value)} holds {_NAMES.get(character, character)}"
                instead = "only spaces separate the words of text, so write one, or " * (
                    sentence.format == "text" and character == "\t"
                )
                raise error_at(sentence, i, f"{problem}, which {format} cannot; {instead}try --as {alternative}")


def check_label(sentence: Sentence, label: str, format: str, forbidden: str) -> None:
    """Raise DataError for an empty label, or one with a ``forbidden`` character that ``format`` cannot hold."""
    if not label:
        raise error_at(sentence, 0, f"an empty label, which {format} cannot hold")
    for character in forbidden + ("\r\0" if forbidden else ""):
        if character in label:
            message = f"the label {shown(label)} holds {_NAMES[character]}, which {format} cannot; try --as jsonl"
            raise error_at(sentence, 0, message)


def only_label(sentence: Sentence, format: str) -> str:
    """Return the label of a sentence for a format that holds one: ``label``, or the only one.

    Raises DataError for no label, or for several of which none is called ``label``.
    """
    labels = sentence.labels
    if "label" in labels:
        return labels["label"]
    if len(labels) != 1:
        found = f"several: {', '.join(labels)}" if labels else "none"
        raise error_at(sentence, 0, f"expected one label of the sentence, as {format} has it, found {found}")
    return next(iter(labels.values()))


def text_target(format: str, path: str, name: str | None, labelled: bool) -> str:
    """Return the ``target`` of a format of labelled texts: word tags can be written when tagging, but not read."""
    if labelled:
        raise ConfigError(f"{path}: {format} has document labels, no tags of words; there is no column {name or 'tag'}")
    return name or "tag"


def only_column(tags: Mapping[str, Sequence[str]], format: str) -> Sequence[str]:
    """Return the tags of the only column. Raises ConfigError for several columns, or none."""
    if len(tags) != 1:
        raise ConfigError(
            f"{format} holds one tag a word, got {len(tags)} columns; columns, conllu, jsonl hold several"
        )
    return next(iter(tags.values()))


def is_gap(sentence: Sentence) -> bool:
    """Return whether a sentence is only what separates sentences: blank lines, comments.

    A gap is omitted in another format, whereas a blank line of plain text is a sentence without words.
    """
    if sentence.format in ("jsonl", "json"):
        return not (sentence.words or sentence.columns or sentence.labels)
    return not sentence.words and sentence.format in _WITH_GAPS
