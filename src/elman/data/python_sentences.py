"""Sentences made in Python: ``Sentence`` objects, lists of (word, tag) pairs, and labelled texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

from elman.data.formats.tokenizer import tokenize
from elman.data.sentence import Sentence
from elman.data.tokens import token, tokens
from elman.errors import DataError
from elman.utils.arguments import described
from elman.utils.display import shown

PAIRS_COLUMN = "tag"
"""Name of the label column of sentences given as pairs; in a file it stands for the format's default column."""
LABEL_NAME = "label"
"""Name of the label of texts given as (text, label)."""


def split_words(text: str) -> tuple[str, ...]:
    """Split a text into words at spaces, as the text formats do."""
    return tuple(text[start:end] for start, end in tokenize(text, "spaces"))


def sentence_of(item: Any, number: int) -> Sentence:
    """Return the sentence that an item of a list is. Raises DataError if it is none."""
    if isinstance(item, Sentence):
        return item if item.path else _made(item, number)
    if isinstance(item, tuple) and len(item) == 2 and isinstance(item[1], str) and not isinstance(item[0], bytes):
        return _text(*item, number)
    try:
        if any(isinstance(pair, str) for pair in item):
            raise TypeError
        tagged = [(token(word), tag) for word, tag in item]
    except (TypeError, ValueError):
        expected = "a Sentence or a list of (word, tag) pairs, or a text with its label"
        raise DataError(f"sentence {number}: expected {expected}, got {shown(item)}") from None
    return Sentence(tuple(word for word, _ in tagged), {PAIRS_COLUMN: tuple(tag for _, tag in tagged)})


def _made(sentence: Sentence, number: int) -> Sentence:
    """Return a Sentence made in Python. Raises DataError if its fields are not what they should be."""
    fields: list[tuple[str, Any]] = [("words", sentence.words)]
    for name, table in (("columns", sentence.columns), ("labels", sentence.labels)):
        if not isinstance(table, Mapping) or not all(isinstance(key, str) for key in table):
            raise DataError(f"sentence {number}: {name}: expected a dict by name, got {described(table)}")
    for name, label in sentence.labels.items():
        if not isinstance(label, str):
            raise DataError(f"sentence {number}: label {name}: expected a text, got {described(label)}")
    for name, values in chain(fields, ((f"column {name}", tags) for name, tags in sentence.columns.items())):
        if isinstance(values, str | bytes) or not isinstance(values, Sequence):
            raise DataError(f"sentence {number}: {name}: expected a tuple of texts, got {described(values)}")
    return sentence


def _text(text: Any, label: str, number: int) -> Sentence:
    """Return the sentence of a text, or of its words, with a label."""
    words = split_words(text) if isinstance(text, str) else tokens(text)
    if not words or not label:
        raise DataError(f"sentence {number}: expected a text and its label, got {shown((text, label))}")
    return Sentence(words, labels={LABEL_NAME: label})
