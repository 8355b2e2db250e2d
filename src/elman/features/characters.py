"""The characters of words, and their ids for the character encoder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import numpy as np

from elman.features.subwords import LEAST_TYPES
from elman.features.vocabulary import Vocabulary
from elman.nn.bags import Bags

ENDS = 32
"""Characters read at each end of a word; the middle of a longer word is skipped."""


def characters_of(words: Iterable[str]) -> Vocabulary:
    """Return the characters of distinct words; one in a single word stays unknown, so that the unknown is trained."""
    counts: Counter[str] = Counter()
    for word in words:
        counts.update(set(_ends(word)))
    return Vocabulary.of_counts({c: count for c, count in counts.items() if count >= LEAST_TYPES})


def spellings(characters: Vocabulary, words: Iterable[str]) -> Bags:
    """Return the ids of the characters of each word, in order; an empty word is one unknown character."""
    texts = [_ends(word) or "\0" for word in words]
    offsets = np.zeros(len(texts) + 1, np.int32)
    np.cumsum([len(text) for text in texts], out=offsets[1:])
    return Bags(characters.ids("".join(texts)), offsets)


def _ends(word: str) -> str:
    return word if len(word) <= 2 * ENDS else word[:ENDS] + word[-ENDS:]
