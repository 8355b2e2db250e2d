"""Training text of any length, kept as numbers in files of its own and read from there: memory does not grow with it.

What memory holds grows with the distinct words and tags, and with the number of sentences; of the text itself there
are 4 bytes a word, and 4 a tag, in temporary files (where ``TMPDIR`` says), which are gone when the training is.
"""

from __future__ import annotations

import mmap
import tempfile
import weakref
from collections.abc import Mapping, Sequence
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from elman.errors import DataError
from elman.lexicon import Lexicon
from elman.network import Inputs
from elman.vocabulary import Vocabulary

FORGOTTEN = 1 << 20  # numbers read before the pages they stood on are given back
UNKNOWN = "<unk>"
"""What stands for a symbol that a language model does not know, as input and as what comes next."""

Ids = NDArray[np.int32]


class Numbers:
    """N whole numbers on disk, each as ``new`` has it in place of the number that stands there."""

    ndim = 1

    def __init__(self, pages: mmap.mmap, begin: int, n: int, new: Ids) -> None:
        self._pages, self._new, self._read = pages, new, 0
        self._ids = np.frombuffer(pages, np.int32, n, 4 * begin)

    def __len__(self) -> int:
        return len(self._ids)

    def __getitem__(self, rows: NDArray[np.int64]) -> Ids:
        found: Ids = self._new[self._ids[rows]]
        self._read += len(found)
        if self._read > FORGOTTEN and hasattr(mmap, "MADV_DONTNEED"):
            self._read = 0
            self._pages.madvise(mmap.MADV_DONTNEED)
        return found


class Tape:
    """A text: its sentences' ``lengths`` (S,), its ``vocabulary``, and the ``tags`` of its words, sorted.

    ``speaks``  the tag of a word is the word that comes next (a language model)
    """

    def __init__(self, lengths: Sequence[int], text: _Column, gold: _Column | None, most: int = 0) -> None:
        self.lengths = np.array(lengths, np.int64)
        self.speaks = gold is None
        counts = text.counts()
        if self.speaks:
            counts = _kept(counts, most)
            self.tags = tuple(sorted((*counts, UNKNOWN)))
        else:
            assert gold is not None
            self.tags = tuple(sorted(gold.ids))
        self.vocabulary = Vocabulary.of_counts(counts)
        if most and not self.speaks:
            self.vocabulary = self.vocabulary.commonest(most)
        self._text, self._gold = text, gold
        self._n = int(self.lengths.sum())

    def __len__(self) -> int:
        return len(self.lengths)

    def inputs(self, lexicon: Lexicon) -> Inputs:
        """What the network reads: of a word that the lexicon does not know, no more than that."""
        known = lexicon.read(["", *lexicon.vocabulary.words])
        words: Any = Numbers(self._text.pages(), 0, self._n, lexicon.vocabulary.ids(list(self._text.ids)))
        return Inputs(words, words, known.bags, known.spellings, known.vectors)

    def gold(self, tags: Sequence[str]) -> Numbers:
        """The number of each word's tag among these."""
        column, begin = (self._text, 1) if self._gold is None else (self._gold, 0)
        number = {tag: i for i, tag in enumerate(tags)}
        other = number.get(UNKNOWN, -1)
        new = np.array([number.get(tag, other) for tag in column.ids], np.int32)
        return Numbers(column.pages(), begin, self._n, new)


class _Column:
    """Texts as numbers, in the order in which they first came, written one after the other."""

    def __init__(self) -> None:
        self.ids: dict[str, int] = {}
        self._file: IO[bytes] = tempfile.TemporaryFile(prefix="elman-")
        weakref.finalize(self, self._file.close)
        self._counts = np.zeros(0, np.int64)

    def add(self, texts: Sequence[str]) -> None:
        ids = self.ids
        new = np.fromiter((ids.setdefault(text, len(ids)) for text in texts), np.int32, len(texts))
        more = np.bincount(new, minlength=len(ids))
        more[: len(self._counts)] += self._counts
        self._counts = more
        self._file.write(new.tobytes())

    def cut(self, n: int) -> list[str]:
        """Takes off what stands behind the first ``n``."""
        self._file.seek(4 * n)
        tail = np.frombuffer(self._file.read(), np.int32)
        self._file.seek(4 * n)
        self._file.truncate()
        self._counts -= np.bincount(tail, minlength=len(self._counts))
        texts = list(self.ids)
        return [texts[i] for i in tail.tolist()]

    def counts(self) -> dict[str, int]:
        return dict(zip(self.ids, self._counts.tolist(), strict=True))

    def pages(self) -> mmap.mmap:
        self._file.flush()
        return mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)


class Recorder:
    """Makes a tape, some words at a time."""

    def __init__(self) -> None:
        self._words, self._tags = _Column(), _Column()
        self._lengths = [0]

    def add(self, words: Sequence[str], tags: Sequence[str]) -> None:
        """The next words of a sentence, with their tags."""
        self._words.add(words)
        self._tags.add(tags)
        self._lengths[-1] += len(words)

    def end(self) -> None:
        """The sentence is at its end, if it has begun."""
        if self._lengths[-1]:
            self._lengths.append(0)

    def tape(self, most: int = 0) -> Tape:
        """The tape; ``most`` words are known, the commonest; 0: all. Raises DataError: nothing on it."""
        self.end()
        if len(self._lengths) == 1:
            raise DataError("no words in it; expected sentences to learn from")
        return Tape(self._lengths[:-1], self._words, self._tags, most)


class Speech:
    """Makes the tape of a language model: one text, the first symbol in which is what comes before it."""

    def __init__(self) -> None:
        self._symbols, self._n = _Column(), 0

    def add(self, symbols: Sequence[str]) -> None:
        """The next symbols."""
        self._symbols.add(symbols)
        self._n += len(symbols)

    def hold_out(self, percent: float, end: str) -> list[str]:
        """Takes off the last so many per cent of the text, from where a line begins behind an ``end``, if one does."""
        at = self._n - max(1, round(self._n * percent / 100))
        tail = self._symbols.cut(at)
        first = tail.index(end) + 1 if end in tail[:-1] else 0
        self._n = at
        self.add(tail[:first])
        return tail[first:]

    def tape(self, most: int) -> Tape:
        """The tape; ``most`` symbols are known, the commonest that come twice. Raises DataError: nothing on it."""
        if self._n < 2:
            raise DataError("no text in it; expected some to learn from")
        return Tape([self._n - 1], self._symbols, None, most)


def _kept(counts: Mapping[str, int], most: int) -> dict[str, int]:
    """The commonest symbols; of those that come once none, so that a new one can be expected."""
    ranked = sorted((name for name in counts if counts[name] > 1), key=lambda name: (-counts[name], name))
    return {name: counts[name] for name in (ranked[:most] if most else ranked)}
