"""What several formats share: line ends, words in messages, checks of what a format can hold."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from elman.data.sentence import Sentence, error_at
from elman.errors import ConfigError
from elman.utils.display import shown

MANY = sys.maxsize
"""No limit."""


@dataclass(frozen=True, slots=True)
class Holds:
    """What a format can hold when it is written.

    ``words``        whether it keeps where words begin and end, whatever is in them
    ``columns``      how many labels a word can have: 0, 1 or ``MANY``
    ``labels``       how many labels a sentence can have: 0, 1 (without its name) or ``MANY``
    ``confidences``  whether a confidence can stand beside each word
    ``comments``     whether comments and other lines beside the words are kept in it
    """

    words: bool = True
    columns: int = 0
    labels: int = 0
    confidences: bool = False
    comments: bool = False


_WITH_GAPS = ("columns", "conllu", "conllup", "csv", "tsv", "trees")

_NAMES = {" ": "a space", "\t": "a tab", "\n": "a line end", "\r": "a carriage return", "\0": "a NUL"}
_NAMES |= {"_": "an underscore", "(": "a bracket", ")": "a bracket", "|": "a bar", "/": "a slash"}


def check_words(sentence: Sentence, format: str, forbidden: str) -> None:
    """Raise DataError for an empty word or one with a character of ``forbidden``, which ``format`` cannot hold."""
    _check(sentence, sentence.words, "word", format, forbidden)


def check_tags(sentence: Sentence, tags: Sequence[str], format: str, forbidden: str) -> None:
    """Raise DataError for an empty tag or one with a character of ``forbidden``, which ``format`` cannot hold."""
    _check(sentence, tags, "tag", format, forbidden)


def _check(sentence: Sentence, values: Sequence[str], what: str, format: str, forbidden: str) -> None:
    if "\n" in forbidden:
        forbidden += "\r\0"  # the one is taken for part of a line end, the other for no text
    whole = "".join(values)
    if "" not in values and not any(mark in whole for mark in forbidden):
        return
    for i, value in enumerate(values):
        if not value:
            raise error_at(sentence, i, f"an empty {what} (number {i + 1}), which {format} cannot hold")
        for mark in forbidden:
            if mark in value:
                other = "columns" if format.startswith(("word_tag", "tags")) and mark != "\n" else "jsonl"
                message = (
                    f"the {what} {shown(value)} holds {_NAMES.get(mark, mark)}, which {format} cannot; try --as {other}"
                )
                raise error_at(sentence, i, message)


def check_label(sentence: Sentence, label: str, format: str, forbidden: str) -> None:
    """Raise DataError for an empty label or one with a character of ``forbidden``, which ``format`` cannot hold."""
    if not label:
        raise error_at(sentence, 0, f"an empty label, which {format} cannot hold")
    for mark in forbidden + ("\r\0" if forbidden else ""):
        if mark in label:
            message = f"the label {shown(label)} holds {_NAMES[mark]}, which {format} cannot; try --as jsonl"
            raise error_at(sentence, 0, message)


def only_label(sentence: Sentence, format: str) -> str:
    """The label of a sentence for a format that holds one: ``label``, or the only one there is.

    Raises DataError: no label, or several of which none is called ``label``.
    """
    labels = sentence.labels
    if "label" in labels:
        return labels["label"]
    if len(labels) != 1:
        found = f"several: {', '.join(labels)}" if labels else "none"
        raise error_at(sentence, 0, f"expected one label of the sentence, as {format} has it, found {found}")
    return next(iter(labels.values()))


def text_target(format: str, path: str, name: str | None, labelled: bool) -> str:
    """What ``target`` of a format of texts gives: tags of words can be added when tagging, there are none to read."""
    if labelled:
        raise ConfigError(f"{path}: {format} has labels of texts, no tags of words; there is no column {name or 'tag'}")
    return name or "tag"


def only_column(tags: Mapping[str, Sequence[str]], format: str) -> Sequence[str]:
    """The tags of the one column there is. Raises ConfigError for several, or none."""
    if len(tags) != 1:
        raise ConfigError(
            f"{format} holds one tag a word, got {len(tags)} columns; columns, conllu, jsonl hold several"
        )
    return next(iter(tags.values()))


def is_gap(sentence: Sentence) -> bool:
    """Whether a sentence is only what stands between sentences: blank lines, comments.

    Such a gap is nothing in another format, whereas a blank line of text is a sentence of no words.
    """
    if sentence.format in ("jsonl", "json"):
        return not (sentence.words or sentence.columns or sentence.labels)
    return not sentence.words and sentence.format in _WITH_GAPS
