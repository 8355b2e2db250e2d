"""Sentences to a model in batches, and names in place of the ids that it answers with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman.data.sentence import LABEL_SEPARATOR, Sentence
from elman.errors import DataError
from elman.utils.display import shown
from elman.utils.limits import check_length

Text = str | Sequence[str] | Sentence
"""A whole text: as it is, its words lying between spaces; or its words."""

BATCH_WORDS = 4_096
BATCH_SENTENCES = 1_024
"""What is tagged together: sentences until there are as many words, or as many sentences. Never less than one."""


def ids_to_labels(tags: Sequence[str], found: Sequence[NDArray[Any]]) -> list[list[str]]:
    """The tags of these ids; of several labels of a text, (1, K) which hold, one text of them all."""
    if found and found[0].ndim == 2:
        return [[LABEL_SEPARATOR.join(tags[i] for i in np.flatnonzero(row).tolist()) for row in held] for held in found]
    return [[tags[i] for i in ids.tolist()] for ids in found]


def ids_to_labels_with_confidences(
    tags: Sequence[str], found: Sequence[tuple[NDArray[Any], NDArray[np.float64]]]
) -> list[tuple[list[str], list[float]]]:
    """The same, with the probability of each tag; of several labels of a text, that of just these."""
    names = ids_to_labels(tags, [ids for ids, _ in found])
    return list(zip(names, (p.tolist() for _, p in found), strict=True))


def batches(sentences: Iterable[Sequence[str] | Sentence]) -> Iterator[list[Sequence[str]]]:
    """The words of some sentences at a time, by ``BATCH_WORDS`` and ``BATCH_SENTENCES``."""
    if isinstance(sentences, str | bytes | bytearray):
        raise DataError(f"expected sentences, each a list of words, got {shown(sentences)}")
    batch: list[Sequence[str]] = []
    n_words = 0
    for sentence in sentences:
        words = words_of(sentence)
        batch.append(words)
        n_words += len(words)
        if n_words >= BATCH_WORDS or len(batch) >= BATCH_SENTENCES:
            yield batch
            batch, n_words = [], 0
    if batch:
        yield batch


def words_of(sentence: Sequence[str] | Sentence) -> Sequence[str]:
    """The words of a sentence. Raises DataError for a text that nobody has cut into words, and too long a sentence."""
    if isinstance(sentence, Sentence):
        check_length(len(sentence.words), sentence.path, sentence.line)
        return sentence.words
    if isinstance(sentence, str):
        raise DataError(f"expected a list of words, got the text {shown(sentence)}; text.split(' ') makes a list of it")
    if isinstance(sentence, bytes | bytearray):
        raise DataError(f"expected a list of words, got bytes: {shown(sentence)}")
    if isinstance(sentence, Sequence):  # an array is a series of numbers, which may go on
        check_length(len(sentence))
    return sentence


def text_of(text: Text) -> Sequence[str]:
    """The words of a whole text. Raises DataError where there are none."""
    words: Sequence[str]
    if isinstance(text, str):
        from elman.data.corpus import split_words as split

        words = split(text)
    else:
        words = words_of(text)
    if not words:
        raise DataError("expected a text with a word in it, got an empty one")
    return words
