"""Sub-word features of words, as sets of ids.

A feature is kept if at least two distinct training words have it: one that is never shared cannot help with unknown
words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from elman import kernels
from elman.features.affixes import EXTRACT
from elman.features.char_windows import WindowFeatures
from elman.features.dictionary import Dictionary
from elman.nn.bags import Bags

LEAST_TYPES = 2


WINDOW = "window"
KINDS = {**EXTRACT, WINDOW: EXTRACT["none"]}
"""The features of each kind; words of ``WINDOW`` are windows of characters (``char_windows``)."""


class FeatureSet:
    """The known features, by name. Immutable."""

    def __init__(self, kind: str, names: Sequence[str], dictionary: Dictionary | None = None) -> None:
        """``kind`` is a key of ``KINDS``; ``names`` in the order of their ids. Words in ``dictionary`` have more."""
        self.kind, self.names, self.dictionary = kind, tuple(names), dictionary
        self._ids = {name: i for i, name in enumerate(self.names)}
        self._native: Any = None
        self._windows = WindowFeatures(self.names if kind == WINDOW else ())
        self._of = lru_cache(maxsize=50_000)(self._extract)

    @classmethod
    def of(cls, kind: str, words: Iterable[str], dictionary: Dictionary | None = None) -> FeatureSet:
        """Make the set of features that at least two of the distinct words have, most frequent first."""
        if kind == WINDOW:
            return cls(kind, WindowFeatures.of(list(words), LEAST_TYPES).names)
        counts: Counter[str] = Counter()
        for word in words:
            counts.update(set(KINDS[kind](word)))
            counts.update(() if dictionary is None else dictionary.features(word))
        kept = {name: count for name, count in counts.items() if count >= LEAST_TYPES}
        names = [name for name, _ in sorted(kept.items(), key=lambda item: (-item[1], item[0]))]
        return cls(kind, names, None if dictionary is None else dictionary.only(kept.keys()))

    def __reduce__(self) -> tuple[type[FeatureSet], tuple[str, tuple[str, ...], Dictionary | None]]:
        return type(self), (self.kind, self.names, self.dictionary)  # without caches, which cannot be pickled

    def __len__(self) -> int:
        return len(self.names)

    def ids(self, word: str) -> tuple[int, ...]:
        """Return the ids of a word's features, distinct and ascending."""
        return self._of(word)

    def bags(self, words: Iterable[str]) -> Bags:
        """Return the features of each word."""
        words = list(words)
        if self.kind == WINDOW:
            return Bags(*self._windows.ids(words))
        if self.kind != "affixes" or kernels.AffixIndex is None or self.dictionary is not None:
            return Bags.of(self._of(word) for word in words)
        if self._native is None:
            self._native = kernels.AffixIndex(self.names)
        ids, offsets, others = self._native.of_words(words)  # ASCII words
        if not len(others):
            return Bags(ids, offsets)
        starts = offsets[others]
        more = Bags.of(self._of(words[i]) for i in others.tolist())
        lengths, counts = np.diff(offsets), np.diff(more.offsets)
        lengths[others] = counts  # they were empty
        offsets = np.concatenate([offsets[:1], np.cumsum(lengths, dtype=np.int32)])
        return Bags(np.insert(ids, np.repeat(starts, counts), more.ids), offsets)

    def _extract(self, word: str) -> tuple[int, ...]:
        if self.kind == WINDOW:
            return tuple(sorted(self._windows.ids([word])[0].tolist()))
        get = self._ids.get
        found = {get(name, -1) for name in KINDS[self.kind](word)}
        if self.dictionary is not None:
            found |= {get(name, -1) for name in self.dictionary.features(word)}
        return tuple(sorted(found - {-1}))
