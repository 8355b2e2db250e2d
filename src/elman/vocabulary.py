"""Strings <-> ids. Id 0 is the unknown word; the others run from 1, the commonest word first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import repeat
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from elman.validation import vocabulary

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Vocabulary:
    """The words of the training data with their ids and counts; never changed once made.

    ``words``   in the order of their ids: ``words[i]`` has the id ``i + 1``
    ``counts``  (V,) int64, how often each id stood in training; V ids with the unknown word, whose count is 0
    """

    UNKNOWN: ClassVar[int] = 0

    def __init__(self, words: Sequence[str], counts: Sequence[int]) -> None:
        """``words`` are distinct; ``counts`` as many. Use ``of`` to make one from text."""
        assert len(words) == len(counts)
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
        """The ``most`` commonest words; 0: all."""
        if not most or len(self.words) <= most:
            return self
        return Vocabulary(self.words[:most], self.counts[1 : most + 1].tolist())

    def __len__(self) -> int:
        """The number of ids, the unknown word's among them."""
        return len(self.words) + 1

    def __contains__(self, word: object) -> bool:
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
