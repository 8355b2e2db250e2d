"""Strings <-> ids. Id 0 is the unknown word; the others run from 1, the commonest word first."""

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
    """The words of the training data with their ids and counts; never changed once made.

    ``words``   in the order of their ids: ``words[i]`` has the id ``i + 1``
    ``counts``  (V,) int64, how often each id stood in training; V ids with the unknown word, whose count is 0
    ``rare``    int32, rising: 32 bits of a hash of each word that stood in training, too, and has no id (``commonest``)
    """

    UNKNOWN: ClassVar[int] = 0

    def __init__(self, words: Sequence[str], counts: Sequence[int], rare: NDArray[np.int32] | None = None) -> None:
        """``words`` are distinct; ``counts`` as many. Use ``of`` to make one from text."""
        assert len(words) == len(counts)
        self.rare = np.zeros(0, np.int32) if rare is None else rare
        self.words = tuple(words)
        self.counts: NDArray[np.int64] = np.array([0, *counts], dtype=np.int64)
        self._ids = {word: i for i, word in enumerate(self.words, start=1)}
        assert len(self._ids) == len(self.words)

    @classmethod
    def of(cls, sentences: Iterable[Iterable[str]]) -> Vocabulary:
        """The vocabulary of some sentences, whatever their order: by count, then by code points."""
        counter: Counter[str] = Counter()
        for words in sentences:
            counter.update(words)
        return cls.of_counts(counter)

    @classmethod
    def of_counts(cls, counts: Mapping[str, int]) -> Vocabulary:
        """The vocabulary of words already counted."""
        ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        return cls([word for word, _ in ranked], [count for _, count in ranked])

    def commonest(self, most: int) -> Vocabulary:
        """The ``most`` commonest words; 0: all. Of the others it is kept that they were seen."""
        if not most or len(self.words) <= most:
            return self
        rare = np.union1d(self.rare, _hashes(self.words[most:]))
        return Vocabulary(self.words[:most], self.counts[1 : most + 1].tolist(), rare)

    def seen(self, word: str) -> bool:
        """Whether the word stood in training, with an id or without."""
        if word in self._ids or not len(self.rare):
            return word in self._ids
        (found,) = _hashes([word])
        at = int(np.searchsorted(self.rare, found))
        return at < len(self.rare) and bool(self.rare[at] == found)

    def __len__(self) -> int:
        """The number of ids, the unknown word's among them."""
        return len(self.words) + 1

    def __contains__(self, word: object) -> bool:
        """Whether the word has an id."""
        return word in self._ids

    def ids(self, words: Sequence[str]) -> NDArray[np.int32]:
        """The (T,) ids of T words."""
        get = self._ids.get
        return np.fromiter(map(get, words, repeat(0)), dtype=np.int32, count=len(words))

    def to_record(self) -> dict[str, Any]:
        """JSON values: ``words`` and ``counts``, without the unknown word."""
        return {"words": list(self.words), "counts": self.counts[1:].tolist()}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Vocabulary:
        """The inverse of ``to_record``. Raises ModelFileError where the record is not such a one."""
        return cls(*vocabulary(record))


def _hashes(words: Sequence[str]) -> NDArray[np.int32]:
    """32 bits of each word's BLAKE2b: of 20,000 rare words, another is taken for one of them once in 200,000 times."""
    of_each = (hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=4).digest() for word in words)
    return np.frombuffer(b"".join(of_each), "<i4").astype(np.int32)
