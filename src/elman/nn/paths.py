"""The best few ways to tag a sentence: Viterbi with the M best ways to each tag instead of one.

Letters: T words of the sentence, K tags, M paths. Of equal paths that one comes first whose last tag has the lowest id,
then the last but one, and so on.
"""

from __future__ import annotations

from math import log2

import numpy as np
from numpy.typing import NDArray

from elman.errors import ConfigError
from elman.nn.batch import Ids
from elman.nn.layers import Array

Paths = list[tuple[Ids, float]]
"""Ids (T,) and score of each, best first."""

WAYS = 200_000_000
"""T · K · M where tags have to fit together: for each the way to it is kept, in two bytes or four."""
STEP = 100_000_000
"""K · K · M there: what each word takes."""
PATHS = 10_000_000
"""T · M."""
_TOGETHER = 1 << 22  # ways that are sorted in one call


def number_of(words: int, tags: int, most: int, *, independent: bool) -> int:
    """M: ``most``, or as many as there are. ``independent``: every word is by itself.

    Raises ConfigError for more than memory is to hold.
    """
    if words * log2(max(tags, 1)) < 63:
        most = min(most, tags**words)
    fit = PATHS // words
    if not independent:
        fit = min(fit, WAYS // (words * tags), STEP // tags**2)
    if most > fit:
        raise ConfigError(
            f"nbest: expected {fit:,} or fewer for a sentence of {words:,} words with {tags:,} tags, got {most:,}; "
            "is a blank line or a line end missing in the text?"
        )
    return most


def best_paths(scores: Array, chain: tuple[Array, Array, Array], most: int) -> Paths:
    """The ``most`` best paths through scores (T, K), T > 0, and a chain: transitions (K, K), begin and end (K,)."""
    transitions, begin, end = chain
    T, K = scores.shape
    best = (begin + scores[0])[:, None]  # (K, M) the scores of the M best ways to each tag
    widths = [1]  # M of each word: there are fewer ways at first
    # of each later word which way to the word before, tag · M + rank
    ways = np.empty((T - 1, most, K), np.uint16 if K * most <= 1 << 16 else np.int32)
    few = max(1, _TOGETHER // (K * most))
    for row, way in zip(scores[1:], ways, strict=True):
        width = min(most, best.size)
        longer = np.empty((K, width), best.dtype)
        for at in range(0, K, few):
            some = slice(at, at + few)
            all_ways = (best[:, :, None] + transitions[:, None, some]).reshape(best.size, -1)
            order = np.argsort(-all_ways, axis=0, kind="stable")[:most]
            way[:width, some] = order
            longer[some] = np.take_along_axis(all_ways, order, axis=0).T
        best = longer + row[:, None]
        widths.append(width)
    totals = (best + end[:, None]).ravel()
    last = np.argsort(-totals, kind="stable")[:most]
    tags, ranks = np.divmod(last, widths[-1])
    ids = np.empty((len(last), T), np.int32)
    ids[:, -1] = tags
    for t in range(T - 2, -1, -1):
        tags, ranks = np.divmod(ways[t, ranks, tags].astype(np.int64), widths[t])
        ids[:, t] = tags
    return list(zip(ids, totals[last].tolist(), strict=True))


def best_words(scores: Array, most: int) -> Paths:
    """``best_paths`` where every word is by itself: no more than M beginnings, and M tags of a word, can be among them.

    The same paths in the same order as with transitions of 0.
    """
    T = len(scores)
    best = np.zeros(1)  # (M,) the scores of the best beginnings
    chosen, fronts = np.empty((T, most), np.int32), np.empty((T, most), np.int32)
    for t, row in enumerate(scores):
        # a tag with M before it behind the best beginning has M before it behind any
        some = np.sort(np.argsort(-(best[0] + row), kind="stable")[:most])
        longer = (best + row[some, None]).ravel()
        order = np.argsort(-longer, kind="stable")[:most]
        tags, front = np.divmod(order, len(best))
        chosen[t, : len(order)], fronts[t, : len(order)] = some[tags], front
        best = longer[order]
    ids = np.empty((len(best), T), np.int32)
    rank: NDArray[np.int64] = np.arange(len(best))
    for t in range(T - 1, -1, -1):
        ids[:, t], rank = chosen[t, rank], fronts[t, rank].astype(np.int64)
    return list(zip(ids, best.tolist(), strict=True))
