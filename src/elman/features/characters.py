"""The characters of words, and the ids that the character encoder reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import numpy as np

from elman.features.subwords import LEAST_TYPES
from elman.features.vocabulary import Vocabulary
from elman.nn.bags import Bags

ENDS = 32
"""Characters read at each end of a word; what a longer word has between them is passed over."""


def characters_of(words: Iterable[str]) -> Vocabulary:
    """The characters of distinct words. One that stands in a single word is unknown, so that the unknown is learned."""
    counts: Counter[str] = Counter()
    for word in words:
        counts.update(set(_ends(word)))
    return Vocabulary.of_counts({c: count for c, count in counts.items() if count >= LEAST_TYPES})


def spellings(characters: Vocabulary, words: Iterable[str]) -> Bags:
    """The ids of the characters of each word, in order. A word without characters is one unknown character."""
    texts = [_ends(word) or "\0" for word in words]
    offsets = np.zeros(len(texts) + 1, np.int32)
    np.cumsum([len(text) for text in texts], out=offsets[1:])
    return Bags(characters.ids("".join(texts)), offsets)


def _ends(word: str) -> str:
    return word if len(word) <= 2 * ENDS else word[:ENDS] + word[-ENDS:]
