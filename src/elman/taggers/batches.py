"""Batches of sentences for a model, and conversion of predicted ids to labels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman.data.sentence import LABEL_SEPARATOR, Sentence, check_words
from elman.errors import DataError
from elman.utils.arguments import described, refuse_table
from elman.utils.display import shown
from elman.utils.limits import check_length

Text = str | Sequence[str] | Sentence
"""A document: a string with spaces between words, or its words."""

BATCH_WORDS = 4_096
BATCH_SENTENCES = 1_024
"""A batch ends with the sentence that reaches one of these sizes."""


def ids_to_labels(tags: Sequence[str], predicted: Sequence[NDArray[Any]]) -> list[list[str]]:
    """Return the labels of ids (T,) for each sentence; several document labels, bools (1, K), joined with ``|``."""
    if predicted and predicted[0].ndim == 2:
        return [
            [LABEL_SEPARATOR.join(tags[i] for i in np.flatnonzero(row).tolist()) for row in rows] for rows in predicted
        ]
    return [[tags[i] for i in ids.tolist()] for ids in predicted]


def ids_to_labels_with_confidences(
    tags: Sequence[str], predicted: Sequence[tuple[NDArray[Any], NDArray[np.float64]]]
) -> list[tuple[list[str], list[float]]]:
    """Return ``ids_to_labels`` with the probability of each label; for several labels, that of exactly this set."""
    labels = ids_to_labels(tags, [ids for ids, _ in predicted])
    return list(zip(labels, (p.tolist() for _, p in predicted), strict=True))


def refuse_text(sentences: object) -> None:
    """Raise DataError if something else is passed in place of sentences: a text, a table, one ``Sentence``."""
    expected = "sentences, each a list of words"
    refuse_table(sentences, expected)
    if isinstance(sentences, str | bytes | bytearray | Sentence) or not isinstance(sentences, Iterable):
        raise DataError(f"expected {expected}, got {described(sentences)}")


def batches(sentences: Iterable[Sequence[str] | Sentence]) -> Iterator[list[Sequence[str]]]:
    """Yield the words of sentences in batches of ``BATCH_WORDS`` words or ``BATCH_SENTENCES`` sentences."""
    refuse_text(sentences)
    batch: list[Sequence[str]] = []
    n_words = 0
    for sentence in sentences:
        words = words_of(sentence) if isinstance(sentence, Sentence) else sentence  # others are checked already
        batch.append(words)
        n_words += len(words)
        if n_words >= BATCH_WORDS or len(batch) >= BATCH_SENTENCES:
            yield batch
            batch, n_words = [], 0
    if batch:
        yield batch


def whole_sentences(sentences: Iterable[Any]) -> Iterator[Sentence]:
    """Yield the sentences unchanged. Raises DataError for other objects, which have no columns."""
    refuse_text(sentences)
    for number, sentence in enumerate(sentences, start=1):
        if not isinstance(sentence, Sentence):
            raise DataError(f"sentence {number}: expected a Sentence with its columns, got {described(sentence)}")
        yield sentence


def words_of(sentence: Sequence[str] | Sentence) -> Sequence[str]:
    """Return the words of a sentence. Raises DataError for anything but a list of texts, and if it is too long."""
    if isinstance(sentence, Sentence):
        check_length(len(sentence.words), sentence.path, sentence.line)
        return sentence.words
    words = sentence if type(sentence) in (list, tuple) else _listed(sentence)
    check_length(len(words))
    check_words(words)
    if "" in words:
        raise DataError(f"expected words, got an empty text as word {list(words).index('') + 1} of {len(words)}")
    return words


def _listed(words: Iterable[str]) -> Sequence[str]:
    """Return the items of another iterable than a list as a sequence. Raises DataError if they can be no words."""
    if isinstance(words, str):
        raise DataError(f"expected a list of words, got the text {shown(words)}; text.split(' ') makes a list of it")
    refuse_table(words, "a list of words")
    if isinstance(words, bytes | bytearray | Set) or not isinstance(words, Iterable):
        raise DataError(f"expected a list of words, got {described(words)}")
    return words if isinstance(words, Sequence) else list(words)


def text_of(text: Text) -> Sequence[str]:
    """Return the words of a document. Raises DataError if there are none."""
    words: Sequence[str]
    if isinstance(text, str):
        from elman.data.corpus import split_words

        words = split_words(text)
    else:
        words = words_of(text)
    if not words:
        raise DataError("expected a text with a word in it, got an empty one")
    return words
