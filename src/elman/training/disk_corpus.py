"""Training text of any length, stored as ids in temporary files, so that memory does not grow with it.

Memory grows with the number of distinct words and tags, and of sentences. The text takes 4 bytes per word and 4 per tag
in temporary files (in ``TMPDIR``), which are deleted when training ends.
"""

from __future__ import annotations

import mmap
import weakref
from array import array
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman.data.targets import UNKNOWN
from elman.errors import DataError
from elman.features.lexicon import Lexicon
from elman.features.vocabulary import Vocabulary
from elman.nn.network import Inputs
from elman.utils.files import discard, scratch_file

BLOCK = 1 << 20  # ids read at a time
PIECE_BITS = 14  # log2 of the number of ids that the system reads together, 64 kB on Linux
LONGEST = 100  # words of a sentence of raw text; longer ones are cut
MOST_PIECES = 256  # such pieces in memory, 16 MB, before they are released

Ids = NDArray[np.int32]
Lengths = NDArray[np.int64]


class DiskIds:
    """N ids on disk, each mapped through the table ``new``."""

    ndim = 1

    def __init__(self, pages: mmap.mmap, begin: int, n: int, new: Ids) -> None:
        self._pages, self._new = pages, new
        self._ids = np.frombuffer(pages, np.int32, n, 4 * begin)
        self._near = np.zeros((n >> PIECE_BITS) + 1, bool)  # whether a piece may be in memory

    def __len__(self) -> int:
        return len(self._ids)

    def __getitem__(self, rows: NDArray[np.int64]) -> Ids:
        ids: Ids = self._new[self._ids[rows]]
        self._near[rows >> PIECE_BITS] = True
        if np.count_nonzero(self._near) > MOST_PIECES and hasattr(mmap, "MADV_DONTNEED"):
            self._near[:] = False
            self._pages.madvise(mmap.MADV_DONTNEED)
        return ids


class DiskSplit:
    """Consecutive sentences of a text on disk, from word ``begin`` on; ``lengths`` (S,)."""

    def __init__(self, lengths: Lengths, text: _Column, gold: _Column | None, begin: int) -> None:
        self.lengths, self._begin = lengths, begin
        self._text, self._gold = text, gold

    def __len__(self) -> int:
        return len(self.lengths)

    def inputs(self, lexicon: Lexicon) -> Inputs:
        """Return the network's inputs; unknown words are represented by their features, as in tagging."""
        known = lexicon.read(list(self._text.ids))
        words: Any = self._numbers(self._text, 0, known.words)
        types: Any = self._numbers(self._text, 0, known.types)
        return Inputs(words, types, known.bags, known.spellings, known.vectors)

    def gold(self, tags: Sequence[str]) -> DiskIds:
        """Return the index of each word's tag in ``tags``; for other tags that of ``<unk>``, or -1 without it."""
        column, behind = (self._text, 1) if self._gold is None else (self._gold, 0)
        number = {tag: i for i, tag in enumerate(tags)}
        other = number.get(UNKNOWN, -1)
        return self._numbers(column, behind, np.array([number.get(tag, other) for tag in column.ids], np.int32))

    def first(self, most: int) -> list[tuple[list[str], list[str]]]:
        """Return words and tags of the first sentences, up to ``most`` words in all; the last may be cut."""
        n = min(most, int(self.lengths.sum()))
        column, behind = (self._text, 1) if self._gold is None else (self._gold, 0)
        words, tags = self._text.texts(self._begin, n), column.texts(self._begin + behind, n)
        ends = np.minimum(np.cumsum(self.lengths[: n + 1]), n).tolist()
        begins = [0, *ends[:-1]]
        return [(words[i:j], tags[i:j]) for i, j in zip(begins, ends, strict=True) if i < j]

    def times(self, tag: str) -> int:
        """Return how many of its words have the tag."""
        n, gold = int(self.lengths.sum()), self.gold([tag])
        return sum(int((gold[np.arange(i, min(i + BLOCK, n))] == 0).sum()) for i in range(0, n, BLOCK))

    def _numbers(self, column: _Column, behind: int, new: Ids) -> DiskIds:
        return DiskIds(column.pages(), self._begin + behind, int(self.lengths.sum()), new)


class DiskCorpus(DiskSplit):
    """A training text: its ``vocabulary``, and the ``tags`` of its words, sorted.

    ``held_out``  sentences of lengths ``dev`` after the others, which are not trained on; None
    ``predicts_next``    the tag of a word is the word that comes next (a language model)
    """

    def __init__(
        self,
        lengths: Lengths,
        text: _Column,
        gold: _Column | None,
        most: int,
        dev: Lengths | None = None,
    ) -> None:
        super().__init__(lengths, text, gold, 0)
        self.predicts_next, n = gold is None, int(self.lengths.sum())
        self.held_out = None if dev is None else DiskSplit(dev, text, gold, n)
        counts = text.counts(n + self.predicts_next)
        if gold is None:
            counts = _kept(counts, most)
            self.tags = tuple(sorted((*counts, UNKNOWN)))
        else:
            self.tags = tuple(sorted(gold.counts(n)))
        self.vocabulary = Vocabulary.of_counts(counts)
        if most and not self.predicts_next:
            self.vocabulary = self.vocabulary.commonest(most)


class RawCorpus(DiskSplit):
    """Sentences of raw text; the tag of a word is the word itself, for a model that fills in words.

    ``vocabulary``  the ``known`` most frequent words that occur twice or more; ``tags``: the first ``predicted`` of
                    them, sorted
    """

    def __init__(self, lengths: Lengths, text: _Column, known: int, predicted: int) -> None:
        super().__init__(lengths, text, text, 0)
        self.vocabulary = Vocabulary.of_counts(_kept(text.counts(int(lengths.sum())), known))
        self.tags = tuple(sorted(self.vocabulary.words[:predicted]))

    def sample(self, words: int, generator: np.random.Generator) -> list[list[str]]:
        """Return sentences drawn at random, in their order, that have about ``words`` words, or all of them."""
        drawn = generator.permutation(len(self.lengths))
        drawn = np.sort(drawn[: int(np.searchsorted(np.cumsum(self.lengths[drawn]), words, side="right")) or 1])
        names, ends = list(self._text.ids), np.cumsum(self.lengths)
        ids = np.frombuffer(self._text.pages(), np.int32)
        return [[names[k] for k in ids[end - n : end]] for end, n in zip(ends[drawn], self.lengths[drawn], strict=True)]


class _Column:
    """A sequence of texts on disk as ids, numbered in the order of first occurrence."""

    def __init__(self) -> None:
        self.ids: dict[str, int] = {}
        self._file = scratch_file()
        weakref.finalize(self, discard, self._file)
        self._counts = np.zeros(0, np.int64)

    def add(self, texts: Sequence[str]) -> None:
        ids = self.ids
        new = np.fromiter((ids.setdefault(text, len(ids)) for text in texts), np.int32, len(texts))
        more = np.bincount(new, minlength=len(ids))
        more[: len(self._counts)] += self._counts
        self._counts = more
        self._file.write(new.tobytes())

    def counts(self, n: int) -> dict[str, int]:
        """Return the frequencies of the texts among the first ``n``."""
        counts = self._counts.copy()
        for ids in self.blocks(n):
            counts -= np.bincount(ids, minlength=len(counts))
        return {text: count for text, count in zip(self.ids, counts.tolist(), strict=True) if count}

    def texts(self, begin: int, n: int) -> list[str]:
        """Return ``n`` texts from ``begin`` on."""
        texts, ids = list(self.ids), next(self.blocks(begin, n), np.zeros(0, np.int32))
        return [texts[i] for i in ids.tolist()]

    def blocks(self, begin: int, size: int | None = None) -> Iterator[Ids]:
        """Yield the ids from ``begin`` on, ``size`` at a time."""
        self._file.seek(4 * begin)
        while data := self._file.read(4 * (size or BLOCK)):
            yield np.frombuffer(data, np.int32)

    def pages(self) -> mmap.mmap:
        self._file.flush()
        return mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)


class TaggedTextWriter:
    """Writes a corpus of tagged sentences, a few words at a time."""

    def __init__(self) -> None:
        self._words, self._tags = _Column(), _Column()
        self._lengths, self._n = array("q"), 0

    def add(self, words: Sequence[str], tags: Sequence[str]) -> None:
        """Add the next words of a sentence, with their tags."""
        self._words.add(words)
        self._tags.add(tags)
        self._n += len(words)

    def end(self) -> None:
        """End the sentence, if it has begun."""
        if self._n:
            self._lengths.append(self._n)
        self._n = 0

    def corpus(self, most: int = 0, percent: float = 0.0) -> DiskCorpus:
        """Return the corpus; the ``most`` most frequent words are known; 0: all.

        ``percent`` of the words are held out, the last ones: from where a sentence begins if one does near by (so that
        no less than half of them are), else from within the sentence that is there. Raises DataError: nothing on it,
        or too little to hold some of it out.
        """
        self.end()
        if not self._lengths:
            raise DataError("no words in it; expected sentences to learn from")
        lengths = np.frombuffer(self._lengths, np.int64)
        if not percent:
            return DiskCorpus(lengths, self._words, self._tags, most)
        at = _border(int(lengths.sum()), percent, "words")
        ends = np.cumsum(lengths)
        n, i = int(ends[-1]), int(np.searchsorted(ends, at))  # the first sentence that ends at or after it
        if n - int(ends[i]) >= (n - at) / 2:
            return DiskCorpus(lengths[: i + 1], self._words, self._tags, most, lengths[i + 1 :])
        train, held = lengths[: i + 1].copy(), lengths[i:].copy()
        held[0] = int(ends[i]) - at
        train[-1] -= held[0]
        return DiskCorpus(train, self._words, self._tags, most, held)


class RawTextWriter:
    """Writes the sentences of raw text."""

    def __init__(self) -> None:
        self._words, self._lengths = _Column(), array("q")

    def add(self, words: Sequence[str]) -> None:
        """Add a sentence; of a longer one pieces of ``LONGEST`` words."""
        self._words.add(words)
        self._lengths.extend([LONGEST] * (len(words) // LONGEST))
        if rest := len(words) % LONGEST:
            self._lengths.append(rest)

    def corpus(self, known: int, predicted: int) -> RawCorpus:
        """Return the corpus; see there. Raises DataError if no word occurs twice."""
        corpus = RawCorpus(np.frombuffer(self._lengths, np.int64), self._words, known, predicted)
        if not corpus.tags:
            raise DataError("no word occurs twice in it; expected text to learn from")
        return corpus


class LanguageTextWriter:
    """Writes the corpus of a language model: one text, whose first symbol is only context."""

    def __init__(self) -> None:
        self._symbols, self._n = _Column(), 0

    def add(self, symbols: Sequence[str]) -> None:
        """Add the next symbols."""
        self._symbols.add(symbols)
        self._n += len(symbols)

    def corpus(self, most: int, percent: float = 0.0, end: str = "") -> DiskCorpus:
        """Return the corpus; the ``most`` most frequent symbols that occur twice or more are known.

        ``percent`` of the symbols are held out, the last ones: from where a line begins behind an ``end``, if one does.
        Raises DataError: nothing on it.
        """
        if self._n < 2:
            raise DataError("no text in it; expected some to learn from")
        if not percent:
            return DiskCorpus(np.array([self._n - 1]), self._symbols, None, most)
        at = 1 + _border(self._n - 1, percent, "symbols")
        begin, line_end = at, self._symbols.ids.get(end, -1)
        for ids in self._symbols.blocks(at):
            if len(found := np.flatnonzero(ids == line_end)):
                at = begin + int(found[0]) + 1 if begin + int(found[0]) + 1 < self._n else at
                break
            begin += len(ids)
        return DiskCorpus(np.array([at - 1]), self._symbols, None, most, np.array([self._n - at]))


def check_share(percent: float) -> None:
    """Raise DataError if the held-out share is not between 0 and 100 per cent."""
    if not 0 < percent < 100:
        raise DataError(f"dev: expected more than 0 % and less than 100 %, got {percent:g} %")


def _border(n: int, percent: float, unit: str) -> int:
    """Return where the last ``percent`` of n words begin. Raises DataError if one of the parts is empty."""
    at = n - round(n * percent / 100)
    if not 0 < at < n:
        raise DataError(f"dev: {percent:g} % of {n:,} {unit} leaves none for one of the two parts")
    return at


def _kept(counts: Mapping[str, int], most: int) -> dict[str, int]:
    """Return the most frequent symbols, without those that occur once, so that unknown symbols are trained."""
    ranked = sorted((name for name in counts if counts[name] > 1), key=lambda name: (-counts[name], name))
    return {name: counts[name] for name in (ranked[:most] if most else ranked)}
