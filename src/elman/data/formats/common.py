"""What several formats share: line ends, words in messages, checks of what a format can hold."""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from elman.data.sentence import Sentence
from elman.errors import ConfigError, DataError
from elman.utils.display import shown

LINE_END = "\r\n"
"""Characters that end a line; ``line.rstrip(LINE_END)`` is its text."""

MANY = sys.maxsize
"""No limit."""

TREE = "tree"
"""The column of whole trees."""


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


class Known(NamedTuple):
    """What is known of a text that is to be tagged, from the model that is to tag it.

    ``format``   the format of the text it learned from; ``targets`` the label columns that it gives
    ``tags``     its tags of words, ``labels`` its labels of whole texts
    """

    format: str = ""
    targets: Collection[str] = ()
    tags: Collection[str] = ()
    labels: Collection[str] = ()


_WITH_GAPS = ("columns", "conllu", "conllup", "csv", "tsv", "trees")

SPAN_TAG = re.compile(r"O|[BIESLUM]-\S+")
"""A tag of spans, for certain: with a type."""
_NAMES = {" ": "a space", "\t": "a tab", "\n": "a line end", "\r": "a carriage return", "\0": "a NUL"}
_NAMES |= {"_": "an underscore", "(": "a bracket", ")": "a bracket", "|": "a bar", "/": "a slash"}


def is_blank(line: str) -> bool:
    """Whether a line holds nothing but separators; such a line ends a sentence."""
    return not line.strip(" \t\r\n")


def are_tags(text: str, n_words: int) -> bool:
    """Whether a text is span tags with spaces between them, one for each of so many words."""
    return text.count(" ") == n_words - 1 and all(map(SPAN_TAG.fullmatch, text.split(" ")))


def whole_number(text: str) -> int | None:
    """The number of some ASCII digits; None for other text, and for a number beyond all that a file can count."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 15 else None


def line_of(sentence: Sentence, word: int) -> int | None:
    """The line number of a word, from 1; None for a sentence made in Python."""
    if not sentence.line:
        return None
    return sentence.line + (sentence.rows[word] if sentence.rows else 0)


def refuse(sentence: Sentence, word: int, message: str) -> DataError:
    """The error of one word of a sentence, with its path and line."""
    return DataError(message, path=sentence.path or None, line=line_of(sentence, word))


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
            raise refuse(sentence, i, f"an empty {what} (number {i + 1}), which {format} cannot hold")
        for mark in forbidden:
            if mark in value:
                other = "columns" if format.startswith(("word_tag", "tags")) and mark != "\n" else "jsonl"
                message = (
                    f"the {what} {shown(value)} holds {_NAMES.get(mark, mark)}, which {format} cannot; try --as {other}"
                )
                raise refuse(sentence, i, message)


def check_label(sentence: Sentence, label: str, format: str, forbidden: str) -> None:
    """Raise DataError for an empty label or one with a character of ``forbidden``, which ``format`` cannot hold."""
    if not label:
        raise refuse(sentence, 0, f"an empty label, which {format} cannot hold")
    for mark in forbidden + ("\r\0" if forbidden else ""):
        if mark in label:
            message = f"the label {shown(label)} holds {_NAMES[mark]}, which {format} cannot; try --as jsonl"
            raise refuse(sentence, 0, message)


def one_label(sentence: Sentence, format: str) -> str:
    """The label of a sentence for a format that holds one: ``label``, or the only one there is.

    Raises DataError: no label, or several of which none is called ``label``.
    """
    labels = sentence.labels
    if "label" in labels:
        return labels["label"]
    if len(labels) != 1:
        found = f"several: {', '.join(labels)}" if labels else "none"
        raise refuse(sentence, 0, f"expected one label of the sentence, as {format} has it, found {found}")
    return next(iter(labels.values()))


def no_tags(format: str, path: str, name: str | None, labelled: bool) -> str:
    """What ``target`` of a format of texts gives: tags of words can be added when tagging, there are none to read."""
    if labelled:
        raise ConfigError(f"{path}: {format} has labels of texts, no tags of words; there is no column {name or 'tag'}")
    return name or "tag"


def only(tags: Mapping[str, Sequence[str]], format: str) -> Sequence[str]:
    """The tags of the one column there is. Raises ConfigError for several, or none."""
    if len(tags) != 1:
        raise ConfigError(
            f"{format} holds one tag a word, got {len(tags)} columns; columns, conllu, jsonl hold several"
        )
    return next(iter(tags.values()))


def line_end(sentence: Sentence) -> str:
    """The end of the line a sentence was read from, for formats of one sentence a line; else a plain line end."""
    if sentence.format.startswith(("text", "word_tag")) and sentence.lines:
        line = sentence.lines[-1]
        return line[len(line.rstrip(LINE_END)) :]
    return "\n"


def is_gap(sentence: Sentence) -> bool:
    """Whether a sentence is only what stands between sentences: blank lines, comments.

    Such a gap is nothing in another format, whereas a blank line of text is a sentence of no words.
    """
    if sentence.format in ("jsonl", "json"):
        return not (sentence.words or sentence.columns or sentence.labels)
    return not sentence.words and sentence.format in _WITH_GAPS
