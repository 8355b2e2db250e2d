"""Sub-word features of word types: what a word's letters say of it, as sets of ids.

A feature is kept when at least two word types of the training data have it; what is never shared cannot help an
unknown word.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np

from elman import kernels
from elman.features.affixes import LONGEST, affixes
from elman.features.char_windows import WindowFeatures
from elman.nn.bags import Bags

LEAST_TYPES = 2


def ngrams(word: str) -> Iterator[str]:
    """All runs of 1–3 characters with marks at both ends: for scripts where affixes, spaces or case say little."""
    marked = "\x02" + word[:LONGEST] + "\x03"
    for n in (1, 2, 3):
        for i in range(len(marked) - n + 1):
            if n > 1 or 0 < i < len(marked) - 1:
                yield "g:" + marked[i : i + n]


WINDOW = "window"
KINDS = {"none": (), "affixes": (affixes,), "ngrams": (ngrams,), "both": (affixes, ngrams), WINDOW: ()}
"""What is read off a word; the words of ``WINDOW`` are windows of characters (``windows``)."""


class FeatureSet:
    """The features that count, by name; never changed once made."""

    def __init__(self, kind: str, names: Sequence[str]) -> None:
        """``kind`` is a key of ``KINDS``; ``names`` in the order of their ids."""
        self.kind, self.names = kind, tuple(names)
        self._ids = {name: i for i, name in enumerate(self.names)}
        self._native: Any = None
        self._windows = WindowFeatures(self.names if kind == WINDOW else ())
        self._of = lru_cache(maxsize=50_000)(self._extract)

    @classmethod
    def of(cls, kind: str, words: Iterable[str]) -> FeatureSet:
        """The features of distinct words that at least two of them have, the commonest first."""
        if kind == WINDOW:
            return cls(kind, WindowFeatures.of(list(words), LEAST_TYPES).names)
        counts: Counter[str] = Counter()
        for word in words:
            counts.update({name for extract in KINDS[kind] for name in extract(word)})
        kept = [(name, count) for name, count in counts.items() if count >= LEAST_TYPES]
        return cls(kind, [name for name, _ in sorted(kept, key=lambda item: (-item[1], item[0]))])

    def __len__(self) -> int:
        return len(self.names)

    def ids(self, word: str) -> tuple[int, ...]:
        """The ids of a word's features, each once, rising."""
        return self._of(word)

    def bags(self, words: Iterable[str]) -> Bags:
        """The features of each word."""
        some = list(words)
        if self.kind == WINDOW:
            return Bags(*self._windows.ids(some))
        if self.kind != "affixes" or kernels.AffixIndex is None:
            return Bags.of(self._of(word) for word in some)
        if self._native is None:
            self._native = kernels.AffixIndex(self.names)
        ids, offsets, others = self._native.of_words(some)  # of ASCII words
        if not len(others):
            return Bags(ids, offsets)
        sets = [ids[start:end] for start, end in pairwise(offsets.tolist())]
        for i in others.tolist():
            sets[i] = np.array(self._of(some[i]), np.int32)
        return Bags.of(sets)

    def _extract(self, word: str) -> tuple[int, ...]:
        if self.kind == WINDOW:
            return tuple(sorted(self._windows.ids([word])[0].tolist()))
        get = self._ids.get
        found = {get(name, -1) for extract in KINDS[self.kind] for name in extract(word)}
        return tuple(sorted(found - {-1}))
