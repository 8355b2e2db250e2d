"""Linear-chain CRF (Lafferty et al. 2001) over packed batches. Letters as in ``elman.kernels``.

The score of a path y of tags through a sentence of T words is begin[y_1] + Σ scores[t, y_t] +
Σ transitions[y_t, y_t+1] + end[y_T]; its probability is exp(score), normalized over all paths. All numbers have to be
finite; a forbidden transition has a very low score such as -1e30.

By the chain rule from the end, -log p(y) is a sum of word losses: -log p(y_t | y_t+1), and -log p(y_T) for the last
word. So words can be weighted, and if all transitions are 0, each loss equals that of a softmax.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from elman.kernels.reference.basic import check_ids
from elman.kernels.reference.elman_cell import starts_of
from elman.kernels.weight_layout import F, Ids


def crf_forward(
    scores: NDArray[F], gold: Ids, sizes: Ids, transitions: NDArray[F], begin: NDArray[F], end: NDArray[F]
) -> tuple[NDArray[F], NDArray[F]]:
    """Return each word's share of its sentence's -log p(gold), and the forward variables.

    scores (N, K), gold (N,), transitions (K, K) [from, to], begin, end (K,) -> losses (N,), alpha (N, K): alpha[t, k]
    is the log-sum-exp of the scores of all path prefixes with tag k at word t, minus the maximum of its row.

    Raises IndexError if a gold tag is outside 0..K-1.
    """
    check_ids(gold, scores.shape[1])
    starts, last = starts_of(sizes), last_rows(sizes)
    losses, alpha = np.empty(len(scores), scores.dtype), np.empty_like(scores)
    for t, size in enumerate(sizes.tolist()):
        now = slice(starts[t], starts[t] + size)
        total = np.broadcast_to(begin, (size, len(begin)))
        if t:
            before = slice(starts[t - 1], starts[t - 1] + size)
            total = log_sum(alpha[before, :, None] + transitions, axis=1)  # (size, K)
            y, following = gold[before], gold[now]
            way = alpha[np.arange(before.start, before.stop), y] + transitions[y, following]
            losses[before] = total[np.arange(size), following] - way
        alpha[now] = total + scores[now]
        alpha[now] -= alpha[now].max(axis=1, keepdims=True)
    at_end = alpha[last] + end  # (B, K)
    losses[last] = log_sum(at_end, axis=1) - at_end[np.arange(len(last)), gold[last]]
    return losses, alpha


def crf_backward(
    dlosses: NDArray[F], alpha: NDArray[F], gold: Ids, sizes: Ids, transitions: NDArray[F], end: NDArray[F]
) -> tuple[NDArray[F], NDArray[F], NDArray[F], NDArray[F]]:
    """Return the gradients of ``crf_forward``.

    dlosses (N,) -> dscores (N, K), dtransitions (K, K), dbegin, dend (K,).
    """
    check_ids(gold, alpha.shape[1])
    starts, last = starts_of(sizes), last_rows(sizes)
    dscores, dtransitions = np.zeros_like(alpha), np.zeros_like(transitions)
    dscores[last] = dlosses[last, None] * np.exp(log_softmax(alpha[last] + end, axis=1))
    np.subtract.at(dscores, (last, gold[last]), dlosses[last])
    dend = dscores[last].sum(axis=0)
    for t in range(len(sizes) - 1, 0, -1):
        size = int(sizes[t])
        now, before = slice(starts[t], starts[t] + size), slice(starts[t - 1], starts[t - 1] + size)
        rows, y, following, d = np.arange(size), gold[before], gold[now], dlosses[before]
        dtotal = dscores[now].copy()
        dtotal[rows, following] += d
        from_tag = np.exp(log_softmax(alpha[before, :, None] + transitions, axis=1))  # (size, K, K) p(y_t-1 | y_t)
        ways = from_tag * dtotal[:, None, :]
        dtransitions += ways.sum(axis=0)
        np.subtract.at(dtransitions, (y, following), d)
        dscores[before] += ways.sum(axis=2)
        dscores[np.arange(before.start, before.stop), y] -= d
    return dscores, dtransitions, dscores[: len(last)].sum(axis=0), dend


def crf_best(scores: NDArray[F], sizes: Ids, transitions: NDArray[F], begin: NDArray[F], end: NDArray[F]) -> Ids:
    """Return the tags of each sentence's best path (Viterbi 1967): scores (N, K) -> ids (N,).

    Ties go to the path whose last tag has the lowest id, then whose last but one has, and so on.
    """
    starts, last = starts_of(sizes), last_rows(sizes)
    best, came_from = np.empty_like(scores), np.zeros(scores.shape, np.int32)
    for t, size in enumerate(sizes.tolist()):
        now = slice(starts[t], starts[t] + size)
        most = np.broadcast_to(begin, (size, len(begin)))
        if t:
            ways = best[starts[t - 1] : starts[t - 1] + size, :, None] + transitions
            came_from[now], most = ways.argmax(axis=1), ways.max(axis=1)
        best[now] = most + scores[now]
        best[now] -= best[now].max(axis=1, keepdims=True)
    ids = np.empty(len(scores), np.int32)
    ids[last] = (best[last] + end).argmax(axis=1)
    for t in range(len(sizes) - 1, 0, -1):
        rows = np.arange(starts[t], starts[t] + sizes[t])
        ids[starts[t - 1] : starts[t - 1] + sizes[t]] = came_from[rows, ids[rows]]
    return ids


def crf_marginals(
    scores: NDArray[F], sizes: Ids, transitions: NDArray[F], begin: NDArray[F], end: NDArray[F]
) -> NDArray[F]:
    """Return the marginal probability of each tag at each word: scores (N, K) -> p (N, K), rows sum to 1."""
    starts, last = starts_of(sizes), last_rows(sizes)
    _, alpha = crf_forward(scores, np.zeros(len(scores), np.int32), sizes, transitions, begin, end)
    p = np.empty_like(alpha)
    p[last] = np.exp(log_softmax(alpha[last] + end, axis=1))
    for t in range(len(sizes) - 1, 0, -1):
        now, before = slice(starts[t], starts[t + 1]), slice(starts[t - 1], starts[t - 1] + sizes[t])
        from_tag = np.exp(log_softmax(alpha[before, :, None] + transitions, axis=1))
        p[before] = (from_tag * p[now][:, None, :]).sum(axis=2)
        p[before] /= p[before].sum(axis=1, keepdims=True)
    return p


def last_rows(sizes: Ids) -> NDArray[np.int64]:
    """Return the row of each sentence's last word (B,), in packed order."""
    b = np.arange(sizes[0] if len(sizes) else 0)
    steps = np.searchsorted(-sizes, -b, side="left")  # length of sentence b: steps with more than b sentences
    return np.asarray(starts_of(sizes)[steps - 1] + b, np.int64)


def log_sum(x: NDArray[F], axis: int) -> NDArray[F]:
    """Return log Σ exp(x) along an axis."""
    most = x.max(axis=axis, keepdims=True)
    return np.asarray(np.log(np.exp(x - most).sum(axis=axis)) + most.squeeze(axis), x.dtype)


def log_softmax(x: NDArray[F], axis: int) -> NDArray[F]:
    """Return x - ``log_sum(x)`` along an axis."""
    return np.asarray(x - np.expand_dims(log_sum(x, axis), axis), x.dtype)
