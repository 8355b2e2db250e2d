"""The M best tag sequences of a sentence: Viterbi with the M best paths to each tag instead of one.

Letters: T words of the sentence, K tags, M paths. Paths of equal score are ordered by the id of the last tag, then of
the last but one, and so on.
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
"""Limit of T · K · M with a chain: a back pointer of two or four bytes is stored for each."""
STEP = 100_000_000
"""Limit of K · K · M with a chain: the work for each word."""
PATHS = 10_000_000
"""Limit of T · M."""
_BLOCK = 1 << 22  # paths sorted in one call


def number_of(words: int, tags: int, most: int, *, independent: bool) -> int:
    """Return M: ``most``, or the number of all paths. ``independent``: words are independent.

    Raises ConfigError if M paths do not fit into memory.
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
    """Find the ``most`` best paths through scores (T, K), T > 0, and a chain: (K, K), (K,), (K,)."""
    transitions, begin, end = chain
    T, K = scores.shape
    best = (begin + scores[0])[:, None]  # (K, M) the scores of the M best paths to each tag
    widths = [1]  # M of each word: there are fewer paths at first
    # back pointers of each later word: tag · M + rank of the word before
    ways = np.empty((T - 1, most, K), np.uint16 if K * most <= 1 << 16 else np.int32)
    few = max(1, _BLOCK // (K * most))
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
    """Return ``best_paths`` for independent words: only M prefixes, and M tags of each word, can be among them.

    The same paths in the same order as with transitions of 0.
    """
    T = len(scores)
    best = np.zeros(1)  # (M,) the scores of the best prefixes
    chosen, fronts = np.empty((T, most), np.int32), np.empty((T, most), np.int32)
    for t, row in enumerate(scores):
        # a tag that M tags precede after the best prefix is preceded by M after any prefix
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
