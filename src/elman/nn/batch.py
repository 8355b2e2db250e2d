"""Sentences of different lengths as one packed, time-major batch without padding.

Letters: B sentences, T steps (the longest sentence), N words in all. Row block t of a packed array holds the
sizes[t] sentences that have a word at step t, longest first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from elman import kernels

Ids = NDArray[np.int32]


@dataclass(frozen=True)
class Batch:
    """The packing of B concatenated sentences.

    ``sizes``  (T,) int32, number of sentences that have a word at each step
    ``rows``   (N,) int64, index of each packed row's word in the concatenated sentences
    """

    sizes: Ids
    rows: NDArray[np.int64]

    @property
    def sentences(self) -> int:
        """B, the number of sentences that have a word."""
        return int(self.sizes[0]) if len(self.sizes) else 0

    @cached_property
    def sentence(self) -> NDArray[np.int64]:
        """(N,) the sentence of each packed row; the longest is 0."""
        return np.asarray(np.arange(len(self.rows)) - np.repeat(self._starts[:-1], self.sizes), np.int64)

    @cached_property
    def mirror(self) -> NDArray[np.int64]:
        """(N,) for each packed row the row of its mirror image in the same sentence; its own inverse."""
        t = np.repeat(np.arange(len(self.sizes)), self.sizes)  # (N,)
        b = self.sentence
        lengths = np.bincount(b, minlength=self.sentences)  # (B,)
        return np.asarray(self._starts[lengths[b] - 1 - t] + b, np.int64)

    @cached_property
    def ends(self) -> NDArray[np.int64]:
        """(B,) the row of each sentence's last word."""
        lengths = np.bincount(self.sentence, minlength=self.sentences)
        return np.asarray(self._starts[lengths - 1] + np.arange(self.sentences), np.int64)

    @cached_property
    def previous(self) -> NDArray[np.int64]:
        """(N,) for each packed row the row of the previous word; -1 at the beginning of a sentence."""
        step_before = np.concatenate(([0], self.sizes))[:-1]
        before: NDArray[np.int64] = np.arange(len(self.rows)) - np.repeat(step_before, self.sizes)
        before[: self.sentences] = -1
        return before

    @cached_property
    def following(self) -> NDArray[np.int64]:
        """(N,) for each packed row the row of the next word; -1 at the end of a sentence."""
        after = np.full(len(self.rows), -1, np.int64)
        has = np.flatnonzero(self.previous >= 0)
        after[self.previous[has]] = has
        return after

    @cached_property
    def _starts(self) -> NDArray[np.int64]:
        return np.concatenate(([0], np.cumsum(self.sizes, dtype=np.int64)))  # (T + 1,)


def pack(lengths: NDArray[np.int64]) -> Batch:
    """Pack sentences of these lengths (B,); ties keep their order, empty sentences are left out."""
    return packed_at(np.cumsum(lengths) - lengths, lengths)[0]


def minibatches(lengths: NDArray[np.int64], size: int, generator: np.random.Generator) -> list[NDArray[np.int64]]:
    """Return one epoch's minibatches of ``size`` sentences, as indices: random, but of similar length in a minibatch.

    The sentences are shuffled, cut into pools of 64 minibatches, sorted by length within a pool, and the minibatches
    shuffled again.
    """
    order = generator.permutation(len(lengths))
    if size == 1:
        return [order[i : i + 1] for i in range(len(order))]
    batches = []
    for start in range(0, len(order), pool := 64 * size):
        items = order[start : start + pool]
        items = items[np.argsort(-lengths[items], kind="stable")]
        batches += [items[i : i + size] for i in range(0, len(items), size)]
    return [batches[i] for i in generator.permutation(len(batches))]


def by_length(lengths: NDArray[np.int64], words: int) -> Iterator[NDArray[np.int64]]:
    """Yield indices of sentences, longest first, in groups of at most ``words`` words (a longer sentence by itself)."""
    order = np.argsort(-lengths, kind="stable")
    start, total = 0, 0
    for i, length in enumerate(lengths[order].tolist()):
        if total + length > words and i > start:
            yield order[start:i]
            start, total = i, 0
        total += length
    if start < len(order):
        yield order[start:]


def texts_of(ends: NDArray[np.int64], rows: NDArray[np.int64], batch: Batch) -> NDArray[np.int64]:
    """Which sentence of a corpus, laid end to end, each of the B of a packed batch is."""
    return np.searchsorted(ends, rows[: batch.sentences], side="right")


def packed(
    lengths: NDArray[np.int64], ends: NDArray[np.int64], some: NDArray[np.int64]
) -> tuple[Batch, NDArray[np.int64]]:
    """Return the packing of some sentences of a concatenated corpus, and for each row its word in the corpus."""
    return packed_at(ends[some] - lengths[some], lengths[some])


def packed_at(begins: NDArray[np.int64], lengths: NDArray[np.int64]) -> tuple[Batch, NDArray[np.int64]]:
    """Return the packing of pieces of a text (first words, lengths), and for each row its word in the text."""
    words, steps = int(lengths.sum()), int(lengths.max(initial=0))
    sizes, rows, places = kernels.pack_sentences(begins.astype(np.int32), lengths.astype(np.int32), words, steps)
    return Batch(sizes, rows.astype(np.int64)), places.astype(np.int64)


def rows_at(begins: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the row in the text of each word of the pieces, concatenated."""
    shift = np.repeat(begins + lengths - np.cumsum(lengths), lengths)
    return np.arange(len(shift)) + shift
