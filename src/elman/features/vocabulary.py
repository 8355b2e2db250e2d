"""Words <-> ids. Id 0 is the unknown word; the others start at 1, the most frequent word first."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import repeat
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from elman.utils.validation import vocabulary

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Vocabulary:
    """The words of the training data with their ids and counts. Immutable.

    ``words``   in the order of their ids: ``words[i]`` has the id ``i + 1``
    ``counts``  (V,) int64, frequency of each id in training; that of the unknown word is 0
    ``rare``    int32, ascending: 32-bit hashes of the training words without an id (see ``commonest``)
    """

    UNKNOWN: ClassVar[int] = 0

    def __init__(self, words: Sequence[str], counts: Sequence[int], rare: NDArray[np.int32] | None = None) -> None:
        """``words`` are distinct, ``counts`` their frequencies. Use ``of`` to make one from text."""
        assert len(words) == len(counts)
        self.rare = np.zeros(0, np.int32) if rare is None else rare
        self.words = tuple(words)
        self.counts: NDArray[np.int64] = np.array([0, *counts], dtype=np.int64)
        self._ids = {word: i for i, word in enumerate(self.words, start=1)}
        assert len(self._ids) == len(self.words)

    @classmethod
    def of(cls, sentences: Iterable[Iterable[str]]) -> Vocabulary:
        """Make the vocabulary of sentences, sorted by count, then by code points."""
        counter: Counter[str] = Counter()
        for words in sentences:
            counter.update(words)
        return cls.of_counts(counter)

    @classmethod
    def of_counts(cls, counts: Mapping[str, int]) -> Vocabulary:
        """Make the vocabulary of words already counted."""
        ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        return cls([word for word, _ in ranked], [count for _, count in ranked])

    def commonest(self, most: int) -> Vocabulary:
        """Return the ``most`` most frequent words; 0: all. The others are remembered as seen."""
        if not most or len(self.words) <= most:
            return self
        rare = np.union1d(self.rare, _hashes(self.words[most:]))
        return Vocabulary(self.words[:most], self.counts[1 : most + 1].tolist(), rare)

    def seen(self, word: str) -> bool:
        """Whether the word occurred in training, with an id or without."""
        if word in self._ids or not len(self.rare):
            return word in self._ids
        (code,) = _hashes([word])
        at = int(np.searchsorted(self.rare, code))
        return at < len(self.rare) and bool(self.rare[at] == code)

    def __len__(self) -> int:
        """The number of ids, including the unknown word's."""
        return len(self.words) + 1

    def __contains__(self, word: object) -> bool:
        """Whether the word has an id."""
        return word in self._ids

    def ids(self, words: Sequence[str]) -> NDArray[np.int32]:
        """Return the ids (T,) of T words."""
        get = self._ids.get
        return np.fromiter(map(get, words, repeat(0)), dtype=np.int32, count=len(words))

    def to_record(self) -> dict[str, Any]:
        """Return JSON values: ``words`` and ``counts``, without the unknown word."""
        return {"words": list(self.words), "counts": self.counts[1:].tolist()}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Vocabulary:
        """Make one from the output of ``to_record``. Raises ModelFileError if the record is malformed."""
        return cls(*vocabulary(record))


def _hashes(words: Sequence[str]) -> NDArray[np.int32]:
    """Return 32 bits of each word's BLAKE2b; with 20,000 rare words one in 200,000 others is mistaken for one."""
    of_each = (hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=4).digest() for word in words)
    return np.frombuffer(b"".join(of_each), "<i4").astype(np.int32)
